namespace Throughline.Connectors.Salesforce;

/// <summary>Salesforce writes ids with 15 characters in messages and 18 in records; the hub knows only the long ones.</summary>
internal static class SalesforceIds
{
    private const string Checksum = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

    /// <summary>The 18 character form. Each checksum letter tells which of five characters are upper case (Salesforce, "What are 15 and 18 character
    /// ids").</summary>
    public static string Long(string id) => id.Length != 15 ? id : id + string.Concat(Enumerable.Range(0, 3).Select(block =>
        Checksum[Enumerable.Range(0, 5).Sum(i => char.IsAsciiLetterUpper(id[(block * 5) + i]) ? 1 << i : 0)]));
}
