using Throughline.Engine;
using Throughline.Engine.Partition;
using Throughline.Model;
using Xunit;

namespace Throughline.Tests.Engine.Partition;

/// <summary>
/// Entries are worked beside engagements, and may take a partition anew in the middle of a step, after another hub had it (found by the simulation).
/// </summary>
public sealed class When_a_partition_is_taken_anew_meanwhile
{
    private static readonly UnitKey Customer = new(Scope.Master("customer"), "001");

    private readonly WorkedHub _hub = new();
    private readonly WorkedHub _other;

    public When_a_partition_is_taken_anew_meanwhile() => _other = new WorkedHub(_hub.Memory);

    [Fact]
    public async Task Should_not_commit_in_the_new_tenure_what_was_read_in_the_old_one()
    {
        await _hub.SendAsync(CrmRecords.Account("001"));
        _hub.Store.HasRead = () => TakeAnewAfter(() => _other.DrainAsync());

        await Assert.ThrowsAsync<FencedException>(() => _hub.WorkAsync(Customer.Scope.Partition));

        Assert.Empty(_hub.Store.Commits);
    }

    [Fact]
    public async Task Should_not_keep_in_memory_what_another_hub_may_have_changed()
    {
        await _hub.SendAsync(CrmRecords.Account("001"));
        _hub.Store.After = _ => TakeAnewAfter(() => Task.CompletedTask);

        await _hub.WorkAsync(Customer.Scope.Partition);

        Assert.Single(_hub.Store.Commits);
        Assert.Null(_hub.Worker.InMemory(Customer));
    }

    // Stores in memory answer at once.
    private void TakeAnewAfter(Func<Task> meanwhile)
    {
        (_hub.Store.HasRead, _hub.Store.After) = (() => { }, _ => { });
        Assert.True(_hub.Memory.TakePartitionAsync(Customer.Scope.Partition, "other", CancellationToken.None).IsCompletedSuccessfully);
        Assert.True(meanwhile().IsCompletedSuccessfully);
        _hub.Worker.Release(Customer.Scope.Partition);
        Assert.True(_hub.Worker.HoldAsync(Customer.Scope.Partition, "test", CancellationToken.None).AsTask().IsCompletedSuccessfully);
    }
}
