using System.Security.Cryptography;
using System.Text;

namespace Throughline.Server.Hosting;

/// <summary>
/// The one key to a hub, in a file that only its account may read. It stands for "may do everything" until roles come.
/// </summary>
internal sealed class AccessToken
{
    public const string FileName = "token";
    private const string Prefix = "tl_";

    private readonly byte[] _digest;

    private AccessToken(string value, string path, bool isNew)
    {
        (Value, FilePath, IsNew) = (value, path, isNew);
        _digest = SHA256.HashData(Encoding.UTF8.GetBytes(value));
        // What the browser keeps is derived, so that a copied cookie does not give the token itself away.
        Cookie = Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(value), "status page"u8));
    }

    public string Value { get; }

    public string FilePath { get; }

    /// <summary>It was made just now and should be shown once.</summary>
    public bool IsNew { get; }

    /// <summary>What the status page's cookie holds.</summary>
    public string Cookie { get; }

    /// <summary>Reads the token of a data folder, or makes one (mode 600) where there is none.</summary>
    /// <exception cref="InvalidDataException">The file is there and holds no token.</exception>
    public static AccessToken OpenOrCreate(string folder)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(Path.GetFullPath(folder), FileName);
        if (!File.Exists(path))
        {
            var value = Prefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)).TrimEnd('=').Replace('+', '-').Replace('/', '_');
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using (var file = new FileStream(path, options))
            {
                file.Write(Encoding.ASCII.GetBytes(value + "\n"));
                file.Flush(flushToDisk: true);
            }

            return new AccessToken(value, path, isNew: true);
        }

        return Read(folder) is { } known
            ? new AccessToken(known, path, isNew: false)
            : throw new InvalidDataException($"{path} holds no token; remove the file, and the next start makes a new one");
    }

    /// <summary>The token of a data folder, or null where there is none.</summary>
    public static string? Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            return null;
        }

        var text = File.ReadAllText(path).Trim();
        return text.StartsWith(Prefix, StringComparison.Ordinal) && text.Length > 20 ? text : null;
    }

    /// <summary>Compares in a time that does not depend on where the texts differ.</summary>
    public bool Matches(string? given) =>
        given is not null && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(given)), _digest);

    public bool MatchesCookie(string? given) =>
        given is not null && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(Cookie));
}
