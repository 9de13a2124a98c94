using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Connectors.Tryton;

/// <summary>
/// Fills in what an invoice needs and its payload does not say, with what Tryton itself proposes to a person who types the same invoice: the
/// <c>on_change</c> calls of its client, which change nothing. So a map need not know accounts, journals and taxes, and the customer's tax rules hold.
/// One instance serves one call to the connector and asks once for what several invoices share; nothing is kept longer, since accountants change it.
/// </summary>
internal sealed class TrytonInvoices(TrytonClient client)
{
    private const string Invoice = TrytonModels.Invoice;
    private const string Line = "account.invoice.line";

    // What a new tax line may be given; the rest of what on_change answers is computed.
    private static readonly string[] TaxFields = ["manual", "base", "amount", "description", "legal_notice", "account", "tax"];

    // What makes the client ask again, in the order of the fields of an invoice.
    private static readonly string[] HeadFields = ["type", "party", "company", "currency", "invoice_date", "accounting_date"];

    private readonly Dictionary<string, JsonObject> _answers = new(StringComparer.Ordinal);

    /// <summary>What Tryton sets itself. Its interface would take some of it (a state without the entries in the books, for one).</summary>
    public static IEnumerable<FieldProblem> Refused(Fields payload, bool isNew)
    {
        foreach (var name in new[] { "number", "sequence", "move", "cancel_move", "payment_lines" }.Where(payload.ContainsKey))
        {
            yield return new FieldProblem(name, "is set by Tryton itself");
        }

        if (isNew && payload.Get("state") is not (null or "draft"))
        {
            yield return new FieldProblem("state", "must be left out of a new invoice, which is a draft; post it with an update");
        }

        if (!isNew && payload.ContainsKey(TrytonCredits.CreditOf))
        {
            yield return new FieldProblem(TrytonCredits.CreditOf, "is said when a credit note is created, and cannot be changed; undo it and make another");
        }

        if (payload.Get("type") is not (null or "out"))
        {
            yield return new FieldProblem("type", "must be 'out': the hub writes customer invoices only");
        }
    }

    /// <summary>Completes the values of a new invoice.</summary>
    /// <exception cref="ConnectorException">Something is missing in Tryton's set-up; the failure says what. Nothing was written.</exception>
    public async Task CompleteAsync(JsonObject values, CancellationToken cancellation)
    {
        var problems = new List<FieldProblem>();
        Fill(values, "type", JsonValue.Create("out"));
        if (values["company"] is null || values["currency"] is null)
        {
            // Said, not left to the server: what it proposes below depends on them, the account for one.
            var defaults = await DefaultsAsync(cancellation);
            Fill(values, "company", defaults["company"]);
            Fill(values, "currency", defaults["currency"]);
        }

        foreach (var (name, advice) in new[] { ("party", "an invoice needs its customer"),
            ("company", "the hub's user has none in Tryton, and this system names none"), ("currency", "the company has none in Tryton") })
        {
            if (values[name] is null)
            {
                problems.Add(new FieldProblem(name, $"is required: {advice}"));
            }
        }

        if (problems.Count == 0)
        {
            await HeadAsync(values, Part(values), problems, cancellation);
            await LinesAsync(values, Part(values), problems, cancellation);
        }

        Throw(problems);
        if (!values.ContainsKey("taxes") && Created(values).Length > 0)
        {
            await TaxesAsync(values, cancellation);
        }
    }

    /// <summary>Completes the values of a change. Lists of lines are whole: they take the place of those that are there, never some of them.</summary>
    /// <param name="values">What is to be written.</param>
    /// <param name="current">The invoice as it is, in the server's form, with the ids of its lines.</param>
    public async Task CompleteChangeAsync(JsonObject values, JsonElement current, CancellationToken cancellation)
    {
        var problems = new List<FieldProblem>();
        var head = new JsonObject();
        foreach (var name in HeadFields)
        {
            head[name] = values.ContainsKey(name) ? values[name]?.DeepClone() : JsonNode.Parse(current.GetProperty(name).GetRawText());
        }

        if (values["party"] is { } party && party.ToJsonString() != current.GetProperty("party").GetRawText())
        {
            await HeadAsync(values, head, problems, cancellation);
        }

        if (values["lines"] is JsonArray lines)
        {
            await LinesAsync(values, head, problems, cancellation);
            if (current.GetProperty("lines") is { ValueKind: JsonValueKind.Array } old && old.GetArrayLength() > 0)
            {
                lines.Insert(0, new JsonArray("delete", JsonNode.Parse(old.GetRawText())));
            }
        }

        Throw(problems);
    }

    private async Task HeadAsync(JsonObject values, JsonObject head, List<FieldProblem> problems, CancellationToken cancellation)
    {
        var proposed = await ProposedAsync($"model.{Invoice}.on_change", head, ["type", "party"], cancellation);
        foreach (var name in new[] { "invoice_address", "journal", "party_tax_identifier" })
        {
            Fill(values, name, proposed[name]);
        }

        if (values["account"] is null)
        {
            Fill(values, "account", (await ProposedAsync($"model.{Invoice}.on_change_with", head, ["account"], cancellation))["account"]);
        }

        if (!values.ContainsKey("payment_term"))
        {
            Fill(values, "payment_term", proposed["payment_term"] ?? await PaymentTermAsync(cancellation));
        }

        foreach (var (name, advice) in new[]
        {
            ("invoice_address", "has no address in Tryton: add one, and mark it 'Invoice' where there are several"),
            ("account", "has no receivable account in Tryton, and there is none for all: set 'Default Account Receivable' in the configuration of Accounting"),
            ("journal", "cannot be invoiced, since Tryton has no active journal of type Revenue: add one under Accounting"),
        })
        {
            if (values[name] is null)
            {
                problems.Add(new FieldProblem(name, $"is not known: {await NameAsync("party.party", values["party"]!, cancellation)} {advice}"));
            }
        }
    }

    private async Task LinesAsync(JsonObject values, JsonObject head, List<FieldProblem> problems, CancellationToken cancellation)
    {
        var position = 0;
        foreach (var line in Created(values))
        {
            var where = string.Create(CultureInfo.InvariantCulture, $"lines[{position++}]");
            Fill(line, "type", JsonValue.Create("line"));
            Fill(line, "currency", head["currency"]);
            Fill(line, "company", values["company"]);
            if ((string?)line["type"] == "line")
            {
                await LineAsync(line, head, where, problems, cancellation);
            }
        }
    }

    private async Task LineAsync(JsonObject line, JsonObject head, string where, List<FieldProblem> problems, CancellationToken cancellation)
    {
        var (product, account) = (line["product"], line["account"]);
        if (product is null && account is null)
        {
            problems.Add(new FieldProblem($"{where}.product", "is required, or an account: Tryton books each line on the account of its product"));
            return;
        }

        if (account is not null && line.ContainsKey("taxes") && (product is null || line["unit"] is not null))
        {
            return;
        }

        var asked = new JsonObject { ["invoice_type"] = "out", ["type"] = "line" };
        foreach (var (name, value) in new[] { ("company", head["company"]), ("currency", head["currency"]), ("party", head["party"]), ("product", product),
            (product is null ? "account" : "unit", product is null ? account : line["unit"]) })
        {
            asked[name] = value?.DeepClone();
        }

        foreach (var name in HeadFields.Where(name => name is not ("company" or "currency")))
        {
            asked[$"_parent_invoice.{name}"] = head[name]?.DeepClone();
        }

        var proposed = await ProposedAsync($"model.{Line}.on_change", asked, [product is null ? "account" : "product"], cancellation);
        Fill(line, "account", proposed["account"]);
        Fill(line, "unit", proposed["unit"]);
        if (!line.ContainsKey("taxes") && Added(proposed["taxes"]).Select(tax => tax["id"]).OfType<JsonNode>().ToArray() is { Length: > 0 } taxes)
        {
            line["taxes"] = new JsonArray(new JsonArray("add", new JsonArray([.. taxes.Select(tax => tax.DeepClone())])));
        }

        if (line["account"] is null)
        {
            var name = await NameAsync("product.product", product!, cancellation);
            problems.Add(new FieldProblem($"{where}.account", $"is not known: {name} has no revenue account in Tryton: give it an account category with one, "
                + "or set 'Default Account Revenue' in the configuration of Accounting"));
        }
    }

    /// <summary>
    /// The tax lines, in the same call as the invoice: the server adds them only when a draft is written again or posted, so without them the first
    /// answer, and what is found after a lost one, would show a total without tax.
    /// </summary>
    private async Task TaxesAsync(JsonObject values, CancellationToken cancellation)
    {
        var asked = Part(values);
        asked["lines"] = new JsonArray([.. Created(values).Select(line => (JsonNode)new JsonObject
        {
            ["type"] = line["type"]?.DeepClone(),
            ["quantity"] = line["quantity"]?.DeepClone(),
            ["unit_price"] = line["unit_price"]?.DeepClone(),
            ["account"] = line["account"]?.DeepClone(),
            ["taxes_date"] = line["taxes_date"]?.DeepClone(),
            ["taxes"] = new JsonArray([.. Commanded(line["taxes"], "add").Select(id => id?.DeepClone())]),
        })]);
        var answer = (await OnChangeAsync($"model.{Invoice}.on_change", asked, ["lines"], cancellation))["taxes"];
        var taxes = Added(answer).Select(tax => (JsonNode)new JsonObject([.. tax.Where(pair => TaxFields.Contains(pair.Key))
            .Select(pair => KeyValuePair.Create(pair.Key, pair.Value?.DeepClone()))])).ToArray();
        if (taxes.Length > 0)
        {
            values["taxes"] = new JsonArray(new JsonArray("create", new JsonArray(taxes)));
        }
    }

    /// <summary>The customer has none: the one for all, or the only one there is. Tryton also takes an invoice without.</summary>
    private async Task<JsonNode?> PaymentTermAsync(CancellationToken cancellation)
    {
        const string key = "payment_term";
        if (!_answers.TryGetValue(key, out var known))
        {
            var configured = await client.SearchReadAsync("account.configuration", [], 1, null, ["default_customer_payment_term"], cancellation);
            var term = configured.EnumerateArray().Select(row => row.GetProperty("default_customer_payment_term"))
                .FirstOrDefault(value => value.ValueKind == JsonValueKind.Number);
            if (term.ValueKind != JsonValueKind.Number)
            {
                var all = await client.SearchReadAsync("account.invoice.payment_term", [], 2, null, ["id"], cancellation, inactiveToo: false);
                term = all.GetArrayLength() == 1 ? all[0].GetProperty("id") : default;
            }

            _answers[key] = known = new JsonObject { [key] = term.ValueKind == JsonValueKind.Number ? term.GetInt64() : null };
        }

        return known[key];
    }

    private async Task<JsonObject> DefaultsAsync(CancellationToken cancellation)
    {
        const string key = "defaults";
        if (!_answers.TryGetValue(key, out var known))
        {
            var answer = await client.CallAsync($"model.{Invoice}.default_get", [new JsonArray("company", "currency")], safe: true, cancellation);
            _answers[key] = known = (JsonObject)JsonNode.Parse(answer.GetRawText())!;
        }

        return known;
    }

    private async Task<JsonObject> ProposedAsync(string method, JsonObject values, string[] changed, CancellationToken cancellation)
    {
        var key = $"{method} {values.ToJsonString()}";
        return _answers.TryGetValue(key, out var known) ? known : _answers[key] = await OnChangeAsync(method, values, changed, cancellation);
    }

    /// <summary><c>on_change</c> answers a list of changes, <c>on_change_with</c> one; later ones count.</summary>
    private async Task<JsonObject> OnChangeAsync(string method, JsonObject values, string[] changed, CancellationToken cancellation)
    {
        var answer = await client.CallAsync(
            method, [values.DeepClone(), new JsonArray([.. changed.Select(name => JsonValue.Create(name))])], safe: true, cancellation);
        var parts = answer.ValueKind == JsonValueKind.Array ? answer.EnumerateArray().ToArray() : [answer];
        var all = new JsonObject();
        foreach (var property in parts.Where(part => part.ValueKind == JsonValueKind.Object).SelectMany(part => part.EnumerateObject()))
        {
            all[property.Name] = JsonNode.Parse(property.Value.GetRawText());
        }

        return all;
    }

    /// <summary>How a person knows the record; its id where it cannot be read.</summary>
    private async Task<string> NameAsync(string model, JsonNode id, CancellationToken cancellation)
    {
        var answer = await client.SearchReadAsync(model, [new JsonArray("id", "=", id.DeepClone())], 1, null, ["rec_name", "code"], cancellation);
        var name = answer.EnumerateArray().Select(row => (Fields)TrytonJson.Decode(row)!).FirstOrDefault();
        var code = name?.Text("code") is { } text && name.Text("rec_name")?.Contains(text, StringComparison.Ordinal) != true ? $" ({text})" : "";
        return name is null ? $"{model} {id}" : $"{name.Text("rec_name")}{code}";
    }

    private static JsonObject Part(JsonObject values) =>
        new([.. HeadFields.Where(name => values[name] is not null).Select(name => KeyValuePair.Create(name, values[name]?.DeepClone()))]);

    private static void Fill(JsonObject values, string name, JsonNode? value)
    {
        if (values[name] is null && value is not null)
        {
            values[name] = value.DeepClone();
        }
    }

    private static JsonObject[] Created(JsonObject values) => [.. Commanded(values["lines"], "create").OfType<JsonObject>()];

    private static IEnumerable<JsonNode?> Commanded(JsonNode? commands, string kind) =>
        (commands as JsonArray ?? []).OfType<JsonArray>().Where(command => (string?)command[0] == kind).SelectMany(command => command[1] as JsonArray ?? []);

    // { "add": [[position, record], ...] }
    private static IEnumerable<JsonObject> Added(JsonNode? change) =>
        (change?["add"] as JsonArray ?? []).OfType<JsonArray>().Select(pair => pair[1]).OfType<JsonObject>();

    private static void Throw(List<FieldProblem> problems)
    {
        if (problems.Count > 0)
        {
            throw new ConnectorException(TrytonFailures.Invalid(Invoice, problems));
        }
    }
}
