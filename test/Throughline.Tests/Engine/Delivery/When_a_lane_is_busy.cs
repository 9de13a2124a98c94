using Throughline.Engine;
using Throughline.Engine.Delivery;
using Throughline.Model;
using Xunit;

namespace Throughline.Tests.Engine.Delivery;

/// <summary>Calls run beside each other within the limits of a system, and nothing is sent that should not be any more.</summary>
public sealed class When_a_lane_is_busy
{
    [Fact]
    public async Task Should_hold_up_nothing_but_its_own_record_where_calls_are_slow()
    {
        await using var lane = new DrivenLane();
        string[] slow = ["slow0", "slow1", "slow2"];
        lane.Connector.Hold(slow);
        await lane.DecideAsync([.. slow, .. DrivenLane.Names("quick", 20)]);

        await lane.RunUntilAsync(() => lane.Count(CommandStatus.Done) == 20, "twenty quick calls are done beside three slow ones");

        Assert.All(slow, name => Assert.Equal(CommandStatus.Sending, lane[name].Status));
    }

    [Fact]
    public async Task Should_never_make_more_calls_at_once_than_the_system_bears_however_many_it_claims_ahead()
    {
        await using var lane = new DrivenLane();
        await lane.DecideAsync(DrivenLane.Names("c", 300));

        await lane.RunUntilAsync(() => lane.Count(CommandStatus.Done) == 300, "all are done");

        Assert.InRange(lane.Connector.Most, 1, 4);
        Assert.True(lane.Store.Claims.Max() > 4, "nothing was claimed ahead");
        Assert.Equal(300, lane.Connector.Calls.Distinct().Count());
        Assert.Equal(300, lane.Connector.Calls.Length);
        Assert.Equal(300, await lane.ReceiptsAsync());
    }

    [Fact]
    public async Task Should_send_what_matters_most_first()
    {
        await using var lane = new DrivenLane(concurrency: 1);
        await WarmAsync(lane);
        await lane.DecideAsync([.. DrivenLane.Names("c", 6), .. DrivenLane.Names("urgent", 6)]);
        await lane.RunUntilAsync(() => lane.Count(CommandStatus.Done) == 52, "all are done");

        Assert.All(lane.Connector.Calls[^12..^6], name => Assert.StartsWith("urgent", name, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Should_send_none_of_what_was_claimed_ahead_once_the_circuit_is_open()
    {
        await using var lane = new DrivenLane(concurrency: 1);
        await WarmAsync(lane);
        var sent = await QueueBehindAsync(lane, "first");
        lane.Connector.Answer("first", new Failure.Authentication("we are not known here"));
        await lane.RunUntilAsync(() => lane.Count(CommandStatus.Sending) == 0, "all that was claimed is concluded");

        Assert.Equal(sent, lane.Connector.Calls.Length);
        Assert.NotNull(lane.Circuit.OpenUntil);
        lane.Clock.Pass(TimeSpan.FromMinutes(2));
        await lane.RunUntilAsync(() => lane.Count(CommandStatus.Done) == 46, "all are done once the system takes them again");
        Assert.Equal(lane.Connector.Calls.Length - 1, lane.Connector.Calls.Distinct().Count());
    }

    [Fact]
    public async Task Should_not_send_what_waited_too_long_for_its_turn_and_count_no_attempt()
    {
        await using var lane = new DrivenLane(concurrency: 1);
        await WarmAsync(lane);
        var sent = await QueueBehindAsync(lane, "first");
        lane.Clock.Pass(TimeSpan.FromSeconds(6));
        lane.Connector.Answer("first");
        await lane.RunUntilAsync(() => lane.Count(CommandStatus.Done) == 46, "it is claimed and sent anew");

        // Claimed twice, sent once.
        Assert.All(DrivenLane.Names("later", 5), name => Assert.Equal(1, lane[name].Attempt));
        Assert.Equal(sent + 5, lane.Connector.Calls.Length);
    }

    [Fact]
    public async Task Should_send_nothing_more_when_it_stops_and_conclude_what_was_sent()
    {
        var lane = new DrivenLane(concurrency: 1);
        await WarmAsync(lane);
        var sent = await QueueBehindAsync(lane, "first");
        var stopped = lane.Lane.DisposeAsync().AsTask();
        Assert.False(stopped.IsCompleted);
        lane.Connector.Answer("first");
        await stopped.Within("the lane stops");

        Assert.Equal(sent, lane.Connector.Calls.Length);
        Assert.Equal(CommandStatus.Done, lane["first"].Status);
        Assert.All(DrivenLane.Names("later", 5), name => Assert.Equal(CommandStatus.Waiting, lane[name].Status));
    }

    [Fact]
    public async Task Should_look_for_commands_when_it_is_rung_or_half_a_second_has_passed_and_not_in_between()
    {
        await using var lane = new DrivenLane();
        await lane.StepAsync();
        var claims = lane.Store.Claims.Count;
        await lane.StepAsync();
        lane.Clock.Pass(TimeSpan.FromMilliseconds(499));
        await lane.StepAsync();
        Assert.Equal(claims, lane.Store.Claims.Count);

        lane.Clock.Pass(TimeSpan.FromMilliseconds(1));
        await lane.StepAsync();
        Assert.Equal(claims + 1, lane.Store.Claims.Count);
        lane.Lane.Ring();
        await lane.StepAsync();
        Assert.Equal(claims + 2, lane.Store.Claims.Count);
    }

    /// <summary>Many quick calls, so that the lane begins to claim ahead.</summary>
    private static async Task WarmAsync(DrivenLane lane)
    {
        await lane.DecideAsync(DrivenLane.Names("warm", 40));
        await lane.RunUntilAsync(() => lane.Count(CommandStatus.Done) == 40, "the lane is warm");
    }

    /// <summary>One call under way and five that were claimed behind it; returns how many calls were made by then.</summary>
    private static async Task<int> QueueBehindAsync(DrivenLane lane, string first)
    {
        lane.Connector.Hold(first);
        await lane.DecideAsync([first, .. DrivenLane.Names("later", 5)]);
        await lane.StepAsync();
        await lane.Connector.BegunAsync(first);
        Assert.Equal(6, lane.Count(CommandStatus.Sending));
        return lane.Connector.Calls.Length;
    }
}
