using System.Globalization;
using System.Text.Json.Nodes;
using Throughline.Conformance.Firm;
using Throughline.Conformance.Store;
using Throughline.Engine;
using Throughline.Engine.Billing;
using Throughline.Engine.Cases;
using Throughline.Engine.Partition;
using Throughline.Model;
using Throughline.Model.Ledger;
using Throughline.Sandbox;
using Xunit;

namespace Throughline.Tests.Processes.Billing;

/// <summary>Requirement X5: a posted invoice is taken back line by line in the ERP, and exactly that is billed again.</summary>
public sealed class When_lines_are_credited : IAsyncLifetime
{
    private const string Closed = """{"id":1,"error":["UserError",["There is no open period for the date.","",null]]}""";
    private static readonly DateOnly Today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);

    private DemoFirm _firm = null!;
    private string _deal = "";
    private string _key = "";

    private Scope Engagement => Scope.Engagement(_deal);

    public async ValueTask InitializeAsync()
    {
        _firm = await DemoFirm.StartAsync(() => new MemoryHubStore());
        _deal = _firm.PlainDeal();
        await _firm.UntilDoneAsync(_deal);
        var person = _firm.Person();
        await _firm.BookAsync(person, _firm.Tasks[0], 8m);
        await _firm.BookAsync(person, _firm.Tasks[1], 2m);
        await UntilStandsAsync(LedgerAccount.Unbilled, 1500m);
        _key = Assert.Single((await DrawAsync()).Invoices).Key;
        await ApproveAsync(_key);
        await UntilStandsAsync(LedgerAccount.Invoiced, 1500m);
    }

    public ValueTask DisposeAsync() => _firm.DisposeAsync();

    [Fact]
    public async Task Should_take_back_its_line_in_the_ERP_and_bill_it_again()
    {
        var place = LineOf(1200m);
        var note = Assert.Single((await CreditAsync(place)).Invoices);
        Assert.Equal((_key, -1200m, InvoiceStatus.Drawn), (note.Credits, note.Amount.Amount, note.Status));
        Assert.Equal((1200m, 300m, 0m), (await StandsAsync(LedgerAccount.InBatch), await StandsAsync(LedgerAccount.Invoiced), await StandsAsync(LedgerAccount.Unbilled)));
        Assert.Contains("Reason: travel was not agreed", (await _firm.CaseAsync("approval", note.Key)).Says, StringComparison.Ordinal);

        await ApproveAsync(note.Key);
        await UntilStandsAsync(LedgerAccount.Unbilled, 1200m);

        var shown = Shown(note.Key);
        Assert.Equal(("posted", -1200m), (shown["state"]!.ToString(), Number(shown["untaxed_amount"])));
        Assert.Equal((0m, 300m), (await StandsAsync(LedgerAccount.InBatch), await StandsAsync(LedgerAccount.Invoiced)));
        var known = (await _firm.Hub.Store.FindInvoiceAsync(note.Key, CancellationToken.None))!;
        Assert.Equal((InvoiceStatus.Posted, shown["number"]!.ToString()), (known.Status, known.Number));
        await _firm.UntilAsync("it is announced", async () => (await _firm.EventsAsync("invoice.credited")).Count == 1);
        Assert.Empty(await _firm.EventsAsync("invoice.paid"));
        var story = await _firm.StoryAsync(_deal);
        Assert.Contains($"it takes back line {place} of invoice {_key}", story, StringComparison.Ordinal);

        var again = Assert.Single((await DrawAsync()).Invoices);
        Assert.Equal((null, 1200m), (again.Credits, again.Amount.Amount));
        await ApproveAsync(again.Key);
        await UntilStandsAsync(LedgerAccount.Invoiced, 1500m);

        // Finance sets it off; the rest is paid, and nothing of it is credited a second time.
        _firm.Erp.Change("account.move.line", EntryOf(note.Key), new JsonObject { ["invoice_payment"] = Id(_key) });
        _firm.Erp.Pay(Id(_key), null);
        await UntilStandsAsync(LedgerAccount.Paid, 300m);
        await _firm.UntilAsync("the note is set off", async () => (await _firm.Hub.Store.FindInvoiceAsync(note.Key, CancellationToken.None))!.Receivable?.Open.Amount == 0m);
        Assert.Equal((0m, 1200m, 0m), (await StandsAsync(LedgerAccount.Credited), await StandsAsync(LedgerAccount.Invoiced), await StandsAsync(LedgerAccount.Unbilled)));
        Assert.Empty(await OpenAsync());
    }

    [Fact]
    public async Task Should_be_looked_over_by_somebody_else_and_leave_everything_as_it_was_when_it_is_rejected()
    {
        var note = Assert.Single((await CreditAsync()).Invoices);
        var review = await _firm.CaseAsync("approval", note.Key);
        await _firm.ActAsync(review, CaseAction.Approve, "ann");
        await _firm.UntilAsync("it is refused", async () => (await _firm.StoryAsync(_deal)).Contains("ann tried to approve and was refused", StringComparison.Ordinal));

        await _firm.ActAsync(review, CaseAction.Reject, "bob", "it was agreed");
        await UntilStandsAsync(LedgerAccount.Invoiced, 1500m);

        Assert.Equal(InvoiceStatus.Withdrawn, (await _firm.Hub.Store.FindInvoiceAsync(note.Key, CancellationToken.None))!.Status);
        Assert.Single(_firm.Erp.Records("account.invoice").OfType<JsonObject>(), invoice => invoice["reference"] is not null);
        Assert.Empty((await DrawAsync()).Invoices);
    }

    [Fact]
    public async Task Should_be_there_once_whatever_became_of_an_answer()
    {
        _firm.Erp.Faults.Add(new Fault { Kind = FaultKind.CutAfter, BodyContains = "account.invoice.create", Times = 1 });
        _firm.Erp.Faults.Add(new Fault { Kind = FaultKind.CutAfter, BodyContains = "account.invoice.post", Times = 1 });
        var note = Assert.Single((await CreditAsync()).Invoices);
        Assert.Contains("are on credit note " + note.Key + " already", Assert.Single((await CreditAsync()).Says), StringComparison.Ordinal);

        await ApproveAsync(note.Key);
        await UntilStandsAsync(LedgerAccount.Unbilled, 1500m);

        Assert.Equal("posted", Shown(note.Key)["state"]!.ToString());
    }

    [Fact]
    public async Task Should_leave_the_invoice_as_it_was_when_the_ERP_does_not_post_it_and_it_is_rejected()
    {
        _firm.Erp.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 200, BodyContains = "account.invoice.post", Body = Closed });
        var note = Assert.Single((await CreditAsync()).Invoices);
        await ApproveAsync(note.Key);
        var refused = await _firm.CaseAsync("refused", "does not post credit note " + note.Key);

        await _firm.ActAsync(refused, CaseAction.Reject, "fred", "the period is closed");

        await UntilStandsAsync(LedgerAccount.Invoiced, 1500m);
        Assert.DoesNotContain(_firm.Erp.Records("account.invoice").OfType<JsonObject>(), invoice => invoice["reference"]?.ToString() == note.Key
            && invoice["state"]!.ToString() is not "cancelled");
    }

    /// <summary>What is paid while a person thinks about it is not taken back: nothing is sent.</summary>
    [Fact]
    public async Task Should_not_be_sent_where_it_was_paid_meanwhile()
    {
        var note = Assert.Single((await CreditAsync()).Invoices);
        _firm.Erp.Pay(Id(_key), null);
        await UntilStandsAsync(LedgerAccount.Paid, 1500m);
        await ApproveAsync(note.Key);

        var paid = await _firm.CaseAsync("check", "it was paid meanwhile");
        await _firm.ActAsync(paid, CaseAction.Reject, "fred", "paid");

        await UntilStandsAsync(LedgerAccount.InBatch, 0m);
        Assert.Equal((1500m, 0m), (await StandsAsync(LedgerAccount.Paid), await StandsAsync(LedgerAccount.Invoiced)));
        Assert.Contains("only 0.00 EUR of it is still open", Assert.Single((await CreditAsync()).Says), StringComparison.Ordinal);
    }

    private int LineOf(decimal amount) => 1 + (_firm.ScopeAsync(_deal).Result).Records[new RecordId("invoice", _key)].Attributes.NestedList("lines")
        .Select((line, place) => (line, place)).Single(each => each.line.Money("amount")!.Value.Amount == amount).place;

    private Task<DrawResult> DrawAsync() => _firm.Hub.DrawInvoicesAsync(
        Engagement, new DrawRequest(new DateOnly(2026, 6, 30), Today, "ann"), TimeProvider.System, TestContext.Current.CancellationToken);

    private Task<DrawResult> CreditAsync(params int[] lines) => _firm.Hub.CreditInvoiceAsync(
        Engagement, new CreditRequest(_key, [.. lines], Today, "travel was not agreed", "ann"), TimeProvider.System, TestContext.Current.CancellationToken);

    private async Task ApproveAsync(string invoice) => await _firm.ActAsync(await _firm.CaseAsync("approval", invoice), CaseAction.Approve, "bob");

    private async Task<IReadOnlyList<Case>> OpenAsync() => await _firm.Hub.Store.ListCasesAsync(new CaseFilter(CaseStatus.Open), CancellationToken.None);

    private JsonObject Shown(string key) => _firm.Erp.Records("account.invoice").OfType<JsonObject>().Single(invoice => invoice["reference"]?.ToString() == key);

    private long Id(string key) => Shown(key)["id"]!.GetValue<long>();

    // Of the entries in the books that a document has, the one on the customer's account.
    private long EntryOf(string key) => _firm.Erp.Records("account.move.line").OfType<JsonObject>()
        .First(entry => entry["move"]?.ToString() == Shown(key)["move"]?.ToString())["id"]!.GetValue<long>();

    private async Task<decimal> StandsAsync(LedgerAccount account) =>
        (await _firm.Hub.Store.BalancesAsync(Engagement, CancellationToken.None)).Where(balance => balance.Account == account).Sum(balance => balance.Amount.Amount);

    private Task UntilStandsAsync(LedgerAccount account, decimal amount) =>
        _firm.UntilAsync($"{amount} stands in {account}", async () => await StandsAsync(account) == amount);

    private static decimal Number(JsonNode? node) => decimal.Parse(
        node is JsonObject wrapped ? wrapped["decimal"]!.ToString() : node!.ToString(), CultureInfo.InvariantCulture);
}
