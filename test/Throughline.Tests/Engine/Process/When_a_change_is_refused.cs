using Throughline.Connect;
using Throughline.Engine.Partition;
using Xunit;

namespace Throughline.Tests.Engine.Process;

/// <summary>
/// Found by the simulation: the answer to a change was lost after it had arrived, its repetition was refused, and the value that the hub then
/// went back to was taken for what still stood there.
/// </summary>
public sealed class When_a_change_is_refused
{
    [Fact]
    public void Should_write_the_former_value_again_because_nobody_knows_what_stands_there()
    {
        var firm = new DecidedFirm();
        firm.Receive(CrmRecords.Account("001A"));
        firm.Receive(CrmRecords.Sale("006A", amount: 15_000m));
        // The financial project is not answered, so that the set-up goes on.
        firm.AnswerAll(command => command.Item.Entity != "project.work");
        firm.Receive(CrmRecords.Sale("006A", amount: 16_000m));
        var change = firm.Commands.Last(command => command.Item.Entity == "project");
        Assert.Equal(WriteOperation.Update, change.Item.Operation);

        firm.Answer(change, new TargetFailure("validation", "not now", null));
        firm.Receive(CrmRecords.Sale("006A", amount: 15_000m));

        var again = firm.Commands.Last(command => command.Item.Entity == "project");
        Assert.NotEqual(change.Id, again.Id);
        Assert.Contains("Budget 15000", again.Item.Fields.Text("description"), StringComparison.Ordinal);
    }
}
