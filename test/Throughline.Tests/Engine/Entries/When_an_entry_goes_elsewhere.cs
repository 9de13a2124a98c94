using Throughline.Engine.Entries;
using Throughline.Landscape;
using Throughline.Model;
using Xunit;

namespace Throughline.Tests.Engine.Entries;

/// <summary>Records of one entry that come in another order than they were made, while it goes on to another engagement (found by the simulation).</summary>
public sealed class When_an_entry_goes_elsewhere
{
    private readonly DecidedTime _time = new();

    [Fact]
    public void Should_not_follow_an_older_record_to_where_it_was_booked_before()
    {
        var (row, _) = _time.Sent(5);

        var asked = _time.Turn(DecidedTime.Elsewhere, row);
        asked.Take(DecidedTime.Said(4, scope: DecidedTime.Elsewhere));
        var asking = _time.Turn(DecidedTime.Home, row);
        asking.Take(DecidedTime.Said(4) with { Home = DecidedTime.Elsewhere });

        Assert.Empty(asked.ToCommit().Messages);
        Assert.Empty(asking.ToCommit().Messages);
        Assert.Empty(asking.ToCommit().Rows);
    }

    /// <summary>An entry that were nowhere while the message is under way would begin anew with whatever came meanwhile.</summary>
    [Fact]
    public void Should_be_there_all_the_time()
    {
        var first = _time.Turn(DecidedTime.Elsewhere);
        first.Take(DecidedTime.Said(2, scope: DecidedTime.Elsewhere));
        var waiting = Assert.Single(first.ToCommit().Rows);
        Assert.Equal(EntryReasons.ForHome, waiting.Reason);

        var turn = _time.Turn(DecidedTime.Elsewhere, waiting);
        turn.MoveHome(waiting, DecidedTime.Home);
        turn.Take(DecidedTime.Said(1, scope: DecidedTime.Elsewhere));

        var commit = turn.ToCommit();
        var moved = Assert.Single(commit.Rows);
        Assert.Equal((DecidedTime.Home, waiting.Version, waiting.Attributes), (moved.Scope, moved.Version, moved.Attributes));
        var there = _time.Turn(DecidedTime.Home, moved);
        there.LookAgain(moved);
        Assert.Single(Assert.Single(there.ToCommit().Commands).Lines);
    }

    [Fact]
    public void Should_take_along_why_it_could_not_be_mapped()
    {
        var said = DecidedTime.Said(2, scope: DecidedTime.Elsewhere, failure: "the hours are no number");
        var (row, _) = _time.Sent(1);
        var turn = _time.Turn(DecidedTime.Elsewhere, row);
        turn.Take(said);

        Assert.Equal(said.Failure, EntryPayload.Read(Envelope(Assert.Single(turn.ToCommit().Messages))).Failure);
    }

    [Fact]
    public void Should_wait_for_nothing_any_more_where_it_is_deleted()
    {
        var unknown = _time.Turn(DecidedTime.Elsewhere);
        unknown.Take(DecidedTime.Said(1, scope: DecidedTime.Elsewhere));
        var waiting = unknown.ToCommit().Rows[0] with { IsTrouble = true };

        var turn = _time.Turn(DecidedTime.Elsewhere, waiting);
        turn.Take(DecidedTime.Said(2, scope: DecidedTime.Elsewhere, isDeleted: true));

        var row = Assert.Single(turn.ToCommit().Rows);
        Assert.Equal((EntryStatus.Kept, null, false), (row.Status, row.Reason, row.IsTrouble));
        Assert.Contains(DecidedTime.Elsewhere, turn.Told);
    }

    [Fact]
    public void Should_be_held_for_its_map_no_longer_where_it_is_deleted()
    {
        var first = _time.Turn(DecidedTime.Home);
        first.Take(DecidedTime.Said(1, failure: "the hours are no number"));
        var held = Assert.Single(first.ToCommit().Rows);
        Assert.Equal((EntryStatus.Held, EntryReasons.ByMap), (held.Status, held.Reason));

        var turn = _time.Turn(DecidedTime.Home, held);
        turn.Take(DecidedTime.Said(2, isDeleted: true, failure: "the hours are no number"));

        Assert.Equal(EntryStatus.Kept, Assert.Single(turn.ToCommit().Rows).Status);
    }

    private static Throughline.Engine.Envelope Envelope(Throughline.Engine.NewEnvelope message) => new(message, 1);
}
