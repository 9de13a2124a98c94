using System.Text.Json;
using System.Text.Json.Nodes;
using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Connectors.Tryton;

/// <summary>
/// Changes an invoice and takes it to a state. The state itself is never written, though the interface would take it: only the buttons number the
/// invoice and make its entries in the books. Every step can be repeated, so a lost answer is settled by sending the same change again.
/// </summary>
internal sealed class TrytonPosting(TrytonClient client, TrytonSchema schema)
{
    private const string Invoice = TrytonModels.Invoice;
    private const string Validated = "validated";
    private const string Posted = "posted";
    private const string Paid = "paid";
    private const string Cancelled = "cancelled";

    public static bool IsFinal(string? state) => state is Posted or Paid;

    /// <exception cref="ConnectorException">It was not done, or not all of it.</exception>
    public async Task RunAsync(long id, Fields payload, JsonObject? version, CancellationToken cancellation)
    {
        var goal = Goal(payload);
        var values = await new TrytonValues(client, schema).ForAsync(Invoice, payload.Without("state"), null, cancellation);
        var raw = await ReadAsync(id, cancellation);
        var current = (Fields)TrytonJson.Decode(raw)!;
        var state = current.Text("state");
        var name = Name(id, current);
        if (current.Text("type") is not "out")
        {
            throw new ConnectorException(TrytonFailures.Invalid(Invoice, [new FieldProblem("type", $"of {name} is not 'out': it is a supplier's invoice")]));
        }

        if (state == Cancelled && goal is not null)
        {
            throw new ConnectorException(new Failure.Policy($"{name} is cancelled in Tryton, so it is not {goal}; nothing was changed. "
                + "Set it back to draft in Tryton and try again, or leave it cancelled and reject this"));
        }

        if (IsFinal(state))
        {
            await MustHoldAsync(id, name, values, cancellation);
            return;
        }

        if (values.Count > 0 || goal is null)
        {
            await new TrytonInvoices(client).CompleteChangeAsync(values, raw, cancellation);
            await client.CallAsync($"model.{Invoice}.write", [new JsonArray(id), values], safe: false, cancellation, version);
            version = null;
        }

        if (goal is not null && goal != state)
        {
            await PressAsync(goal == Posted ? "post" : "validate_invoice", id, name, version, cancellation);
        }
    }

    /// <summary>The server ignores a button that does not fit the state; what was read afterwards tells.</summary>
    public static Failure? NotReached(Fields payload, Fields facts) => (Goal(payload), facts.Text("state")) switch
    {
        (null, _) or (_, null) => null,
        (Posted, Posted or Paid) or (Validated, Validated or Posted or Paid) => null,
        (var goal, var state) => new Failure.Conflict($"the invoice is {state} in Tryton and not {goal}: somebody changed it meanwhile"),
    };

    private static string? Goal(Fields payload) => payload.Get("state") switch
    {
        null => null,
        Validated => Validated,
        Posted => Posted,
        _ => throw new ConnectorException(TrytonFailures.Invalid(Invoice,
            [new FieldProblem("state", "must be 'posted' or 'validated': only Tryton itself makes an invoice paid, and only a person cancels one")])),
    };

    private async Task PressAsync(string button, long id, string name, JsonObject? version, CancellationToken cancellation)
    {
        try
        {
            await client.CallAsync($"model.{Invoice}.{button}", [new JsonArray(id)], safe: false, cancellation, version);
        }
        catch (ConnectorException e) when (e.Failure is Failure.Policy warning)
        {
            // An answer to the question counts only for the user who gives it, so confirming it for oneself would not help the hub.
            var question = warning.Message.Replace(TrytonFailures.ConfirmAdvice, "", StringComparison.Ordinal);
            throw new ConnectorException(new Failure.Policy($"{name} was not posted. {question} Post it in Tryton, then try again: the hub finds it posted")
                { Evidence = warning.Evidence });
        }
    }

    private async Task<JsonElement> ReadAsync(long id, CancellationToken cancellation)
    {
        string[] names = ["state", "number", "reference", "type", "party", "company", "currency", "invoice_date", "accounting_date", "lines"];
        var answer = await client.SearchReadAsync(Invoice, [new JsonArray("id", "=", id)], 1, null, names, cancellation);
        if (answer.GetArrayLength() == 1)
        {
            return answer[0];
        }

        var reference = $"{Invoice} {TrytonClient.Id(id)}";
        throw new ConnectorException(new Failure.MissingReference($"{reference} does not exist in Tryton, or the hub's user may not see it", reference));
    }

    /// <summary>A posted invoice cannot be changed, so what is to be written must stand there already, as after an answer that was lost.</summary>
    private async Task MustHoldAsync(long id, string name, JsonObject values, CancellationToken cancellation)
    {
        if (values.Count == 0)
        {
            return;
        }

        var lists = values.Where(pair => pair.Value is JsonArray).ToDictionary(pair => pair.Key, pair => Records(pair.Value));
        var names = values.Select(pair => pair.Key).Where(field => !lists.ContainsKey(field))
            .Concat(lists.SelectMany(list => list.Value.SelectMany(record => record.Keys).Distinct().Select(field => $"{list.Key}.{field}")));
        var answer = await client.SearchReadAsync(Invoice, [new JsonArray("id", "=", id)], 1, null, names, cancellation);
        var there = answer.EnumerateArray().Select(row => (Fields)TrytonJson.Decode(row)!).FirstOrDefault() ?? Fields.Empty;
        var wanted = Decoded(values);
        var differing = values.Select(pair => pair.Key).Where(field => lists.TryGetValue(field, out var records)
            ? !Same(records, there.NestedList(field))
            : !Same(wanted, there, field)).ToArray();
        if (differing.Length > 0)
        {
            throw new ConnectorException(new Failure.Validation(
                $"{name} is posted in Tryton, so {string.Join(", ", differing)} cannot be changed there; nothing was. Credit it in Tryton and issue another",
                [.. differing.Select(field => new FieldProblem(field, "cannot be changed once the invoice is posted"))]));
        }
    }

    private static bool Same(Fields[] wanted, IReadOnlyList<Fields> there) => wanted.Length > 0 && wanted.Length == there.Count
        && wanted.Zip(there).All(pair => pair.First.Keys.All(field => Same(pair.First, pair.Second, field)));

    private static bool Same(Fields wanted, Fields there, string field) =>
        Fields.Of((field, wanted.Get(field))).Equals(Fields.Of((field, there.Get(field))));

    private static Fields[] Records(JsonNode? commands) => [.. (commands as JsonArray ?? []).OfType<JsonArray>()
        .Where(command => (string?)command[0] == "create").SelectMany(command => command[1]!.AsArray()).OfType<JsonObject>().Select(Decoded)];

    private static Fields Decoded(JsonObject values)
    {
        using var document = JsonDocument.Parse(values.ToJsonString());
        return (Fields)TrytonJson.Decode(document.RootElement)!;
    }

    public static string Name(long id, Fields invoice) =>
        string.Join(' ', new[] { "invoice", invoice.Text("number") ?? TrytonClient.Id(id), invoice.Text("reference") is { } text ? $"[{text}]" : null }
            .OfType<string>());
}
