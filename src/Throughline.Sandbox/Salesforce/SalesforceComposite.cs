using System.Text.RegularExpressions;
using Throughline.Model;

namespace Throughline.Sandbox.Salesforce;

/// <summary>Composite: up to 25 calls in one request, later ones may name results of earlier ones as <c>@{reference.path}</c>.</summary>
internal sealed partial class SalesforceComposite(SalesforceRecords records, Func<SalesforceCall, SalesforceReply> answer)
{
    private const int CallsMax = 25;

    public SalesforceReply Run(SalesforceCall outer)
    {
        var body = outer.Json();
        var calls = body.NestedList("compositeRequest");
        if (calls.Count > CallsMax)
        {
            throw new SalesforceRefusal(400, "LIMIT_EXCEEDED", $"Limit of {CallsMax} subrequests exceeded");
        }

        var allOrNone = body.Flag("allOrNone") == true;
        var results = new Dictionary<string, object?>(StringComparer.Ordinal);
        var replies = new List<(string Reference, SalesforceReply Reply)>();
        var failed = -1;
        records.Atomically(() =>
        {
            foreach (var call in calls)
            {
                var reference = call.Text("referenceId") ?? "";
                var reply = failed >= 0 && allOrNone ? Halted() : Part(outer, call, results);
                failed = failed < 0 && reply.Status >= 400 ? replies.Count : failed;
                results[reference] = reply.Body;
                replies.Add((reference, reply));
            }

            return !(allOrNone && failed >= 0);
        });

        return new(200, Fields.Of(("compositeResponse", replies.Select((entry, i) =>
            Shown(entry.Reference, allOrNone && failed >= 0 && i != failed ? Halted() : entry.Reply)).ToList())));
    }

    private SalesforceReply Part(SalesforceCall outer, Fields call, Dictionary<string, object?> results)
    {
        try
        {
            var parts = Resolve(call.Text("url") ?? "", results).Split('?', 2);
            var segments = parts[0].Split('/', StringSplitOptions.RemoveEmptyEntries).Select(Uri.UnescapeDataString).ToArray();
            return segments is ["services", "data", var version, .. var rest] && rest is not ["composite"]
                ? answer(new SalesforceCall(call.Text("method")?.ToUpperInvariant() ?? "GET", version, rest, QueryOf(parts),
                    ((Fields)Filled(call.Nested("body") ?? Fields.Empty, results)!).ToJson(), Headers(call), outer.User))
                : throw new SalesforceRefusal(400, "INVALID_API_INPUT", $"{parts[0]} cannot be called here");
        }
        catch (SalesforceRefusal refusal)
        {
            return new(refusal.Status, refusal.AsBody());
        }
    }

    private static Dictionary<string, string> Headers(Fields call) =>
        (call.Nested("httpHeaders") ?? Fields.Empty).ToDictionary(pair => pair.Key, pair => pair.Value as string ?? "", StringComparer.OrdinalIgnoreCase);

    private static Dictionary<string, string> QueryOf(string[] parts) => parts.Length < 2 ? [] : parts[1].Split('&')
        .Select(pair => pair.Split('=', 2)).ToDictionary(pair => pair[0], pair => Uri.UnescapeDataString((pair.Length > 1 ? pair[1] : "").Replace('+', ' ')));

    private static object? Filled(object? value, Dictionary<string, object?> results) => value switch
    {
        string text => Resolve(text, results),
        Fields fields => Fields.From(fields.Select(pair => KeyValuePair.Create(pair.Key, Filled(pair.Value, results)))),
        IReadOnlyList<object?> list => list.Select(item => Filled(item, results)).ToList(),
        _ => value,
    };

    private static string Resolve(string text, Dictionary<string, object?> results) => Reference().Replace(text, match =>
    {
        var path = match.Groups[1].Value.Split('.');
        var at = results.GetValueOrDefault(path[0].Split('[')[0]);
        foreach (var step in path.Skip(1))
        {
            var name = step.Split('[')[0];
            at = (at as Fields)?.Get(name);
            if (step.Contains('[', StringComparison.Ordinal) && at is IReadOnlyList<object?> list
                && int.TryParse(step[(name.Length + 1)..^1], out var index) && index < list.Count)
            {
                at = list[index];
            }
        }

        return at as string ?? throw new SalesforceRefusal(400, "PROCESSING_HALTED",
            $"Invalid reference specified. No value for {match.Groups[1].Value} found in {path[0]}");
    });

    private static Fields Shown(string reference, SalesforceReply reply) => Fields.Of(
        ("body", reply.Body), ("httpHeaders", Fields.From(reply.Headers.Select(header => KeyValuePair.Create(header.Key, (object?)header.Value)))),
            ("httpStatusCode", reply.Status), ("referenceId", reference));

    private static SalesforceReply Halted() => new(400, new SalesforceRefusal(
        400, "PROCESSING_HALTED", "The transaction was rolled back since another operation in the same transaction failed.").AsBody());

    [GeneratedRegex(@"@\{([^}]+)\}")]
    private static partial Regex Reference();
}
