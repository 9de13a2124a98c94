using Throughline.Conformance.Store;
using Throughline.Engine;
using Throughline.Engine.Cluster;
using Throughline.Tests.Engine.Delivery;
using Xunit;

namespace Throughline.Tests.Engine.Cluster;

/// <summary>Partition 7 is this hub's, 8 that of a hub which may be gone; entries wait in both until somebody works them.</summary>
public sealed class When_entries_stand_without_a_broker
{
    private static readonly TimeSpan ALittle = TimeSpan.FromMilliseconds(500);

    private readonly ManualClock _clock = new(new DateTimeOffset(2026, 11, 22, 10, 0, 0, TimeSpan.Zero));
    private readonly HeardBroker _broker = new();
    private readonly ClusterDoorbell _doorbell;
    private readonly EntryBells _bells;

    public When_entries_stand_without_a_broker()
    {
        _doorbell = new ClusterDoorbell(_broker) { IsOurs = partition => partition == 7 };
        _bells = new EntryBells(_broker, _doorbell, _clock);
    }

    [Fact]
    public async Task Should_ring_through_the_broker_while_it_is_there()
    {
        Looks(TimeSpan.FromMinutes(1), 7, 8);

        Assert.All(_broker.Said, said => Assert.Equal($"bell {Bell.OfEntries(8)}", said));
        Assert.Equal([Bell.OfEntries(7)], await RungHereAsync());
    }

    [Fact]
    public async Task Should_leave_them_to_their_hub_for_a_moment()
    {
        _broker.Trouble = "away";

        Looks(EntryBells.StandStill - ALittle, 7, 8);

        Assert.Equal([Bell.OfEntries(7)], await RungHereAsync());
    }

    [Fact]
    public async Task Should_take_them_when_nobody_worked_them_for_longer()
    {
        _broker.Trouble = "away";

        Looks(EntryBells.StandStill + ALittle, 8);

        Assert.Equal([Bell.OfEntries(8)], await RungHereAsync());
    }

    [Fact]
    public async Task Should_try_again_where_they_still_stand()
    {
        _broker.Trouble = "away";
        Looks(EntryBells.StandStill + ALittle, 8);
        await RungHereAsync();

        // The last try was a little ago.
        Looks(EntryBells.StandStill - (ALittle * 2), 8);
        Assert.Empty(await RungHereAsync());
        Looks(ALittle * 2, 8);

        Assert.Equal([Bell.OfEntries(8)], await RungHereAsync());
    }

    [Fact]
    public async Task Should_count_anew_where_they_were_worked_meanwhile()
    {
        _broker.Trouble = "away";
        Looks(EntryBells.StandStill - ALittle, 8);
        Looks(ALittle);

        Looks(EntryBells.StandStill - ALittle, 8);

        Assert.Empty(await RungHereAsync());
    }

    // As the hub does it: twice a second, first at once.
    private void Looks(TimeSpan during, params int[] partitions)
    {
        for (var passed = TimeSpan.Zero; passed < during; passed += ALittle)
        {
            _bells.Ring([.. partitions]);
            _clock.Pass(ALittle);
        }

        _bells.Ring([.. partitions]);
    }

    private async Task<IEnumerable<int>> RungHereAsync()
    {
        // A bell of our own ends the wait where nothing else rang.
        _doorbell.RingHere(Bell.Count - 1);
        var rung = await _doorbell.NextAsync(Bell.Count, TestContext.Current.CancellationToken);
        foreach (var bell in rung)
        {
            _doorbell.Answered(bell);
        }

        return rung.Where(bell => bell != Bell.Count - 1);
    }
}
