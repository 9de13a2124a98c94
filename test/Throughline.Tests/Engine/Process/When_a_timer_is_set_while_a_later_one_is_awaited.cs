using Microsoft.Extensions.Logging.Abstractions;
using Throughline.Connect;
using Throughline.Engine;
using Throughline.Engine.Partition;
using Throughline.Model;
using Throughline.Processes;
using Throughline.Tests.Engine.Delivery;
using Throughline.Tests.Engine.Partition;
using Xunit;

namespace Throughline.Tests.Engine.Process;

public sealed class When_a_timer_is_set_while_a_later_one_is_awaited
{
    [Fact]
    public async Task Should_wake_the_loop_for_the_earlier_one()
    {
        var worked = new WorkedHub();
        worked.ReleaseLandscape(text => text.Replace("    map: psa-project\n", "    within: 20s\n    map: psa-project\n", StringComparison.Ordinal));
        var scope = Scope.Engagement("006Z");
        var epoch = await worked.Memory.TakePartitionAsync(scope.Partition, "test", CancellationToken.None);
        var later = new TimerRow(new UnitKey(scope, ""), "later", worked.Clock.GetUtcNow().AddSeconds(45), scope.ToString(), Fields.Empty);
        await worked.Memory.CommitAsync(new PartitionCommit { Partition = scope.Partition, Epoch = epoch, Timers = [later] }, CancellationToken.None);
        var connectors = worked.Release.Landscape.Systems.Keys.ToDictionary(
            name => name, IConnector (name) => new AnsweringConnector { Outcome = _ => name == "psa" ? new Failure.Transient("down") : null });
        await using var hub = new Hub(
            new HubParts(worked.Memory, worked.Release.Landscape, ProcessCatalog.Decisions, connectors, worked.Clock, new Random(1), NullLoggerFactory.Instance), "test");
        hub.Start();
        await worked.Clock.ArmedAsync(TimeSpan.FromSeconds(44), TimeSpan.FromSeconds(46), "the loop waits for the later timer");

        worked.Append = item => hub.GroupCommit.AppendAsync([item]);
        await worked.SendAsync(CrmRecords.Account("001A"));
        await worked.SendAsync(CrmRecords.Sale("006A"));

        await worked.Clock.ArmedAsync(TimeSpan.FromSeconds(18), TimeSpan.FromSeconds(21), "the loop waits for the earlier timer instead");
    }
}
