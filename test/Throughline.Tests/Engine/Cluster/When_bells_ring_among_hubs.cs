using Throughline.Engine.Cluster;
using Xunit;

namespace Throughline.Tests.Engine.Cluster;

public sealed class When_bells_ring_among_hubs
{
    private readonly HeardBroker _broker = new();
    private readonly ClusterDoorbell _bell;

    public When_bells_ring_among_hubs() => _bell = new ClusterDoorbell(_broker) { IsOurs = partition => partition == 7 };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Should_keep_what_is_ours_and_pass_on_the_rest()
    {
        _bell.Ring(7);
        _bell.Ring(8);

        Assert.Equal([7], await _bell.NextAsync(64, Stop));
        Assert.Equal(["bell 8"], _broker.Said);
    }

    [Fact]
    public async Task Should_hold_a_bell_until_its_partition_was_worked_on()
    {
        var first = new HeardBroker.Message();
        _bell.BellRang(3, first);
        Assert.Equal([3], await _bell.NextAsync(64, Stop));
        var second = new HeardBroker.Message();
        _bell.BellRang(3, second);
        Assert.Equal(("held", "held"), (first.Fate, second.Fate));

        _bell.Answered(3);

        // What rang while it was worked on may be about something that came later.
        Assert.Equal(("done", "held"), (first.Fate, second.Fate));
        Assert.Equal([3], await _bell.NextAsync(64, Stop));
        _bell.Answered(3);
        Assert.Equal("done", second.Fate);
    }
}
