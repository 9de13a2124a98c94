using Throughline.Engine.Cases;
using Throughline.Engine.Partition;
using Throughline.Engine.Process;
using Xunit;

namespace Throughline.Tests.Engine.Partition;

/// <summary>Segregation of duties: the attempt is told and changes nothing.</summary>
public sealed class When_who_asks_tries_to_approve
{
    private readonly DecidedFirm _firm = new();
    private readonly Case _approval;

    public When_who_asks_tries_to_approve()
    {
        _firm.Receive(CrmRecords.Contract("800A"));
        _firm.Receive(CrmRecords.Account("001A"));
        _firm.Receive(CrmRecords.Sale("006A", 300_000m, contract: "800A"));
        _approval = Assert.Single(_firm.Cases, item => item.Kind == "approval");
    }

    /// <summary>Refused at the desk, also where the sale has come to belong to somebody else before it is told; or only here.</summary>
    [Theory]
    [InlineData("005X", true)]
    [InlineData("005x", false)]
    [InlineData("somebody.else", true)]
    public void Should_tell_it_and_leave_the_case_as_it_is(string by, bool isRefused)
    {
        _firm.Act(_approval, CaseAction.Approve, by, isRefused);

        var told = Assert.Single(_firm.Lineage, entry => entry.Kind == "not-approved");
        Assert.Equal("engagement:006A", told.CorrelationId);
        Assert.Equal((_firm.Instance("006A", "006A")!.Id, "approval", new RecordId("opportunity", "006A")), (told.Instance, told.Step, told.Record));
        Assert.EndsWith($": {by} tried to approve and was refused: who asks does not approve.", told.Text, StringComparison.Ordinal);
        Assert.Contains(_firm.Cases, item => item.Id == _approval.Id && item.Status == CaseStatus.Open);
        Assert.False(_firm.Instance("006A", "006A")!.Step("approval").IsDone);
        Assert.Equal(InstanceStatus.Running, _firm.Instance("006A", "006A")!.Status);
    }
}
