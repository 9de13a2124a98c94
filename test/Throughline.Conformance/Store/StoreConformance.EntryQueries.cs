using Throughline.Connect;
using Throughline.Engine.Delivery;
using Throughline.Engine.Entries;
using Throughline.Model;
using Xunit;
using static Throughline.Conformance.Store.StoreExamples;

namespace Throughline.Conformance.Store;

public abstract partial class StoreConformance
{
    [Fact]
    public async Task Should_find_entries_newest_first_by_what_people_ask()
    {
        var (alpha, beta) = (await Store.TakePartitionAsync(Alpha.Partition, "test", Stop), await Store.TakePartitionAsync(Beta.Partition, "test", Stop));
        var rows = Enumerable.Range(0, 5).Select(n => Entry(Alpha, $"n{n}", T0.AddDays(n)) with { Status = n % 2 == 0 ? EntryStatus.Held : EntryStatus.Sent }).ToArray();
        var other = Entry(Beta, "n1", T0.AddDays(9)) with { System = "other" };
        await Store.CommitEntriesAsync(
            [new() { Partition = Alpha.Partition, Epoch = alpha, Rows = [.. rows] }, new() { Partition = Beta.Partition, Epoch = beta, Rows = [other] }], Stop);

        Assert.Equal(["n1", "n4", "n3", "n2", "n1", "n0"], await FoundAsync(new EntryFilter()));
        Assert.Equal(["n4", "n3"], await FoundAsync(new EntryFilter(Alpha, Max: 2)));
        Assert.Equal(["n2", "n1"], await FoundAsync(new EntryFilter(Alpha, After: rows[3].Id, Max: 2)));
        Assert.Equal(["n4", "n2", "n0"], await FoundAsync(new EntryFilter(Status: EntryStatus.Held)));
        Assert.Equal(["n3", "n1"], await FoundAsync(new EntryFilter(Alpha, EntryStatus.Sent)));
        Assert.Equal([other.Id, rows[1].Id], (await Store.FindEntriesAsync(new EntryFilter(ExternalId: "n1"), Stop)).Select(row => row.Id));
        Assert.Equal([rows[1].Id], (await Store.FindEntriesAsync(new EntryFilter(Alpha, ExternalId: "n1"), Stop)).Select(row => row.Id));
        Assert.Empty(await FoundAsync(new EntryFilter(ExternalId: "n\0")));
        Assert.Empty(await FoundAsync(new EntryFilter(Beta, EntryStatus.Waiting)));
    }

    [Fact]
    public async Task Should_count_entries_and_their_hours_by_how_they_stand()
    {
        var (alpha, beta) = (await Store.TakePartitionAsync(Alpha.Partition, "test", Stop), await Store.TakePartitionAsync(Beta.Partition, "test", Stop));
        var done = Command(Alpha, "done") with { Adopt = [], Lines = [BatchLine("x")] };
        var waits = Command(Alpha, "waits") with { Adopt = [], System = "other", Lines = [BatchLine("y")] };
        EntryRow Sent(string name, CommandId batch) => Entry(Alpha, name) with { Status = EntryStatus.Sent, SentHash = "h", Batch = batch };
        EntryRow Held(string name, string reason, decimal hours) => Entry(Alpha, name) with
        {
            // What people write must not be taken for the hours.
            Status = EntryStatus.Held, Reason = reason, Says = reason, Since = T0,
            Attributes = Fields.Of(("comment", "\"hours\":99 \u0001 \"hours\": 5"), ("hours", hours)),
        };
        await Store.CommitEntriesAsync(
            [
                new()
                {
                    Partition = Alpha.Partition, Epoch = alpha, Commands = [done, waits],
                    Rows =
                    [
                        Sent("a", done.Id), Sent("b", done.Id), Sent("c", waits.Id), Held("d", "task", 0.25m), Held("e", "task", 1m), Held("f", "hours", 25m),
                        Entry(Alpha, "g") with { Attributes = Fields.Of(("hours", null)) },
                    ],
                },
                new() { Partition = Beta.Partition, Epoch = beta, Rows = [Entry(Beta, "z")] },
            ],
            Stop);
        var lane = await Store.TakeLaneAsync("erp", "test", Stop);
        await Store.ClaimCommandsAsync("erp", lane, T0, T0.AddSeconds(30), 4, Stop);
        await Store.ConcludeAsync("erp", lane, [new CommandOutcome(done.Id, CommandStatus.Done, null, null, null) { Answer = BatchAnswer.Of(WriteOperation.Create, ["1"]) }], Stop);

        EntryCount[] ofAlpha =
        [
            new(EntryStatus.Kept, false, null, 1, 0), new(EntryStatus.Sent, false, null, 1, 7.5m), new(EntryStatus.Sent, true, null, 2, 15m),
            new(EntryStatus.Held, false, "hours", 1, 25m), new(EntryStatus.Held, false, "task", 2, 1.25m),
        ];
        Assert.Equal(ofAlpha, await Store.CountEntriesAsync(Alpha, Stop));
        Assert.Equal([ofAlpha[0] with { Count = 2, Hours = 7.5m }, .. ofAlpha[1..]], await Store.CountEntriesAsync(null, Stop));
        Assert.Equal([new EntryCount(EntryStatus.Kept, false, null, 1, 7.5m)], await Store.CountEntriesAsync(Beta, Stop));
    }

    private async Task<IEnumerable<string>> FoundAsync(EntryFilter filter) => (await Store.FindEntriesAsync(filter, Stop)).Select(row => row.ExternalId);
}
