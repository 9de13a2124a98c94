using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using Throughline.Engine;
using Throughline.Engine.Intake;
using Throughline.Engine.Partition;
using Throughline.Model;
using Xunit;
using static Throughline.Conformance.Store.StoreExamples;

namespace Throughline.Conformance.Store;

public abstract partial class StoreConformance
{
    [Fact]
    public async Task Should_append_in_the_order_given_and_say_where()
    {
        var receipts = await Store.AppendAsync([Item(Alpha, "a1"), Item(Beta, "b1"), Item(Alpha, "a2")], Stop);

        Assert.Equal(["a1", "b1", "a2"], receipts.Select(receipt => receipt.Key));
        Assert.All(receipts, receipt => Assert.Equal(IntakeOutcome.Accepted, receipt.Outcome));
        Assert.Equal([Alpha.Partition, Beta.Partition, Alpha.Partition], receipts.Select(receipt => receipt.Partition));
        var envelopes = await Store.ReadEnvelopesAsync(Alpha.Partition, 10, Stop);
        Assert.Equal([EnvelopeId("a1"), EnvelopeId("a2")], envelopes.Select(envelope => envelope.Id));
        Assert.True(envelopes[0].Number < envelopes[1].Number);
        Assert.Equal(Tell(Item(Alpha, "a1").Envelope), Tell(envelopes[0].Content));
        Assert.Empty(await Store.AppendAsync([], Stop));
    }

    [Fact]
    public async Task Should_answer_a_repeated_key_with_the_first_receipt_or_a_conflict()
    {
        await Store.AppendAsync([Item(Alpha, "k")], Stop);
        var again = Item(Beta, "k") with { Envelope = Envelope(Beta, "other") };

        var receipts = await Store.AppendAsync(
            [again, again with { Fingerprint = "f2" }, again with { Fingerprint = null }, Item(Alpha, "n", "x"), Item(Alpha, "n", "x"), Item(Alpha, "n", "y")],
            Stop);

        Assert.Equal(
            [
                new IntakeReceipt("k", IntakeOutcome.Duplicate, EnvelopeId("k"), -1),
                new IntakeReceipt("k", IntakeOutcome.Conflict, EnvelopeId("k"), -1, "f1"),
                new IntakeReceipt("k", IntakeOutcome.Duplicate, EnvelopeId("k"), -1),
                new IntakeReceipt("n", IntakeOutcome.Accepted, EnvelopeId("n"), Alpha.Partition),
                new IntakeReceipt("n", IntakeOutcome.Duplicate, EnvelopeId("n"), -1),
                new IntakeReceipt("n", IntakeOutcome.Conflict, EnvelopeId("n"), -1, "x"),
            ],
            receipts);
        Assert.Equal(2, (await Store.ReadEnvelopesAsync(Alpha.Partition, 10, Stop)).Length);
        Assert.Empty(await Store.ReadEnvelopesAsync(Beta.Partition, 10, Stop));
    }

    [Fact]
    public async Task Should_not_append_again_when_a_call_is_repeated_with_the_same_envelope()
    {
        var item = Item(Alpha, "k");
        await Store.AppendAsync([item], Stop);

        // As after a lost answer: the caller sends the very same envelope, among new ones.
        var receipts = await Store.AppendAsync([item, Item(Alpha, "new")], Stop);

        Assert.Equal([IntakeOutcome.Duplicate, IntakeOutcome.Accepted], receipts.Select(receipt => receipt.Outcome));
        Assert.Equal([EnvelopeId("k"), EnvelopeId("new")], (await Store.ReadEnvelopesAsync(Alpha.Partition, 10, Stop)).Select(e => e.Id));
    }

    [Fact]
    public async Task Should_never_conflict_where_the_first_had_no_fingerprint()
    {
        var receipts = await Store.AppendAsync([Item(Alpha, "k", null), Item(Alpha, "k", "f2")], Stop);

        Assert.Equal(IntakeOutcome.Duplicate, receipts[1].Outcome);
    }

    [Fact]
    public async Task Should_keep_keys_of_systems_and_entities_apart()
    {
        var receipts = await Store.AppendAsync(
            [Item(Alpha, "k"), Item(Alpha, "k", system: "psa"), Item(Alpha, "k", entity: "Account"), Item(Alpha, "xk", system: "c", entity: "rmx")], Stop);

        Assert.All(receipts, receipt => Assert.Equal(IntakeOutcome.Accepted, receipt.Outcome));
    }

    [Fact]
    public async Task Should_forget_the_oldest_keys_a_few_at_a_time_and_take_them_in_anew()
    {
        IntakeItem At(string key, int minute) => Item(Alpha, key) is var item ? item with { Envelope = item.Envelope with { ReceivedAt = T0.AddMinutes(minute) } } : item;
        await Store.AppendAsync([At("k3", 3), At("k1", 1), At("k5", 5), At("k2", 2), At("k4", 4)], Stop);

        Assert.Equal(2, await Store.ForgetKeysAsync(T0.AddMinutes(4), 2, Stop));
        Assert.Equal(1, await Store.ForgetKeysAsync(T0.AddMinutes(4), 2, Stop));
        Assert.Equal(0, await Store.ForgetKeysAsync(T0.AddMinutes(4), 2, Stop));

        var again = await Store.AppendAsync([.. Enumerable.Range(1, 5).Select(n => Item(Alpha, $"k{n}") with { Envelope = Envelope(Alpha, $"again{n}") })], Stop);
        Assert.Equal(
            [IntakeOutcome.Accepted, IntakeOutcome.Accepted, IntakeOutcome.Accepted, IntakeOutcome.Duplicate, IntakeOutcome.Duplicate],
            again.Select(receipt => receipt.Outcome));
        Assert.Equal(8, (await Store.ReadEnvelopesAsync(Alpha.Partition, 100, Stop)).Length);
    }

    [Fact]
    public async Task Should_never_say_that_it_took_in_what_it_did_not_while_keys_are_forgotten()
    {
        // Old keys come again at the very moment at which they are forgotten. Each answer must be true: accepted means appended.
        var accepted = new ConcurrentQueue<EnvelopeId>();
        await Task.WhenAll(Enumerable.Range(0, 6).Select(caller => Task.Run(async () =>
        {
            for (var call = 0; call < 40; call++)
            {
                try
                {
                    if (caller < 2)
                    {
                        await Store.ForgetKeysAsync(T0.AddDays(1), 50, Stop);
                        continue;
                    }

                    var items = Enumerable.Range(0, 5).Select(n => Item(Alpha, "k" + n) with { Envelope = Envelope(Alpha, $"{caller}-{call}-{n}") });
                    foreach (var receipt in (await Store.AppendAsync([.. items], Stop)).Where(receipt => receipt.Outcome == IntakeOutcome.Accepted))
                    {
                        accepted.Enqueue(receipt.Envelope);
                    }
                }
                catch (StoreUnavailableException)
                {
                    // Nothing was acknowledged; a sender would send it again.
                }
            }
        }, Stop)));

        var there = (await Store.ReadEnvelopesAsync(Alpha.Partition, 10_000, Stop)).Select(envelope => envelope.Id).ToHashSet();
        Assert.Equal(accepted.Count, there.Count);
        Assert.All(accepted, envelope => Assert.Contains(envelope, there));
    }

    [Fact]
    public async Task Should_number_parallel_appends_in_commit_order()
    {
        // The reader moves its own mark as a partition's writer does: what it has passed must never appear later.
        const int callers = 6, calls = 25, length = 3;
        var seen = new ConcurrentQueue<long>();
        using var ended = new CancellationTokenSource();
        var epoch = await Store.TakePartitionAsync(Alpha.Partition, "reader", Stop);
        var reader = Task.Run(async () =>
        {
            while (true)
            {
                var isLast = ended.IsCancellationRequested;
                var envelopes = await Store.ReadEnvelopesAsync(Alpha.Partition, 1000, Stop);
                foreach (var envelope in envelopes)
                {
                    seen.Enqueue(envelope.Number);
                }

                if (envelopes.Length > 0)
                {
                    await Store.CommitAsync(new PartitionCommit { Partition = Alpha.Partition, Epoch = epoch, IntakeCursor = envelopes[^1].Number }, Stop);
                }
                else if (isLast)
                {
                    return;
                }
                else
                {
                    await Task.Yield();
                }
            }
        }, Stop);
        await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            for (var call = 0; call < calls; call++)
            {
                var keys = Enumerable.Range(0, length).Select(n => string.Create(CultureInfo.InvariantCulture, $"{caller}-{call}-{n}"));
                await Store.AppendAsync([.. keys.Select(key => Item(Alpha, key))], Stop);
            }
        }, Stop)));
        await ended.CancelAsync();
        await reader;

        Assert.Equal(callers * calls * length, seen.Count);
        Assert.Equal(seen.Order(), seen);
        Assert.Equal(seen.Count, seen.Distinct().Count());
    }

    [Fact]
    public async Task Should_accept_each_key_once_when_many_send_the_same()
    {
        var keys = Enumerable.Range(0, 40).Select(n => "same-" + n.ToString(CultureInfo.InvariantCulture)).ToArray();

        var all = await Task.WhenAll(Enumerable.Range(0, 6).Select(caller => Task.Run(() =>
        {
            var random = new Random(caller);
            var shuffled = keys.OrderBy(_ => random.Next()).ToArray();
            return Store.AppendAsync([.. shuffled.Select(key => Item(Alpha, key) with { Envelope = Envelope(Alpha, key + caller) })], Stop);
        }, Stop)));

        var accepted = all.SelectMany(receipts => receipts).Where(receipt => receipt.Outcome == IntakeOutcome.Accepted).ToList();
        Assert.Equal(keys.Order(), accepted.Select(receipt => receipt.Key).Order());
        var winners = accepted.ToDictionary(receipt => receipt.Key, receipt => receipt.Envelope);
        Assert.All(all.SelectMany(receipts => receipts), receipt => Assert.Equal(winners[receipt.Key], receipt.Envelope));
        Assert.Equal(keys.Length, (await Store.ReadEnvelopesAsync(Alpha.Partition, 1000, Stop)).Length);
    }

    [Theory]
    [InlineData("it's \"quoted\" \\ and; drop table envelope; --")]
    [InlineData("$1 ?1 @p :p %s {0} '' \\' E'\\x'")]
    [InlineData("emoji 👩‍🚀 and ümlaut and 漢字 and \uFFFD")]
    [InlineData("line\r\nbreak\ttab \u0001\u001f\u2028")]
    [InlineData("")]
    public async Task Should_keep_any_text_as_it_is(string text)
    {
        var scope = Scope.Engagement(text);
        var payload = Fields.Of((text, text), ("nul", "a\0b"), ("deep", Fields.Of(("list", new object?[] { text, null, 1.10m, true }))));
        var envelope = Envelope(scope, "e") with { Payload = payload, Unit = text, CorrelationId = text };
        var item = new IntakeItem("crm " + text, "e" + text, "k" + text, text, envelope);

        await Store.AppendAsync([item], Stop);
        await TakeAndCommit(scope, new()
        {
            Partition = 0,
            Epoch = 0,
            State = [new StateRow(new UnitKey(scope, text), StateKind.Record, text, payload)],
            Crosswalk = [Crosswalk(scope, text, text, text, text, text)],
            Matches = [new MatchRow(scope, text, text, text)],
            Lineage = [Line(scope, text, text)],
            Cases = [Case(scope, "c") with { Says = text, Queue = text, Reason = text }],
        });

        Assert.Equal(Tell(item.Envelope), Tell((await Store.ReadEnvelopesAsync(scope.Partition, 10, Stop)).Single().Content));
        Assert.Equal(payload, (await Store.LoadUnitsAsync([new UnitKey(scope, text)], Stop)).Single().Data);
        var lookups = ImmutableArray.Create(new UnitLookup(scope, text, text, text), new UnitLookup(scope, UnitLookup.MatchSystem, text, text));
        Assert.Equal([text, text], (await Store.FindUnitsAsync(lookups, Stop)).Select(found => found.Unit));
        Assert.Equal(text, (await Store.ReadLineageAsync(text, 0, 10, Stop)).Single().Text);
        Assert.Equal(text, (await Store.ListCasesAsync(new(Queue: text), Stop)).Single().Says);
        Assert.Contains(scope, await Store.FindScopesAsync(text, Stop));
        Assert.Equal(IntakeOutcome.Duplicate, (await Store.AppendAsync([item], Stop))[0].Outcome);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0xD83D)]
    [InlineData(0xDE00)]
    public async Task Should_refuse_keys_that_no_store_can_hold_and_mend_texts_for_people(int character)
    {
        // NUL, or half of a surrogate pair; the runner itself could not hand such a text over.
        var text = "a" + (char)character + "b";
        var epoch = await Store.TakePartitionAsync(Alpha.Partition, "test", Stop);
        var commit = new PartitionCommit { Partition = Alpha.Partition, Epoch = epoch };

        await Assert.ThrowsAsync<ArgumentException>(async () => await Store.AppendAsync([Item(Alpha, "fine"), Item(Alpha, text)], Stop));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Store.AppendAsync([Item(Scope.Engagement(text), "k")], Stop));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.CommitAsync(commit with { State = [State(Alpha, text, "v")] }, Stop));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.CommitAsync(commit with { Crosswalk = [Crosswalk(Alpha, text, "k")] }, Stop));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.WriteCursorAsync("crm", text, "c", Stop));
        await Store.CommitAsync(commit with { Lineage = [Line(Alpha, text)] }, Stop);

        Assert.Empty(await Store.PartitionsWithWorkAsync(Stop));
        Assert.Equal("a\uFFFDb", (await Store.ReadLineageAsync(Alpha.ToString(), 0, 9, Stop)).Single().Text);
    }
}
