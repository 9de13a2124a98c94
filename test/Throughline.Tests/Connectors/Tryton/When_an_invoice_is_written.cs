using System.Globalization;
using System.Text.Json.Nodes;
using Throughline.Connect;
using Throughline.Model;
using Throughline.Sandbox;
using Xunit;

namespace Throughline.Tests.Connectors.Tryton;

/// <summary>What cannot be shown on the real server too; the rest stands in <c>TrytonInvoiceFacts</c>.</summary>
public sealed class When_an_invoice_is_written : TrytonFixture
{
    private const string Invoice = "account.invoice";
    private const string Terms = "account.invoice.payment_term";

    [Fact]
    public async Task Should_say_that_the_books_are_not_set_up()
    {
        Sandbox.Change("account.journal", 1, new JsonObject { ["active"] = false });
        Sandbox.Change("account.configuration", 1, new JsonObject { ["default_account_receivable"] = null });
        var refusal = Assert.IsType<Failure.Validation>((await CreateAsync("1")).Failure);
        Assert.Equal(["account", "journal"], refusal.Problems.Select(problem => problem.Field));
        Assert.Contains("Default Account Receivable", refusal.Message, StringComparison.Ordinal);
        Assert.Empty(Sandbox.Records(Invoice));
    }

    [Fact]
    public async Task Should_take_the_payment_term_for_all_or_the_only_one_or_none()
    {
        Sandbox.Change("party.party", Contoso, new JsonObject { ["customer_payment_term"] = null });
        Assert.Equal(1, (await StoredAsync("1"))["payment_term"]?.GetValue<long>());
        var second = Sandbox.Insert(Terms, new JsonObject { ["name"] = "60 days" });
        Assert.Null((await StoredAsync("2"))["payment_term"]);
        Sandbox.Change("account.configuration", 1, new JsonObject { ["default_customer_payment_term"] = second });
        Assert.Equal(second, (await StoredAsync("3"))["payment_term"]?.GetValue<long>());
        Sandbox.Change("party.party", Contoso, new JsonObject { ["customer_payment_term"] = 1 });
        Assert.Equal(1, (await StoredAsync("4"))["payment_term"]?.GetValue<long>());
        var none = await WriteAsync(new WriteItem("k", Invoice, WriteOperation.Create, null, null, Payload("5").With("payment_term", null)));
        Assert.Null(Stored(none)["payment_term"]);
    }

    [Fact]
    public async Task Should_ask_once_for_what_the_invoices_of_a_batch_share()
    {
        Sandbox.Faults.Add(new Fault { Kind = FaultKind.Latency, BodyContains = "on_change_with" });
        Sandbox.Faults.Add(new Fault { Kind = FaultKind.Latency, BodyContains = "line.on_change" });
        var items = Enumerable.Range(1, 5).Select(n => new WriteItem($"k{n}", Invoice, WriteOperation.Create, null, null, Payload($"{n}")));
        Assert.All(await Connector.WriteAsync([.. items], default), receipt => Assert.True(receipt.IsDone, receipt.Failure?.Message));
        Assert.Equal(5, Sandbox.Records(Invoice).Count);
        Assert.Equal(2, Sandbox.Faults.Requests.Count(request => request.Fault is not null));
    }

    [Fact]
    public async Task Should_refuse_a_reference_by_which_it_would_not_be_found()
    {
        var receipt = await WriteAsync(new WriteItem("k", Invoice, WriteOperation.Create, null, Fields.Of(("reference", "R/9")), Payload("1")));
        Assert.Contains("R/9", Assert.IsType<Failure.Validation>(receipt.Failure).Message, StringComparison.Ordinal);
        Assert.Empty(Sandbox.Records(Invoice));
    }

    [Fact]
    public async Task Should_not_post_what_somebody_else_changed()
    {
        var created = await CreateAsync("1");
        Sandbox.Change(Invoice, Id(created), new JsonObject { ["description"] = "by a person" });
        Assert.IsType<Failure.Conflict>((await ChangeAsync(created, Fields.Of(("state", "posted")), created.Version)).Failure);
        Assert.Equal("draft", (string?)Stored(created)["state"]);
    }

    [Fact]
    public async Task Should_notice_that_the_button_did_nothing()
    {
        var created = await CreateAsync("1");
        Sandbox.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 200, BodyContains = "invoice.post\"", Body = """{"id":1,"result":null}""" });
        Assert.IsType<Failure.Conflict>((await ChangeAsync(created, Fields.Of(("state", "posted")))).Failure);
    }

    [Fact]
    public async Task Should_leave_a_question_about_posting_to_a_person()
    {
        var created = await CreateAsync("1");
        Sandbox.WarnOnNextWrites();
        var failure = Assert.IsType<Failure.Policy>((await ChangeAsync(created, Fields.Of(("state", "posted")))).Failure);
        Assert.Contains("R/1", failure.Message, StringComparison.Ordinal);
        Assert.Equal("sandbox_warning_1", failure.Evidence);
    }

    [Fact]
    public async Task Should_follow_the_customers_payments_until_it_is_paid()
    {
        var created = await CreateAsync("1");
        await ChangeAsync(created, Fields.Of(("state", "posted")));
        using var http = new HttpClient { BaseAddress = Sandbox.Address };
        Assert.Equal(400, await PayAsync(http, "invoice=x"));
        Assert.Equal(400, await PayAsync(http, $"invoice={created.ExternalId}&amount=2000"));
        Assert.Equal(204, await PayAsync(http, $"invoice={created.ExternalId}&amount=210.50"));
        var part = await FoundAsync(created);
        Assert.Equal(("posted", 999.50m), (part.Text("state"), part.Number("amount_to_pay")));
        Assert.Equal(204, await PayAsync(http, $"invoice={created.ExternalId}"));
        var paid = await FoundAsync(created);
        Assert.Equal(("paid", 0m, 1210m), (paid.Text("state"), paid.Number("amount_to_pay"), paid.Number("total_amount")));
        Assert.NotNull(paid.Text("reconciled"));

        Assert.True((await ChangeAsync(created, Fields.Of(("state", "posted")))).IsDone, "a paid invoice is posted");
        Assert.Contains("is paid", Assert.IsType<Failure.Policy>((await UndoAsync(created)).Failure).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_cancel_what_cannot_be_deleted()
    {
        var created = await CreateAsync("1");
        var project = Sandbox.Insert("project.work", new JsonObject { ["name"] = "P-1", ["type"] = "project", ["timesheet_available"] = true });
        Assert.Equal(1, project);
        Sandbox.Insert("timesheet.line", new JsonObject
        {
            ["employee"] = 1, ["work"] = 1, ["invoice_line"] = 1, ["duration"] = new JsonObject { ["__class__"] = "timedelta", ["seconds"] = 60 },
        });
        Assert.Equal("cancelled", (await UndoAsync(created)).Answer.Text("undone"));
        Assert.Equal("cancelled", (string?)Stored(created)["state"]);
    }

    [Fact]
    public async Task Should_leave_alone_what_was_cancelled_after_it_was_numbered()
    {
        var created = await CreateAsync("1");
        Sandbox.Change(Invoice, Id(created), new JsonObject { ["number"] = "2026-00007", ["state"] = "cancelled" });
        Assert.Equal("was cancelled", (await UndoAsync(created)).Answer.Text("undone"));
        Assert.Single(Sandbox.Records(Invoice));
    }

    [Fact]
    public async Task Should_leave_supplier_invoices_alone()
    {
        var created = await CreateAsync("1");
        Sandbox.Change(Invoice, Id(created), new JsonObject { ["type"] = "in" });
        Assert.IsType<Failure.Validation>((await ChangeAsync(created, Fields.Of(("state", "posted")))).Failure);
        Assert.Equal("draft", (string?)Stored(created)["state"]);
    }

    [Fact]
    public async Task Should_wait_for_an_invoice_that_is_not_there() => Assert.IsType<Failure.MissingReference>((await WriteAsync(
        new WriteItem("u", Invoice, WriteOperation.Update, "4711", null, Fields.Of(("state", "posted"))))).Failure);

    private long Contoso => Sandbox.Records("party.party").Single(row => (string?)row!["code"] == "C-100")!["id"]!.GetValue<long>();

    private static Fields Find(string code) => Fields.Of(("find", Fields.Of(("code", code))));

    private static Fields Payload(string n) => Fields.Of(("reference", $"R/{n}"), ("party", Find("C-100")), ("currency", Find("EUR")), ("lines", new[]
    {
        Fields.Of(("description", "Consulting"), ("quantity", 10), ("unit_price", 100), ("product", Find("HOUR"))),
    }));

    private static long Id(Receipt receipt) => long.Parse(receipt.ExternalId!, CultureInfo.InvariantCulture);

    private static async Task<int> PayAsync(HttpClient http, string query)
    {
        using var answer = await http.PostAsync(new Uri($"/_sandbox/tryton/pay?{query}", UriKind.Relative), null);
        return (int)answer.StatusCode;
    }

    private Task<Receipt> CreateAsync(string n) =>
        WriteAsync(new WriteItem($"k{n}", Invoice, WriteOperation.Create, null, Fields.Of(("reference", $"R/{n}")), Payload(n)));

    private async Task<JsonNode> StoredAsync(string n) => Stored(await CreateAsync(n));

    private JsonNode Stored(Receipt receipt)
    {
        Assert.True(receipt.IsDone, receipt.Failure?.Message);
        return Sandbox.Records(Invoice).Single(row => (long)row!["id"]! == Id(receipt))!;
    }

    private async Task<Fields> FoundAsync(Receipt receipt) =>
        Assert.Single(await Connector.FindAsync(FindRequest.ById(Invoice, receipt.ExternalId!), default)).Fields;

    private Task<Receipt> ChangeAsync(Receipt created, Fields fields, string? version = null) =>
        WriteAsync(new WriteItem("u", Invoice, WriteOperation.Update, created.ExternalId, null, fields, version));

    private Task<Receipt> UndoAsync(Receipt created) =>
        WriteAsync(new WriteItem("undo", Invoice, WriteOperation.Undo, created.ExternalId, null, Fields.Empty));
}
