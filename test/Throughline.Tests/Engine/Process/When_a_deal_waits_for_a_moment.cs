using Throughline.Engine.Cases;
using Throughline.Engine.Delivery;
using Xunit;

namespace Throughline.Tests.Engine.Process;

/// <summary>What sellers read at their opportunity: a wait that is over before anybody could read of it is not written there.</summary>
public sealed class When_a_deal_waits_for_a_moment
{
    private readonly DecidedFirm _firm = new();

    public When_a_deal_waits_for_a_moment()
    {
        _firm.Receive(CrmRecords.Account("001A"));
        _firm.Receive(CrmRecords.Sale("006A", 90_000m, contract: "800A"));
        _firm.AnswerAll(IsStatus);
    }

    [Fact]
    public void Should_say_nothing_of_it_when_it_is_over_at_once()
    {
        _firm.Pass(TimeSpan.FromSeconds(9));
        _firm.Receive(CrmRecords.Contract("800A"));
        _firm.AnswerAll();
        _firm.Pass(TimeSpan.FromMinutes(1));
        _firm.AnswerAll();
        Assert.Equal("Being set up", Statuses[0]);
        Assert.Equal("Active", Statuses[^1]);
        Assert.DoesNotContain("Waiting", Statuses);
    }

    [Fact]
    public void Should_say_so_when_it_has_lasted()
    {
        _firm.Pass(TimeSpan.FromSeconds(10));
        _firm.AnswerAll(IsStatus);
        Assert.Equal(["Being set up", "Waiting"], Statuses.Distinct());
        Assert.Contains("has not arrived", _firm.Commands.Last(IsStatus).Item.Fields.Text("Hub_Next_Action__c"), StringComparison.Ordinal);
        _firm.Receive(CrmRecords.Contract("800A"));
        _firm.AnswerAll();
        Assert.Equal("Active", Statuses[^1]);
    }

    [Fact]
    public void Should_say_at_once_what_is_a_case_for_somebody()
    {
        _firm.Receive(CrmRecords.Contract("800B"));
        _firm.Receive(CrmRecords.Sale("006B", 300_000m, contract: "800B"));
        _firm.AnswerAll(IsStatus);
        Assert.Single(_firm.Cases, item => item is { Kind: "approval", Status: CaseStatus.Open });
        Assert.Equal("Waiting", Statuses[^1]);
    }

    private string[] Statuses => [.. _firm.Commands.Where(IsStatus).Select(command => command.Item.Fields.Text("Hub_Status__c")).OfType<string>()];

    private static bool IsStatus(Command command) => command.System == "crm";
}
