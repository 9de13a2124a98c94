using System.Collections.Immutable;
using System.Globalization;
using Throughline.Engine;
using Throughline.Engine.Cases;
using Throughline.Engine.Partition;
using Throughline.Model;
using Xunit;
using static Throughline.Conformance.Store.StoreExamples;

namespace Throughline.Conformance.Store;

public abstract partial class StoreConformance
{
    [Fact]
    public async Task Should_read_control_before_intake_and_go_on_behind_the_cursors()
    {
        await Store.AppendAsync([Item(Alpha, "a1"), Item(Alpha, "a2")], Stop);
        var epoch = await TakeAndCommit(Alpha, new()
        {
            Partition = 0, Epoch = 0, Messages = [Envelope(Alpha, "m1", EnvelopeKind.Timer), Envelope(Alpha, "m2", EnvelopeKind.Receipt)],
        });
        Assert.Equal([Alpha.Partition], await Store.PartitionsWithWorkAsync(Stop));

        var all = await Store.ReadEnvelopesAsync(Alpha.Partition, 10, Stop);
        Assert.Equal(["m1", "m2", "a1", "a2"], all.Select(envelope => envelope.Payload.Text("name")));
        Assert.Equal(["m1", "m2", "a1"], (await Store.ReadEnvelopesAsync(Alpha.Partition, 3, Stop)).Select(envelope => envelope.Payload.Text("name")));

        var commit = new PartitionCommit { Partition = Alpha.Partition, Epoch = epoch, ControlCursor = all[1].Number, IntakeCursor = all[2].Number };
        await Store.CommitAsync(commit, Stop);
        Assert.Equal(["a2"], (await Store.ReadEnvelopesAsync(Alpha.Partition, 3, Stop)).Select(envelope => envelope.Payload.Text("name")));

        await Store.CommitAsync(commit with { ControlCursor = 0, IntakeCursor = all[3].Number }, Stop);
        Assert.Empty(await Store.ReadEnvelopesAsync(Alpha.Partition, 3, Stop));
        Assert.Empty(await Store.PartitionsWithWorkAsync(Stop));
    }

    [Fact]
    public async Task Should_read_and_commit_several_partitions_at_once_all_or_nothing()
    {
        await Store.AppendAsync([Item(Alpha, "a1"), Item(Alpha, "a2"), Item(Beta, "b1")], Stop);
        var alpha = await Store.TakePartitionAsync(Alpha.Partition, "test", Stop);
        var beta = await Store.TakePartitionAsync(Beta.Partition, "test", Stop);

        var read = await Store.ReadEnvelopesAsync([Beta.Partition, Alpha.Partition], 1, Stop);
        Assert.Equal(["b1", "a1"], read.Select(envelope => envelope.Payload.Text("name")));
        Assert.Empty(await Store.ReadEnvelopesAsync([], 10, Stop));

        var first = new PartitionCommit
        {
            Partition = Alpha.Partition, Epoch = alpha, IntakeCursor = 2, State = [State(Alpha, "r", "1")], Crosswalk = [Crosswalk(Alpha, "001A", "a")],
        };
        var second = new PartitionCommit
        {
            Partition = Beta.Partition, Epoch = beta, IntakeCursor = 1, State = [State(Beta, "r", "2")], Messages = [Envelope(Alpha, "m", EnvelopeKind.Change)],
        };
        var before = await Everything(Store);
        await Assert.ThrowsAsync<FencedException>(() => Store.CommitAsync([first, second with { Epoch = beta - 1 }], Stop));
        await Assert.ThrowsAsync<CrosswalkConflictException>(
            () => Store.CommitAsync([second with { Crosswalk = [Crosswalk(Beta, "001A", "b")] }, first], Stop));
        await Assert.ThrowsAsync<InvalidOperationException>(() => Store.CommitAsync([first, second with { IntakeCursor = 2 }], Stop));
        Assert.Equal(before, await Everything(Store));

        await Store.CommitAsync([second, first], Stop);

        Assert.Equal("1", (await Store.LoadScopeAsync(Alpha, Stop)).Single().Data!.Text("value"));
        Assert.Equal("2", (await Store.LoadScopeAsync(Beta, Stop)).Single().Data!.Text("value"));
        var left = await Store.ReadEnvelopesAsync([Alpha.Partition, Beta.Partition], 10, Stop);
        Assert.Equal(["m"], left.Select(envelope => envelope.Payload.Text("name")));
        Assert.Equal([Alpha.Partition], await Store.PartitionsWithWorkAsync(Stop));
    }

    [Fact]
    public async Task Should_write_nothing_of_a_fenced_commit()
    {
        var old = await Store.TakePartitionAsync(Alpha.Partition, "old", Stop);
        Assert.Equal(old + 1, await Store.TakePartitionAsync(Alpha.Partition, "new", Stop));
        await Store.AppendAsync([Item(Alpha, "a1")], Stop);
        var before = await Everything(Store);

        await Assert.ThrowsAsync<FencedException>(() => Store.CommitAsync(FullCommit() with { Epoch = old }, Stop));
        await Assert.ThrowsAsync<FencedException>(() => Store.CommitAsync(new PartitionCommit { Partition = Alpha.Partition, Epoch = old + 2 }, Stop));

        Assert.Equal(before, await Everything(Store));
        Assert.Empty(await Store.FindUnitsAsync([new UnitLookup(Alpha, "crm", "Account", "001A")], Stop));
    }

    [Fact]
    public async Task Should_let_no_commit_of_an_old_writer_pass_a_take_over()
    {
        var partition = Alpha.Partition;
        var old = await Store.TakePartitionAsync(partition, "old", Stop);
        var written = 0;
        var isTaken = 0;
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var writer = Task.Run(async () =>
        {
            // The end is only for a store that fences nobody: the case must fail then, not hang.
            for (var unfenced = 0; unfenced < 100; unfenced += Volatile.Read(ref isTaken))
            {
                var next = (written + 1).ToString(CultureInfo.InvariantCulture);
                await Store.CommitAsync(
                    new PartitionCommit { Partition = partition, Epoch = old, State = [State(Alpha, "counter", next)], Messages = [Envelope(Alpha, next)] }, Stop);
                if (++written == 20)
                {
                    started.SetResult();
                }
            }
        }, Stop);
        await Task.WhenAny(started.Task, writer);

        var epoch = await Store.TakePartitionAsync(partition, "new", Stop);
        Volatile.Write(ref isTaken, 1);
        var found = (await Store.LoadScopeAsync(Alpha, Stop)).Single().Data!.Text("value");
        var envelopes = (await Store.ReadEnvelopesAsync(partition, int.MaxValue, Stop)).Length;
        await Assert.ThrowsAsync<FencedException>(() => writer);

        Assert.Equal(written.ToString(CultureInfo.InvariantCulture), found);
        Assert.Equal(written, envelopes);
        Assert.Equal(found, (await Store.LoadScopeAsync(Alpha, Stop)).Single().Data!.Text("value"));
        await Store.CommitAsync(new PartitionCommit { Partition = partition, Epoch = epoch }, Stop);
    }

    [Fact]
    public async Task Should_refuse_a_cursor_beyond_the_end_of_its_stream()
    {
        await Store.AppendAsync([Item(Alpha, "a1")], Stop);
        var epoch = await Store.TakePartitionAsync(Alpha.Partition, "test", Stop);
        var commit = new PartitionCommit { Partition = Alpha.Partition, Epoch = epoch, State = [State(Alpha, "r", "1")] };

        await Assert.ThrowsAsync<InvalidOperationException>(() => Store.CommitAsync(commit with { IntakeCursor = 2 }, Stop));
        await Assert.ThrowsAsync<InvalidOperationException>(() => Store.CommitAsync(commit with { ControlCursor = 1 }, Stop));

        Assert.Empty(await Store.LoadScopeAsync(Alpha, Stop));
        Assert.Single(await Store.ReadEnvelopesAsync(Alpha.Partition, 10, Stop));
    }

    [Fact]
    public async Task Should_keep_good_commits_apart_from_refused_ones_beside_them()
    {
        // Stores may share one transaction among callers; a refusal of one must not touch the others.
        var epoch = await Store.TakePartitionAsync(Alpha.Partition, "test", Stop);
        await Store.CommitAsync(new PartitionCommit { Partition = Alpha.Partition, Epoch = epoch, Crosswalk = [Crosswalk(Alpha, "taken", "owner")] }, Stop);

        var results = await Task.WhenAll(Enumerable.Range(0, 60).Select(n => Task.Run(async () =>
        {
            var id = n.ToString(CultureInfo.InvariantCulture);
            try
            {
                await Store.CommitAsync(
                    new PartitionCommit
                    {
                        Partition = Alpha.Partition,
                        Epoch = n % 3 == 1 ? epoch - 1 : epoch,
                        State = [State(Alpha, id, "1")],
                        Messages = [Envelope(Alpha, id, EnvelopeKind.Change)],
                        Crosswalk = n % 3 == 2 ? [Crosswalk(Alpha, "taken", "thief")] : [],
                    },
                    Stop);
                return "written";
            }
            catch (Exception refusal) when (refusal is FencedException or CrosswalkConflictException)
            {
                return refusal.GetType().Name;
            }
        }, Stop)));

        Assert.Equal(
            Enumerable.Range(0, 60).Select(n => n % 3 == 0 ? "written" : n % 3 == 1 ? nameof(FencedException) : nameof(CrosswalkConflictException)), results);
        var written = Enumerable.Range(0, 20).Select(n => (n * 3).ToString(CultureInfo.InvariantCulture)).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(written, (await Store.LoadScopeAsync(Alpha, Stop)).Select(row => row.Id));
        var envelopes = await Store.ReadEnvelopesAsync(Alpha.Partition, 100, Stop);
        Assert.Equal(written, envelopes.Select(envelope => envelope.Payload.Text("name")).Order(StringComparer.Ordinal));
        Assert.Equal(Enumerable.Range(1, 20).Select(n => (long)n), envelopes.Select(envelope => envelope.Number));
    }

    [Fact]
    public async Task Should_load_back_what_a_commit_wrote()
    {
        var commit = FullCommit();
        await CommitOfEverything();

        Assert.Equal(Tell(commit.State.OrderBy(row => row.Unit.Unit).ThenBy(row => row.Kind)), Tell(await Store.LoadScopeAsync(Alpha, Stop)));
        Assert.Equal(Tell(commit.Commands), Tell(await Store.ListCommandsAsync(Alpha, 1_000, Stop)));
        Assert.Equal(Tell(commit.Cases), Tell(await Store.ListCasesAsync(new(), Stop)));
        Assert.Equal(Tell(commit.Instances), Tell(await Store.ListInstancesAsync(null, null, null, 10, Stop)));
        Assert.Equal(Tell(commit.Parked), Tell(await Store.ListParkedAsync(Alpha, 10, Stop)));
        Assert.Equal(WithoutNumbers(commit.Lineage), WithoutNumbers(await Store.ReadLineageAsync(Alpha.ToString(), 0, 10, Stop)));
        Assert.Equal(Tell(commit.Events), Tell((await Store.ReadEventsAsync(0, 10, Stop)).Select(item => item with { Number = 0 })));
        Assert.Equal(Tell(commit.Messages[0]), Tell((await Store.ReadEnvelopesAsync(Beta.Partition, 10, Stop)).Single().Content));
        Assert.Equal(T0.AddHours(1), await Store.NextTimerAsync(Stop));
        Assert.Equal([""], (await Store.FindUnitsAsync([new UnitLookup(Alpha, "crm", "Account", "001A")], Stop)).Select(found => found.Unit));
        Assert.Equal(new HubCounts(2, 0, 1, 2, 0, 1, 1, 0, 0), await Store.CountAsync(Stop) with { EnvelopesWaiting = 2 });
    }

    [Fact]
    public async Task Should_take_the_last_of_several_rows_with_one_key_and_delete_rows_without_data()
    {
        var epoch = await TakeAndCommit(Alpha, new()
        {
            Partition = 0,
            Epoch = 0,
            State = [State(Alpha, "r", "1"), State(Alpha, "r", "2"), State(Alpha, "gone", "x"), State(Alpha, "gone", null)],
            Cases = [Case(Alpha, "c"), Case(Alpha, "c", status: CaseStatus.Settled)],
            Instances = [Instance(Alpha, "i"), Instance(Alpha, "i", status: "done")],
            Timers = [Timer(Alpha, "t", T0), Timer(Alpha, "t", T0.AddDays(1)), Timer(Alpha, "off", T0), Timer(Alpha, "off", null)],
        });

        Assert.Equal("2", (await Store.LoadScopeAsync(Alpha, Stop)).Single().Data!.Text("value"));
        Assert.Equal(CaseStatus.Settled, (await Store.FindCaseAsync(CaseId("c"), Stop))!.Status);
        Assert.Equal("done", (await Store.ListInstancesAsync(null, null, null, 5, Stop)).Single().Status);
        Assert.Equal(T0.AddDays(1), await Store.NextTimerAsync(Stop));

        await Store.CommitAsync(
            new PartitionCommit
            {
                Partition = Alpha.Partition, Epoch = epoch, State = [State(Alpha, "r", null), State(Alpha, "never", null)], Timers = [Timer(Alpha, "t", null)],
            },
            Stop);
        Assert.Empty(await Store.LoadScopeAsync(Alpha, Stop));
        Assert.Null(await Store.NextTimerAsync(Stop));
    }

    [Fact]
    public async Task Should_list_the_newest_commands_of_a_scope_in_their_order()
    {
        await TakeAndCommit(Alpha, new()
        {
            Partition = 0, Epoch = 0,
            Commands =
            [
                Command(Alpha, "newest", created: T0.AddHours(2)), Command(Alpha, "oldest"), Command(Alpha, "next", created: T0.AddHours(1)),
                Command(Alpha, "last", created: T0.AddHours(2)),
            ],
        });

        Assert.Equal(["project/newest", "project/last"], (await Store.ListCommandsAsync(Alpha, 2, Stop)).Select(command => command.Target));
        Assert.Equal(["project/next", "project/newest", "project/last"], (await Store.ListCommandsAsync(Alpha, 3, Stop)).Select(command => command.Target));
        Assert.Empty(await Store.ListCommandsAsync(Beta, 3, Stop));
    }

    [Fact]
    public async Task Should_keep_the_first_form_of_a_command()
    {
        var epoch = await TakeAndCommit(Alpha, new() { Partition = 0, Epoch = 0, Commands = [Command(Alpha, "c"), Command(Alpha, "c", priority: 0)] });
        await Store.CommitAsync(
            new PartitionCommit { Partition = Alpha.Partition, Epoch = epoch, Commands = [Command(Alpha, "c", priority: 1), Command(Alpha, "d")] }, Stop);

        Assert.Equal([5, 5], (await Store.ListCommandsAsync(Alpha, 1_000, Stop)).Select(command => command.Priority));
    }

    [Fact]
    public async Task Should_refuse_a_commit_that_claims_the_id_of_another_record()
    {
        await TakeAndCommit(Alpha, new() { Partition = 0, Epoch = 0, Crosswalk = [Crosswalk(Alpha, "001A", "acme"), Crosswalk(Alpha, "001B", "acme")] });
        var epoch = await Store.TakePartitionAsync(Beta.Partition, "test", Stop);
        var commit = new PartitionCommit { Partition = Beta.Partition, Epoch = epoch, State = [State(Beta, "r", "1")] };
        var rival = Crosswalk(Beta, "001A", "acme");

        var failure = await Assert.ThrowsAsync<CrosswalkConflictException>(
            () => Store.CommitAsync(commit with { Crosswalk = [Crosswalk(Beta, "001C", "b"), rival] }, Stop));
        Assert.Equal(rival, failure.Row);
        var within = Crosswalk(Beta, "001D", "two");
        failure = await Assert.ThrowsAsync<CrosswalkConflictException>(
            () => Store.CommitAsync(commit with { Crosswalk = [Crosswalk(Beta, "001D", "one"), within] }, Stop));
        Assert.Equal(within, failure.Row);
        Assert.Empty(await Store.LoadScopeAsync(Beta, Stop));
        Assert.Empty(await Store.FindScopesAsync("001C", Stop));

        // The same record says it again, and another kind of scope may know the same id.
        await TakeAndCommit(Alpha, new() { Partition = 0, Epoch = 0, Crosswalk = [Crosswalk(Alpha, "001A", "acme")] });
        await TakeAndCommit(Customers, new() { Partition = 0, Epoch = 0, Crosswalk = [Crosswalk(Customers, "001A", "acme", "acme")] });
        Assert.Equal([Customers, Alpha], await Store.FindScopesAsync("001A", Stop));
    }

    [Fact]
    public async Task Should_let_one_of_two_writers_claim_an_id()
    {
        var scopes = Enumerable.Range(0, 8).Select(n => ScopeIn(n)).ToArray();
        var epochs = await Task.WhenAll(scopes.Select(scope => Store.TakePartitionAsync(scope.Partition, "test", Stop)));

        var results = await Task.WhenAll(scopes.Zip(epochs).Select(pair => Task.Run(async () =>
        {
            try
            {
                var rows = new[] { "x", "y", "z" }.Select(id => Crosswalk(pair.First, id, "k"));
                var ordered = pair.First.Partition % 2 == 0 ? rows : rows.Reverse();
                await Store.CommitAsync(new PartitionCommit { Partition = pair.First.Partition, Epoch = pair.Second, Crosswalk = [.. ordered] }, Stop);
                return true;
            }
            catch (CrosswalkConflictException)
            {
                return false;
            }
        }, Stop)));

        Assert.Equal(1, results.Count(isOwner => isOwner));
        Assert.Single(await Store.FindScopesAsync("y", Stop));
    }

    [Fact]
    public async Task Should_find_units_of_the_asked_scope_only_and_load_exactly_those_asked_for()
    {
        await TakeAndCommit(Customers, new()
        {
            Partition = 0,
            Epoch = 0,
            Crosswalk = [Crosswalk(Customers, "001A", "acme", "acme"), Crosswalk(Customers, "7", "acme", "acme", "erp", "party")],
            Matches =
            [
                new MatchRow(Customers, "customer", "DE123", "zeta"), new MatchRow(Customers, "customer", "DE123", "acme"),
                new MatchRow(Customers, "customer", "DE123", "acme"),
            ],
            State =
            [
                State(Customers, "r", "1", "acme"), State(Customers, "s", "2", "acme"), State(Customers, "r", "3", "zeta"), State(Customers, "r", "4", "other"),
            ],
        });
        var byId = new UnitLookup(Customers, "erp", "party", "7");
        var byKey = new UnitLookup(Customers, UnitLookup.MatchSystem, "customer", "DE123");

        var found = await Store.FindUnitsAsync(
            [byKey, new UnitLookup(Customers, "crm", "party", "7"), byId, byId with { Scope = Alpha }, byKey with { Entity = "project" }], Stop);

        Assert.Equal([new FoundUnit(byKey, "acme"), new FoundUnit(byKey, "zeta"), new FoundUnit(byId, "acme")], found);
        var rows = await Store.LoadUnitsAsync(
            [new UnitKey(Customers, "zeta"), new UnitKey(Customers, "acme"), new UnitKey(Customers, "zeta"), new UnitKey(Alpha, "other")], Stop);
        Assert.Equal(["3", "1", "2"], rows.Select(row => row.Data!.Text("value")));
        Assert.Empty(await Store.FindUnitsAsync([], Stop));
        Assert.Empty(await Store.LoadUnitsAsync([], Stop));
    }

    [Fact]
    public async Task Should_read_parked_envelopes_of_units_in_their_old_order_and_delete_released_ones()
    {
        ParkedEnvelope Park(Scope scope, string name, long number, EnvelopeKind kind) =>
            new(new Envelope(Envelope(scope, name, kind), number), "waits", T0.AddDays(1));
        var epoch = await TakeAndCommit(Alpha, new()
        {
            Partition = 0,
            Epoch = 0,
            Parked = [Park(Alpha, "p1", 9, EnvelopeKind.SourceRecord), Park(Alpha, "p2", 1, EnvelopeKind.Change)],
        });
        await Store.CommitAsync(
            new PartitionCommit
            {
                Partition = Alpha.Partition,
                Epoch = epoch,
                Parked = [Park(Alpha, "p3", 10, EnvelopeKind.SourceRecord), Park(Alpha, "p1", 9, EnvelopeKind.SourceRecord) with { Reason = "still waits" }],
                Messages = [Envelope(Alpha, "m", EnvelopeKind.Change)],
            },
            Stop);
        await TakeAndCommit(Beta, new() { Partition = 0, Epoch = 0, Parked = [Park(Beta, "q", 1, EnvelopeKind.Change)] });
        Assert.Equal(["still waits", "waits", "waits"], (await Store.ListParkedAsync(Alpha, 10, Stop)).Select(item => item.Reason));
        Assert.Equal(4, (await Store.ListParkedAsync(null, 10, Stop)).Length);
        Assert.Equal(["p1", "p2"], (await Store.ListParkedAsync(null, 2, Stop)).Select(item => item.Envelope.Payload.Text("name")));

        var read = await Store.ReadParkedAsync([new UnitKey(Alpha, ""), new UnitKey(Customers, "")], Stop);
        Assert.Equal(["p1", "p2", "p3"], read.Select(item => item.Envelope.Payload.Text("name")));
        Assert.Equal(Tell(Envelope(Alpha, "p3")), Tell(read[2].Envelope.Content));
        Assert.Empty(await Store.ReadParkedAsync([new UnitKey(Alpha, "other")], Stop));
        Assert.Empty(await Store.ReadParkedAsync([], Stop));

        await Store.CommitAsync(
            new PartitionCommit { Partition = Alpha.Partition, Epoch = epoch, Released = [EnvelopeId("p1"), EnvelopeId("p3"), EnvelopeId("never")] }, Stop);

        Assert.Equal(["p2", "q"], (await Store.ListParkedAsync(null, 10, Stop)).Select(item => item.Envelope.Payload.Text("name")));
    }
}
