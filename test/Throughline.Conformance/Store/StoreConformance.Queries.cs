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
    public async Task Should_fire_due_timers_once_and_in_order()
    {
        await TakeAndCommit(Alpha, new()
        {
            Partition = 0,
            Epoch = 0,
            Timers = [Timer(Alpha, "b", T0.AddMinutes(2)), Timer(Alpha, "a", T0.AddMinutes(1)), Timer(Alpha, "c", T0.AddMinutes(3).AddTicks(1))],
        });
        await TakeAndCommit(Beta, new() { Partition = 0, Epoch = 0, Timers = [Timer(Beta, "a", T0.AddMinutes(1), "other")] });
        Assert.Equal(T0.AddMinutes(1), await Store.NextTimerAsync(Stop));
        Assert.Empty(await Store.FireTimersAsync(T0, 10, Stop));

        Assert.Equal(new[] { Alpha.Partition, Beta.Partition }.Order(), await Store.FireTimersAsync(T0.AddMinutes(3), 10, Stop));
        Assert.Empty(await Store.FireTimersAsync(T0.AddMinutes(3), 10, Stop));

        var fired = await Store.ReadEnvelopesAsync(Alpha.Partition, 10, Stop);
        Assert.Equal(["a", "b"], fired.Select(envelope => envelope.Payload.Text("timer")));
        var first = fired[0].Content;
        Assert.Equal((EnvelopeKind.Timer, "u", Alpha.ToString()), (first.Kind, first.Unit, first.CorrelationId));
        Assert.Equal((T0.AddMinutes(1), T0.AddMinutes(3)), (first.OccurredAt, first.ReceivedAt));
        Assert.Equal(T0.AddMinutes(3).AddTicks(10), await Store.NextTimerAsync(Stop));
        Assert.Equal([Alpha.Partition], await Store.FireTimersAsync(T0.AddMinutes(3).AddTicks(10), 10, Stop));
    }

    [Fact]
    public async Task Should_fire_each_timer_once_when_many_look_at_the_same_time()
    {
        await TakeAndCommit(Alpha, new()
        {
            Partition = 0, Epoch = 0, Timers = [.. Enumerable.Range(0, 50).Select(n => Timer(Alpha, n.ToString(CultureInfo.InvariantCulture), T0))],
        });

        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => Store.FireTimersAsync(T0, 20, Stop), Stop)));
        await Store.FireTimersAsync(T0, 100, Stop);

        var fired = await Store.ReadEnvelopesAsync(Alpha.Partition, 1000, Stop);
        Assert.Equal(50, fired.Length);
        Assert.Equal(50, fired.Select(envelope => envelope.Payload.Text("timer")).Distinct().Count());
    }

    [Fact]
    public async Task Should_keep_the_last_cursor_of_each_entity()
    {
        await Store.WriteCursorAsync("crm", "Opportunity", "1", Stop);
        await Store.WriteCursorAsync("crm", "Opportunity", "2", Stop);
        await Store.WriteCursorAsync("crm", "Account", "3", Stop);

        Assert.Equal("2", await Store.ReadCursorAsync("crm", "Opportunity", Stop));
        Assert.Equal("3", await Store.ReadCursorAsync("crm", "Account", Stop));
        Assert.Null(await Store.ReadCursorAsync("psa", "Account", Stop));
    }

    [Fact]
    public async Task Should_list_cases_newest_first_by_filter_and_page()
    {
        await TakeAndCommit(Alpha, new()
        {
            Partition = 0,
            Epoch = 0,
            Cases = [.. Enumerable.Range(0, 9).Select(n => Case(
                n % 3 == 0 ? Beta : Alpha, n.ToString(CultureInfo.InvariantCulture), T0.AddMinutes(n / 2),
                n % 2 == 0 ? CaseStatus.Open : CaseStatus.Approved, n < 6 ? "finance" : "pmo"))],
        });

        var all = await Store.ListCasesAsync(new(), Stop);
        Assert.Equal(all.OrderByDescending(item => item.OpenedAt).ThenByDescending(item => item.Id.ToString(), StringComparer.Ordinal), all);
        Assert.Equal(9, all.Length);
        var paged = new List<Case>();
        while (await Store.ListCasesAsync(new(Max: 2, After: paged.LastOrDefault()?.Id.ToString()), Stop) is { Length: > 0 } page)
        {
            paged.AddRange(page);
        }

        Assert.Equal(all.Select(item => item.Id), paged.Select(item => item.Id));
        var some = await Store.ListCasesAsync(new(CaseStatus.Open, "finance", Alpha.ToString()), Stop);
        Assert.Equal(new[] { CaseId("4"), CaseId("2") }, some.Select(item => item.Id));
        Assert.Empty(await Store.ListCasesAsync(new(After: CaseId("unknown").ToString()), Stop));
        Assert.Empty(await Store.ListCasesAsync(new(After: "no id"), Stop));
        Assert.Null(await Store.FindCaseAsync(CaseId("unknown"), Stop));
        var plain = Case(Alpha, "plain") with
        {
            Instance = null, Step = null, Amount = null, Actions = [], NotBy = null, ClosedAt = T0, ClosedBy = "anna", Reason = "r",
        };
        await TakeAndCommit(Alpha, new() { Partition = 0, Epoch = 0, Cases = [plain] });
        Assert.Equal(Tell(plain), Tell(await Store.FindCaseAsync(plain.Id, Stop)));
    }

    [Fact]
    public async Task Should_list_instances_newest_first_by_process_and_status()
    {
        await TakeAndCommit(Alpha, new()
        {
            Partition = 0,
            Epoch = 0,
            Instances = [.. Enumerable.Range(0, 8).Select(n => Instance(
                Alpha, n.ToString(CultureInfo.InvariantCulture), T0.AddMinutes(n / 2),
                n < 5 ? "quote-to-project" : "time-to-cash", n % 2 == 0 ? "running" : "done"))],
        });

        var all = await Store.ListInstancesAsync(null, null, null, 100, Stop);
        Assert.Equal(all.OrderByDescending(row => row.StartedAt).ThenByDescending(row => row.Id.ToString(), StringComparer.Ordinal), all);
        var paged = new List<InstanceRow>();
        while (await Store.ListInstancesAsync(null, null, paged.LastOrDefault()?.Id.ToString(), 3, Stop) is { Length: > 0 } page)
        {
            paged.AddRange(page);
        }

        Assert.Equal(all, paged);
        var some = await Store.ListInstancesAsync("quote-to-project", "running", null, 9, Stop);
        Assert.Equal([InstanceId("4"), InstanceId("2"), InstanceId("0")], some.Select(row => row.Id));
        var counts = await Store.CountAsync(Stop);
        Assert.Equal((4L, 4L), (counts.InstancesRunning, counts.InstancesDone));
    }

    [Fact]
    public async Task Should_find_scopes_by_any_id_that_people_know()
    {
        await CommitOfEverything();
        await TakeAndCommit(Customers, new()
        {
            Partition = 0, Epoch = 0, Matches = [new MatchRow(Customers, "customer", "DE123", "acme")], Lineage = [Line(Customers, "found", Alpha.ToString())],
        });

        Assert.Equal([Alpha], await Store.FindScopesAsync("001A", Stop));
        Assert.Equal([Customers, Alpha], await Store.FindScopesAsync("DE123", Stop));
        Assert.Equal([Alpha], await Store.FindScopesAsync(Alpha.ToString(), Stop));
        Assert.Equal([Customers], await Store.FindScopesAsync(Customers.ToString(), Stop));
        Assert.Equal([Alpha], await Store.FindScopesAsync(InstanceId("i1").ToString(), Stop));
        Assert.Equal([Alpha], await Store.FindScopesAsync(CommandId("c1").ToString(), Stop));
        Assert.Equal([Alpha], await Store.FindScopesAsync(CaseId("case1").Value.ToString("D"), Stop));
        Assert.Empty(await Store.FindScopesAsync("engagement:nobody", Stop));
        Assert.Empty(await Store.FindScopesAsync("a\0b", Stop));
    }

    /// <summary>People type the beginning of an id; what lies beside the range is not looked at.</summary>
    [Fact]
    public async Task Should_find_cases_and_instances_by_the_beginning_of_their_ids()
    {
        var ids = new[] { "0b51f0ffffffffffffffffffffffffff", "0b51f100000000000000000000000000", "0b51f1ffffffffffffffffffffffffff", "0b51f200000000000000000000000000" };
        await TakeAndCommit(Alpha, new()
        {
            Partition = 0, Epoch = 0,
            Cases = [.. ids.Select(id => Case(Alpha, id) with { Id = Model.CaseId.Parse(id) })],
            Instances = [.. ids.Select(id => Instance(Alpha, id) with { Id = Model.InstanceId.Parse(id) })],
        });

        var range = IdRange.StartingWith("0B51f1")!.Value;
        Assert.Equal(ids[1..3], (await Store.FindCasesAsync(range, 9, Stop)).Select(item => item.Id.ToString()));
        Assert.Equal(ids[1..3], (await Store.FindInstancesAsync(range, 9, Stop)).Select(row => row.Id.ToString()));
        Assert.Equal(ids[1..2], (await Store.FindCasesAsync(range, 1, Stop)).Select(item => item.Id.ToString()));
        Assert.Equal(ids[3..], (await Store.FindInstancesAsync(IdRange.Only(Guid.Parse(ids[3])), 9, Stop)).Select(row => row.Id.ToString()));
        Assert.Empty(await Store.FindCasesAsync(IdRange.StartingWith("0b51f3")!.Value, 9, Stop));
        Assert.Null(IdRange.StartingWith("0b51g1"));
        Assert.Null(IdRange.StartingWith("0b51f"));
    }

    /// <summary>A line that is about no process and no record has none.</summary>
    [Fact]
    public async Task Should_keep_what_a_line_of_the_story_is_about_or_that_it_is_about_nothing()
    {
        var line = Line(Alpha, "one");
        var bare = new Engine.Lineage.LineageEntry(0, T0, Alpha.ToString(), Alpha, "received", "two");
        await TakeAndCommit(Alpha, new() { Partition = 0, Epoch = 0, Lineage = [line, bare] });

        Assert.Equal([line, bare], (await Store.ReadLineageAsync(Alpha.ToString(), 0, 10, Stop)).Select(entry => entry with { Number = 0 }));
    }

    [Fact]
    public async Task Should_tell_the_story_of_a_correlation_and_of_a_scope()
    {
        await TakeAndCommit(Alpha, new() { Partition = 0, Epoch = 0, Lineage = [Line(Alpha, "1"), Line(Alpha, "2")] });
        await TakeAndCommit(
            Customers, new() { Partition = 0, Epoch = 0, Lineage = [Line(Customers, "3", Alpha.ToString()), Line(Customers, "4", Beta.ToString())] });
        await TakeAndCommit(Alpha, new() { Partition = 0, Epoch = 0, Lineage = [Line(Alpha, "5")] });

        var story = await Store.ReadLineageAsync(Alpha.ToString(), 0, 10, Stop);
        Assert.Equal(["1", "2", "3", "5"], story.Select(entry => entry.Text));
        Assert.Equal(story.Order(Comparer<Engine.Lineage.LineageEntry>.Create((a, b) => a.Number.CompareTo(b.Number))), story);
        Assert.Equal(["3", "5"], (await Store.ReadLineageAsync(Alpha.ToString(), story[1].Number, 10, Stop)).Select(entry => entry.Text));
        Assert.Equal(["1", "2"], (await Store.ReadLineageAsync(Alpha.ToString(), 0, 2, Stop)).Select(entry => entry.Text));
        Assert.Equal(["3", "4"], (await Store.ReadLineageAsync(Customers.ToString(), 0, 10, Stop)).Select(entry => entry.Text));
    }

    [Fact]
    public async Task Should_never_let_a_reader_of_the_feeds_pass_what_is_committed_later()
    {
        const int writers = 4, commits = 30;
        var scopes = Enumerable.Range(0, writers).Select(n => ScopeIn(n)).ToArray();
        using var ended = new CancellationTokenSource();
        var events = new List<long>();
        var lines = new List<long>();
        var reader = Task.Run(async () =>
        {
            for (var isLast = false; ; isLast = ended.IsCancellationRequested)
            {
                var nextEvents = await Store.ReadEventsAsync(events.LastOrDefault(), 7, Stop);
                var nextLines = await Store.ReadLineageAsync("all", lines.LastOrDefault(), 7, Stop);
                events.AddRange(nextEvents.Select(item => item.Number));
                lines.AddRange(nextLines.Select(entry => entry.Number));
                if (isLast && nextEvents.IsEmpty && nextLines.IsEmpty)
                {
                    return;
                }

                await Task.Yield();
            }
        }, Stop);
        await Task.WhenAll(scopes.Select(scope => Task.Run(async () =>
        {
            var epoch = await Store.TakePartitionAsync(scope.Partition, "test", Stop);
            for (var n = 0; n < commits; n++)
            {
                var name = n.ToString(CultureInfo.InvariantCulture);
                await Store.CommitAsync(
                    new PartitionCommit
                    {
                        Partition = scope.Partition,
                        Epoch = epoch,
                        Events = [Event(scope, name), Event(scope, name + "b")],
                        Lineage = [Line(scope, name, "all")],
                        Messages = [.. scopes.Select(to => Envelope(to, scope + name + to, EnvelopeKind.Change))],
                    },
                    Stop);
            }
        }, Stop)));
        await ended.CancelAsync();
        await reader;

        Assert.Equal(writers * commits * 2, events.Count);
        Assert.Equal(events.Order().Distinct(), events);
        Assert.Equal(writers * commits, lines.Count);
        foreach (var scope in scopes)
        {
            var arrived = await Store.ReadEnvelopesAsync(scope.Partition, 1000, Stop);
            Assert.Equal(Enumerable.Range(1, writers * commits).Select(n => (long)n), arrived.Select(envelope => envelope.Number));
        }
    }
}
