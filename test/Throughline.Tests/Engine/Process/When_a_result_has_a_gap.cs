using Throughline.Engine.Cases;
using Throughline.Engine.Process;
using Xunit;

namespace Throughline.Tests.Engine.Process;

/// <summary>Who asked for something writes the answer on; so a process that is through answers only with a whole result.</summary>
public sealed class When_a_result_has_a_gap
{
    [Theory]
    [InlineData("number: customer.number", "number: customer.number.split('-')[7]", "'number' (")]
    [InlineData("erp: id('erp', 'customer', customer.key)", "erp: id('erp', 'customer', customer.key + 'x')", "the id of customer 001Ax in the erp system")]
    public void Should_keep_who_asked_waiting_and_say_what_is_missing_until_it_is_there(string line, string broken, string missing)
    {
        var firm = new DecidedFirm(onboarding: text => text.Replace(line, broken, StringComparison.Ordinal));
        firm.Receive(CrmRecords.Account("001A"));
        firm.Receive(CrmRecords.Sale("006A"));
        firm.AnswerAll();

        var item = Assert.Single(firm.Cases);
        Assert.Equal("result", item.Kind);
        Assert.Contains(missing, item.Says, StringComparison.Ordinal);
        Assert.False(firm.Instance("006A", "006A")!.Step("customers").IsDone);
        Assert.DoesNotContain(firm.Commands, command => command.System == "psa");

        firm.Act(item, CaseAction.Retry, "ops");
        Assert.Equal(item.Id, Assert.Single(firm.Cases).Id);

        firm.Release(text => text);
        firm.Act(item, CaseAction.Retry, "ops");
        firm.AnswerAll();
        Assert.Empty(firm.Cases);
        Assert.Equal(InstanceStatus.Done, firm.Instance("006A", "006A")!.Status);
    }
}
