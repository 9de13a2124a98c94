using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Cases;
using Throughline.Engine.Delivery;
using Throughline.Engine.Intake;
using Throughline.Engine.Partition;
using Throughline.Model;
using Xunit;

namespace Throughline.Tests.Engine.Delivery;

/// <summary>The case of a system that does not work settles itself, whatever happened to what was told of it.</summary>
public sealed class When_a_system_comes_back
{
    private readonly List<bool> _told = [];
    private Case? _case;
    private bool _isStoreAway;

    [Fact]
    public async Task Should_find_out_although_nothing_is_due_for_it()
    {
        await using var lane = new DrivenLane();
        lane.Circuit.Note(new Failure.Authentication("refused"), lane.Clock.GetUtcNow());
        await lane.StepAsync();
        Assert.NotNull(lane.Circuit.OpenUntil);

        lane.Connector.Test = () => null;
        lane.Clock.Pass(TimeSpan.FromSeconds(3));
        await lane.RunUntilAsync(() => lane.Circuit.OpenUntil is null, "the system was asked");

        Assert.Empty(lane.Connector.Calls);
    }

    [Fact]
    public async Task Should_stay_out_while_it_answers_that_question_badly()
    {
        await using var lane = new DrivenLane();
        lane.Circuit.Note(new Failure.Authentication("refused"), lane.Clock.GetUtcNow());
        var asked = new TaskCompletionSource();
        lane.Connector.Test = () =>
        {
            asked.TrySetResult();
            return new Failure.Transient("it is not there");
        };
        lane.Clock.Pass(TimeSpan.FromSeconds(3));
        await lane.RunUntilAsync(() => asked.Task.IsCompleted && lane.Lane.IsIdle, "the system was asked");

        Assert.True(lane.Circuit.OpenUntil > lane.Clock.GetUtcNow());
    }

    [Fact]
    public async Task Should_be_told_again_where_the_store_was_away_when_it_was_told()
    {
        await using var lane = new DrivenLane();
        var watch = Watch(lane);
        Out(lane);
        await watch.LookAsync(CancellationToken.None);
        lane.Circuit.Note(null, lane.Clock.GetUtcNow());
        _isStoreAway = true;
        await Assert.ThrowsAsync<StoreUnavailableException>(() => watch.LookAsync(CancellationToken.None));

        _isStoreAway = false;
        await watch.LookAsync(CancellationToken.None);

        Assert.Equal([true, false], _told);
    }

    /// <summary>Another hub drove the lane before, and what it told of the outage came in after we told that it is over.</summary>
    [Fact]
    public async Task Should_be_told_again_where_its_case_says_something_else()
    {
        await using var lane = new DrivenLane();
        var watch = Watch(lane);
        await watch.LookAsync(CancellationToken.None);
        _case = Open(lane);

        await watch.LookAsync(CancellationToken.None);
        Assert.Equal([false], _told);
        lane.Clock.Pass(TimeSpan.FromSeconds(11));
        await watch.LookAsync(CancellationToken.None);
        Assert.Equal([false, false], _told);

        _case = null;
        lane.Clock.Pass(TimeSpan.FromSeconds(11));
        await watch.LookAsync(CancellationToken.None);
        Assert.Equal([false, false], _told);
    }

    /// <summary>A person tried its case again, which closed it, and it is still out.</summary>
    [Fact]
    public async Task Should_open_its_case_again_while_it_is_out()
    {
        await using var lane = new DrivenLane();
        var watch = Watch(lane);
        Out(lane);
        await watch.LookAsync(CancellationToken.None);
        _case = Open(lane) with { Status = CaseStatus.Settled };
        lane.Clock.Pass(TimeSpan.FromSeconds(11));

        await watch.LookAsync(CancellationToken.None);

        Assert.Equal([true, true], _told);
    }

    private static void Out(DrivenLane lane) => lane.Circuit.Note(new Failure.Authentication("refused"), lane.Clock.GetUtcNow());

    private static Case Open(DrivenLane lane) => new(
        LaneDecider.CaseOf(DrivenLane.System), new UnitKey(new Scope(LaneWatch.ScopeKind, DrivenLane.System), ""), "system:erp", null, null, "system", "integration-ops",
        DrivenLane.System, "it is out", "look", null, CaseStatus.Open, [CaseAction.Retry], null, lane.Clock.GetUtcNow(), lane.Clock.GetUtcNow(), null, null, null);

    private LaneWatch Watch(DrivenLane lane) => new([lane.Lane], lane.Clock, _ => true, (_, _) => Task.FromResult(_case), Append);

    private Task Append(ImmutableArray<IntakeItem> items)
    {
        if (_isStoreAway)
        {
            throw new StoreUnavailableException("the store is away", new TimeoutException());
        }

        _told.AddRange(items.Select(item => item.Envelope.Payload.Flag("blocked") == true));
        return Task.CompletedTask;
    }
}
