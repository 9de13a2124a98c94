using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Throughline.Conformance.Firm;
using Throughline.Conformance.Store;
using Throughline.Engine;
using Throughline.Engine.Billing;
using Throughline.Engine.Cases;
using Throughline.Engine.Entries;
using Throughline.Model;
using Throughline.Model.Ledger;
using Throughline.Sandbox;
using Xunit;

namespace Throughline.Tests.Processes.Billing;

/// <summary>Requirement D4 for time and materials: drawn, looked over, posted in the ERP, read back to the cent; whatever the ERP does in between.</summary>
public sealed class When_time_is_billed : IAsyncLifetime
{
    private const string Closed = """{"id":1,"error":["UserError",["There is no open period for the date \"2026-06-30\".","",null]]}""";
    private static readonly DateOnly June = new(2026, 6, 30);

    // Tryton asks a person about an invoice that would be due already.
    private static readonly DateOnly Today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);

    private DemoFirm _firm = null!;
    private string _deal = "";

    private Scope Engagement => Scope.Engagement(_deal);

    public async ValueTask InitializeAsync()
    {
        _firm = await DemoFirm.StartAsync(() => new MemoryHubStore());
        _deal = _firm.PlainDeal();
        await _firm.UntilDoneAsync(_deal);
        var person = _firm.Person();
        foreach (var hours in new[] { 8m, 7.5m, 0.25m })
        {
            await _firm.BookAsync(person, _firm.Tasks[0], hours);
        }

        await UntilStandsAsync(LedgerAccount.Unbilled, 2362.5m);
    }

    public ValueTask DisposeAsync() => _firm.DisposeAsync();

    [Fact]
    public async Task Should_be_an_invoice_in_the_ERP_that_is_read_back_before_it_counts()
    {
        var drawn = Assert.Single((await DrawAsync()).Invoices);
        Assert.Equal((InvoiceStatus.Drawn, 15.75m, 3), (drawn.Status, drawn.Quantity, drawn.EntryCount));
        Assert.Equal(2362.5m, await StandsAsync(LedgerAccount.InBatch));

        await ApproveAsync(drawn.Key);
        await UntilStandsAsync(LedgerAccount.Invoiced, 2362.5m);

        var posted = Assert.Single(Posted());
        Assert.Equal((drawn.Key, "posted", 2362.5m), (posted["reference"]!.ToString(), posted["state"]!.ToString(), Number(posted["untaxed_amount"])));
        var known = (await _firm.Hub.Store.FindInvoiceAsync(drawn.Key, CancellationToken.None))!;
        Assert.Equal((InvoiceStatus.Posted, posted["number"]!.ToString()), (known.Status, known.Number));
        var record = (await _firm.ScopeAsync(_deal)).Of("invoice").Single().Attributes;
        Assert.Equal(("posted", known.Number), (record.Text("status"), record.Text("number")));
        Assert.Equal(record.Money("amount")!.Value.Amount + record.Money("tax")!.Value.Amount, record.Money("gross")!.Value.Amount);
        await _firm.UntilAsync("it is announced", async () => (await _firm.EventsAsync("invoice.posted")).Count == 1);
        Assert.Equal(0m, await StandsAsync(LedgerAccount.Unbilled));
        Assert.Empty((await DrawAsync()).Invoices);
    }

    [Fact]
    public async Task Should_not_be_approved_by_who_drew_it()
    {
        var drawn = Assert.Single((await DrawAsync("Ann")).Invoices);
        var review = await _firm.CaseAsync("approval", drawn.Key);

        await _firm.ActAsync(review, CaseAction.Approve, "ann");

        await _firm.UntilAsync("it is refused", async () => (await _firm.StoryAsync(_deal)).Contains("ann tried to approve and was refused", StringComparison.Ordinal));
        Assert.Empty(Invoices());
    }

    [Fact]
    public async Task Should_be_billable_again_when_it_is_rejected()
    {
        var drawn = Assert.Single((await DrawAsync()).Invoices);
        await _firm.ActAsync(await _firm.CaseAsync("approval", drawn.Key), CaseAction.Reject, "bob", "the customer wants one invoice a quarter");

        await UntilStandsAsync(LedgerAccount.Unbilled, 2362.5m);
        Assert.Equal(InvoiceStatus.Withdrawn, (await _firm.Hub.Store.FindInvoiceAsync(drawn.Key, CancellationToken.None))!.Status);
        Assert.Empty(Invoices());
        Assert.EndsWith("/2", Assert.Single((await DrawAsync()).Invoices).Key, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("account.invoice.create", "cut after it was done")]
    [InlineData("account.invoice.post", "cut after it was done")]
    [InlineData("account.invoice.create", "unavailable")]
    [InlineData("account.invoice.post", "unavailable")]
    public async Task Should_be_there_once_whatever_became_of_an_answer(string call, string trouble)
    {
        _firm.Erp.Faults.Add(trouble == "unavailable" ? new Fault { Kind = FaultKind.Answer, Status = 503, BodyContains = call, Times = 2 }
            : new Fault { Kind = FaultKind.CutAfter, BodyContains = call, Times = 1 });
        await ApproveAsync(Assert.Single((await DrawAsync()).Invoices).Key);

        await UntilStandsAsync(LedgerAccount.Invoiced, 2362.5m);

        Assert.Single(Invoices());
        Assert.Single(Posted());
    }

    /// <summary>P-faults: a closed period is the ERP's own business; the entries stay on the invoice until a person has decided.</summary>
    [Fact]
    public async Task Should_be_a_case_when_the_ERP_does_not_post_it_and_go_on_when_that_is_put_right()
    {
        _firm.Erp.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 200, BodyContains = "account.invoice.post", Body = Closed });
        await ApproveAsync(Assert.Single((await DrawAsync()).Invoices).Key);
        var refused = await _firm.CaseAsync("refused", "no open period");
        Assert.Equal(("finance-ops", Money.Of(2362.5m, "EUR")), (refused.Queue, refused.Amount));
        Assert.Equal(2362.5m, await StandsAsync(LedgerAccount.InBatch));

        _firm.Erp.Faults.Clear();
        await _firm.ActAsync(refused, CaseAction.Retry, "fred");

        await UntilStandsAsync(LedgerAccount.Invoiced, 2362.5m);
    }

    [Fact]
    public async Task Should_be_taken_back_in_the_ERP_when_it_is_rejected_as_a_draft()
    {
        _firm.Erp.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 200, BodyContains = "account.invoice.post", Body = Closed });
        await ApproveAsync(Assert.Single((await DrawAsync()).Invoices).Key);
        var refused = await _firm.CaseAsync("refused", "no open period");
        Assert.Single(Invoices());

        await _firm.ActAsync(refused, CaseAction.Reject, "fred", "June is closed");

        await UntilStandsAsync(LedgerAccount.Unbilled, 2362.5m);
        Assert.DoesNotContain(Invoices(), invoice => invoice["state"]!.ToString() is not "cancelled");
    }

    /// <summary>Somebody edits the draft before it is posted: the hub does not count as invoiced what the ERP does not show.</summary>
    [Fact]
    public async Task Should_not_count_as_invoiced_what_the_ERP_has_otherwise()
    {
        _firm.Erp.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 503, BodyContains = "account.invoice.post" });
        await ApproveAsync(Assert.Single((await DrawAsync()).Invoices).Key);
        await _firm.UntilAsync("the draft is there", () => Invoices().Length == 1);
        var line = Assert.Single(_firm.Erp.Records("account.invoice.line").OfType<JsonObject>());
        _firm.Erp.Change("account.invoice.line", line["id"]!.GetValue<long>(), new JsonObject { ["quantity"] = 16 });
        _firm.Erp.Faults.Clear();

        var differs = await _firm.CaseAsync("differs", "amount is 2,400.00 EUR there and 2,362.50 EUR in the hub");

        Assert.Equal("finance-ops", differs.Queue);
        Assert.Equal((2362.5m, 0m), (await StandsAsync(LedgerAccount.InBatch), await StandsAsync(LedgerAccount.Invoiced)));

        // It cannot be put right there, so it is rejected; the ERP does not take a posted invoice back, and a person credits it and says so.
        await _firm.ActAsync(differs, CaseAction.Reject, "fred", "edited in the ERP");
        var posted = await _firm.CaseAsync("undo", "could not be taken back");
        Assert.Contains("or they are billed twice", posted.Remedy, StringComparison.Ordinal);
        Assert.Equal(2362.5m, await StandsAsync(LedgerAccount.InBatch));
        await _firm.ActAsync(posted, CaseAction.Reject, "fred", "credited as 2026-00002");
        await UntilStandsAsync(LedgerAccount.Unbilled, 2362.5m);
    }

    /// <summary>It was posted, and only the hub had not read that back when somebody rejected it: it is left to the ERP, and counts.</summary>
    [Fact]
    public async Task Should_count_as_invoiced_where_the_ERP_does_not_take_it_back_and_a_person_leaves_it_there()
    {
        var drawn = Assert.Single((await DrawAsync()).Invoices);
        _firm.Erp.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 200, BodyContains = "account.invoice.post", Body = Closed });
        await ApproveAsync(drawn.Key);
        var refused = await _firm.CaseAsync("refused", "no open period");
        _firm.Erp.Faults.Clear();
        _firm.Erp.Change("account.invoice", Invoices()[0]["id"]!.GetValue<long>(), new JsonObject { ["state"] = "posted", ["number"] = "2026-00009" });
        await _firm.ActAsync(refused, CaseAction.Reject, "fred", "wrong button");

        await _firm.ActAsync(await _firm.CaseAsync("undo", "could not be taken back"), CaseAction.Retry, "fred");

        // Marked as posted by hand it is in no books of the ERP, so nothing of it is open there.
        await UntilStandsAsync(LedgerAccount.Paid, 2362.5m);
        Assert.Single(Posted());
    }

    /// <summary>A defect, or a landscape that counts the invoices of two engagements alike: nobody has to find out by missing an invoice.</summary>
    [Fact]
    public async Task Should_be_a_case_where_an_invoice_cannot_be_kept()
    {
        var other = Scope.Engagement("006ZZZ");
        var taken = new Invoice(
            other, "P-20001-DE", 1, June, InvoiceStatus.Drawn, 1, Money.Of(1m, "EUR"), 1, null, "ann", EnvelopeId.New(TimeProvider.System), TimeProvider.System.GetUtcNow());
        var epoch = await _firm.Hub.Store.TakePartitionAsync(other.Partition, "test", CancellationToken.None);
        await _firm.Hub.Store.CommitEntriesAsync([new EntryCommit { Partition = other.Partition, Epoch = epoch, Invoices = [taken] }], CancellationToken.None);

        Assert.Empty((await DrawAsync()).Invoices);

        Assert.Equal("integration-ops", (await _firm.CaseAsync(InvoiceDecider.DefectKind, "could not be drawn")).Queue);
        Assert.Equal(2362.5m, await StandsAsync(LedgerAccount.Unbilled));
    }

    private Task<DrawResult> DrawAsync(string by = "ann") =>
        _firm.Hub.DrawInvoicesAsync(Engagement, new DrawRequest(June, Today, by), TimeProvider.System, TestContext.Current.CancellationToken);

    private async Task ApproveAsync(string invoice) => await _firm.ActAsync(await _firm.CaseAsync("approval", invoice), CaseAction.Approve, "bob");

    private JsonObject[] Invoices() => [.. _firm.Erp.Records("account.invoice").OfType<JsonObject>().Where(invoice => invoice["reference"] is not null)];

    private ImmutableArray<JsonObject> Posted() => [.. Invoices().Where(invoice => invoice["state"]?.ToString() == "posted")];

    private async Task<decimal> StandsAsync(LedgerAccount account) =>
        (await _firm.Hub.Store.BalancesAsync(Engagement, CancellationToken.None)).Where(balance => balance.Account == account).Sum(balance => balance.Amount.Amount);

    private Task UntilStandsAsync(LedgerAccount account, decimal amount) =>
        _firm.UntilAsync($"{amount} stands in {account}", async () => await StandsAsync(account) == amount);

    private static decimal Number(JsonNode? node) => decimal.Parse(
        node is JsonObject wrapped ? wrapped["decimal"]!.ToString() : node!.ToString(), System.Globalization.CultureInfo.InvariantCulture);
}
