using System.Text.Json.Nodes;
using Throughline.Conformance.Firm;
using Throughline.Conformance.Store;
using Throughline.Connect;
using Throughline.Engine.Billing;
using Throughline.Engine.Cases;
using Throughline.Engine.Intake;
using Throughline.Model;
using Throughline.Model.Ledger;
using Xunit;

namespace Throughline.Tests.Processes.Billing;

/// <summary>Requirement D5: what becomes of a posted invoice in the ERP stands in the ledger and in the CRM, and what is overdue is somebody's case.</summary>
public sealed class When_customers_pay : IAsyncLifetime
{
    private static readonly DateOnly Today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);

    private DemoFirm _firm = null!;
    private string _deal = "";
    private string _key = "";

    private Scope Engagement => Scope.Engagement(_deal);

    private long Id => Shown()["id"]!.GetValue<long>();

    private decimal Gross => Number(Shown()["total_amount"]);

    public async ValueTask InitializeAsync()
    {
        _firm = await DemoFirm.StartAsync(() => new MemoryHubStore());
        _deal = _firm.PlainDeal();
        await _firm.UntilDoneAsync(_deal);
        var person = _firm.Person();
        await _firm.BookAsync(person, _firm.Tasks[0], 8m);
        await _firm.BookAsync(person, _firm.Tasks[0], 2m);
        await UntilStandsAsync(LedgerAccount.Unbilled, 1500m);
        var drawn = await _firm.Hub.DrawInvoicesAsync(
            Engagement, new DrawRequest(new DateOnly(2026, 6, 30), Today, "ann"), TimeProvider.System, TestContext.Current.CancellationToken);
        _key = Assert.Single(drawn.Invoices).Key;
        await _firm.ActAsync(await _firm.CaseAsync("approval", _key), CaseAction.Approve, "bob");
        await UntilStandsAsync(LedgerAccount.Invoiced, 1500m);
    }

    public ValueTask DisposeAsync() => _firm.DisposeAsync();

    [Fact]
    public async Task Should_stand_in_the_ledger_and_in_the_CRM_by_parts()
    {
        await _firm.UntilAsync("the CRM shows it open", () => InCrm()?.Number("Open__c") == Gross);

        _firm.Erp.Pay(Id, 600m);
        var part = decimal.Round(1500m * 600m / Gross, 2, MidpointRounding.AwayFromZero);
        await UntilStandsAsync(LedgerAccount.Paid, part);
        Assert.Equal(1500m - part, await StandsAsync(LedgerAccount.Invoiced));
        await _firm.UntilAsync("the CRM shows what is open", () => InCrm()!.Number("Open__c") == Gross - 600m);

        _firm.Erp.Pay(Id, null);
        await UntilStandsAsync(LedgerAccount.Paid, 1500m);
        await _firm.UntilAsync("the CRM shows it paid", () => InCrm()!.Text("Status__c") == "paid" && InCrm()!.Number("Open__c") == 0m);
        await _firm.UntilAsync("it is announced", async () => (await _firm.EventsAsync("invoice.paid")).Count == 1);
        var known = (await _firm.Hub.Store.FindInvoiceAsync(_key, CancellationToken.None))!;
        Assert.Equal((InvoiceStatus.Posted, 0m, "paid"), (known.Status, known.Receivable!.Open.Amount, known.Receivable.State));
        Assert.Contains($"Invoice {_key}", await _firm.StoryAsync(_deal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_be_open_again_when_a_payment_is_taken_back_after_all_was_paid()
    {
        _firm.Erp.Pay(Id, null);
        await UntilStandsAsync(LedgerAccount.Paid, 1500m);
        await _firm.UntilAsync("the CRM shows it paid", () => InCrm()?.Text("Status__c") == "paid");

        _firm.Erp.Unpay(Id);

        await UntilStandsAsync(LedgerAccount.Paid, 0m);
        Assert.Equal(1500m, await StandsAsync(LedgerAccount.Invoiced));
        await _firm.UntilAsync("the CRM shows it open", () => InCrm()!.Text("Status__c") == "posted");
    }

    [Fact]
    public async Task Should_be_written_off_where_the_ERP_gives_up_the_rest()
    {
        _firm.Erp.Pay(Id, Gross / 2);
        _firm.Erp.WriteOff(Id);

        await UntilStandsAsync(LedgerAccount.WrittenOff, 750m);
        Assert.Equal((750m, 0m), (await StandsAsync(LedgerAccount.Paid), await StandsAsync(LedgerAccount.Invoiced)));
    }

    /// <summary>Somebody changes it there: nothing is booked on what the hub cannot explain.</summary>
    [Fact]
    public async Task Should_be_a_case_where_the_ERP_has_another_invoice_now()
    {
        _firm.Erp.Change("account.invoice", Id, new JsonObject { ["state"] = "cancelled" });

        var changed = await _firm.CaseAsync("check", "is cancelled in the ERP");

        Assert.Equal("finance-ops", changed.Queue);
        Assert.Equal((1500m, 0m), (await StandsAsync(LedgerAccount.Invoiced), await StandsAsync(LedgerAccount.Paid)));
        _firm.Erp.Change("account.invoice", Id, new JsonObject { ["state"] = "posted" });
        await _firm.UntilAsync("it closes", async () => (await OpenAsync()).All(item => item.Id != changed.Id));
    }

    /// <summary>Invoices that people make in the ERP are none of the hub's business.</summary>
    [Fact]
    public async Task Should_leave_invoices_of_others_alone()
    {
        var own = new JsonObject { ["state"] = "posted", ["reference"] = "somebody's own", ["number"] = "9" };
        foreach (var name in new[] { "type", "party", "currency", "company", "journal", "account", "invoice_address", "invoice_date" })
        {
            own[name] = Shown()[name]?.DeepClone();
        }

        _firm.Erp.Insert("account.invoice", own);

        _firm.Erp.Pay(Id, null);
        await UntilStandsAsync(LedgerAccount.Paid, 1500m);

        Assert.Empty(await OpenAsync());
        Assert.Single((await _firm.ScopeAsync(_deal)).Of("receivable"));
    }

    /// <summary>Who sends several at once is told of all or nothing, and that is so.</summary>
    [Fact]
    public async Task Should_take_nothing_of_what_is_sent_together_where_one_is_about_nothing_known()
    {
        static IntakeRequest Of(string id, string key) => new(
            "erp", "account.invoice", key, null, new SourceRecord("account.invoice", id, "9999999999", Fields.Of(("state", "posted"))));

        var answers = await _firm.Hub.Intake.TakeAsync([Of(Id.ToString(System.Globalization.CultureInfo.InvariantCulture), "a"), Of("4711", "b")]);

        Assert.All(answers, answer => Assert.Null(answer.Receipt));
        Assert.Empty(answers[0].Problems);
        var problem = Assert.Single(answers[1].Problems);
        Assert.Equal(("/record", "is about account.invoice 4711, which the hub does not know"), (problem.Field, problem.Message));
        Assert.Empty(await OpenAsync());
    }

    private async Task<IReadOnlyList<Case>> OpenAsync() => await _firm.Hub.Store.ListCasesAsync(new CaseFilter(CaseStatus.Open), CancellationToken.None);

    private JsonObject Shown() => _firm.Erp.Records("account.invoice").OfType<JsonObject>().Single(invoice => invoice["reference"]?.ToString() == _key);

    private Fields? InCrm() => _firm.Crm.All("Hub_Invoice__c").SingleOrDefault();

    private async Task<decimal> StandsAsync(LedgerAccount account) =>
        (await _firm.Hub.Store.BalancesAsync(Engagement, CancellationToken.None)).Where(balance => balance.Account == account).Sum(balance => balance.Amount.Amount);

    private Task UntilStandsAsync(LedgerAccount account, decimal amount) =>
        _firm.UntilAsync($"{amount} stands in {account}", async () => await StandsAsync(account) == amount);

    private static decimal Number(JsonNode? node) => decimal.Parse(
        node is JsonObject wrapped ? wrapped["decimal"]!.ToString() : node!.ToString(), System.Globalization.CultureInfo.InvariantCulture);
}
