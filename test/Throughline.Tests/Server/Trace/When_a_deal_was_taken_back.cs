using Throughline.Engine.Cases;
using Throughline.Engine.Partition;
using Throughline.Engine.Process;
using Throughline.Model;
using Throughline.Server.Api.Trace;
using Throughline.Tests.Engine;
using Xunit;

namespace Throughline.Tests.Server.Trace;

/// <summary>The headline says what was taken back, what remains and why; a step that was taken back does not look done.</summary>
public sealed class When_a_deal_was_taken_back
{
    private readonly DecidedFirm _firm = new();

    public When_a_deal_was_taken_back()
    {
        _firm.Receive(CrmRecords.Account("001A"));
        _firm.Receive(CrmRecords.Contract("800A"));
        _firm.Receive(CrmRecords.Sale("006A", 90_000m, contract: "800A"));
        _firm.AnswerAll();
    }

    private Instance Instance => _firm.Instance("006A", "006A")!;

    private PlainWords Words => new(_firm.Landscape, new Dictionary<string, string>());

    [Fact]
    public void Should_say_before_where_what_stands_and_what_is_only_recorded()
    {
        var says = Standing.Of(_firm.Engagement("006A"), [], _firm.Landscape, Words).Text("says")!;
        Assert.Matches(@"^Complete\. The ERP \(Tryton\) has 1 cost centre, 1 customer and 1 project\. The PSA \(Redmine\) has 1 project, \d tasks and 1 workstream\. "
            + "Only recorded in the hub: 1 billing schedule, 1 demand and 1 rate card\\. "
            + "Other programs can read from the hub that it happened \\(demand\\.opened, project\\.activated, notice\\.project-active\\); "
            + "the hub itself sends no messages to anybody\\.$", says);
    }

    [Fact]
    public void Should_say_what_was_taken_back_and_what_remains_and_why()
    {
        _firm.Receive(CrmRecords.Sale("006A", 90_000m, contract: "800A", won: false));
        _firm.Act(Assert.Single(_firm.Cases, item => item.Kind == "withdrawn"), CaseAction.Reject, "dana");
        _firm.AnswerAll();
        Assert.Equal(InstanceStatus.Undone, Instance.Status);

        var says = Standing.Of(_firm.Engagement("006A"), _firm.Closed, _firm.Landscape, Words).Text("says")!;
        Assert.StartsWith($"Rejected by dana{Case.StatedName}: because. Taken back: 1 cost centre and 1 project in the ERP (Tryton); 1 project, ", says, StringComparison.Ordinal);
        Assert.Contains("What remains: 1 customer in the ERP (Tryton), since other sales may need them; the number P-", says, StringComparison.Ordinal);
        Assert.Contains("(demand.opened, project.activated, notice.project-active), since it cannot be unsaid", says, StringComparison.Ordinal);
        var setUp = new SetUp(_firm.Engagement("006A"), Instance, _firm.Landscape, Words);
        var ended = _firm.Landscape.Processes["lead-to-project"].Steps.ToDictionary(step => step.Name, step => setUp.Ended(step).Outcome);
        Assert.Equal(("taken-back", "taken-back", "remains", "remains", "done", "nothing"),
            (ended["psa-project"], ended["erp-projects"], ended["customers"], ended["notice"], ended["signed"], ended["psa-milestones"]));
    }
}
