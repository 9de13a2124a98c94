using System.Globalization;
using System.Text.Json.Nodes;
using Throughline.Connect;
using Throughline.Model;
using Throughline.Sandbox;
using Xunit;

namespace Throughline.Conformance.Connectors.Tryton;

/// <summary>
/// What becomes of the hub's invoices, asked of the sandbox and of the real server: filled in, taxed, numbered, posted once, never taken back afterwards.
/// </summary>
public abstract class TrytonInvoiceFacts(TrytonHost host) : TrytonInvoicing(host)
{
    [Fact]
    public async Task Should_fill_in_what_a_payload_does_not_say_and_answer_with_totals()
    {
        // Half to even: 0.005 is nothing, 0.015 is 0.02; the tax of 1,000.02 is 210.0042.
        var receipt = await CreatedAsync("1", Line(7.5m, 133.3333m), Line(1, 0.005m), Line(1, 0.015m));
        var answer = receipt.Answer;
        Assert.Equal(("draft", null, 1000.02m, 210.00m, 1210.02m, 0m), (answer.Text("state"), answer.Text("number"), answer.Number("untaxed_amount"),
            answer.Number("tax_amount"), answer.Number("total_amount"), answer.Number("amount_to_pay")));
        Assert.Equal([(7.5m, 1000.00m), (1m, 0.00m), (1m, 0.02m)],
            answer.NestedList("lines").Select(line => (line.Number("quantity")!.Value, line.Number("amount")!.Value)));
        Assert.Equal(("EUR", Today, Reference("1")),
            (answer.Nested("currency")!.Text("code"), answer.Text("invoice_date"), answer.Text("reference")));
        var row = await ReadAsync(receipt, "journal.type", "payment_term.name", "account.type", "invoice_address.party", "party", "lines.unit", "lines.product",
            "lines.taxes", "lines.type");
        Assert.Equal("revenue", (string?)row["journal."]!["type"]);
        Assert.Equal("30 days", (string?)row["payment_term."]!["name"]);
        Assert.Equal((long)row["party"]!, (long)row["invoice_address."]!["party"]!);
        Assert.All((JsonArray)row["lines."]!, line => Assert.Single((JsonArray)line!["taxes"]!));
    }

    [Fact]
    public async Task Should_take_another_currency_and_the_companys_where_none_is_said()
    {
        var pounds = await WriteAsync(WriteOperation.Create, null, Payload("1", Line(2, 100)).With("currency", Find("GBP")));
        Assert.True(pounds.IsDone, pounds.Failure?.Message);
        var posted = await PostAsync(pounds.ExternalId!);
        Assert.Equal(("GBP", 242m, 242m), (posted.Answer.Nested("currency")!.Text("code"), posted.Answer.Number("total_amount"),
            posted.Answer.Number("amount_to_pay")));
        var unsaid = await WriteAsync(WriteOperation.Create, null, Payload("2", Line(2, 100)).Without("currency"));
        Assert.Equal("EUR", unsaid.Answer.Nested("currency")!.Text("code"));
    }

    [Fact]
    public async Task Should_post_once_however_often_it_is_told()
    {
        var created = await CreatedAsync("1", Line(2, 100));
        var posted = await PostAsync(created.ExternalId!);
        Assert.True(posted.IsDone, posted.Failure?.Message);
        Assert.Equal(("posted", 200m, 42m, 242m, 242m), (posted.Answer.Text("state"), posted.Answer.Number("untaxed_amount"),
            posted.Answer.Number("tax_amount"), posted.Answer.Number("total_amount"), posted.Answer.Number("amount_to_pay")));
        Assert.NotNull(posted.Version);
        var again = await PostAsync(created.ExternalId!);
        Assert.Equal((posted.Answer.Text("number"), posted.Version), (again.Answer.Text("number"), again.Version));
        Assert.StartsWith(Today[..4], again.Answer.Text("number"), StringComparison.Ordinal);

        // The whole content once more is the same as nothing; anything else cannot be changed any more.
        var same = await ChangeAsync(created.ExternalId!, Payload("1", Line(2, 100)).With("state", "posted"));
        Assert.True(same.IsDone, same.Failure?.Message);
        var other = await ChangeAsync(created.ExternalId!, Payload("1", Line(3, 100)).With("description", "other").With("state", "posted"));
        Assert.Equal(["description", "lines"], Assert.IsType<Failure.Validation>(other.Failure).Problems.Select(problem => problem.Field).Order());
        Assert.Contains(posted.Answer.Text("number")!, other.Failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_write_other_fields_before_it_posts_with_lines_as_a_whole()
    {
        var created = await CreatedAsync("1", Line(2, 100), Line(1, 50));
        var changed = await ChangeAsync(created.ExternalId!, Fields.Of(("lines", new[] { Line(1, 70) }), ("description", "final"), ("state", "posted")));
        Assert.True(changed.IsDone, changed.Failure?.Message);
        Assert.Equal(("posted", 70m, 14.7m), (changed.Answer.Text("state"), changed.Answer.Number("untaxed_amount"), changed.Answer.Number("tax_amount")));
        Assert.Equal("final", (string?)(await ReadAsync(created, "description"))["description"]);
    }

    [Fact]
    public async Task Should_move_to_another_customer_with_all_that_hangs_on_it()
    {
        var created = await CreatedAsync("1", Line(2, 100));
        var changed = await ChangeAsync(created.ExternalId!, Fields.Of(("party", Find("C-200"))));
        Assert.True(changed.IsDone, changed.Failure?.Message);
        var row = await ReadAsync(created, "party", "party.code", "invoice_address.party");
        Assert.Equal("C-200", (string?)row["party."]!["code"]);
        Assert.Equal((long)row["party"]!, (long)row["invoice_address."]!["party"]!);
    }

    [Fact]
    public async Task Should_validate_without_a_number()
    {
        var created = await CreatedAsync("1", Line(2, 100));
        var validated = await ChangeAsync(created.ExternalId!, Fields.Of(("state", "validated")));
        Assert.Equal(("validated", null), (validated.Answer.Text("state"), validated.Answer.Text("number")));
        Assert.Equal("posted", (await PostAsync(created.ExternalId!)).Answer.Text("state"));
    }

    [Fact]
    public async Task Should_settle_a_lost_answer_of_posting_by_the_reference()
    {
        var created = await CreatedAsync("1", Line(2, 100));
        Host.Faults.Add(new Fault { Kind = FaultKind.CutAfter, Times = 1, BodyContains = "account.invoice.post\"" });
        Assert.IsType<Failure.InDoubt>((await PostAsync(created.ExternalId!)).Failure);
        var found = Assert.Single(await Connector.FindAsync(new FindRequest(Invoice, Fields.Of(("reference", Reference("1")))), default));
        Assert.Equal((created.ExternalId, "posted", 242m), (found.ExternalId, found.Fields.Text("state"), found.Fields.Number("total_amount")));
        Assert.Equal(found.Fields.Text("number"), (await PostAsync(created.ExternalId!)).Answer.Text("number"));
    }

    [Fact]
    public async Task Should_show_the_whole_total_where_the_answer_of_the_creation_was_lost()
    {
        Host.Faults.Add(new Fault { Kind = FaultKind.CutAfter, Times = 1, BodyContains = "account.invoice.create\"" });
        Assert.IsType<Failure.InDoubt>((await CreateAsync("1", Line(2, 100))).Failure);
        var found = Assert.Single(await Connector.FindAsync(new FindRequest(Invoice, Fields.Of(("reference", Reference("1")))), default));
        Assert.Equal(242m, found.Fields.Number("total_amount"));
    }

    [Fact]
    public async Task Should_delete_a_draft_and_keep_what_is_posted()
    {
        var draft = await CreatedAsync("1", Line(2, 100));
        Assert.Equal("deleted", (await UndoAsync(draft.ExternalId!)).Answer.Text("undone"));
        Assert.Equal("was gone", (await UndoAsync(draft.ExternalId!)).Answer.Text("undone"));

        var validated = await CreatedAsync("2", Line(2, 100));
        await ChangeAsync(validated.ExternalId!, Fields.Of(("state", "validated")));
        Assert.Equal("deleted", (await UndoAsync(validated.ExternalId!)).Answer.Text("undone"));

        var posted = await CreatedAsync("3", Line(2, 100));
        var number = (await PostAsync(posted.ExternalId!)).Answer.Text("number")!;
        var refusal = Assert.IsType<Failure.Policy>((await UndoAsync(posted.ExternalId!)).Failure);
        Assert.Contains(number, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("credited", refusal.Message, StringComparison.Ordinal);
        Assert.Equal("posted", (string?)(await ReadAsync(posted, "state"))["state"]);
    }

    [Fact]
    public async Task Should_not_post_what_a_person_cancelled()
    {
        var created = await CreatedAsync("1", Line(2, 100));
        await Host.Raw.CallAsync("model.account.invoice.cancel", new JsonArray(Id(created)));
        Assert.Contains("cancelled", Assert.IsType<Failure.Policy>((await PostAsync(created.ExternalId!)).Failure).Message, StringComparison.Ordinal);
        Assert.Equal("deleted", (await UndoAsync(created.ExternalId!)).Answer.Text("undone"));
    }

    [Fact]
    public async Task Should_refuse_what_only_tryton_may_say_before_anything_is_sent()
    {
        var created = await CreatedAsync("1", Line(2, 100));
        foreach (var state in new[] { "draft", "paid", "cancelled", "sent" })
        {
            Assert.Equal("state", Assert.Single(Assert.IsType<Failure.Validation>(
                (await ChangeAsync(created.ExternalId!, Fields.Of(("state", state)))).Failure).Problems).Field);
        }

        Assert.IsType<Failure.Validation>((await ChangeAsync(created.ExternalId!, Fields.Of(("number", "7")))).Failure);
        var receipt = await WriteAsync(WriteOperation.Create, null, Payload("2", Line(1, 1)).With("state", "posted").With("type", "in"));
        Assert.Equal(["state", "type"], Assert.IsType<Failure.Validation>(receipt.Failure).Problems.Select(problem => problem.Field));
    }

    [Fact]
    public async Task Should_refuse_too_many_digits_instead_of_rounding()
    {
        var unit = Fields.Of(("description", "Milestone"), ("quantity", 1.5m), ("unit_price", 10), ("product", Find("MILESTONE")));
        foreach (var (line, words) in new[] { (Line(1.234m, 1), "Quantity"), (unit, "Quantity"), (Line(1, 1.23456m), "Unit Price"),
            (Line(12345678901234567.25m, 1), "15 digits") })
        {
            var refusal = Assert.IsType<Failure.Validation>((await CreateAsync("1", line)).Failure);
            Assert.Contains(words, refusal.Message, StringComparison.Ordinal);
        }

        Assert.Empty(await Host.Raw.SearchAsync(Invoice, [new JsonArray("reference", "=", Reference("1"))]));
    }

    [Fact]
    public async Task Should_say_what_to_set_up_in_tryton()
    {
        var party = (long)(await Host.Raw.CallAsync("model.party.party.create", new JsonArray(new JsonObject { ["name"] = $"Nowhere {Run}" })))![0]!;
        var hour = (long)(await Host.Raw.SearchAsync("product.uom", [new JsonArray("name", "=", "Hour")]))[0]!;
        var template = (long)(await Host.Raw.CallAsync("model.product.template.create", new JsonArray(new JsonObject
        {
            ["name"] = $"Bare {Run}", ["type"] = "service", ["default_uom"] = hour, ["list_price"] = Decimal("1"),
            ["products"] = new JsonArray(new JsonArray("create", new JsonArray(new JsonObject()))),
        })))![0]!;
        var bare = Line(1, 1).With("product", Fields.Of(("find", Fields.Of(("template.name", $"Bare {Run}")))));
        var receipt = await WriteAsync(WriteOperation.Create, null, Payload("1", Line(1, 1), bare, Line(1, 1).Without("product")).With("party", party));
        var refusal = Assert.IsType<Failure.Validation>(receipt.Failure);
        Assert.Equal(["invoice_address", "lines[1].account", "lines[2].product"], refusal.Problems.Select(problem => problem.Field));
        Assert.Contains($"Nowhere {Run}", refusal.Message, StringComparison.Ordinal);
        Assert.Contains($"Bare {Run}", refusal.Message, StringComparison.Ordinal);
        var absent = await WriteAsync(WriteOperation.Create, null, Payload("1", Line(1, 1)).With("party", 2000000000));
        Assert.IsType<Failure.MissingReference>(absent.Failure);
        await Host.Raw.CallAsync("model.product.template.delete", new JsonArray(template));
        await Host.Raw.CallAsync("model.party.party.delete", new JsonArray(party));
    }

    [Fact]
    public async Task Should_not_post_into_a_closed_period_nor_confirm_a_warning()
    {
        await Host.CloseJanuary2001Async();
        var closed = await CreatedAsync("1", "2001-01-15", Line(1, 1));
        var refusal = Assert.IsType<Failure.Validation>((await PostAsync(closed.ExternalId!)).Failure);
        Assert.Contains("no open period for 01/15/2001", refusal.Message, StringComparison.Ordinal);

        var late = await CreatedAsync("2", "2001-02-10", Line(1, 1));
        var warning = Assert.IsType<Failure.Policy>((await PostAsync(late.ExternalId!)).Failure);
        Assert.Contains("generates a payment date", warning.Message, StringComparison.Ordinal);
        Assert.StartsWith("invoice_payment_term_", warning.Evidence, StringComparison.Ordinal);
        Assert.Equal("draft", (string?)(await ReadAsync(late, "state"))["state"]);
    }

    [Fact]
    public async Task Should_number_in_the_order_of_dates()
    {
        var first = await CreatedAsync("1", Line(1, 1));
        var number = (await PostAsync(first.ExternalId!)).Answer.Text("number")!;
        var earlier = await CreatedAsync("2", Today[..4] + "-01-01", Line(1, 1));
        var refusal = Assert.IsType<Failure.Validation>((await PostAsync(earlier.ExternalId!)).Failure);
        Assert.Contains("in the order of their dates", refusal.Message, StringComparison.Ordinal);
        var second = await CreatedAsync("3", Line(1, 1));
        Assert.Equal(int.Parse(number[5..], CultureInfo.InvariantCulture) + 1,
            int.Parse((await PostAsync(second.ExternalId!)).Answer.Text("number")![5..], CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Should_guard_a_posted_invoice_with_the_same_texts()
    {
        var receipt = await CreatedAsync("1", Line(2, 100));
        var name = $"{(await PostAsync(receipt.ExternalId!)).Answer.Text("number")} [{Reference("1")}]";
        var ids = new JsonArray(Id(receipt));
        await RefusedAsync($"You cannot modify invoice \\\"{name}\\\" because it is posted, paid or cancelled.", "write", ids,
            new JsonObject { ["description"] = "x" });
        await RefusedAsync($"You cannot modify invoice \\\"{name}\\\" because it is posted, paid or cancelled.", "delete", ids);
        await RefusedAsync($"You cannot cancel customer invoice \\\"{name}\\\" because it is posted and company setup does not allow it.", "cancel", ids);
        await RefusedAsync($"because its invoice \\\"{name}\\\" is posted, paid or cancelled.", "write", ids, new JsonObject
        {
            ["lines"] = new JsonArray(new JsonArray("delete", (await ReadAsync(receipt, "lines"))["lines"]!.DeepClone())),
        });
        await Host.Raw.CallAsync("model.account.invoice.draft", ids);
        Assert.Equal("posted", (string?)(await ReadAsync(receipt, "state"))["state"]);
    }

    private static JsonObject Decimal(string value) => new() { ["__class__"] = "Decimal", ["decimal"] = value };
}
