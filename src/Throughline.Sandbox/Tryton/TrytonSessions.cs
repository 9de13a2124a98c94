using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Throughline.Sandbox.Tryton;

/// <summary>Logins and sessions of the one user. Wrong passwords are counted per login: five are answered 401, after that everything is 429 for five
/// minutes.</summary>
internal sealed class TrytonSessions(TimeProvider time, string user, string password)
{
    public const long UserId = 2;

    private const int AttemptsMax = 5;

    private static readonly TimeSpan LockedFor = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan FreshFor = TimeSpan.FromMinutes(5);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, DateTimeOffset> _sessions = [];
    private readonly Dictionary<string, List<DateTimeOffset>> _failures = [];
    private int _count;

    public (int Status, string? Session) Login(string login, string? given)
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            var failures = _failures.TryGetValue(login, out var known) ? known : _failures[login] = [];
            failures.RemoveAll(at => now - at > LockedFor);
            if (failures.Count > AttemptsMax)
            {
                return (429, null);
            }

            if (login != user || given != password)
            {
                failures.Add(now);
                return (401, null);
            }

            failures.Clear();
            var session = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture,
                $"session {++_count}"))));
            _sessions[session] = now;
            return (200, session);
        }
    }

    public bool Accepts(string? authorization)
    {
        var session = SessionOf(authorization);
        lock (_gate)
        {
            if (session is null)
            {
                return authorization == "Basic " + Base64($"{user}:{password}");
            }

            var isKnown = _sessions.TryGetValue(session, out var last);
            if (isKnown && time.GetUtcNow() - last <= FreshFor)
            {
                _sessions[session] = time.GetUtcNow();
            }

            return isKnown;
        }
    }

    /// <summary>
    /// Asked after <see cref="Accepts"/> by calls that want a person to have been there lately. A session that was idle for too long is good for all
    /// other calls, but none of them makes it fresh again; asked for this, it ends.
    /// </summary>
    public bool IsFresh(string? authorization)
    {
        lock (_gate)
        {
            return SessionOf(authorization) is not { } session || !_sessions.TryGetValue(session, out var last) || time.GetUtcNow() - last <= FreshFor
                || !_sessions.Remove(session);
        }
    }

    public void Logout(string? authorization)
    {
        lock (_gate)
        {
            _sessions.Remove(SessionOf(authorization) ?? "");
        }
    }

    public void Clear()
    {
        lock (_gate)
        {
            _sessions.Clear();
        }
    }

    private string? SessionOf(string? authorization)
    {
        const string scheme = "Session ";
        var bytes = new byte[512];
        return authorization?.StartsWith(scheme, StringComparison.Ordinal) == true
            && Convert.TryFromBase64String(authorization[scheme.Length..], bytes, out var length)
            && Encoding.UTF8.GetString(bytes, 0, length).Split(':') is [var login, var id, var session]
            && login == user && id == UserId.ToString(CultureInfo.InvariantCulture)
            ? session
            : null;
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
