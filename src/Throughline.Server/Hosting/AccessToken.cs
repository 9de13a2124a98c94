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
    /// <exception cref="TokenProblemException">The file is there and holds no token, or cannot be read.</exception>
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

        return new AccessToken(Read(folder), path, isNew: false);
    }

    /// <summary>The token that a data folder holds.</summary>
    /// <exception cref="TokenProblemException">There is none, or the file does not hold one; names the file and says what to do.</exception>
    public static string Read(string folder)
    {
        var path = Path.Combine(Path.GetFullPath(folder), FileName);
        string text;
        try
        {
            text = File.ReadAllText(path).Trim();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            var what = Directory.Exists(folder) ? $"There is no token file {path}." : $"There is no data folder {Path.GetFullPath(folder)}, so there is no token.";
            throw new TokenProblemException($"{what} A hub makes one at its first start. Name the data folder of the running hub with --data or "
                + "THROUGHLINE_DATA, or start a hub: throughline serve");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TokenProblemException($"The token file {path} cannot be read ({e.Message.TrimEnd('.')}). Run this as the account that runs the hub, or let this "
                + "account read the file.");
        }

        return text.StartsWith(Prefix, StringComparison.Ordinal) && text.Length > 20 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-')
            ? text
            : throw new TokenProblemException($"The token file {path} is {(text.Length == 0 ? "empty" : "damaged")}: it should be one line that begins with {Prefix}. "
                + "Restore it from your backup; or stop the hub, delete the file and start the hub, which makes a new token.");
    }

    /// <summary>Compares in a time that does not depend on where the texts differ.</summary>
    public bool Matches(string? given) =>
        given is not null && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(given)), _digest);

    public bool MatchesCookie(string? given) =>
        given is not null && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(Cookie));
}

/// <summary>A token file is missing, damaged or not readable, or the hub does not accept what it holds: which file, what is wrong, what to do.</summary>
internal sealed class TokenProblemException(string message) : Exception(message);
