using Throughline.Engine;
using Throughline.Engine.Entries;
using Throughline.Engine.Partition;
using Throughline.Model;
using Throughline.Server.Cli;
using Throughline.Tests.Server.Cli;
using Xunit;

namespace Throughline.Tests.Server;

/// <summary>Requirement D3: what became of each line of time, for programs and for people.</summary>
public sealed class When_people_look_at_entries : IAsyncLifetime
{
    private const string Nasty = "<script>alert(1)</script>";
    private static readonly DateTimeOffset Day = new(2026, 6, 17, 9, 0, 0, TimeSpan.Zero);
    private static readonly Scope Deal = Scope.Engagement("006A");

    private readonly EntryRow[] _rows =
    [
        Row(Deal, "17", 0, EntryStatus.Kept, null, 1m),
        Row(Deal, "18", 1, EntryStatus.Held, "task", 2m),
        Row(Deal, "19", 2, EntryStatus.Waiting, "id", 4m),
        Row(new Scope("unplaced", "psa/project/99"), "20", 3, EntryStatus.Waiting, "home", 8m),
    ];

    private HubUnderTest _hub = null!;

    public async ValueTask InitializeAsync()
    {
        _hub = await HubUnderTest.StartAsync();
        await _hub.PostAsync("/api/v1/intake/crm",
            $"[{Records.Envelope("a", Records.Account("001A"))},{Records.Envelope("c", Records.Contract("800A"), "Contract")},"
            + $"{Records.Envelope("o", Records.Opportunity("006A", "001A", "800A", 300_000m, "Acme rollout"), "Opportunity")}]");
        await _hub.UntilAsync("/api/v1/cases?queue=finance-ops", each => each.Body.NestedList("cases").Count > 0, "the deal is known");
        foreach (var partition in _rows.GroupBy(row => row.Scope.Partition))
        {
            await WriteAsync(_hub.Server.Hub.Store, partition.Key, [.. partition]);
        }
    }

    public ValueTask DisposeAsync() => _hub.DisposeAsync();

    [Fact]
    public async Task Should_list_them_newest_first_by_engagement_and_status_in_pages()
    {
        Assert.Equal(["20", "19", "18", "17"], await IdsAsync(""));
        Assert.Equal(["19", "18", "17"], await IdsAsync("?engagement=006A"));
        Assert.Equal(["18"], await IdsAsync("?engagement=006A&status=held"));
        var page = (await _hub.GetAsync("/api/v1/entries?max=3")).Body;
        Assert.Equal(["17"], await IdsAsync($"?max=3&after={page.Text("next")}"));
        Assert.Null((await _hub.GetAsync("/api/v1/entries?max=5")).Body.Text("next"));
        var held = page.NestedList("entries").Single(entry => entry.Text("status") == "held");
        Assert.Equal(("006A", "2026-06-17", Nasty, "12", "task", "says task"),
            (held.Text("engagement"), held.Text("date"), held.Text("person"), held.Text("task"), held.Text("reason"), held.Text("says")));
        Assert.Equal(2m, held.Number("hours"));
    }

    [Theory]
    [InlineData("?status=posted", 400, "bad-query")]
    [InlineData("?status=1", 400, "bad-query")]
    [InlineData("?max=0", 400, "bad-query")]
    [InlineData("?max=501", 400, "bad-query")]
    [InlineData("?after=17", 400, "bad-query")]
    [InlineData("?engagement=006Z", 404, "unknown-engagement")]
    [InlineData("/nothing", 404, "unknown-entry")]
    [InlineData("/0197b2c4-9a10-4b1e-8c55-0d4f3f1b2a66", 404, "unknown-entry")]
    public async Task Should_say_what_is_wrong_with_a_question(string question, int status, string code) =>
        (await _hub.GetAsync("/api/v1/entries" + question)).ShouldBeProblem(status, code);

    [Fact]
    public async Task Should_show_one_by_either_id_with_the_checks_that_were_looked_at()
    {
        var byOwn = (await _hub.GetAsync($"/api/v1/entries/{_rows[1].Id}")).Body;
        Assert.Equal(byOwn.Text("id"), (await _hub.GetAsync("/api/v1/entries/18")).Body.Text("id"));
        Assert.Equal(["hours: holds", "task: does not hold"], byOwn.NestedList("checks").Select(check => $"{check.Text("check")}: {check.Text("outcome")}"));
        Assert.Equal("Acme rollout", byOwn.Text("engagementTitle"));
        Assert.All((await _hub.GetAsync("/api/v1/entries/17")).Body.NestedList("checks"), check => Assert.Equal("not looked at", check.Text("outcome")));
    }

    [Fact]
    public async Task Should_count_them_in_the_status_and_tell_of_them_on_the_pages()
    {
        var counts = (await _hub.GetAsync("/api/v1/status")).Body.Nested("entries")!;
        Assert.Equal((4m, 15m), (counts.Number("count"), counts.Number("hours")));
        Assert.Equal(["kept 1", "waiting 2", "held 1", "sent 0", "taken 0"], counts.NestedList("stands").Select(stand => $"{stand.Text("name")} {stand.Number("count")}"));
        Assert.Contains("Time: 4 entries, 15 h, 1 held", (await _hub.GetAsync("/")).Text, StringComparison.Ordinal);
        var page = (await _hub.GetAsync("/engagements/006A")).Text;
        Assert.Contains("Time: 3 entries, 7 h, 1 held", page, StringComparison.Ordinal);
        Assert.Contains("1 held, 2 h: says task", page, StringComparison.Ordinal);
        Assert.DoesNotContain(Nasty, page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_be_traced_to_their_engagement()
    {
        var trace = (await _hub.GetAsync("/api/v1/trace/18")).Body;
        Assert.Equal("006A", Assert.Single(trace.NestedList("engagements")).Text("engagement"));
        Assert.Equal(_rows[1].Id.ToString(), Assert.Single(trace.NestedList("entries")).Text("id"));
        Assert.Equal(["19", "18", "17"], trace.NestedList("engagements")[0].Nested("time")!.NestedList("newest").Select(line => line.Text("externalId")));
        var homeless = (await _hub.GetAsync($"/api/v1/trace/{_rows[3].Id}")).Body;
        Assert.Empty(homeless.NestedList("engagements"));
        Assert.Single(homeless.NestedList("entries"));
        Assert.Equal(404, (await _hub.GetAsync($"/engagements/{_rows[3].Id}")).Status);
    }

    [Fact]
    public async Task Should_be_told_in_the_terminal()
    {
        var environment = new Dictionary<string, string> { ["THROUGHLINE_URL"] = _hub.Address.ToString(), ["THROUGHLINE_DATA"] = _hub.Folder };
        var (exit, output, _) = await CommandRun.RunAsync("entries list --engagement 006A", environment);
        Assert.Equal(Exit.Ok, exit);
        Assert.EndsWith("3 entries, 7 h\n", output, StringComparison.Ordinal);
        Assert.Contains(_rows[2].Id.ToString(), output, StringComparison.Ordinal);
        Assert.Contains("Check task: does not hold, says task\n", (await CommandRun.RunAsync("entries show 18", environment)).Output, StringComparison.Ordinal);
        Assert.Contains("\"entries\":[", (await CommandRun.RunAsync("entries list --json", environment)).Output, StringComparison.Ordinal);
        var traced = (await CommandRun.RunAsync("trace 18", environment)).Output;
        Assert.StartsWith($"Entry {_rows[1].Id}: 2 h of ", traced, StringComparison.Ordinal);
        Assert.Contains("\nTime: 3 entries, 7 h, 1 held\n", traced, StringComparison.Ordinal);
        Assert.Equal(Exit.Negative, (await CommandRun.RunAsync("entries show nothing", environment)).Exit);
        Assert.Equal(Exit.Usage, (await CommandRun.RunAsync("entries list --status posted", environment)).Exit);
        Assert.Equal("No entries.\n", (await CommandRun.RunAsync("entries list --status sent", environment)).Output);
    }

    // The hub that runs beside it takes the partition back when it has work there.
    private static async Task WriteAsync(IHubStore store, int partition, EntryRow[] rows)
    {
        for (var isWritten = false; !isWritten;)
        {
            var epoch = await store.TakePartitionAsync(partition, "test", TestContext.Current.CancellationToken);
            try
            {
                await store.CommitEntriesAsync([new EntryCommit { Partition = partition, Epoch = epoch, Rows = [.. rows] }], TestContext.Current.CancellationToken);
                isWritten = true;
            }
            catch (FencedException)
            {
                TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    private async Task<IEnumerable<string?>> IdsAsync(string query) =>
        (await _hub.GetAsync("/api/v1/entries" + query)).Body.NestedList("entries").Select(entry => entry.Text("externalId"));

    private static EntryRow Row(Scope scope, string id, int minutes, EntryStatus status, string? reason, decimal hours) => new(
        EntryId.Of("psa", "time_entry", id, Day.AddMinutes(minutes)), scope, "psa", "time-entry", "time_entry", id, "1", status,
        Fields.Of(("person", Nasty), ("date", "2026-06-17"), ("hours", hours), ("task", "12")), null, null, 0, 0, reason, reason is null ? null : "says " + reason,
        reason is null ? null : Day, status == EntryStatus.Waiting ? DateTimeOffset.MaxValue.AddYears(-1) : null, EnvelopeId.New(TimeProvider.System), Day)
    { IsTrouble = status == EntryStatus.Held };
}
