using System.Collections.Immutable;
using System.Globalization;
using Throughline.Connect;
using Throughline.Engine;
using Throughline.Engine.Delivery;
using Throughline.Engine.Entries;
using Throughline.Engine.Intake;
using Throughline.Engine.Partition;
using Throughline.Model;
using Xunit;
using static Throughline.Conformance.Store.StoreExamples;

namespace Throughline.Conformance.Store;

public abstract partial class StoreConformance
{
    [Fact]
    public async Task Should_keep_entries_in_a_stream_of_their_own()
    {
        var receipts = await Store.AppendAsync([EntryItem(Alpha, "t1"), Item(Alpha, "deal"), EntryItem(Alpha, "t2"), EntryItem(Beta, "t3")], Stop);

        Assert.All(receipts, receipt => Assert.Equal(IntakeOutcome.Accepted, receipt.Outcome));
        Assert.Equal(new[] { Alpha.Partition, Beta.Partition }.Order(), await Store.PartitionsWithEntriesAsync(T0, Stop));
        Assert.Equal([Alpha.Partition], await Store.PartitionsWithWorkAsync(Stop));
        Assert.Equal(["deal"], (await Store.ReadEnvelopesAsync(Alpha.Partition, 10, Stop)).Select(NameOf));
        var work = await Store.ReadEntryWorkAsync([Alpha.Partition, Beta.Partition], T0, 10, Stop);
        Assert.Equal(["t1", "t2", "t3"], work.Envelopes.Select(NameOf));
        Assert.Equal([1L, 2L, 1L], work.Envelopes.Select(envelope => envelope.Number));
        Assert.Equal(["t1", "t3"], (await Store.ReadEntryWorkAsync([Alpha.Partition, Beta.Partition], T0, 1, Stop)).Envelopes.Select(NameOf));
        Assert.Empty(work.Due);
        Assert.Equal((1, 3), await Store.CountAsync(Stop) is var counts ? (counts.EnvelopesWaiting, counts.EntriesWaiting) : default);
    }

    [Fact]
    public async Task Should_know_the_keys_of_entries_beside_those_of_records()
    {
        await Store.AppendAsync([EntryItem(Alpha, "t1"), Item(Alpha, "deal")], Stop);

        var again = await Store.AppendAsync([EntryItem(Alpha, "t1"), EntryItem(Alpha, "t2"), EntryItem(Alpha, "t2"), Item(Alpha, "deal"), EntryItem(Alpha, "t1", "f2")], Stop);

        Assert.Equal(
            [IntakeOutcome.Duplicate, IntakeOutcome.Accepted, IntakeOutcome.Duplicate, IntakeOutcome.Duplicate, IntakeOutcome.Conflict],
            again.Select(receipt => receipt.Outcome));
        Assert.Equal("f1", again[4].FirstFingerprint);
        Assert.Equal(["t1", "t2"], (await Store.ReadEntryWorkAsync([Alpha.Partition], T0, 10, Stop)).Envelopes.Select(NameOf));
        var same = await Store.AppendAsync([EntryItem(Beta, "t9"), EntryItem(Beta, "t9"), EntryItem(Beta, "t9", "f2")], Stop);
        Assert.Equal([IntakeOutcome.Accepted, IntakeOutcome.Duplicate, IntakeOutcome.Conflict], same.Select(receipt => receipt.Outcome));
    }

    [Fact]
    public async Task Should_write_change_and_move_entries_with_their_cursor()
    {
        await Store.AppendAsync([EntryItem(Alpha, "t1"), EntryItem(Alpha, "t2")], Stop);
        var epoch = await Store.TakePartitionAsync(Alpha.Partition, "test", Stop);
        var sent = Entry(Alpha, "a") with { Status = EntryStatus.Sent, SentHash = "h", Batch = CommandId("b"), Place = 3, Sends = 1 };
        var held = Entry(Alpha, "b") with { Status = EntryStatus.Held, Reason = "hours", Says = "a day has 24 hours", Since = T0, IsTrouble = true };
        await Store.CommitEntriesAsync([new() { Partition = Alpha.Partition, Epoch = epoch, Cursor = 1, Rows = [sent, held] }], Stop);

        Assert.Equal(["t2"], (await Store.ReadEntryWorkAsync([Alpha.Partition], T0, 10, Stop)).Envelopes.Select(NameOf));
        Assert.Equal(Tell(new[] { sent, held }), Tell(await ByIdAsync([sent.Id, held.Id, EntryId.Parse(Guid.Empty.ToString())])));
        Assert.Equal(Tell(new[] { held }), Tell(await Store.LoadOpenEntriesAsync([Alpha, Beta], 10, Stop)));

        var mended = held with { Status = EntryStatus.Sent, Reason = null, Says = null, Since = null, IsTrouble = false, Version = "2", Deleted = true };
        var moved = sent with { Scope = Beta, Status = EntryStatus.Waiting, DueAt = T0 };
        await Store.CommitEntriesAsync([new() { Partition = Alpha.Partition, Epoch = epoch, Rows = [mended, moved] }], Stop);
        await ReopenAsync();

        Assert.Equal(Tell(new[] { moved, mended }), Tell(await ByIdAsync([sent.Id, held.Id])));
        Assert.Equal(["t2"], (await Store.ReadEntryWorkAsync([Alpha.Partition], T0, 10, Stop)).Envelopes.Select(NameOf));
        Assert.Equal(Tell(new[] { moved }), Tell((await Store.ReadEntryWorkAsync([Beta.Partition], T0, 10, Stop)).Due));
    }

    [Fact]
    public async Task Should_find_entries_whose_time_to_be_looked_at_has_come()
    {
        var epoch = await Store.TakePartitionAsync(Alpha.Partition, "test", Stop);
        EntryRow Waiting(string name, int minutes) => Entry(Alpha, name) with
        {
            Status = EntryStatus.Waiting, Reason = "id", Says = "waits", Since = T0, DueAt = T0.AddMinutes(minutes),
        };
        await Store.CommitEntriesAsync([new() { Partition = Alpha.Partition, Epoch = epoch, Rows = [Waiting("late", 5), Waiting("now", 0), Waiting("soon", 1)] }], Stop);

        Assert.Empty(await Store.PartitionsWithEntriesAsync(T0.AddTicks(-10), Stop));
        Assert.Equal([Alpha.Partition], await Store.PartitionsWithEntriesAsync(T0, Stop));
        Assert.Equal(["now"], (await Store.ReadEntryWorkAsync([Alpha.Partition], T0, 10, Stop)).Due.Select(row => row.ExternalId));
        Assert.Equal(["now", "soon"], (await Store.ReadEntryWorkAsync([Alpha.Partition], T0.AddMinutes(2), 10, Stop)).Due.Select(row => row.ExternalId).Order());
        Assert.Equal(["now"], (await Store.ReadEntryWorkAsync([Alpha.Partition], T0.AddMinutes(2), 1, Stop)).Due.Select(row => row.ExternalId));
        Assert.Equal(3, (await Store.LoadOpenEntriesAsync([Alpha], 10, Stop)).Length);
        Assert.Equal(2, (await Store.LoadOpenEntriesAsync([Alpha], 2, Stop)).Length);
    }

    [Fact]
    public async Task Should_list_entries_of_a_scope_by_id_in_pages()
    {
        var epoch = await Store.TakePartitionAsync(Alpha.Partition, "test", Stop);
        var rows = Enumerable.Range(0, 5).Select(n => Entry(Alpha, "n" + n.ToString(CultureInfo.InvariantCulture), T0.AddDays(n))).ToImmutableArray();
        await Store.CommitEntriesAsync([new() { Partition = Alpha.Partition, Epoch = epoch, Rows = [.. rows.Reverse()] }], Stop);

        var first = await Store.ListEntriesAsync(Alpha, null, 3, Stop);
        var second = await Store.ListEntriesAsync(Alpha, first[^1].Id, 3, Stop);

        // Those that were made at about the same time lie beside each other.
        Assert.Equal(rows.Select(row => row.Id), first.Concat(second).Select(row => row.Id));
        Assert.Empty(await Store.ListEntriesAsync(Beta, null, 3, Stop));
    }

    [Fact]
    public async Task Should_fence_entries_as_it_fences_the_partition()
    {
        await Store.AppendAsync([EntryItem(Alpha, "t1")], Stop);
        var old = await Store.TakePartitionAsync(Alpha.Partition, "old", Stop);
        var beta = await Store.TakePartitionAsync(Beta.Partition, "old", Stop);
        await Store.TakePartitionAsync(Alpha.Partition, "new", Stop);
        EntryCommit late = new()
        {
            Partition = Alpha.Partition, Epoch = old, Cursor = 1, Rows = [Entry(Alpha, "a")], Commands = [Command(Alpha, "c")], Messages = [Envelope(Beta, "m")],
        };
        EntryCommit fine = new() { Partition = Beta.Partition, Epoch = beta, Rows = [Entry(Beta, "b")] };

        await Assert.ThrowsAsync<FencedException>(() => Store.CommitEntriesAsync([late, fine], Stop));
        await Assert.ThrowsAsync<InvalidOperationException>(() => Store.CommitEntriesAsync([fine with { Cursor = 7 }], Stop));

        Assert.Empty(await Store.LoadEntriesAsync([Entry(Alpha, "a").Id, Entry(Beta, "b").Id], Stop));
        Assert.Empty(await Store.ListCommandsAsync(Alpha, 10, Stop));
        Assert.Empty(await Store.ReadEnvelopesAsync(Beta.Partition, 10, Stop));
        Assert.Single((await Store.ReadEntryWorkAsync([Alpha.Partition], T0, 10, Stop)).Envelopes);
    }

    [Fact]
    public async Task Should_pass_messages_between_entries_and_engagements()
    {
        var alpha = await Store.TakePartitionAsync(Alpha.Partition, "test", Stop);
        await Store.CommitEntriesAsync(
            [
                new()
                {
                    Partition = Alpha.Partition, Epoch = alpha,
                    Messages = [Envelope(Beta, "trouble", EnvelopeKind.EntryTrouble), Envelope(Beta, "moved", EnvelopeKind.Entry)],
                },
            ],
            Stop);
        var beta = await Store.TakePartitionAsync(Beta.Partition, "test", Stop);
        await Store.CommitAsync(
            new PartitionCommit
            {
                Partition = Beta.Partition, Epoch = beta,
                Messages = [Envelope(Alpha, "again", EnvelopeKind.EntriesAgain), Envelope(Alpha, "reply", EnvelopeKind.Reply)],
            },
            Stop);

        Assert.Equal(["trouble"], (await Store.ReadEnvelopesAsync(Beta.Partition, 10, Stop)).Select(NameOf));
        Assert.Equal(["moved"], (await Store.ReadEntryWorkAsync([Beta.Partition], T0, 10, Stop)).Envelopes.Select(NameOf));
        Assert.Equal(["reply"], (await Store.ReadEnvelopesAsync(Alpha.Partition, 10, Stop)).Select(NameOf));
        var again = Assert.Single((await Store.ReadEntryWorkAsync([Alpha.Partition], T0, 10, Stop)).Envelopes);
        Assert.Equal((EnvelopeKind.EntriesAgain, EnvelopeStream.Entries), (again.Kind, again.Stream));
    }

    [Fact]
    public async Task Should_keep_a_batch_with_its_lines_and_what_the_target_said()
    {
        var epoch = await Store.TakePartitionAsync(Alpha.Partition, "test", Stop);
        var changed = BatchLine("two") with { Operation = WriteOperation.Update, ExternalId = "17", Find = null };
        var batch = Command(Alpha, "batch") with { Adopt = [], Lines = [BatchLine("one"), changed] };
        await Store.CommitEntriesAsync([new() { Partition = Alpha.Partition, Epoch = epoch, Commands = [batch, batch with { Id = CommandId("refused") }] }], Stop);
        var lane = await Store.TakeLaneAsync("erp", "test", Stop);

        var claimed = await Store.ClaimCommandsAsync("erp", lane, T0, T0.AddSeconds(30), 4, Stop);
        Assert.Equal(Tell(batch.Lines), Tell(claimed[0].Lines));
        Assert.False(Assert.Single(await Store.LoadBatchesAsync([batch.Id], Stop)).IsConcluded);
        var refused = new NewEnvelope(EnvelopeId("r"), Alpha, "", EnvelopeKind.BatchReceipt, Fields.Of(("name", "r")), Alpha.ToString(), null, T0, T0);
        var rung = await Store.ConcludeAsync(
            "erp", lane,
            [
                new CommandOutcome(batch.Id, CommandStatus.Done, null, null, null) 
                {
                    Answer = BatchAnswer.Of(WriteOperation.Create, ["41", null], ImmutableDictionary<int, string>.Empty.Add(1, "no hours"), wasThere: true),
                },
                new CommandOutcome(CommandId("refused"), CommandStatus.Failed, null, "in-doubt: policy: no", refused),
            ],
            Stop);

        Assert.Equal([Bell.OfEntries(Alpha.Partition)], rung);
        var standing = (await Store.LoadBatchesAsync([batch.Id, CommandId("refused"), CommandId("nobody's")], Stop)).OrderBy(known => known.Status).ToArray();
        Assert.Equal([CommandStatus.Done, CommandStatus.Failed], standing.Select(known => known.Status));
        Assert.Equal(("erp", true, false), (standing[0].System, standing[0].WasThere, standing[0].IsInDoubt));
        Assert.Equal([new LineFate("41", true, null), new LineFate("17", false, "no hours")], standing[0].Lines);
        Assert.Equal((false, true), (standing[1].WasThere, standing[1].IsInDoubt));
        Assert.Equal([new LineFate(null, false, null), new LineFate("17", false, null)], standing[1].Lines);
        Assert.Equal(["r"], (await Store.ReadEntryWorkAsync([Alpha.Partition], T0, 10, Stop)).Envelopes.Select(NameOf));
        Assert.Equal([CommandStatus.Failed], (await Store.FindCommandsAsync([CommandId("refused"), CommandId("nobody's")], Stop)).Select(command => command.Status));
    }

    [Fact]
    public async Task Should_tell_which_engagement_an_id_belongs_to()
    {
        await TakeAndCommit(Alpha, new()
        {
            Partition = Alpha.Partition, Epoch = 0, Crosswalk = [Crosswalk(Alpha, "17", "k", system: "psa", entity: "project")],
        });

        var (lookup, home) = Assert.Single(await Store.FindHomesAsync(
            [new("psa", "project", "17"), new("psa", "project", "18"), new("psa", "issue", "17"), new("crm", "project", "17")], Stop));

        Assert.Equal((new HomeLookup("psa", "project", "17"), Alpha), (lookup, home));
    }

    private static string NameOf(Envelope envelope) => envelope.Payload.Text("name")!;

    private static IntakeItem EntryItem(Scope scope, string key, string? fingerprint = "f1") =>
        new("psa", "time_entry", key, fingerprint, Envelope(scope, key, EnvelopeKind.Entry));

    private static EntryRow Entry(Scope scope, string name, DateTimeOffset? created = null) => new(
        EntryId.Of("psa", "time_entry", name, created ?? T0), scope, "psa", "time-entry", "time_entry", name, "1", EntryStatus.Kept, Fields.Of(("hours", 7.5m)), null, null, 0, 0,
        null, null, null, null, EnvelopeId(name), T0);

    private static WriteItem BatchLine(string name) =>
        new("key/" + name, "timesheet.line", WriteOperation.Create, null, Fields.Of(("uuid", name)), Fields.Of(("duration", 27_000m)));

    private async Task<IEnumerable<EntryRow>> ByIdAsync(ImmutableArray<EntryId> ids)
    {
        var found = (await Store.LoadEntriesAsync(ids, Stop)).ToDictionary(row => row.Id);
        return ids.Where(found.ContainsKey).Select(id => found[id]).ToArray();
    }
}
