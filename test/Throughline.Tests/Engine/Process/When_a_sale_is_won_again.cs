using Throughline.Engine.Cases;
using Throughline.Engine.Process;
using Xunit;

namespace Throughline.Tests.Engine.Process;

/// <summary>A sale whose set-up was complete is withdrawn, and won again: by a mistake in the CRM, or by a message that came out of order.</summary>
public sealed class When_a_sale_is_won_again
{
    private readonly DecidedFirm _firm = new();

    public When_a_sale_is_won_again()
    {
        _firm.Receive(CrmRecords.Account("001A"));
        _firm.Receive(CrmRecords.Contract("800A"));
        _firm.Receive(CrmRecords.Sale("006A", contract: "800A"));
        _firm.AnswerAll();
        Assert.Equal(InstanceStatus.Done, _firm.Instance("006A", "006A")!.Status);
        Assert.Equal("Active", Status);
    }

    [Fact]
    public void Should_be_active_in_the_crm_again()
    {
        _firm.Receive(CrmRecords.Sale("006A", contract: "800A", won: false));
        _firm.AnswerAll();
        Assert.Equal("On hold", Status);
        _firm.Receive(CrmRecords.Sale("006A", contract: "800A"));
        _firm.AnswerAll();
        Assert.Equal("Active", Status);
        Assert.DoesNotContain(_firm.Cases, item => item.Status == CaseStatus.Open);
        Assert.Equal(InstanceStatus.Done, _firm.Instance("006A", "006A")!.Status);
    }

    [Fact]
    public void Should_be_active_also_where_the_crm_had_not_answered_yet_that_it_is_on_hold()
    {
        _firm.Receive(CrmRecords.Sale("006A", contract: "800A", won: false));
        _firm.Receive(CrmRecords.Sale("006A", contract: "800A"));
        Assert.Equal("On hold", Status);
        _firm.AnswerAll();
        Assert.Equal("Active", Status);
        var written = _firm.Commands.Count;
        _firm.Receive(CrmRecords.Contract("800A"));
        _firm.AnswerAll();
        Assert.Equal(written, _firm.Commands.Count);
    }

    private string? Status => _firm.Commands.Last(command => command.System == "crm").Item.Fields.Text("Hub_Status__c");
}
