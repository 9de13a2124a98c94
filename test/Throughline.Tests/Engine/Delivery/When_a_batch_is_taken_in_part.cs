using System.Collections.Immutable;
using System.Globalization;
using Throughline.Connect;
using Throughline.Engine.Delivery;
using Throughline.Engine.Partition;
using Throughline.Model;
using Xunit;

namespace Throughline.Tests.Engine.Delivery;

/// <summary>A target that takes lines one by one: what it has is never sent again beside what it does not have (found by the simulation).</summary>
public sealed class When_a_batch_is_taken_in_part
{
    [Fact]
    public async Task Should_send_again_only_the_lines_that_were_throttled()
    {
        var system = new LineByLine(Receipt.Done("1"), Receipt.Failed(new Failure.Throttled("slow down", null)), Receipt.Failed(new Failure.Validation("no", [])));

        var result = await Sender(system).SendAsync(Batch(WriteOperation.Create), () => false);

        Assert.Null(result.Failure);
        Assert.Equal(["1", null, null], result.Ids);
        Assert.Equal([2], result.Refused.Keys);
    }

    [Fact]
    public async Task Should_not_hold_up_the_changes_that_were_taken_by_one_that_was_throttled()
    {
        var system = new LineByLine(Receipt.Done("k0"), Receipt.Failed(new Failure.Throttled("slow down", null)), Receipt.Done("k2"));

        var result = await Sender(system).SendAsync(Batch(WriteOperation.Update), () => false);

        Assert.Null(result.Failure);
        Assert.Equal(["k0", null, "k2"], result.Ids);
        Assert.Empty(result.Refused);
    }

    [Fact]
    public async Task Should_send_again_the_lines_that_are_not_there_after_the_answer_was_lost()
    {
        var system = new LineByLine { Standing = { ["k0"] = "7" } };

        var result = await Sender(system).ProbeAsync(Batch(WriteOperation.Create));

        Assert.Equal((true, null), (result.WasProbe, result.Failure));
        Assert.Equal(["7", null, null], result.Ids);
        Assert.Empty(result.Refused);
    }

    private static CommandSender Sender(LineByLine system) =>
        new(new DecidedFirm().Landscape.Systems["erp"], system, new ManualClock(new DateTimeOffset(2026, 11, 20, 10, 0, 0, TimeSpan.Zero)));

    private static Command Batch(WriteOperation operation)
    {
        var at = new DateTimeOffset(2026, 11, 20, 10, 0, 0, TimeSpan.Zero);
        ImmutableArray<WriteItem> lines = [.. Enumerable.Range(0, 3).Select(place => new WriteItem(
            Key(place), "timesheet.line", operation, operation == WriteOperation.Create ? null : Key(place), Fields.Of(("uuid", Key(place))), Fields.Empty))];
        return new Command(
            CommandId.Derive("batch"), "erp", new UnitKey(new Scope("entries", "1"), ""), "timesheet.line", "entries:1", new WriteItem(
                "batch", "timesheet.line", operation, null, null, Fields.Empty), [], 4, CommandStatus.Sending, 1, at, at, null, null)
        {
            Lines = lines,
        };
    }

    private static string Key(int place) => "k" + place.ToString(CultureInfo.InvariantCulture);

    private sealed class LineByLine(params Receipt[] receipts) : IConnector
    {
        private readonly Queue<Receipt> _receipts = new(receipts);

        public Dictionary<string, string> Standing { get; } = [];

        public Manifest Manifest { get; } = new() { Kind = "lines", Title = "Lines", Summary = "", Configuration = [], Entities = [] };

        public Task<ConnectionReport> TestAsync(CancellationToken cancellation) => Task.FromResult(new ConnectionReport("lines", null));

        public IAsyncEnumerable<SourcePage> ReadAsync(string entity, Cursor? from, CancellationToken cancellation) => throw new NotSupportedException();

        public Task<ImmutableArray<SourceRecord>> FindAsync(FindRequest request, CancellationToken cancellation) => Task.FromResult<ImmutableArray<SourceRecord>>(
            Standing.TryGetValue(request.Key.Text("uuid")!, out var id) ? [new SourceRecord(request.Entity, id, null, Fields.Empty)] : []);

        public Task<ImmutableArray<Receipt>> WriteAsync(ImmutableArray<WriteItem> items, CancellationToken cancellation) =>
            Task.FromResult<ImmutableArray<Receipt>>([.. items.Select(_ => _receipts.Dequeue())]);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
