using Throughline.Conformance.Firm;
using Throughline.Conformance.Store;
using Throughline.Connect;
using Throughline.Engine.Cases;
using Throughline.Engine.Intake;
using Throughline.Engine.Process;
using Throughline.Model;
using Throughline.Sandbox;
using Xunit;

namespace Throughline.Tests.Processes.LeadToProject;

/// <summary>What goes wrong on the way, and how each of it releases itself or finds a person (requirements D13, E4, E6, E7, G1).</summary>
public sealed class When_a_deal_meets_trouble : IAsyncLifetime
{
    private DemoFirm _firm = null!;

    public async ValueTask InitializeAsync() => _firm = await DemoFirm.StartAsync(() => new MemoryHubStore());

    public ValueTask DisposeAsync() => _firm.DisposeAsync();

    [Fact]
    public async Task Should_let_an_extension_wait_for_the_project_that_it_extends()
    {
        var account = _firm.Account("Acme GmbH", "DE", "DE333333333");
        var contract = _firm.Contract(account, isSigned: false);
        var first = _firm.WonDeal("Acme rollout", account, contract);
        await _firm.UntilAsync("the first sale waits", async () => await _firm.InstanceAsync(first) is not null);
        var extension = _firm.Opportunity("Acme rollout, phase 2", account, _firm.Contract(account, isSigned: true), 30_000m, parent: first);
        _firm.Line(extension, "DE", "Germany, phase 2", "DE", "time", 30_000m, "EUR", 1m, hours: 200m);
        _firm.Win(extension);
        await _firm.CaseAsync("decision", "has no project yet");

        _firm.Sign(contract);

        await _firm.UntilAsync("both are done", async () =>
            (await _firm.ScopeAsync(first)).Instances.Values.Count(instance => instance.Status == InstanceStatus.Done) == 2);
        Assert.Single(_firm.Projects);
        Assert.Equal(2, _firm.Workstreams.Count);
    }

    /// <summary>The store gives an id to one unit for good; the move must not claim it a second time.</summary>
    [Fact]
    public async Task Should_move_a_sale_that_was_seen_on_its_own_when_it_becomes_an_extension()
    {
        var first = _firm.PlainDeal();
        await _firm.UntilDoneAsync(first);
        var account = _firm.Crm.All("Account").Single().Text("Id")!;
        var extension = _firm.Opportunity("Acme rollout, phase 2", account, _firm.Contract(account, isSigned: true), 30_000m);
        _firm.Line(extension, "DE", "Germany, phase 2", "DE", "time", 30_000m, "EUR", 1m, hours: 200m);
        await _firm.UntilAsync("the hub has seen it on its own", async () => (await _firm.ScopeAsync(extension)).Of("opportunity").Any());

        _firm.Crm.Update("Opportunity", extension, Fields.Of(("Parent_Opportunity__c", first)));
        _firm.Win(extension);

        await _firm.UntilAsync("both are done in one engagement", async () =>
            (await _firm.ScopeAsync(first)).Instances.Values.Count(instance => instance.Status == InstanceStatus.Done) == 2);
        Assert.Single(_firm.Projects);
        Assert.Equal(2, _firm.Workstreams.Count);
        Assert.Empty(await _firm.Hub.Store.ListCasesAsync(new CaseFilter(CaseStatus.Open), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Should_keep_one_customer_when_either_of_two_accounts_with_one_tax_id_is_edited()
    {
        var first = _firm.PlainDeal();
        var twin = _firm.Account("ACME Deutschland", "DE", "DE333333333");
        var second = _firm.WonDeal("Acme support", twin, _firm.Contract(twin, isSigned: true));
        await _firm.UntilDoneAsync(first);
        await _firm.UntilDoneAsync(second);

        foreach (var account in _firm.Crm.All("Account"))
        {
            _firm.Crm.Update("Account", account.Text("Id")!, Fields.Of(("BillingStreet", "2 New Street")));
        }

        await _firm.CaseAsync("changed", "was changed after Customer onboarding was complete");
        var third = _firm.WonDeal("Acme training", twin, _firm.Contract(twin, isSigned: true));
        await _firm.UntilDoneAsync(third);
        Assert.Single(_firm.Parties);
        Assert.DoesNotContain(await _firm.Hub.Store.ListCasesAsync(new CaseFilter(CaseStatus.Open), TestContext.Current.CancellationToken), item => item.Kind == "duplicate");
    }

    [Fact]
    public async Task Should_start_anew_after_a_rejection_when_the_sale_changed_and_a_person_says_so()
    {
        var account = _firm.Account("Acme GmbH", "DE", "DE333333333");
        var deal = _firm.WonDeal("Acme rollout", account, _firm.Contract(account, isSigned: true), 300_000m);
        await _firm.ActAsync(await _firm.CaseAsync("approval", "300,000.00"), CaseAction.Reject, "finance.lead", "too large");
        await _firm.UntilAsync("it is undone", async () => (await _firm.InstanceAsync(deal))?.Status == InstanceStatus.Undone);

        var line = _firm.Crm.All("OpportunityLineItem").Single().Text("Id")!;
        _firm.Crm.Update("OpportunityLineItem", line, Fields.Of(("Line_Amount__c", 60_000m), ("UnitPrice", 60_000m)));
        await _firm.ActAsync(await _firm.CaseAsync("changed", "was rejected before"), CaseAction.Retry, "pmo.lead");

        await _firm.UntilDoneAsync(deal);
        Assert.Single(_firm.Projects);
    }

    [Fact]
    public async Task Should_not_be_stopped_by_a_text_that_no_store_can_hold()
    {
        var deal = _firm.PlainDeal();
        await _firm.UntilDoneAsync(deal);
        var line = Fields.Of(
            ("Id", "00kX"), ("Workstream__c", "D\u0000E"), ("Country__c", "DE"), ("Billing_Method__c", "time"), ("Hours__c", 10), ("Line_Amount__c", 1500m),
            ("Line_Currency__c", "EUR"));
        var source = Fields.Of(
            ("Id", "006BAD"), ("Name", "Odd one"), ("StageName", "Closed Won"), ("IsWon", true), ("Type", null), ("Amount", 1500m), ("CurrencyIsoCode", "EUR"),
            ("CloseDate", "2026-11-20"),
            ("Delivery_Start__c", "2026-12-01"), ("Delivery_End__c", "2026-12-31"), ("OwnerId", "005X"), ("AccountId", _firm.Crm.All("Account").Single().Text("Id")),
            ("ContractId", null),
            ("At_Risk_Start__c", true), ("SystemModstamp", "2026-11-20T10:00:00Z"), ("OpportunityLineItems", new object?[] { line }));
        await _firm.Hub.Intake.TakeAsync([new IntakeRequest("crm", "Opportunity", "odd", null, new SourceRecord("Opportunity", "006BAD", "2026-11-20T10:00:00Z", source))]);

        var parked = await _firm.CaseAsync("parked", "cannot be processed");

        Assert.Equal("engagement:006BAD", parked.CorrelationId);
        var account = _firm.Account("Other GmbH", "DE", "DE555555555");
        await _firm.UntilDoneAsync(_firm.WonDeal("Other rollout", account, _firm.Contract(account, isSigned: true)));
    }

    [Fact]
    public async Task Should_not_be_held_up_by_a_delivery_that_cannot_be_mapped()
    {
        var account = _firm.Account("Acme GmbH", "DE", "DE333333333");
        var deal = _firm.Opportunity("Acme rollout", account, _firm.Contract(account, isSigned: true), 15_000m);
        _firm.Line(deal, "DE", "Germany", "DE", "time", 15_000m, "EUR", 1m, hours: 100m);
        var broken = new SourceRecord("Opportunity", deal, null, Fields.Of(("Id", deal), ("Name", 7)));
        await _firm.Hub.Intake.TakeAsync([new IntakeRequest("crm", "Opportunity", "msg_broken", null, broken)]);

        _firm.Win(deal);

        await _firm.UntilDoneAsync(deal);
        await _firm.UntilAsync("the case is settled and nothing is parked", async () =>
            (await _firm.Hub.Store.CountAsync(TestContext.Current.CancellationToken)) is { Parked: 0, CasesOpen: 0 });
    }

    [Fact]
    public async Task Should_open_a_case_where_an_account_is_its_own_parent_and_go_on_when_that_is_mended()
    {
        var account = _firm.Account("Acme GmbH", "DE", "DE333333333");
        _firm.Crm.Update("Account", account, Fields.Of(("ParentId", account)));
        var deal = _firm.WonDeal("Acme rollout", account, _firm.Contract(account, isSigned: true));
        var circle = await _firm.CaseAsync("check", "is its own parent");
        Assert.Equal("data-steward", circle.Queue);
        Assert.Empty(_firm.Parties);

        _firm.Crm.Update("Account", account, Fields.Of(("ParentId", null)));

        await _firm.UntilDoneAsync(deal);
    }

    [Fact]
    public async Task Should_drop_what_cannot_be_mapped_when_a_person_says_so()
    {
        var broken = new SourceRecord("Opportunity", "006BROKEN", null, Fields.Of(("Id", "006BROKEN"), ("Name", 7)));
        await _firm.Hub.Intake.TakeAsync([new IntakeRequest("crm", "Opportunity", "msg_broken", null, broken)]);

        await _firm.ActAsync(await _firm.CaseAsync("unmapped", "006BROKEN"), CaseAction.Reject, "ops", "a test record");

        await _firm.UntilAsync("nothing is set aside and no case is open", async () =>
            (await _firm.Hub.Store.CountAsync(TestContext.Current.CancellationToken)) is { Parked: 0, CasesOpen: 0 });
        Assert.Contains("was dropped", await _firm.StoryAsync("006BROKEN"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_tell_people_that_the_PSA_refuses_the_credentials_and_go_on_by_itself_afterwards()
    {
        _firm.Psa.Faults.Add(new Fault { Kind = FaultKind.Answer, Status = 401 });
        var deal = _firm.PlainDeal();

        var refused = await _firm.CaseAsync("system", "psa does not accept the hub's credentials");
        Assert.Equal("integration-ops", refused.Queue);
        _firm.Psa.Faults.Clear();

        await _firm.UntilDoneAsync(deal);
        await _firm.UntilAsync("the case settled itself", async () =>
            (await _firm.Hub.Store.FindCaseAsync(refused.Id, TestContext.Current.CancellationToken))!.Status == CaseStatus.Settled);
    }
}
