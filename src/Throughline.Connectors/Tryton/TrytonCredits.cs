using System.Globalization;
using System.Text.Json.Nodes;
using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Connectors.Tryton;

/// <summary>
/// Credit notes. Tryton's own are customer invoices with negative quantities whose lines name, as their origin, the lines that they take back; its wizard
/// makes them without a reference, so an answer that is lost would leave one that nobody can find. Here it is an invoice that is created like any other, with
/// <c>credit_of</c>: the invoice that it credits, and in each line the place of the line there. Without lines it credits all of them.
/// </summary>
internal sealed class TrytonCredits(TrytonClient client, TrytonSchema schema)
{
    /// <summary>The invoice that is credited, in a payload and in what is read; in a line of a payload, the place of the credited line from 1.</summary>
    public const string CreditOf = "credit_of";

    private const string Invoice = TrytonModels.Invoice;
    private const string Line = "account.invoice.line";
    private const string OriginPrefix = Line + ",";

    // What a credit note has in common with what it credits, in the order of Tryton's own copy.
    private static readonly string[] HeadFields = ["company", "party", "party_tax_identifier", "invoice_address", "currency", "journal", "account", "payment_term"];
    private static readonly string[] LineFields = ["product", "unit", "account", "unit_price", "quantity", "description"];
    private static readonly string[] OwnLineFields = [CreditOf, "quantity", "unit_price", "description", "note"];

    /// <summary>The payload with what comes from the invoice that it credits, and the credited line of each of its lines; as it is where it credits none.</summary>
    /// <exception cref="ConnectorException">It cannot credit that invoice, or not so; nothing was written.</exception>
    public async Task<(Fields Payload, long[] Origins)> CompleteAsync(Fields payload, CancellationToken cancellation)
    {
        if (!payload.ContainsKey(CreditOf))
        {
            return (payload, []);
        }

        var problems = new List<FieldProblem>();
        problems.AddRange(HeadFields.Where(payload.ContainsKey).Select(name => new FieldProblem(name, "must be left out: it is that of the credited invoice")));
        var original = await OriginalAsync(payload.Get(CreditOf), cancellation);
        var id = (long)original.Number("id")!.Value;
        var lines = original.NestedList("lines").Where(line => line.Text("type") == "line").ToArray();
        var credited = payload.ContainsKey("lines") ? payload.NestedList("lines") : [.. lines.Select((_, at) => Fields.Of((CreditOf, at + 1L)))];
        if (credited.Count == 0)
        {
            problems.Add(new FieldProblem("lines", "must have a line, or be left out to credit the whole invoice"));
        }

        var (result, origins) = (new List<Fields>(), new List<long>());
        for (var at = 0; at < credited.Count; at++)
        {
            var where = string.Create(CultureInfo.InvariantCulture, $"lines[{at}]");
            if (LineOf(credited[at], lines, where, TrytonPosting.Name(id, original), problems) is { } line)
            {
                origins.Add((long)line.Number("id")!.Value);
                result.Add(line.Without("id").With("taxes_date", line.Get("taxes_date") ?? original.Get("accounting_date") ?? original.Get("invoice_date")));
            }
        }

        if (problems.Count > 0)
        {
            throw new ConnectorException(TrytonFailures.Invalid(Invoice, problems));
        }

        var head = Fields.Of([.. HeadFields.Select(name => (name, original.Get(name)))]);
        return (head.Merge(payload.Without(CreditOf)).With("lines", result.ToArray()), [.. origins]);
    }

    /// <summary>
    /// Names the credited lines in the values of a new credit note. Not by way of its payload: a server does not describe the field to a user who may not read all
    /// that can be an origin, though it reads and writes it (see BEHAVIOR.md).
    /// </summary>
    public static void SetOrigins(JsonObject values, long[] origins)
    {
        if (origins.Length == 0)
        {
            return;
        }

        var lines = values["lines"]![0]![1]!.AsArray();
        for (var at = 0; at < origins.Length; at++)
        {
            lines[at]!["origin"] = OriginPrefix + TrytonClient.Id(origins[at]);
        }
    }

    /// <summary>Which invoices some rows credit: from the id of a credited line to its invoice.</summary>
    public static async Task<IReadOnlyDictionary<long, Fields>> CreditedAsync(TrytonClient client, IEnumerable<Fields> rows, CancellationToken cancellation)
    {
        var ids = rows.SelectMany(row => row.NestedList("lines")).Select(LineCredited).OfType<long>().Distinct().ToArray();
        if (ids.Length == 0)
        {
            return new Dictionary<long, Fields>();
        }

        var answer = await client.SearchReadAsync(Line, [new JsonArray("id", "in", new JsonArray([.. ids.Select(id => JsonValue.Create(id))]))], null, null,
            ["invoice.number", "invoice.reference"], cancellation);
        return answer.EnumerateArray().Select(row => (Fields)TrytonJson.Decode(row)!).Where(line => line.Nested("invoice") is not null)
            .ToDictionary(line => (long)line.Number("id")!.Value, line => line.Nested("invoice")!);
    }

    /// <summary>The invoice with <c>credit_of</c>: what it credits, by its lines and, from the first of them, as a whole.</summary>
    public static Fields Shown(Fields invoice, IReadOnlyDictionary<long, Fields> credited)
    {
        var lines = invoice.NestedList("lines").Select(line =>
            line.With(CreditOf, LineCredited(line) is { } id && credited.TryGetValue(id, out var of) ? of.With("line", id) : null)).ToArray();
        var first = lines.Select(line => line.Nested(CreditOf)).OfType<Fields>().FirstOrDefault();
        return invoice.With("lines", lines).With(CreditOf, first?.Without("line"));
    }

    private static long? LineCredited(Fields line) => line.Number("amount") <= 0 && line.Text("origin") is { } origin
        && origin.StartsWith(OriginPrefix, StringComparison.Ordinal)
        && long.TryParse(origin[OriginPrefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;

    private async Task<Fields> OriginalAsync(object? reference, CancellationToken cancellation)
    {
        var problems = new List<FieldProblem>();
        var found = await new TrytonValues(client, schema).ReferenceAsync(Invoice, reference, CreditOf, problems, cancellation);
        if (found is not { } id)
        {
            throw new ConnectorException(TrytonFailures.Invalid(Invoice, problems));
        }

        var answer = await client.SearchReadAsync(Invoice, [new JsonArray("id", "=", id)], 1, null, ["type", "state", "number", "reference", "invoice_date",
            "accounting_date", "taxes.manual", .. HeadFields, "lines.type", "lines.amount", "lines.taxes", "lines.taxes_date",
            .. LineFields.Select(name => $"lines.{name}")], cancellation);
        var original = answer.EnumerateArray().Select(row => (Fields)TrytonJson.Decode(row)!).FirstOrDefault();
        var name = original is null ? $"{Invoice} {TrytonClient.Id(id)}" : TrytonPosting.Name(id, original);
        if (original is null)
        {
            throw new ConnectorException(new Failure.MissingReference($"{name} does not exist in Tryton, or the hub's user may not see it", name) { Evidence = name });
        }

        var refusal = original switch
        {
            _ when original.Text("type") is not "out" => $"{name} is a supplier's invoice",
            _ when !TrytonPosting.IsFinal(original.Text("state")) => $"{name} is {original.Text("state")} in Tryton, and only a posted invoice can be credited",
            _ when original.NestedList("taxes").Any(tax => tax.Flag("manual") == true) =>
                $"{name} has taxes that were entered by hand, so it must be credited in Tryton (Accounting > Customer Invoices, 'Credit')",
            _ => null,
        };
        return refusal is null ? original : throw new ConnectorException(new Failure.Policy($"{refusal}; nothing was written"));
    }

    private static Fields? LineOf(Fields credited, Fields[] lines, string where, string invoice, List<FieldProblem> problems)
    {
        var known = problems.Count;
        problems.AddRange(credited.Keys.Where(name => !OwnLineFields.Contains(name))
            .Select(name => new FieldProblem($"{where}.{name}", "must be left out: it is that of the credited line")));
        if (credited.Get(CreditOf) is not long place || place < 1 || place > lines.Length)
        {
            problems.Add(new FieldProblem($"{where}.{CreditOf}", string.Create(CultureInfo.InvariantCulture,
                $"must be the place of the credited line, from 1 to {lines.Length} in {invoice}")));
            return null;
        }

        var original = lines[place - 1];
        var (quantity, price) = (credited.ContainsKey("quantity") ? credited.Number("quantity") : -original.Number("quantity"),
            credited.ContainsKey("unit_price") ? credited.Number("unit_price") : original.Number("unit_price"));
        var (amount, most) = (quantity * price ?? 0, original.Number("amount") ?? 0);
        // To the cent: half a cent less or more is rounding.
        if (Math.Sign(amount) * Math.Sign(most) >= 0 || Math.Abs(amount) > Math.Abs(most) + 0.005m)
        {
            problems.Add(new FieldProblem($"{where}.quantity", string.Create(CultureInfo.InvariantCulture,
                $"and unit_price must take back up to {most} of line {place} of {invoice}, with a negative quantity; they come to {amount}")));
        }

        return problems.Count > known ? null : Fields.Of([.. LineFields.Select(name => (name, original.Get(name)))]).Merge(credited.Without(CreditOf))
            .With("quantity", quantity).With("unit_price", price).With("taxes", original.List("taxes")).With("taxes_date", original.Get("taxes_date"))
            .With("id", original.Get("id"));
    }
}
