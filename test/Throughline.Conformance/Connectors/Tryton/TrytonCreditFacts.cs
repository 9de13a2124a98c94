using System.Text.Json.Nodes;
using Throughline.Connect;
using Throughline.Model;
using Throughline.Sandbox;
using Xunit;

namespace Throughline.Conformance.Connectors.Tryton;

/// <summary>Credit notes that the hub writes for posted invoices, asked of the sandbox and of the real server.</summary>
public abstract class TrytonCreditFacts(TrytonHost host) : TrytonInvoicing(host)
{
    [Fact]
    public async Task Should_credit_a_whole_invoice_once_though_the_answer_is_lost()
    {
        var posted = await PostedAsync("1", Line(2, 100), Line(1, 50.5m));
        Host.Faults.Add(new Fault { Kind = FaultKind.CutAfter, Times = 1, BodyContains = "account.invoice.create\"" });
        Assert.IsType<Failure.InDoubt>((await CreditAsync("1/C1", "1")).Failure);

        var found = Assert.Single(await Connector.FindAsync(new FindRequest(Invoice, Fields.Of(("reference", Reference("1/C1")))), default));
        Assert.Equal(("draft", -250.50m, -52.60m, -303.10m), (found.Fields.Text("state"), found.Fields.Number("untaxed_amount"),
            found.Fields.Number("tax_amount"), found.Fields.Number("total_amount")));
        var credited = found.Fields.Nested("credit_of")!;
        Assert.Equal((Id(posted), posted.Answer.Text("number"), Reference("1")),
            ((long)credited.Number("id")!.Value, credited.Text("number"), credited.Text("reference")));
        Assert.All(found.Fields.NestedList("lines"), line => Assert.Equal(Reference("1"), line.Nested("credit_of")!.Text("reference")));
        Assert.Equal([(-2m, "HOUR"), (-1m, "HOUR")],
            found.Fields.NestedList("lines").Select(line => (line.Number("quantity")!.Value, line.Nested("product")!.Text("code")!)));

        var note = await PostAsync(found.ExternalId);
        Assert.Equal(("posted", -303.10m, -303.10m), (note.Answer.Text("state"), note.Answer.Number("total_amount"), note.Answer.Number("amount_to_pay")));
        Assert.NotEqual(posted.Answer.Text("number"), note.Answer.Text("number"));
        Assert.Equal(note.Answer.Text("number"), (await PostAsync(found.ExternalId)).Answer.Text("number"));
        // What it credits stays due until somebody sets the one off against the other.
        var original = (await FoundAsync(posted)).Fields;
        Assert.Equal(("posted", 303.10m, null), (original.Text("state"), original.Number("amount_to_pay"), original.Nested("credit_of")));
    }

    [Fact]
    public async Task Should_credit_some_lines_and_some_of_a_line()
    {
        var posted = await PostedAsync("1", Line(2, 100), Line(3, 50), Line(1, 10));
        var note = await CreditAsync("1/C1", "1", Fields.Of(("credit_of", 2), ("quantity", -1)),
            Fields.Of(("credit_of", 1), ("quantity", -1), ("unit_price", 40.25m), ("description", "Half a day too much")));
        Assert.True(note.IsDone, $"{note.Failure?.Message} {note.Failure?.Evidence}");
        Assert.Equal((-90.25m, -18.95m, -109.20m), (note.Answer.Number("untaxed_amount"), note.Answer.Number("tax_amount"), note.Answer.Number("total_amount")));
        var read = await ReadAsync(note, "party", "invoice_address", "account", "journal", "payment_term", "currency", "type", "lines.description", "lines.origin",
            "lines.account", "lines.unit", "lines.taxes", "lines.taxes_date");
        var of = await ReadAsync(posted, "party", "invoice_address", "account", "journal", "payment_term", "currency", "type", "lines");
        foreach (var name in new[] { "party", "invoice_address", "account", "journal", "payment_term", "currency", "type" })
        {
            Assert.Equal(of[name]?.ToJsonString(), read[name]?.ToJsonString());
        }

        var lines = ((JsonArray)read["lines."]!).OfType<JsonObject>().ToArray();
        Assert.Equal([$"account.invoice.line,{of["lines"]![1]}", $"account.invoice.line,{of["lines"]![0]}"], lines.Select(line => (string?)line["origin"]));
        Assert.Equal(["Consulting", "Half a day too much"], lines.Select(line => (string?)line["description"]));
        Assert.All(lines, line => Assert.True(line["account"] is not null && line["unit"] is not null && line["taxes_date"] is JsonObject));

        // Set off as accountants do it: the entry of the credit note among the payments of what it credits.
        await PostAsync(note.ExternalId!);
        var entries = (await ReadAsync(note, "lines_to_pay"))["lines_to_pay"]!.DeepClone();
        await Host.Raw.CallAsync("model.account.invoice.write", new JsonArray(Id(posted)),
            new JsonObject { ["payment_lines"] = new JsonArray(new JsonArray("add", entries)) });
        var shown = (await FoundAsync(posted)).Fields;
        Assert.Equal(("posted", 435.60m, 326.40m, 109.20m, 0m), (shown.Text("state"), shown.Number("total_amount"), shown.Number("amount_to_pay"),
            shown.Number("credited_amount"), shown.Number("paid_amount")));
        await Host.PayAsync(Id(posted));
        var paid = (await FoundAsync(posted)).Fields;
        Assert.Equal(("paid", 0m, 109.20m, 326.40m), (paid.Text("state"), paid.Number("amount_to_pay"), paid.Number("credited_amount"), paid.Number("paid_amount")));
        var settled = (await FoundAsync(note)).Fields;
        Assert.Equal(("paid", -109.20m, -109.20m, 0m), (settled.Text("state"), settled.Number("total_amount"), settled.Number("credited_amount"),
            settled.Number("paid_amount")));
    }

    [Fact]
    public async Task Should_refuse_what_is_no_credit_of_a_posted_invoice()
    {
        var draft = await CreatedAsync("1", Line(2, 100));
        Assert.Contains("draft", Assert.IsType<Failure.Policy>((await CreditAsync("1/C1", "1")).Failure).Message, StringComparison.Ordinal);
        await PostAsync(draft.ExternalId!);
        Assert.IsType<Failure.MissingReference>((await CreditAsync("9/C1", "9")).Failure);

        foreach (var (line, field) in new[]
        {
            (Fields.Of(("credit_of", 1), ("quantity", 1)), "lines[0].quantity"),
            (Fields.Of(("credit_of", 1), ("quantity", -3)), "lines[0].quantity"),
            (Fields.Of(("credit_of", 2), ("quantity", -1)), "lines[0].credit_of"),
            (Fields.Of(("quantity", -1), ("unit_price", 100)), "lines[0].credit_of"),
            (Fields.Of(("credit_of", 1), ("account", 1)), "lines[0].account"),
        })
        {
            Assert.Equal(field, Assert.Single(Assert.IsType<Failure.Validation>((await CreditAsync("1/C1", "1", line)).Failure).Problems).Field);
        }

        var other = await WriteAsync(WriteOperation.Create, null, Credit("1/C1", "1").With("party", Find("C-200")).With("lines", Array.Empty<Fields>()));
        Assert.Equal(["party", "lines"], Assert.IsType<Failure.Validation>(other.Failure).Problems.Select(problem => problem.Field));
        var late = await ChangeAsync(draft.ExternalId!, Fields.Of(("credit_of", 1)));
        Assert.Equal("credit_of", Assert.Single(Assert.IsType<Failure.Validation>(late.Failure).Problems).Field);
        Assert.Empty(await Host.Raw.SearchAsync(Invoice, [new JsonArray("reference", "=", Reference("1/C1"))]));
    }

    private Fields Credit(string n, string of) => Fields.Of(("reference", Reference(n)), ("invoice_date", Today),
        ("credit_of", Fields.Of(("find", Fields.Of(("reference", Reference(of)))))));

    private Task<Receipt> CreditAsync(string n, string of, params Fields[] lines) =>
        WriteAsync(WriteOperation.Create, null, lines.Length == 0 ? Credit(n, of) : Credit(n, of).With("lines", lines));
}
