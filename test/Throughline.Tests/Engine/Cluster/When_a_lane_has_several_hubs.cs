using Microsoft.Extensions.Logging.Abstractions;
using Throughline.Conformance.Store;
using Throughline.Connect;
using Throughline.Engine;
using Throughline.Engine.Cluster;
using Throughline.Engine.Delivery;
using Throughline.Landscape;
using Throughline.Model;
using Throughline.Tests.Engine.Delivery;
using Xunit;

namespace Throughline.Tests.Engine.Cluster;

/// <summary>Two hubs' seats of one lane, on one store, with a clock that stands still until a test says otherwise.</summary>
public sealed class When_a_lane_has_several_hubs : IAsyncDisposable
{
    private readonly ManualClock _clock = new(new DateTimeOffset(2026, 11, 20, 10, 0, 0, TimeSpan.Zero));
    private readonly HeardBroker _broker = new();
    private readonly MemoryHubStore _store;
    private readonly (LaneSeat Seat, Lane Lane) _a;
    private readonly (LaneSeat Seat, Lane Lane) _b;

    public When_a_lane_has_several_hubs()
    {
        _store = new MemoryHubStore { Clock = _clock };
        (_a, _b) = (NewHub("a"), NewHub("b"));
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _a.Lane.DisposeAsync();
        await _b.Lane.DisposeAsync();
    }

    [Fact]
    public async Task Should_drive_only_with_the_token()
    {
        var message = new HeardBroker.Message();
        await StepAsync(_a);
        Assert.False(_a.Seat.IsDriving);

        _a.Seat.TokenCame(await MintAsync(), message);
        await StepAsync(_a);

        Assert.True(_a.Seat.IsDriving);
        Assert.Equal("held", message.Fate);
    }

    [Fact]
    public async Task Should_pass_to_who_gets_the_token_at_once()
    {
        var number = await MintAsync();
        var (mine, theirs) = (new HeardBroker.Message(), new HeardBroker.Message());
        _a.Seat.TokenCame(number, mine);
        await StepAsync(_a);

        _b.Seat.TokenCame(number, theirs);
        await StepAsync(_b);
        _clock.Pass(TimeSpan.FromSeconds(2));
        await StepAsync(_a);

        Assert.Equal((false, true), (_a.Seat.IsDriving, _b.Seat.IsDriving));
        Assert.Equal("given back", mine.Fate);
        await StepAsync(_a);
        Assert.False(_a.Seat.IsDriving);
        Assert.True(await IsDriverAsync(_b));
    }

    [Fact]
    public async Task Should_not_care_for_an_old_token()
    {
        var old = await MintAsync();
        _clock.Pass(LaneSeat.ValidFor);
        var current = await MintAsync();
        var message = new HeardBroker.Message();
        _a.Seat.TokenCame(current, new HeardBroker.Message());
        await StepAsync(_a);

        _b.Seat.TokenCame(old, message);
        await StepAsync(_b);

        Assert.Equal("done", message.Fate);
        Assert.Equal((true, false), (_a.Seat.IsDriving, _b.Seat.IsDriving));
        Assert.True(await IsDriverAsync(_a));
    }

    [Fact]
    public async Task Should_go_on_without_a_broker_and_void_the_token()
    {
        var number = await MintAsync();
        _a.Seat.TokenCame(number, new HeardBroker.Message());
        await StepAsync(_a);

        _broker.Trouble = "away";
        _a.Seat.TokenLost();
        await StepAsync(_a);
        _b.Seat.FoundFree();
        await StepAsync(_b);
        Assert.Equal((true, false), (_a.Seat.IsDriving, _b.Seat.IsDriving));

        // The broker is back and gives the old token to somebody else: it was made void meanwhile.
        var again = new HeardBroker.Message();
        _b.Seat.TokenCame(number, again);
        await StepAsync(_b);
        Assert.Equal("done", again.Fate);
        Assert.True(await IsDriverAsync(_a));
    }

    [Fact]
    public async Task Should_leave_the_lane_when_the_broker_is_back()
    {
        _broker.Trouble = "away";
        _a.Seat.FoundFree();
        await StepAsync(_a);
        Assert.True(_a.Seat.IsDriving);

        _broker.Trouble = null;
        await StepAsync(_a);

        Assert.False(_a.Seat.IsDriving);
        Assert.Equal(["erp"], await _store.LapsedLanesAsync(["erp"], Stop));
    }

    [Fact]
    public async Task Should_be_taken_over_without_a_broker_when_nobody_keeps_it()
    {
        _broker.Trouble = "away";
        _a.Seat.FoundFree();
        await StepAsync(_a);
        _clock.Pass(LaneSeat.ValidFor);
        _b.Seat.FoundFree();
        await StepAsync(_b);
        Assert.True(_b.Seat.IsDriving);

        await StepAsync(_a);

        Assert.False(_a.Seat.IsDriving);
        await Assert.ThrowsAsync<FencedException>(() => _a.Seat.WriteCursorAsync("erp", "thing", "old", Stop));
        await _b.Seat.WriteCursorAsync("erp", "thing", "new", Stop);
        Assert.Equal("new", await _a.Seat.ReadCursorAsync("erp", "thing", Stop));
    }

    [Fact]
    public async Task Should_hand_over_the_token_when_it_stops()
    {
        var message = new HeardBroker.Message();
        _a.Seat.TokenCame(await MintAsync(), message);
        await StepAsync(_a);

        await _a.Seat.StopAsync(_a.Lane, Task.CompletedTask);

        Assert.Equal("given back", message.Fate);
        Assert.False(_a.Seat.IsDriving);
    }

    [Fact]
    public async Task Should_give_the_token_back_before_the_broker_minds()
    {
        var number = await MintAsync();
        var (first, second) = (new HeardBroker.Message(), new HeardBroker.Message());
        _a.Seat.TokenCame(number, first);
        await StepAsync(_a);

        _clock.Pass(TimeSpan.FromMinutes(11));
        await StepAsync(_a);
        Assert.Equal(("given back", false), (first.Fate, _a.Seat.IsDriving));

        // To whomever the broker gives it next, it is as good as before.
        _b.Seat.TokenCame(number, second);
        await StepAsync(_b);
        Assert.True(_b.Seat.IsDriving);
    }

    private (LaneSeat Seat, Lane Lane) NewHub(string name)
    {
        var seat = new LaneSeat("erp", name, _store, _store, _store, _broker, _clock);
        var system = new SystemDeclaration("erp", "fake", Fields.Empty, [], [], DeliveryLimits.Default, null!);
        return (seat, new Lane(system, new AnsweringConnector(), seat, new InProcessDoorbell(), new LaneCircuit(), _clock, new Random(1), NullLogger<Lane>.Instance));
    }

    private static Task<int> StepAsync((LaneSeat Seat, Lane Lane) hub) => hub.Seat.WorkAsync(hub.Lane, Stop);

    private async Task<long> MintAsync() => (await _store.MintTokenAsync("erp", LaneSeat.ValidFor, Stop)).GetValueOrDefault();

    // Whose steps are not refused.
    private static async Task<bool> IsDriverAsync((LaneSeat Seat, Lane Lane) hub)
    {
        await StepAsync(hub);
        return hub.Seat.IsDriving;
    }
}
