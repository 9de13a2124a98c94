using Throughline.Engine;
using Throughline.Engine.Cases;
using Throughline.Engine.Partition;
using Throughline.Engine.Process;
using Throughline.Model;
using Xunit;

namespace Throughline.Tests.Engine.Partition;

/// <summary>
/// A number is given once: it may stay unused (a gap), but never stands for two things. The state goes through its rows after every
/// decision, so each of these is a story of restarts too.
/// </summary>
public sealed class When_numbers_are_given
{
    private readonly DecidedFirm _firm = new();

    public When_numbers_are_given() => _firm.Receive(CrmRecords.Account("001A"));

    [Fact]
    public void Should_not_give_the_number_of_a_sale_that_was_taken_back_to_another_and_keep_it_for_its_return()
    {
        _firm.Receive(CrmRecords.Sale("006A"));
        _firm.AnswerAll();
        _firm.Receive(CrmRecords.Sale("006A", won: false));
        _firm.Act(_firm.Cases.Single(item => item.Kind == "withdrawn"), CaseAction.Reject, "pmo.lead");
        _firm.AnswerAll();
        Assert.Equal(InstanceStatus.Undone, _firm.Instance("006A", "006A")!.Status);

        _firm.Receive(CrmRecords.Sale("006B"));
        _firm.AnswerAll();
        _firm.Receive(CrmRecords.Sale("006A"));
        _firm.Act(_firm.Cases.Single(item => item.Kind == "changed"), CaseAction.Retry, "pmo.lead");
        _firm.AnswerAll();

        Assert.Equal(("P-20001", "P-20002"), (Project("006A"), Project("006B")));
        var series = _firm.Unit(new UnitKey(Scope.Master("number/project"), ""));
        Assert.Equal(20_002, series.Series["project"]);
        Assert.Empty(series.Records);
        Assert.Equal(InstanceStatus.Done, _firm.Instance("006A", "006A")!.Status);
    }

    [Fact]
    public void Should_leave_a_gap_rather_than_give_one_twice_where_the_answer_was_lost_and_it_was_asked_for_again()
    {
        _firm.Loses = envelope => envelope.Kind == EnvelopeKind.Reply && envelope.Payload.Nested("result")?.Text("number")?.StartsWith("P-", StringComparison.Ordinal) == true;
        _firm.Receive(CrmRecords.Sale("006A"));
        _firm.AnswerAll();
        _firm.Pass(TimeSpan.FromHours(1));
        var waiting = Assert.Single(_firm.Cases);
        Assert.Equal("number", waiting.Step);

        _firm.Loses = _ => false;
        _firm.Act(waiting, CaseAction.Retry, "ops");
        _firm.Receive(CrmRecords.Sale("006B"));
        _firm.AnswerAll();

        Assert.Equal(("P-20002", "P-20003"), (Project("006A"), Project("006B")));
    }

    [Fact]
    public void Should_give_an_engagement_one_number_though_two_of_its_sales_ask_at_once()
    {
        _firm.Loses = envelope => envelope.Kind == EnvelopeKind.Reply && envelope.Scope.Kind == Scope.EngagementKind && _firm.Commands.Count < 1;
        _firm.Receive(CrmRecords.Sale("006A"));
        _firm.Receive(CrmRecords.Sale("006B", parent: "006A", workstream: "UK"));
        _firm.Receive(CrmRecords.Sale("006C"));
        _firm.AnswerAll();

        Assert.NotEqual(Project("006A"), Project("006C"));
        Assert.Single(_firm.Commands, command => command.Unit.Scope.Key == "006A" && command.Target.StartsWith("psa-project|", StringComparison.Ordinal));
        Assert.All(
            _firm.Engagement("006A").Of("workstream"),
            workstream => Assert.StartsWith(Project("006A")!, workstream.Attributes.Text("code"), StringComparison.Ordinal));
    }

    [Fact]
    public void Should_give_two_accounts_that_are_one_customer_one_number_and_the_next_customer_another()
    {
        _firm.Receive(CrmRecords.Account("001B"));
        _firm.Receive(CrmRecords.Account("001C", taxId: "DE444444444"));
        _firm.Receive(CrmRecords.Sale("006A"));
        _firm.Receive(CrmRecords.Sale("006B", account: "001B"));
        _firm.Receive(CrmRecords.Sale("006C", account: "001C"));
        _firm.AnswerAll();

        string[] sales = ["006A", "006B", "006C"];
        Assert.Equal(["C-10001", "C-10001", "C-10002"], sales.Select(sale => _firm.Engagement(sale).Of("project").Single().Attributes.Text("customerNumber")));
        Assert.Equal(3, sales.Select(Project).Distinct().Count());
    }

    private string? Project(string engagement) => _firm.Engagement(engagement).Records[new RecordId("project-number", "project")].Attributes.Text("number");
}
