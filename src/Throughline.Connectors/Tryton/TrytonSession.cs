using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Connectors.Tryton;

/// <summary>One signed-in session, shared by all calls of a connector and renewed when the server no longer knows it.</summary>
internal sealed class TrytonSession(HttpPipeline login, Uri address, string user, Func<string> password) : ISession, IDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private string? _token;

    public async Task SignAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        if (_token is not { } token)
        {
            await _gate.WaitAsync(cancellation);
            try
            {
                token = _token ??= await LoginAsync(cancellation);
            }
            finally
            {
                _gate.Release();
            }
        }

        request.Headers.Authorization = new AuthenticationHeaderValue("Session", token);
    }

    public bool IsExpired(HttpResponse response) => response.Status == HttpStatusCode.Unauthorized;

    public void Expire(HttpRequestMessage rejected)
    {
        // Only the session that was refused: another call may have signed in again meanwhile.
        var refused = rejected.Headers.Authorization?.Parameter;
        if (refused is not null)
        {
            Interlocked.CompareExchange(ref _token, null, _token == refused ? _token : null);
        }
    }

    public void Dispose() => _gate.Dispose();

    private async Task<string> LoginAsync(CancellationToken cancellation)
    {
        var body = TrytonClient.Envelope("common.db.login", [user, new JsonObject { ["password"] = password() }, "en"]);
        var result = await login.SendAsync(() => TrytonClient.Post(address, body), safe: true, cancellation);
        if (result.Response is not { } response)
        {
            throw new ConnectorException(result.Failure!);
        }

        if (response.Status == HttpStatusCode.Unauthorized)
        {
            throw new ConnectorException(TrytonFailures.WrongPassword(user));
        }

        using var answer = TrytonFailures.Open(response, "common.db.login", safe: true, out var failure);
        if (answer is null)
        {
            throw new ConnectorException(failure!);
        }

        // An unknown login without a password may be answered with null.
        var pair = answer.RootElement.GetProperty("result");
        if (pair.ValueKind != System.Text.Json.JsonValueKind.Array)
        {
            throw new ConnectorException(TrytonFailures.WrongPassword(user));
        }

        return Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{pair[0].GetInt64()}:{pair[1].GetString()}"));
    }
}
