using Throughline.Engine;
using Throughline.Engine.Cluster;
using Throughline.Engine.Partition;
using Throughline.Model;
using Xunit;
using static Throughline.Conformance.Store.StoreExamples;

namespace Throughline.Conformance.Store;

/// <summary>What every store must do that several hubs can share. A time of nothing is over at once, a long one never is.</summary>
public abstract class ClusterConformance : IAsyncLifetime
{
    private static readonly TimeSpan Long = TimeSpan.FromHours(1);
    private static readonly TimeSpan Nothing = TimeSpan.Zero;

    private IHubStore? _store;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private IHubStore Hub => _store!;

    private IClusterStore Store => (IClusterStore)_store!;

    public async ValueTask InitializeAsync()
    {
        _store = await OpenAsync();
        await _store.MigrateAsync(Stop);
    }

    public async ValueTask DisposeAsync()
    {
        await Hub.DisposeAsync();
        await CleanAsync();
        GC.SuppressFinalize(this);
    }

    protected abstract Task<IHubStore> OpenAsync();

    protected virtual ValueTask CleanAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Should_know_its_hubs_as_long_as_they_say_that_they_are_there()
    {
        Assert.Equal(["a"], await Store.StayAsync("a", "r1", Long, Stop));
        Assert.Equal(["a", "b"], await Store.StayAsync("b", "r1", Nothing, Stop));
        Assert.Equal(["a"], await Store.StayAsync("a", "r1", Long, Stop));
        Assert.Equal(["a", "c"], await Store.StayAsync("c", "r1", Long, Stop));
        await Store.LeaveAsync("a", Stop);
        Assert.Equal(["c"], await Store.StayAsync("c", "r1", Long, Stop));
        Assert.Equal(await Store.ClusterIdAsync(Stop), await Store.ClusterIdAsync(Stop));
    }

    [Fact]
    public async Task Should_refuse_a_hub_with_another_release_until_the_others_are_gone()
    {
        await Store.StayAsync("a", "r1", Long, Stop);

        var refused = await Assert.ThrowsAsync<OtherReleaseException>(() => Store.StayAsync("b", "r2", Long, Stop));
        Assert.Contains("r1", refused.Message, StringComparison.Ordinal);
        Assert.Equal(["a"], await Store.StayAsync("a", "r1", Long, Stop));

        await Store.LeaveAsync("a", Stop);
        Assert.Equal(["b"], await Store.StayAsync("b", "r2", Long, Stop));
    }

    [Fact]
    public async Task Should_let_one_of_two_hubs_with_different_releases_begin()
    {
        var begun = await Task.WhenAll(Enumerable.Range(0, 8).Select(async n =>
        {
            try
            {
                await Store.StayAsync("hub" + n, "r" + (n % 2), Long, Stop);
                return n % 2;
            }
            catch (OtherReleaseException)
            {
                return -1;
            }
        }));

        Assert.Single(begun.Where(release => release >= 0).Distinct());
    }

    [Fact]
    public async Task Should_give_a_lane_to_who_holds_its_token()
    {
        Assert.Equal(["erp"], await Store.LapsedLanesAsync(["erp"], Stop));
        var token = await Store.MintTokenAsync("erp", Long, Stop);
        Assert.NotNull(token);
        Assert.Null(await Store.MintTokenAsync("erp", Long, Stop));
        Assert.Empty(await Store.LapsedLanesAsync(["erp"], Stop));
        Assert.Null(await Store.TakeLaneAsync("erp", "a", token + 1, Long, Stop));
        Assert.Null(await Store.TakeLaneAsync("erp", "a", null, Long, Stop));

        var first = await Store.TakeLaneAsync("erp", "a", token, Long, Stop);
        Assert.NotNull(first);
        // The broker has given it to another hub, which is to begin at once.
        var second = await Store.TakeLaneAsync("erp", "b", token, Long, Stop);
        Assert.Equal(first + 1, second);

        Assert.False(await Store.KeepLaneAsync("erp", first.Value, false, Long, Stop));
        Assert.True(await Store.KeepLaneAsync("erp", second!.Value, false, Long, Stop));
        await Assert.ThrowsAsync<FencedException>(async () => await Hub.ClaimCommandsAsync("erp", first.Value, T0, T0, 1, Stop));
    }

    [Fact]
    public async Task Should_give_a_lane_that_lapsed_to_who_asks_first()
    {
        var first = await Store.TakeLaneAsync("erp", "a", null, Long, Stop);
        Assert.Null(await Store.TakeLaneAsync("erp", "b", null, Long, Stop));
        Assert.Equal(first + 1, await Store.TakeLaneAsync("erp", "a", null, Long, Stop));

        Assert.True(await Store.KeepLaneAsync("erp", first!.Value + 1, false, Nothing, Stop));

        Assert.Equal(["crm", "erp"], await Store.LapsedLanesAsync(["erp", "crm"], Stop));
        Assert.Equal(first + 2, await Store.TakeLaneAsync("erp", "b", null, Long, Stop));
        Assert.Equal(["crm"], await Store.LapsedLanesAsync(["erp", "crm"], Stop));
        // Not the new driver's row.
        await Store.LeaveLaneAsync("erp", first.Value + 1, Stop);
        Assert.Equal(["crm"], await Store.LapsedLanesAsync(["erp", "crm"], Stop));
        await Store.LeaveLaneAsync("erp", first.Value + 2, Stop);
        Assert.Equal(["crm", "erp"], await Store.LapsedLanesAsync(["erp", "crm"], Stop));
    }

    [Fact]
    public async Task Should_void_a_token_that_was_lost()
    {
        var token = await Store.MintTokenAsync("erp", Long, Stop);
        var epoch = await Store.TakeLaneAsync("erp", "a", token, Long, Stop);

        Assert.True(await Store.KeepLaneAsync("erp", epoch!.Value, true, Long, Stop));
        Assert.Null(await Store.TakeLaneAsync("erp", "b", token, Long, Stop));

        await Store.LeaveLaneAsync("erp", epoch.Value, Stop);
        var later = await Store.MintTokenAsync("erp", Nothing, Stop);
        var without = await Store.TakeLaneAsync("erp", "c", null, Long, Stop);
        Assert.NotNull(without);
        Assert.Null(await Store.TakeLaneAsync("erp", "b", later, Long, Stop));
    }

    [Fact]
    public async Task Should_write_a_cursor_for_the_driver_alone()
    {
        var old = await Store.TakeLaneAsync("crm", "a", null, Nothing, Stop);
        await Store.WriteCursorAsync("crm", "Opportunity", "c1", old!.Value, Stop);
        var next = await Store.TakeLaneAsync("crm", "b", null, Long, Stop);
        await Store.WriteCursorAsync("crm", "Opportunity", "c2", next!.Value, Stop);

        await Assert.ThrowsAsync<FencedException>(async () => await Store.WriteCursorAsync("crm", "Opportunity", "c1", old.Value, Stop));

        Assert.Equal("c2", await Hub.ReadCursorAsync("crm", "Opportunity", Stop));
    }

    [Fact]
    public async Task Should_tell_where_work_stands_and_with_whom()
    {
        var scope = Scope.Engagement("alpha");
        Assert.Empty(await Store.PartitionsStandingAsync(Stop));
        await Hub.AppendAsync([Item(scope, "k1"), Item(scope, "k2")], Stop);
        Assert.Equal([new PartitionStand(scope.Partition, "", 0, 0)], await Store.PartitionsStandingAsync(Stop));

        var epoch = await Hub.TakePartitionAsync(scope.Partition, "a", Stop);
        await Hub.CommitAsync(new PartitionCommit { Partition = scope.Partition, Epoch = epoch, IntakeCursor = 1 }, Stop);
        Assert.Equal([new PartitionStand(scope.Partition, "a", epoch, 1)], await Store.PartitionsStandingAsync(Stop));

        await Hub.CommitAsync(new PartitionCommit { Partition = scope.Partition, Epoch = epoch, IntakeCursor = 2 }, Stop);
        Assert.Empty(await Store.PartitionsStandingAsync(Stop));
    }
}
