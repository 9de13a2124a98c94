using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Throughline.Server.Api.Hooks;

/// <summary>Standard Webhooks (https://www.standardwebhooks.com), symmetric scheme <c>v1</c>.</summary>
internal static class WebhookSignature
{
    public const string IdHeader = "webhook-id";
    public const string TimeHeader = "webhook-timestamp";
    public const string SignatureHeader = "webhook-signature";

    /// <summary>How far the sender's clock may be off, and how old a captured message may be.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    private const string SecretPrefix = "whsec_";
    private const string Version = "v1,";

    // Enough for any rotation; more would let a sender make us compute at will.
    private const int SignaturesMax = 16;

    /// <summary>Null where the message is genuine and fresh, else why not, in words that help an honest sender and no other.</summary>
    public static (string Code, string Says)? Refusal(string id, string timestamp, string signatures, ReadOnlySpan<byte> body, IEnumerable<byte[]> keys,
        DateTimeOffset now)
    {
        if (id.Length == 0 || timestamp.Length == 0 || signatures.Length == 0)
        {
            return ("signature-missing", $"{IdHeader}, {TimeHeader} and {SignatureHeader} are needed (Standard Webhooks)");
        }

        if (!long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
            || seconds > DateTimeOffset.MaxValue.ToUnixTimeSeconds())
        {
            return ("signature-wrong", $"{TimeHeader} must be seconds since 1970");
        }

        var age = now - DateTimeOffset.FromUnixTimeSeconds(seconds);
        if (age.Duration() > Tolerance)
        {
            return ("signature-stale", $"{TimeHeader} is more than {Tolerance.TotalMinutes:0} minutes {(age > TimeSpan.Zero ? "old" : "ahead")}; check "
                + "the clocks, and sign again when sending again");
        }

        byte[] signed = [.. Encoding.UTF8.GetBytes($"{id}.{timestamp}."), .. body];
        var given = signatures.Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(part => part.StartsWith(Version, StringComparison.Ordinal))
            .Take(SignaturesMax).ToArray();
        var isGenuine = false;
        foreach (var key in keys)
        {
            var expected = Encoding.ASCII.GetBytes(Version + Convert.ToBase64String(HMACSHA256.HashData(key, signed)));
            foreach (var signature in given)
            {
                isGenuine |= CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(signature), expected);
            }
        }

        return isGenuine ? null : ("signature-wrong", "no signature fits the body and any of the declared secrets");
    }

    /// <summary>The key bytes of <c>whsec_...</c>, or null where the text is not such a secret.</summary>
    public static byte[]? KeyOf(string secret)
    {
        var text = secret.StartsWith(SecretPrefix, StringComparison.Ordinal) ? secret[SecretPrefix.Length..] : secret;
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length) && length >= 16 ? bytes[..length] : null;
    }

    /// <summary>What a sender puts into <see cref="SignatureHeader"/>.</summary>
    public static string Sign(byte[] key, string id, DateTimeOffset at, ReadOnlySpan<byte> body)
    {
        byte[] signed = [.. Encoding.UTF8.GetBytes($"{id}.{at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)}."), .. body];
        return Version + Convert.ToBase64String(HMACSHA256.HashData(key, signed));
    }
}
