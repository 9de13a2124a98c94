namespace Throughline.Sandbox.Salesforce;

/// <summary>Record ids: 15 case-sensitive characters, or 18 with a checksum of the letters' case.</summary>
internal static class SalesforceId
{
    private const string Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const string Checksum = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

    /// <summary>The 18 character id of the <paramref name="number"/>th record with a key prefix. Later records have ordinally greater ids.</summary>
    public static string Make(string prefix, long number)
    {
        Span<char> text = stackalloc char[9];
        for (var i = 8; i >= 0; i--)
        {
            text[i] = Digits[(int)(number % 62)];
            number /= 62;
        }

        return Long(prefix + "5g0" + text.ToString());
    }

    public static bool IsValid(string id) =>
        id.Length is 15 or 18 && id.All(char.IsAsciiLetterOrDigit) && (id.Length == 15 || Long(id[..15]).Equals(id, StringComparison.OrdinalIgnoreCase));

    /// <summary>The key under which a record is kept: the first 15 characters.</summary>
    public static string Short(string id) => id.Length > 15 ? id[..15] : id;

    public static string Long(string id)
    {
        if (id.Length != 15)
        {
            return id;
        }

        Span<char> sum = stackalloc char[3];
        for (var block = 0; block < 3; block++)
        {
            var bits = 0;
            for (var i = 0; i < 5; i++)
            {
                bits |= char.IsAsciiLetterUpper(id[(block * 5) + i]) ? 1 << i : 0;
            }

            sum[block] = Checksum[bits];
        }

        return id + sum.ToString();
    }
}
