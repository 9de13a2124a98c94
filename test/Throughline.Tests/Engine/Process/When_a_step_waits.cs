using Throughline.Engine;
using Throughline.Engine.Cases;
using Throughline.Engine.Delivery;
using Throughline.Engine.Process;
using Throughline.Model;
using Xunit;

namespace Throughline.Tests.Engine.Process;

/// <summary>No state without a deadline (invariant 8): whatever a step waits for, a person is told in time, and no longer when the wait is over.</summary>
public sealed class When_a_step_waits
{
    /// <summary>Expressions that need a contract which has not arrived; what each step does where one cannot be evaluated.</summary>
    [Theory]
    [InlineData("approval", "when: opportunity.amount.currency", "when: contract.signedOn == 'never' || opportunity.amount.currency", 48)]
    [InlineData("customers", "      distinct(opportunity.lines", "      contract.signedOn == 'never' ? [] : distinct(opportunity.lines", 24)]
    [InlineData("erp-projects", "when: workstream.billing != 'subcontract'", "when: workstream.billing != 'subcontract' && contract.signedOn != 'never'", 24)]
    [InlineData("staffing", "event: demand.opened", "event: demand.opened\n    when: contract.signedOn != 'never'", 24)]
    [InlineData("activated", "      name: records.project[0].name", "      name: contract.signedOn", 24)]
    [InlineData("staffing", "event: demand.opened", "event: demand.opened\n    within: 2h\n    when: contract.signedOn != 'never'", 2)]
    public void Should_tell_a_person_that_an_expression_has_no_value_and_go_on_by_itself_when_it_has(string step, string from, string to, int hours)
    {
        var firm = new DecidedFirm(text => Replaced(text, from, to));
        firm.Receive(CrmRecords.Account("001A"));
        firm.Receive(CrmRecords.Sale("006A", contract: "800A"));
        firm.AnswerAll();
        Assert.False(firm.Instance("006A", "006A")!.Step(step).IsDone);

        // The CRM is told of it after ten seconds, and takes it.
        firm.Pass(TimeSpan.FromSeconds(10));
        firm.AnswerAll();
        firm.Pass(TimeSpan.FromHours(hours) - TimeSpan.FromSeconds(11));
        Assert.Empty(firm.Cases);
        firm.Pass(TimeSpan.FromSeconds(1));

        var waiting = Assert.Single(firm.Cases);
        Assert.Equal(("overdue", step), (waiting.Kind, waiting.Step));
        Assert.Contains("since 2026-11-20 10:00 UTC", waiting.Says, StringComparison.Ordinal);
        Assert.Contains("signedOn", waiting.Says, StringComparison.Ordinal);
        Assert.Contains("'retry'", waiting.Remedy, StringComparison.Ordinal);

        firm.Receive(CrmRecords.Contract("800A"));
        firm.AnswerAll();

        Assert.Empty(firm.Cases);
        Assert.Equal(InstanceStatus.Done, firm.Instance("006A", "006A")!.Status);
    }

    /// <summary>A check may be due on a day that a record names; the day itself is in time, and it may be put off.</summary>
    [Fact]
    public void Should_tell_a_person_when_the_day_is_over_that_a_check_names()
    {
        var firm = new DecidedFirm(text => Replaced(text, "        within: 14d", "        within: 14d\n        until: opportunity.start"));
        firm.Receive(CrmRecords.Account("001A"));
        firm.Receive(CrmRecords.Sale("006A", amount: 30_000m, contract: "800A", start: "2026-12-10"));
        firm.AnswerAll();
        // The CRM is told of it after ten seconds, and takes it.
        firm.Pass(TimeSpan.FromSeconds(10));
        firm.AnswerAll();
        firm.Pass(new DateTimeOffset(2026, 12, 10, 23, 59, 59, TimeSpan.Zero) - firm.Now);
        Assert.Empty(firm.Cases);

        firm.Pass(TimeSpan.FromSeconds(1));
        firm.AnswerAll();
        Assert.Equal(("check", "signed"), Assert.Single(firm.Cases) is var late ? (late.Kind, late.Step!) : default);

        firm.Receive(CrmRecords.Sale("006A", amount: 30_000m, contract: "800A", start: "2026-12-15"));
        firm.AnswerAll();
        Assert.Empty(firm.Cases);
        firm.Pass(new DateTimeOffset(2026, 12, 16, 0, 0, 0, TimeSpan.Zero) - firm.Now);
        Assert.Single(firm.Cases);
    }

    [Fact]
    public void Should_tell_a_person_of_an_answer_and_of_an_id_that_never_come()
    {
        var firm = new DecidedFirm(text => Replaced(text, "    map: psa-task", "    after: [plan]\n    map: psa-task"));
        firm.Receive(CrmRecords.Account("001A"));
        firm.Receive(CrmRecords.Sale("006A"));
        static bool IsProject(Command command) => command.Target.StartsWith("psa-project|", StringComparison.Ordinal);
        firm.AnswerAll(command => !IsProject(command));
        firm.Pass(TimeSpan.FromDays(1));

        Assert.Equal(["psa-project", "psa-tasks"], firm.Cases.Select(item => item.Step).Order(StringComparer.Ordinal));
        Assert.All(firm.Cases, item => Assert.Equal(("overdue", Money.Of(15_000m, "EUR")), (item.Kind, item.Amount!.Value)));
        firm.AnswerAll();

        Assert.Empty(firm.Cases);
        Assert.Equal(InstanceStatus.Done, firm.Instance("006A", "006A")!.Status);
    }

    [Fact]
    public void Should_tell_a_person_of_a_reply_that_never_comes_even_where_what_to_ask_for_was_not_known_at_first()
    {
        var firm = new DecidedFirm(text => Replaced(text, "      distinct(opportunity.lines", "      contract.signedOn == 'never' ? [] : distinct(opportunity.lines"))
        {
            Loses = envelope => envelope.Kind == EnvelopeKind.Reply && envelope.Scope.Kind == Scope.EngagementKind,
        };
        firm.Receive(CrmRecords.Account("001A"));
        firm.Receive(CrmRecords.Sale("006A", contract: "800A"));
        firm.Receive(CrmRecords.Contract("800A"));
        firm.AnswerAll();
        firm.Pass(TimeSpan.FromDays(1));

        var waiting = Assert.Single(firm.Cases);
        Assert.Equal("customers", waiting.Step);
        Assert.Contains("since 2026-11-20 10:00 UTC for customer 001A", waiting.Says, StringComparison.Ordinal);

        firm.Loses = _ => false;
        firm.Act(waiting, CaseAction.Retry, "finance.lead");
        firm.AnswerAll();

        Assert.Equal(InstanceStatus.Done, firm.Instance("006A", "006A")!.Status);
        Assert.Empty(firm.Cases);
    }

    [Fact]
    public void Should_tell_a_person_of_a_request_without_a_key_rather_than_set_everything_aside()
    {
        var firm = new DecidedFirm(text => Replaced(text, "[{'key': 'project', 'waitsFor': 'a project code'}]", "[{'waitsFor': 'a project code'}]"));
        firm.Receive(CrmRecords.Account("001A"));
        firm.Receive(CrmRecords.Sale("006A"));
        firm.AnswerAll();
        firm.Pass(TimeSpan.FromHours(1));

        var waiting = Assert.Single(firm.Cases);
        Assert.Equal("number", waiting.Step);
        Assert.Contains("yields an item without a key", waiting.Says, StringComparison.Ordinal);
    }

    /// <summary>What cannot be told is neither a withdrawal nor its end: a sale that is held stays held.</summary>
    [Fact]
    public void Should_stay_on_hold_where_it_can_no_longer_be_told_whether_it_was_taken_back()
    {
        var firm = new DecidedFirm(text => Replaced(text, "when: \"!opportunity.won\"", "when: \"!opportunity.won && contract.signedOn != 'never'\""));
        firm.Receive(CrmRecords.Account("001A"));
        firm.Receive(CrmRecords.Contract("800A"));
        firm.Receive(CrmRecords.Sale("006A", contract: "800A"));
        firm.AnswerAll();
        firm.Receive(CrmRecords.Sale("006A", contract: "800A", won: false));
        Assert.True(firm.Instance("006A", "006A")!.Held);

        firm.Receive(CrmRecords.Sale("006A", won: false));

        Assert.True(firm.Instance("006A", "006A")!.Held);
        Assert.Single(firm.Cases);
    }

    [Fact]
    public void Should_give_it_its_time_once_more_on_retry_and_keep_what_it_knows()
    {
        var firm = new DecidedFirm();
        firm.Receive(CrmRecords.Account("001A"));
        firm.Receive(CrmRecords.Sale("006A"));
        firm.AnswerAll(command => command.System != "psa");
        firm.Pass(TimeSpan.FromDays(1));
        var commands = firm.Commands.Count;

        firm.Act(Assert.Single(firm.Cases), CaseAction.Retry, "pmo.lead");

        Assert.Empty(firm.Cases);
        firm.AnswerAll(command => command.System != "psa");
        firm.Pass(TimeSpan.FromDays(1) - TimeSpan.FromSeconds(1));
        Assert.Empty(firm.Cases);
        firm.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal("psa-project", Assert.Single(firm.Cases).Step);
        Assert.Equal(1, firm.Commands.Count(command => command.System == "psa"));
        Assert.All(firm.Commands.Skip(commands), command => Assert.Equal("Opportunity", command.Item.Entity));
    }

    [Fact]
    public void Should_tell_a_person_that_taking_back_does_not_end()
    {
        var firm = new DecidedFirm();
        firm.Receive(CrmRecords.Account("001A"));
        firm.Receive(CrmRecords.Sale("006A"));
        firm.AnswerAll();
        firm.Receive(CrmRecords.Sale("006A", won: false));
        firm.Act(Assert.Single(firm.Cases), CaseAction.Reject, "pmo.lead");
        Assert.Empty(firm.Cases);

        firm.Pass(TimeSpan.FromDays(1));

        var waiting = Assert.Single(firm.Cases);
        Assert.Contains("is being taken back", waiting.Says, StringComparison.Ordinal);
        firm.AnswerAll();
        Assert.Empty(firm.Cases);
        Assert.Equal(InstanceStatus.Undone, firm.Instance("006A", "006A")!.Status);
    }

    [Fact]
    public void Should_set_no_timer_for_each_step_and_leave_none_behind()
    {
        var firm = new DecidedFirm();
        firm.Receive(CrmRecords.Account("001A"));
        firm.Receive(CrmRecords.Sale("006A"));
        firm.AnswerAll();

        Assert.Null(firm.Instance("006A", "006A")!.Watch);
        firm.Pass(TimeSpan.FromDays(30));
        Assert.Empty(firm.Cases);
    }

    /// <summary>Another amount needs another approval; nothing behind it may go on with the new amount until it is given.</summary>
    [Fact]
    public void Should_let_nothing_pass_that_stands_further_behind()
    {
        var firm = new DecidedFirm(text => Replaced(
                text, "money(opportunity.amount) > money(parameters.approval.threshold)", "money(opportunity.amount) > money(parameters.atRisk.limit)")
            .Replace("opportunity.atRisk == true && money(opportunity.amount) <= money(parameters.atRisk.limit)", "opportunity.atRisk == true", StringComparison.Ordinal));
        firm.Receive(CrmRecords.Account("001A"));
        firm.Receive(CrmRecords.Sale("006A"));
        firm.AnswerAll(command => command.System != "psa");

        firm.Receive(CrmRecords.Sale("006A", amount: 90_000m));
        firm.AnswerAll();

        Assert.Equal("approval", Assert.Single(firm.Cases).Kind);
        Assert.Equal(Money.Of(15_000m, "EUR"), firm.Engagement("006A").Of("project").Single().Attributes.Money("budget"));
        firm.Act(firm.Cases.Single(), CaseAction.Approve, "finance.lead");
        firm.AnswerAll();
        Assert.Equal(Money.Of(90_000m, "EUR"), firm.Engagement("006A").Of("project").Single().Attributes.Money("budget"));
        Assert.Equal(InstanceStatus.Done, firm.Instance("006A", "006A")!.Status);
    }

    private static string Replaced(string text, string from, string to)
    {
        Assert.Contains(from, text, StringComparison.Ordinal);
        return text.Replace(from, to, StringComparison.Ordinal);
    }
}
