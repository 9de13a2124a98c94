using System.Text;
using System.Text.Json;
using Throughline.Model;

namespace Throughline.Sandbox.Salesforce;

/// <summary>One request below <c>/services/data</c>, whether it came alone or inside a composite one.</summary>
/// <param name="Segments">The path after the version, unescaped: <c>sobjects</c>, <c>Account</c>, <c>001...</c>.</param>
internal sealed record SalesforceCall(
    string Method,
    string Version,
    string[] Segments,
    IReadOnlyDictionary<string, string> Query,
    string Body,
    IReadOnlyDictionary<string, string> Headers,
    string User)
{
    public string Base => "/services/data/" + Version;

    public string? Header(string name) => Headers.GetValueOrDefault(name);

    public string Need(string name) => Query.GetValueOrDefault(name)
        ?? throw new SalesforceRefusal(400, "MALFORMED_QUERY", $"a {name} parameter is required");

    public Fields Json()
    {
        try
        {
            return Fields.Parse(Body);
        }
        catch (FormatException e)
        {
            throw SalesforceRefusal.BadJson(e.Message);
        }
    }
}

/// <param name="Body">Null, a document, a text or a list of them.</param>
internal sealed record SalesforceReply(int Status, object? Body = null)
{
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    public static string Write(object? value) => value switch
    {
        Fields fields => fields.ToJson(),
        string text => JsonSerializer.Serialize(text),
        IEnumerable<object?> list => list.Aggregate(new StringBuilder("["), (text, item) => text.Append(text.Length > 1 ? "," : "").Append(Write(item)))
            .Append(']').ToString(),
        _ => "null",
    };
}
