using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Delivery;
using Throughline.Engine.Partition;
using Throughline.Model;
using Throughline.Tests.Engine.Delivery;
using Xunit;

namespace Throughline.Tests.Engine.Partition;

/// <summary>
/// Lanes and partition workers of one hub: a command is claimed in the commit that decides it, and its outcome is concluded in the commit that decides its receipt. Where
/// that fails everything goes by the store, and nothing is lost or sent twice (invariants 2 and 3).
/// </summary>
public sealed class When_outcomes_take_the_short_way : IAsyncDisposable
{
    private readonly WorkedHub _hub = new();
    private readonly DrivenLane _lane;
    private readonly Bell _bell = new();
    private bool _isOurs = true;

    public When_outcomes_take_the_short_way()
    {
        _lane = new DrivenLane(memory: _hub.Memory, clock: _hub.Clock);
        var way = new ShortWay(new Dictionary<string, Lane>(StringComparer.Ordinal) { [DrivenLane.System] = _lane.Lane }, _ => _isOurs, _bell);
        (_hub.Worker.ShortWay, _lane.Lane.ShortWay) = (way, way);
        _hub.Worker.CommandsDecided = systems => _ = systems.Contains(DrivenLane.System) ? Ring() : false;
    }

    [Fact]
    public async Task Should_need_neither_a_claim_nor_an_envelope()
    {
        await DecideAsync();
        await HandedAsync();
        await _hub.WorkAsync(_bell.Last);

        Assert.Equal(CommandStatus.Done, (await CommandAsync()).Status);
        Assert.Equal([0], _lane.Store.Claims);
        Assert.Empty(await _hub.Memory.ReadEnvelopesAsync(Scope.Master("customer").Partition, 10, CancellationToken.None));
        Assert.Single(_hub.Store.Commits.SelectMany(commits => commits).SelectMany(commit => commit.Outcomes));
        Assert.True(_lane.Lane.IsIdle);
        await MustHaveBeenWrittenOnceAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Should_conclude_it_by_the_store_where_the_commit_failed_or_its_answer_was_lost(bool wasCommitted)
    {
        await DecideAsync();
        await HandedAsync();
        Fail(commit => !commit.Outcomes.IsEmpty, wasCommitted, () => new StoreUnavailableException("gone", new IOException()));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => _hub.WorkAsync(_bell.Last));
        Assert.False(_lane.Lane.IsIdle);

        await _lane.StepAsync();
        Assert.True(_lane.Lane.IsIdle);
        await _hub.DrainAsync();

        Assert.Equal(CommandStatus.Done, (await CommandAsync()).Status);
        await MustHaveBeenWrittenOnceAsync();
    }

    [Fact]
    public async Task Should_decide_the_rest_without_it_where_the_commit_is_refused()
    {
        await DecideAsync();
        await HandedAsync();
        await _hub.SendAsync(CrmRecords.Account("001B", "DE444444444"));
        Fail(commit => !commit.Outcomes.IsEmpty, wasCommitted: false, () => new InvalidOperationException("disputed"));
        await _hub.DrainAsync();
        Assert.Empty(await _hub.ParkedAsync());

        await _lane.StepAsync();
        await _hub.DrainAsync();

        Assert.Equal(CommandStatus.Done, (await CommandAsync()).Status);
        await MustHaveBeenWrittenOnceAsync();
    }

    [Fact]
    public async Task Should_conclude_it_by_the_store_where_nobody_took_it()
    {
        await DecideAsync();
        await HandedAsync();
        await _lane.StepAsync();
        Assert.Equal(CommandStatus.Sending, (await CommandAsync()).Status);

        _hub.Clock.Pass(TimeSpan.FromSeconds(2));
        await _lane.StepAsync();

        Assert.Equal(CommandStatus.Done, (await CommandAsync()).Status);
        Assert.NotEmpty(await _hub.Memory.PartitionsWithWorkAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Should_not_hand_over_what_belongs_to_a_partition_of_another_hub()
    {
        _isOurs = false;
        await DecideAsync();
        await _lane.RunUntilAsync(() => CommandAsync().Result.Status == CommandStatus.Done, "it is concluded by the store");

        Assert.Equal(0, _bell.Count);
    }

    [Fact]
    public async Task Should_ask_the_system_about_a_claim_of_which_nobody_knows_whether_it_was_committed()
    {
        Fail(commit => commit.Commands.Any(command => command.Status == CommandStatus.Sending), wasCommitted: true, () => new StoreUnavailableException("gone", new IOException()));
        await _lane.StepAsync();
        await _hub.SendAsync(CrmRecords.Account("001A"));
        await _hub.SendAsync(CrmRecords.Sale("006A"));
        await _hub.DrainAsync();
        Assert.Equal(CommandStatus.Sending, (await CommandAsync()).Status);
        Assert.Empty(_lane.Connector.Calls);

        await _lane.StepAsync();
        Assert.Equal(2, _lane.Store.Takes);
        _hub.Clock.Pass(TimeSpan.FromMinutes(1));
        await _lane.RunUntilAsync(() => _bell.Count > 0, "the system was asked and the command sent");
        await MustHaveBeenWrittenOnceAsync();
    }

    [Fact]
    public async Task Should_leave_it_to_the_lane_where_others_wait_already()
    {
        await _lane.StepAsync();
        _lane.Lane.Ring();
        Assert.Null(_lane.Lane.TryKeepRoom(1));

        await _lane.StepAsync();
        Assert.NotNull(_lane.Lane.TryKeepRoom(1));
        Assert.False(_lane.Lane.IsIdle);
        _hub.Clock.Pass(TimeSpan.FromSeconds(1));
        Assert.Null(_lane.Lane.TryKeepRoom(1));
    }

    /// <summary>The fence of a commit is that of one claim; what an older one brought must not slip in beside it.</summary>
    [Fact]
    public void Should_leave_outcomes_of_an_older_claim_of_the_lane_to_the_lane()
    {
        var scope = Scope.Engagement("006A");
        var way = new ShortWay(new Dictionary<string, Lane>(StringComparer.Ordinal), _ => true, _bell);
        HandedOutcome Of(long epoch)
        {
            var receipt = new NewEnvelope(
                new EnvelopeId(Guid.CreateVersion7()), scope, "", EnvelopeKind.Receipt, Fields.Empty, scope.ToString(), null, _hub.Clock.GetUtcNow(), _hub.Clock.GetUtcNow());
            return new HandedOutcome(_lane.Lane, epoch, new CommandOutcome(new CommandId(receipt.Id.Value), CommandStatus.Done, null, null, receipt), _hub.Clock.GetUtcNow());
        }

        Assert.All([Of(1), Of(2), Of(2)], handed => Assert.True(way.TryHand(handed)));
        using var quick = new QuickCommit(way);
        quick.Take([scope.Partition]);

        Assert.Equal([2, 2], quick.Handed.Select(handed => handed.Epoch));
    }

    [Fact]
    public async Task Should_look_for_those_that_wait_when_the_room_that_was_kept_is_free_again()
    {
        await using var narrow = new DrivenLane(concurrency: 1);
        await narrow.StepAsync();
        var room = narrow.Lane.TryKeepRoom(1)!.Value;
        await narrow.DecideAsync("one");
        Assert.Equal(0, await narrow.StepAsync());

        var wasWoken = false;
        narrow.Lane.Woken = () => wasWoken = true;
        narrow.Lane.Send(room, []);

        Assert.True(wasWoken);
        Assert.Equal(1, await narrow.StepAsync());
    }

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return _lane.DisposeAsync();
    }

    // A customer that the ERP does not have yet is the first thing that is written there.
    private async Task DecideAsync()
    {
        await _lane.StepAsync();
        await _hub.SendAsync(CrmRecords.Account("001A"));
        await _hub.SendAsync(CrmRecords.Sale("006A"));
        await _hub.DrainAsync();
    }

    private async Task HandedAsync() => await _bell.RungAsync().Within("the outcome is handed to the partition's worker");

    private async Task<Command> CommandAsync() =>
        Assert.Single(await _hub.Memory.ListCommandsAsync(Scope.Master("customer"), 100, CancellationToken.None));

    private async Task MustHaveBeenWrittenOnceAsync()
    {
        var command = await CommandAsync();
        Assert.Single(_lane.Connector.Calls, "Acme 001A");
        Assert.True(command.Attempt <= 2);
        Assert.DoesNotContain(await _hub.StoryAsync(Scope.Master("customer")), line => line.StartsWith("late-answer", StringComparison.Ordinal));
    }

    private void Fail(Func<PartitionCommit, bool> where, bool wasCommitted, Func<Exception> with)
    {
        var isFirst = true;
        void Throw(ImmutableArray<PartitionCommit> commits)
        {
            if (isFirst && commits.Any(where))
            {
                isFirst = false;
                throw with();
            }
        }

        if (wasCommitted)
        {
            _hub.Store.After = Throw;
        }
        else
        {
            _hub.Store.Before = Throw;
        }
    }

    private bool Ring()
    {
        _lane.Lane.Ring();
        return true;
    }

    private sealed class Bell : IDoorbell
    {
        private readonly SemaphoreSlim _rung = new(0);
        private int _count;

        public int Last { get; private set; }

        public int Count => Volatile.Read(ref _count);

        public Task RungAsync() => _rung.WaitAsync();

        public void Ring(int partition)
        {
            Last = partition;
            Interlocked.Increment(ref _count);
            _rung.Release();
        }

        public ValueTask<ImmutableArray<int>> NextAsync(int max, CancellationToken cancellation) => throw new NotSupportedException("tests work partitions themselves");

        public void Answered(int partition)
        {
        }
    }
}
