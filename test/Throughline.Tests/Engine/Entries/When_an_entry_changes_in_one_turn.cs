using Throughline.Connect;
using Throughline.Engine.Delivery;
using Throughline.Engine.Entries;
using Xunit;

namespace Throughline.Tests.Engine.Entries;

/// <summary>Several things that come at once: one line of an entry is under way at a time, whatever comes together (found by the simulation).</summary>
public sealed class When_an_entry_changes_in_one_turn
{
    private readonly DecidedTime _time = new();

    [Fact]
    public void Should_send_one_line_with_the_newest_content()
    {
        var turn = _time.Turn(DecidedTime.Home);
        turn.Take(DecidedTime.Said(1, 8m));
        turn.Take(DecidedTime.Said(2, 6m));

        var line = Assert.Single(Assert.Single(turn.ToCommit().Commands).Lines);
        Assert.Equal(6m * 3600, line.Fields.Number("duration"));
        Assert.Equal($"{DecidedTime.Id}/1", line.IdempotencyKey);
    }

    [Fact]
    public void Should_send_nothing_where_it_is_deleted_before_it_has_left()
    {
        var turn = _time.Turn(DecidedTime.Home);
        turn.Take(DecidedTime.Said(1));
        turn.Take(DecidedTime.Said(2, isDeleted: true));

        var commit = turn.ToCommit();
        Assert.Empty(commit.Commands);
        var row = Assert.Single(commit.Rows);
        Assert.Equal((EntryStatus.Kept, null, false), (row.Status, row.SentHash, row.IsTrouble));
    }

    /// <summary>It was decided in the knowledge that the batch was refused; the halves of the batch are not to bring its old content beside the new one.</summary>
    [Fact]
    public void Should_not_send_the_old_line_of_a_refused_batch_beside_the_new_one()
    {
        var (row, batch) = _time.Sent(1);
        batch = batch with { Lines = [.. batch.Lines, batch.Lines[0] with { IdempotencyKey = $"{EntryId("other")}/1" }] };
        var turn = _time.Turn(DecidedTime.Home, row);
        turn.Load(EntryBatch.Of(batch.Id, "erp", CommandStatus.Failed, "validation: no", null, () => (batch.Item, batch.Lines)));

        turn.Take(DecidedTime.Said(2, 6m));
        turn.Take(batch);

        var line = Assert.Single(Assert.Single(turn.ToCommit().Commands).Lines);
        Assert.Equal(6m * 3600, line.Fields.Number("duration"));
    }

    /// <summary>Sent as a whole once more, the lines that the target has would stand twice.</summary>
    [Fact]
    public void Should_send_only_the_lines_again_that_the_target_does_not_have()
    {
        var (row, batch) = _time.Sent(1);
        batch = batch with { Lines = [batch.Lines[0] with { IdempotencyKey = $"{EntryId("other")}/1" }, .. batch.Lines] };
        var turn = _time.Turn(DecidedTime.Home, row with { Place = 1 });
        var answer = BatchAnswer.Of(WriteOperation.Create, ["1", null]);
        turn.Load(EntryBatch.Of(batch.Id, "erp", CommandStatus.Done, null, answer, () => (batch.Item, batch.Lines)));

        turn.Take(batch);

        var commit = turn.ToCommit();
        var again = Assert.Single(commit.Commands);
        Assert.Equal([$"{DecidedTime.Id}/2"], again.Lines.Select(line => line.IdempotencyKey));
        Assert.Equal((WriteOperation.Create, EntryStatus.Sent, again.Id, 0), (again.Item.Operation, commit.Rows[0].Status, commit.Rows[0].Batch!.Value, commit.Rows[0].Place));
    }

    private static Throughline.Model.EntryId EntryId(string name) => Throughline.Model.EntryId.Of("psa", "time_entry", name, null);
}
