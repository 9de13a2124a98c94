using System.Text.Json.Nodes;
using Throughline.Conformance.Firm;
using Throughline.Conformance.Store;
using Throughline.Connect;
using Throughline.Engine;
using Throughline.Engine.Cases;
using Throughline.Engine.Intake;
using Throughline.Engine.Process;
using Throughline.Model;
using Throughline.Sandbox;
using Xunit;

namespace Throughline.Tests.Processes.LeadToProject;

/// <summary>Story S1 with the systems of the demo landscape: sandboxes over real HTTP, read back from the sandboxes themselves (requirement D1).</summary>
public sealed class When_a_deal_is_won : IAsyncLifetime
{
    private DemoFirm _firm = null!;

    public async ValueTask InitializeAsync() => _firm = await DemoFirm.StartAsync(() => new MemoryHubStore());

    public ValueTask DisposeAsync() => _firm.DisposeAsync();

    [Fact]
    public async Task Should_become_one_customer_one_project_and_one_financial_project()
    {
        var deal = _firm.PlainDeal();

        await _firm.UntilDoneAsync(deal);

        Assert.Single(_firm.Parties);
        Assert.Single(_firm.Projects);
        Assert.Single(_firm.FinancialProjects);
        var opportunity = _firm.Crm.All("Opportunity").Single();
        Assert.Equal("Active", opportunity.Text("Hub_Status__c"));
        Assert.Equal("C-10001", opportunity.Text("Customer_Number__c"));
        Assert.Equal("P-20001", opportunity.Text("Project_Number__c"));
        Assert.Single(await _firm.EventsAsync("project.activated"));
    }

    /// <summary>S1, steps 1 to 9: three workstreams, two billing accounts, approval above 250,000 by somebody else.</summary>
    [Fact]
    public async Task Should_live_through_the_multi_country_deal()
    {
        var (deal, _) = _firm.MultiCountryDeal(isSigned: true);

        var approval = await _firm.CaseAsync("approval", "457,600.00");
        Assert.Equal(Money.Of(457_600m, "EUR"), approval.Amount);
        await _firm.ActAsync(approval, CaseAction.Approve, approval.NotBy!);
        await _firm.ActAsync(approval, CaseAction.Approve, "finance.lead");
        await _firm.UntilDoneAsync(deal);

        Assert.Equal(2, _firm.Parties.Count);
        Assert.Equal(2, _firm.FinancialProjects.Count);
        Assert.Single(_firm.Projects);
        Assert.Equal(["2027-02-28", "2027-03-28", "2027-04-28"], _firm.Milestones.Select(milestone => milestone["due_date"]!.ToString()).Order(StringComparer.Ordinal));
        Assert.All(_firm.Milestones, milestone => Assert.Contains("60000", milestone["custom_fields"]!.ToJsonString(), StringComparison.Ordinal));
        Assert.Equal(
            ["P-20001-DE", "P-20001-SUB", "P-20001-UK"],
            _firm.Erp.Records("analytic_account.account").OfType<JsonObject>().Select(account => account["code"]!.ToString())
                .Where(code => code.StartsWith("P-2", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.Equal(3, _firm.Workstreams.Count);
        Assert.Contains("who asks does not approve", await _firm.StoryAsync(deal), StringComparison.Ordinal);
        var scope = await _firm.ScopeAsync(deal);
        var budgets = scope.Of("workstream").Select(workstream => workstream.Attributes.Money("budget")!.Value).ToArray();
        Assert.Equal(Money.Of(457_600m, "EUR"), budgets.Aggregate((sum, next) => sum + next));
        Assert.Equal(Money.Of(50_000m, "USD"), scope.Of("commitment").Single().Attributes.Money("amount"));
        Assert.Equal(3, scope.Of("billing-schedule").Single(schedule => schedule.Id.Key.EndsWith("UK", StringComparison.Ordinal)).Attributes.NestedList("rows").Count);
    }

    [Fact]
    public async Task Should_create_nothing_until_the_statement_of_work_is_signed_and_then_start_by_itself()
    {
        var account = _firm.Account("Acme GmbH", "DE", "DE333333333");
        var contract = _firm.Contract(account, isSigned: false);
        var deal = _firm.WonDeal("Acme rollout", account, contract);
        await _firm.UntilAsync("the CRM says why it waits", () => _firm.Crm.All("Opportunity").Single().Text("Hub_Next_Action__c")?.Contains("not signed",
            StringComparison.Ordinal) == true);
        Assert.Empty(_firm.Parties);
        Assert.Empty(_firm.Projects);

        _firm.Sign(contract);

        await _firm.UntilDoneAsync(deal);
        Assert.Single(_firm.Projects);
    }

    [Fact]
    public async Task Should_wait_as_a_whole_for_a_missing_tax_id_and_go_on_when_it_is_entered()
    {
        var (deal, _) = _firm.MultiCountryDeal(isSigned: true, ukTaxId: null);
        await _firm.ActAsync(await _firm.CaseAsync("approval", "457,600.00"), CaseAction.Approve, "finance.lead");

        var missing = await _firm.CaseAsync("check", "tax id of Northwind Ltd is missing");
        Assert.Equal("finance-ops", missing.Queue);
        Assert.Equal(Money.Of(457_600m, "EUR"), missing.Amount);
        Assert.Empty(_firm.Projects);

        _firm.Crm.Update("Account", _firm.Crm.All("Account").Single(a => a.Text("Name") == "Northwind Ltd").Text("Id")!, Fields.Of(("Tax_Id__c", "GB 123 4567 89")));
        await _firm.UntilDoneAsync(deal);
        Assert.Equal(CaseStatus.Settled, (await _firm.Hub.Store.FindCaseAsync(missing.Id, TestContext.Current.CancellationToken))!.Status);
    }

    [Theory]
    [InlineData("model.party.party.create")]
    [InlineData("model.project.work.create")]
    public async Task Should_still_be_one_when_the_answer_is_lost_after_the_ERP_accepted(string method)
    {
        _firm.Erp.Faults.Add(new Fault { Kind = FaultKind.CutAfter, BodyContains = method, Times = 1 });

        var deal = _firm.PlainDeal();

        await _firm.UntilDoneAsync(deal);
        Assert.Single(_firm.Parties);
        Assert.Single(_firm.FinancialProjects);
        Assert.Contains("seen there after its answer was lost", await _firm.StoryAsync(deal), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/projects.json")]
    [InlineData("/issues.json")]
    public async Task Should_still_be_one_when_the_answer_is_lost_after_the_PSA_accepted(string path)
    {
        _firm.Psa.Faults.Add(new Fault { Kind = FaultKind.CutAfter, Method = "POST", Path = path, Times = 1 });

        var deal = _firm.PlainDeal();

        await _firm.UntilDoneAsync(deal);
        Assert.Single(_firm.Projects);
        Assert.Single(_firm.Workstreams);
        Assert.Equal(3, _firm.Tasks.Count);
    }

    [Fact]
    public async Task Should_be_taken_back_where_the_PSA_refuses_and_a_person_rejects_keeping_the_customer()
    {
        _firm.Psa.Faults.Add(new Fault { Kind = FaultKind.Answer, Method = "POST", Path = "/issues.json", Status = 422, Body = """{"errors":["Tracker is invalid"]}""" });
        var deal = _firm.PlainDeal();

        var refused = await _firm.CaseAsync("refused", "Tracker is invalid");
        await _firm.UntilAsync("the financial project stands in the ERP", () => _firm.FinancialProjects.Count == 1);
        await _firm.ActAsync(refused, CaseAction.Reject, "pmo.lead", "the PSA does not want it");

        await _firm.UntilAsync("it is undone", async () => (await _firm.InstanceAsync(deal))?.Status == InstanceStatus.Undone);
        Assert.Empty(_firm.FinancialProjects);
        Assert.Empty(_firm.Projects);
        Assert.Single(_firm.Parties);
        Assert.Equal("Rejected", _firm.Crm.All("Opportunity").Single().Text("Hub_Status__c"));
    }

    [Fact]
    public async Task Should_go_on_after_the_reason_for_a_refusal_was_mended()
    {
        _firm.Psa.Faults.Add(new Fault { Kind = FaultKind.Answer, Method = "POST", Path = "/issues.json", Status = 422, Body = """{"errors":["Tracker is invalid"]}""" });
        var deal = _firm.PlainDeal();
        var refused = await _firm.CaseAsync("refused", "Tracker is invalid");

        _firm.Psa.Faults.Clear();
        await _firm.ActAsync(refused, CaseAction.Retry, "pmo.lead");

        await _firm.UntilDoneAsync(deal);
        Assert.Equal(3, _firm.Tasks.Count);
    }

    [Fact]
    public async Task Should_end_with_the_final_value_everywhere_when_it_is_edited_while_running()
    {
        _firm.Erp.Faults.Add(new Fault { Kind = FaultKind.Latency, DelayMilliseconds = 3000, BodyContains = "model.party.party.create" });
        var deal = _firm.PlainDeal();
        await _firm.UntilAsync("the customer is being created", () => _firm.Erp.Faults.Requests.Any(request => request.Fault is not null));

        var line = _firm.Crm.All("OpportunityLineItem").Single().Text("Id")!;
        _firm.Crm.Update("OpportunityLineItem", line, Fields.Of(("Line_Amount__c", 60_000m), ("Hours__c", 400m), ("UnitPrice", 60_000m)));
        _firm.Crm.Update("Opportunity", deal, Fields.Of(("Amount", 60_000m), ("Name", "Acme rollout, larger")));
        await _firm.UntilDoneAsync(deal);

        var project = Assert.Single(_firm.Projects);
        Assert.Contains("larger", project["name"]!.ToString(), StringComparison.Ordinal);
        Assert.Contains("60000", project["description"]!.ToString(), StringComparison.Ordinal);
        Assert.Equal(400m, _firm.Tasks.Sum(task => (decimal)task["estimated_hours"]!));
    }

    [Fact]
    public async Task Should_extend_the_same_project()
    {
        var deal = _firm.PlainDeal();
        await _firm.UntilDoneAsync(deal);

        var account = _firm.Crm.All("Account").Single().Text("Id")!;
        var extension = _firm.Opportunity("Acme rollout, phase 2", account, _firm.Contract(account, isSigned: true), 30_000m, parent: deal);
        _firm.Line(extension, "DE", "Germany, phase 2", "DE", "time", 30_000m, "EUR", 1m, hours: 200m);
        _firm.Win(extension);

        await _firm.UntilAsync("the extension is done", async () =>
            (await _firm.ScopeAsync(deal)).Instances.Values.Count(instance => instance.Status == InstanceStatus.Done) == 2);
        Assert.Single(_firm.Projects);
        Assert.Equal(2, _firm.Workstreams.Count);
        Assert.Equal(2, _firm.FinancialProjects.Count);
        Assert.All(_firm.Crm.All("Opportunity"), opportunity => Assert.Equal("P-20001", opportunity.Text("Project_Number__c")));
    }

    [Fact]
    public async Task Should_hold_and_open_a_case_when_won_is_taken_back_and_be_undone_when_a_person_says_so()
    {
        var deal = _firm.PlainDeal();
        await _firm.UntilDoneAsync(deal);

        _firm.Crm.Update("Opportunity", deal, Fields.Of(("StageName", "Negotiation/Review")));

        var withdrawn = await _firm.CaseAsync("withdrawn", "was withdrawn");
        Assert.True((await _firm.InstanceAsync(deal))!.Held);
        Assert.Single(await _firm.EventsAsync("engagement.held"));
        Assert.Single(_firm.Projects);
        await _firm.ActAsync(withdrawn, CaseAction.Reject, "pmo.lead", "the sale is lost");
        await _firm.UntilAsync("everything is taken back", () => _firm.Projects.Count == 0 && _firm.FinancialProjects.Count == 0);
        await _firm.UntilAsync("the CRM says so", () => _firm.Crm.All("Opportunity").Single() is var sale
            && sale.Text("Hub_Status__c") == "Rejected" && string.IsNullOrEmpty(sale.Text("Hub_Next_Action__c")));
        Assert.False((await _firm.InstanceAsync(deal))!.Held);
    }

    [Fact]
    public async Task Should_find_one_customer_for_two_accounts_with_one_tax_id()
    {
        var first = _firm.PlainDeal();
        var twin = _firm.Account("ACME Deutschland", "DE", "DE 333 333 333");
        var second = _firm.WonDeal("Acme support", twin, _firm.Contract(twin, isSigned: true));

        await _firm.UntilDoneAsync(first);
        await _firm.UntilDoneAsync(second);
        Assert.Single(_firm.Parties);
        Assert.Equal(2, _firm.Projects.Count);
        Assert.All(_firm.Crm.All("Opportunity"), opportunity => Assert.Equal("C-10001", opportunity.Text("Customer_Number__c")));
    }

    [Fact]
    public async Task Should_use_a_customer_that_the_ERP_already_has_by_its_tax_id()
    {
        _firm.Erp.Insert("party.party", new JsonObject
        {
            ["name"] = "Acme (old)",
            ["identifiers"] = new JsonArray(new JsonArray("create", new JsonArray(new JsonObject { ["code"] = "DE333333333" }))),
        });

        var deal = _firm.PlainDeal();

        await _firm.UntilDoneAsync(deal);
        Assert.Contains("it was there already and is used", await _firm.StoryAsync(deal), StringComparison.Ordinal);
        Assert.Single(_firm.Erp.Records("party.identifier").OfType<JsonObject>(), identifier => identifier["code"]!.ToString() == "DE333333333");
    }

    [Fact]
    public async Task Should_start_once_for_ten_deliveries_in_parallel_and_a_poll()
    {
        var deal = _firm.PlainDeal();
        var record = _firm.Crm.All("Opportunity").Single();
        record = record.With("OpportunityLineItems", _firm.Crm.All("OpportunityLineItem")).With("Type", null);
        var request = new IntakeRequest("crm", "Opportunity", "msg_1", null, new SourceRecord("Opportunity", deal, null, record));

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => _firm.Hub.Intake.TakeAsync([request])));

        Assert.Single(answers, answer => answer[0].Receipt!.Outcome == IntakeOutcome.Accepted);
        Assert.Single(answers.Select(answer => answer[0].Receipt!.Envelope).Distinct());
        await _firm.UntilDoneAsync(deal);
        Assert.Single(_firm.Projects);
    }

    [Fact]
    public async Task Should_wait_for_an_account_that_arrives_later()
    {
        var source = Fields.Of(
            ("Id", "006LATE"), ("Name", "Early bird"), ("StageName", "Closed Won"), ("IsWon", true), ("Type", null), ("Amount", 1500m), ("CurrencyIsoCode", "EUR"),
                ("CloseDate", "2026-11-20"),
            ("Delivery_Start__c", "2026-12-01"), ("Delivery_End__c", "2026-12-31"), ("OwnerId", "005X"), ("AccountId", "001LATE"), ("ContractId", null),
                ("At_Risk_Start__c", true),
            ("SystemModstamp", "2026-11-20T10:00:00Z"),
            ("OpportunityLineItems", new object?[] { Fields.Of(("Id", "00kX"), ("Workstream__c", "DE"), ("Country__c", "DE"), ("Billing_Method__c", "time"),
                ("Hours__c", 10), ("Line_Amount__c", 1500m), ("Line_Currency__c", "EUR")) }));
        await _firm.Hub.Intake.TakeAsync([new IntakeRequest("crm", "Opportunity", "e1", null, new SourceRecord("Opportunity", "006LATE", "2026-11-20T10:00:00Z", source))]);
        await _firm.UntilAsync("the customer's set-up waits for the account", async () =>
            (await _firm.Hub.Store.ListInstancesAsync("customer-onboarding", null, null, 10, TestContext.Current.CancellationToken)).Length == 1);
        Assert.Empty(_firm.Parties);

        var account = Fields.Of(
            ("Id", "001LATE"), ("Name", "Late GmbH"), ("BillingCountry", "DE"), ("BillingStreet", null), ("BillingCity", "Bonn"), ("BillingPostalCode", null),
                ("Tax_Id__c", "DE444444444"),
            ("ParentId", null), ("SystemModstamp", "2026-11-20T10:00:01Z"));
        await _firm.Hub.Intake.TakeAsync([new IntakeRequest("crm", "Account", "a1", null, new SourceRecord("Account", "001LATE", "2026-11-20T10:00:01Z", account))]);

        await _firm.UntilAsync("the project stands in the PSA", () => _firm.Projects.Count == 1);
    }

    [Fact]
    public async Task Should_drain_in_order_when_the_ERP_was_down()
    {
        _firm.Erp.Faults.Add(new Fault { Kind = FaultKind.CutBefore });
        var deal = _firm.PlainDeal();
        await _firm.UntilAsync("the lane to the ERP has stopped trying", () => _firm.Hub.Lanes.Single(lane => lane.System == "erp").Circuit.OpenUntil is not null);

        _firm.Erp.Faults.Clear();

        await _firm.UntilDoneAsync(deal);
        Assert.Single(_firm.Parties);
    }
}
