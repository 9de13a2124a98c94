using Throughline.Engine.Cases;
using Throughline.Engine.Delivery;
using Throughline.Engine.Process;
using Xunit;

namespace Throughline.Tests.Engine.Process;

/// <summary>
/// A release changes a process while instances of it run; definitions of old releases are not kept. Nothing may be written, asked for or
/// published twice, nothing may run in a circle, and what the old steps wrote must still be taken back.
/// </summary>
public sealed class When_a_definition_has_changed
{
    private readonly DecidedFirm _firm = new();

    public When_a_definition_has_changed() => _firm.Receive(CrmRecords.Account("001A"));

    [Theory]
    [InlineData("psa-project")]
    [InlineData("psa-workstreams")]
    [InlineData("erp-projects")]
    [InlineData("plan")]
    [InlineData("customers")]
    [InlineData("number")]
    [InlineData("staffing")]
    public void Should_do_nothing_again_where_a_step_was_renamed(string step)
    {
        Begin();
        var hadBegun = _firm.Instance("006A", "006A")!.Steps.ContainsKey(step);
        _firm.Release(text => Renamed(text, step));

        GoOn();

        AssertOnce();
        var told = Assert.Single(_firm.Story, text => text.Contains("goes on with version 1 of its definition", StringComparison.Ordinal));
        Assert.Equal(hadBegun, told.EndsWith($"No longer a step of it: {step}.", StringComparison.Ordinal));
    }

    [Fact]
    public void Should_do_nothing_again_where_a_step_was_removed()
    {
        Begin();
        _firm.Release(text => Without(text, "staffing").Replace(", staffing]", "]", StringComparison.Ordinal));

        GoOn();

        AssertOnce();
    }

    [Fact]
    public void Should_ask_first_where_an_approval_was_put_in_front_of_what_is_done()
    {
        Begin();
        var known = _firm.Commands.Count;
        _firm.Release(text => text.Replace("  - step: customers\n", """
              - step: second-approval
                kind: approval
                title: All sales are approved
                when: "true"
                covers: opportunity.amount
                notBy: "''"
                within: 2d
                case: { queue: finance-ops, says: "'Approve ' + opportunity.name", remedy: "'Approve it.'" }
              - step: customers

            """, StringComparison.Ordinal));

        _firm.AnswerAll();

        var approval = Assert.Single(_firm.Cases);
        Assert.Equal("second-approval", approval.Step);
        Assert.All(_firm.Commands.Skip(known), command => Assert.Equal("crm", command.System));
        _firm.Act(approval, CaseAction.Approve, "finance.lead");
        _firm.AnswerAll();
        AssertOnce();
    }

    [Fact]
    public void Should_do_nothing_again_where_a_step_has_become_earlier_than_one_that_is_done()
    {
        Begin();
        _firm.Release(text => text
            .Replace("    after: [plan]\n    map: erp-cost-centre", "    map: erp-cost-centre", StringComparison.Ordinal)
            .Replace("    after: [psa-project]\n    map: psa-workstream", "    after: [erp-projects]\n    map: psa-workstream", StringComparison.Ordinal));

        GoOn();

        AssertOnce();
    }

    [Fact]
    public void Should_close_the_case_of_a_step_that_is_gone_and_ask_for_the_approval_anew()
    {
        _firm.Receive(CrmRecords.Contract("800A"));
        _firm.Receive(CrmRecords.Sale("006A", amount: 300_000m, contract: "800A"));
        Assert.Equal("approval", Assert.Single(_firm.Cases).Step);
        _firm.Release(text => Renamed(text, "approval"));

        _firm.Receive(CrmRecords.Sale("006A", amount: 300_000m, contract: "800A"));

        var approval = Assert.Single(_firm.Cases);
        Assert.Equal("approval-renamed", approval.Step);
        _firm.Act(approval, CaseAction.Approve, "finance.lead");
        GoOn();
        AssertOnce();
    }

    [Fact]
    public void Should_take_back_what_a_renamed_step_wrote()
    {
        _firm.Receive(CrmRecords.Sale("006A"));
        _firm.AnswerAll();
        _firm.Release(text => Renamed(Renamed(text, "psa-project"), "erp-projects"));

        TakeBack();

        var undone = _firm.Commands.Where(command => command.Item.Operation == Throughline.Connect.WriteOperation.Undo).Select(command => command.Target);
        Assert.Equal(Created(), undone.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Should_name_what_a_removed_step_wrote_when_all_is_taken_back()
    {
        _firm.Receive(CrmRecords.Sale("006A"));
        _firm.AnswerAll();
        _firm.Release(text => Without(text, "cost-centres").Replace("cost-centres, ", "", StringComparison.Ordinal));

        TakeBack();

        Assert.Contains(_firm.Story, text => text.Contains("in erp stays: no step of the process writes it any more; remove it there by hand", StringComparison.Ordinal));
    }

    [Fact]
    public void Should_tell_a_person_where_the_process_is_no_longer_there_and_go_on_when_it_is()
    {
        Begin();
        _firm.ReleaseWithout("lead-to-project");
        _firm.AnswerAll();
        var gone = Assert.Single(_firm.Cases);
        Assert.Contains("the process lead-to-project that runs for it is no longer part of the landscape", gone.Says, StringComparison.Ordinal);
        _firm.Act(gone, CaseAction.Retry, "ops");
        Assert.Single(_firm.Cases);

        _firm.Release(text => text + "\n# another release\n");
        _firm.Act(_firm.Cases.Single(), CaseAction.Retry, "ops");
        GoOn();

        Assert.Empty(_firm.Cases);
        AssertOnce();
    }

    // Half way: the plan is made, the ERP has its part, the PSA has not answered.
    private void Begin()
    {
        _firm.Receive(CrmRecords.Sale("006A"));
        _firm.AnswerAll(command => command.System != "psa");
    }

    private void GoOn()
    {
        _firm.AnswerAll();
        Assert.Equal(InstanceStatus.Done, _firm.Instance("006A", "006A")!.Status);
        _firm.Receive(CrmRecords.Account("001A"));
        _firm.AnswerAll();
    }

    private void TakeBack()
    {
        _firm.Receive(CrmRecords.Sale("006A", won: false));
        _firm.Act(_firm.Cases.Single(item => item.Kind == "withdrawn"), CaseAction.Reject, "pmo.lead");
        _firm.AnswerAll();
        Assert.Equal(InstanceStatus.Undone, _firm.Instance("006A", "006A")!.Status);
    }

    private IEnumerable<string> Created() => _firm.Commands
        .Where(command => command.Unit.Scope.Key == "006A" && command.Item.Operation == Throughline.Connect.WriteOperation.Create)
        .Select(command => command.Target).Order(StringComparer.Ordinal);

    private void AssertOnce()
    {
        var creations = _firm.Commands.Where(command => command.Item.Operation == Throughline.Connect.WriteOperation.Create).Select(command => command.Target).ToArray();
        Assert.Equal(creations.Distinct(), creations);
        Assert.DoesNotContain(_firm.Commands, IsNeedlessUpdate);
        Assert.Equal(["demand.opened", "notice.project-active", "project.activated"], _firm.Events.Select(item => item.Name).Order(StringComparer.Ordinal));
        Assert.Equal("P-20001", _firm.Engagement("006A").Of("project").Single().Attributes.Text("code"));
        Assert.Empty(_firm.Cases);
    }

    private static bool IsNeedlessUpdate(Command command) => command.System != "crm" && command.Item.Operation == Throughline.Connect.WriteOperation.Update;

    private static string Renamed(string text, string step)
    {
        Assert.Contains($"- step: {step}\n", text, StringComparison.Ordinal);
        var lines = text.Split('\n').Select(line => line.TrimStart().StartsWith("after: [", StringComparison.Ordinal)
            ? System.Text.RegularExpressions.Regex.Replace(line, $@"(?<=[\[ ]){step}(?=[,\]])", step + "-renamed")
            : line == $"  - step: {step}" ? line + "-renamed" : line);
        return string.Join('\n', lines);
    }

    private static string Without(string text, string step)
    {
        var start = text.IndexOf($"  - step: {step}\n", StringComparison.Ordinal);
        var end = text.IndexOf("  - step: ", start + 1, StringComparison.Ordinal);
        return text[..start] + text[end..];
    }
}
