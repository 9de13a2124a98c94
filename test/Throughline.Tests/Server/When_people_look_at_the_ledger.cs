using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Entries;
using Throughline.Engine.Ledger;
using Throughline.Model;
using Throughline.Model.Ledger;
using Throughline.Server.Cli;
using Throughline.Tests.Server.Cli;
using Xunit;

namespace Throughline.Tests.Server;

/// <summary>X1, X12: where approved hours and amounts stand, and how a line came to its value, for programs and for people.</summary>
public sealed class When_people_look_at_the_ledger : IAsyncLifetime
{
    private static readonly DateTimeOffset Day = new(2026, 6, 17, 9, 0, 0, TimeSpan.Zero);
    private static readonly Scope Deal = Scope.Engagement("006A");
    private static readonly LineValue Unbilled = LineValue.Of(new Portion(LedgerAccount.Unbilled, 8m, Money.Of(1200m, "EUR")));
    private static readonly LineValue Held = LineValue.Of(new Portion(LedgerAccount.Held, 3m, Money.Zero(LineValue.NoCurrency)));

    private readonly EntryRow _row = Row(Deal, "17", Unbilled, "8 x 150.00 EUR, rate of everybody (rate card P-1)");
    private HubUnderTest _hub = null!;

    public async ValueTask InitializeAsync()
    {
        _hub = await HubUnderTest.StartAsync();
        await _hub.PostAsync("/api/v1/intake/crm",
            $"[{Records.Envelope("a", Records.Account("001A"))},{Records.Envelope("c", Records.Contract("800A"), "Contract")},"
            + $"{Records.Envelope("o", Records.Opportunity("006A", "001A", "800A", 300_000m, "Acme rollout"), "Opportunity")}]");
        await _hub.UntilAsync("/api/v1/cases?queue=finance-ops", each => each.Body.NestedList("cases").Count > 0, "the deal is known");
        await PostAsync(_row);
        await PostAsync(Row(Scope.Engagement("006B"), "18", Held, "it is booked on no task"));
    }

    public ValueTask DisposeAsync() => _hub.DisposeAsync();

    [Fact]
    public async Task Should_show_what_stands_where_in_each_engagement_and_in_all()
    {
        var all = (await _hub.GetAsync("/api/v1/ledger")).Body;
        Assert.Equal(["approved 8 1200", "approved 3 ", "held 3 ", "unbilled 8 1200"], all.NestedList("totals").Select(Text));
        Assert.Equal(["006A", "006B"], all.NestedList("engagements").Select(each => each.Text("engagement")));
        var first = (await _hub.GetAsync("/api/v1/ledger?max=1")).Body;
        Assert.Equal(["006B"], (await _hub.GetAsync($"/api/v1/ledger?max=1&after={first.Text("next")}")).Body.NestedList("engagements").Select(each => each.Text("engagement")));
        var one = (await _hub.GetAsync("/api/v1/ledger?engagement=006A")).Body;
        Assert.Equal(["approved 8 1200", "unbilled 8 1200"], Assert.Single(one.NestedList("engagements")).NestedList("balances").Select(Text));
    }

    [Theory]
    [InlineData("?max=0", 400, "bad-query")]
    [InlineData("?engagement=006Z", 404, "unknown-engagement")]
    public async Task Should_say_what_is_wrong_with_a_question(string question, int status, string code) =>
        (await _hub.GetAsync("/api/v1/ledger" + question)).ShouldBeProblem(status, code);

    [Fact]
    public async Task Should_tell_how_a_line_came_to_its_value()
    {
        var line = (await _hub.GetAsync($"/api/v1/entries/{_row.Id}")).Body;

        Assert.Equal(["unbilled 8 1200"], line.NestedList("value").Select(Text));
        var posted = Assert.Single(line.NestedList("transactions"));
        Assert.Equal((1m, "2026-06-17", _row.ValueSays), (posted.Number("number"), posted.Text("workDate"), posted.Text("why")));
    }

    [Fact]
    public async Task Should_be_told_in_the_terminal_and_on_the_page_of_the_deal()
    {
        var environment = new Dictionary<string, string> { ["THROUGHLINE_URL"] = _hub.Address.ToString(), ["THROUGHLINE_DATA"] = _hub.Folder };
        var (exit, output, _) = await CommandRun.RunAsync("ledger", environment);
        Assert.Equal(Exit.Ok, exit);
        Assert.Matches("006A +unbilled +to be billed +8 h, 1,200.00 EUR\n", output);
        Assert.Matches("all together +held +held, a case says why +3 h\n", output);
        Assert.DoesNotContain("006B", (await CommandRun.RunAsync("ledger --engagement 006A", environment)).Output, StringComparison.Ordinal);
        Assert.Equal(Exit.Negative, (await CommandRun.RunAsync("ledger --engagement 006Z", environment)).Exit);
        Assert.Contains("  Worth: 8 h, 1,200.00 EUR, to be billed (8 x 150.00 EUR", (await CommandRun.RunAsync("entries show 17", environment)).Output, StringComparison.Ordinal);
        Assert.Contains("to be billed 8 h, 1,200.00 EUR", (await _hub.GetAsync("/engagements/006A")).Text, StringComparison.Ordinal);
    }

    private static string Text(Fields row) => FormattableString.Invariant($"{row.Text("account")} {row.Number("quantity"):0.##} {row.Money("amount")?.Amount:0.##}");

    private async Task PostAsync(EntryRow row)
    {
        var store = _hub.Server.Hub.Store;
        var posted = new LedgerTransaction(
            row.Id, 1, row.Scope, row.WorkDate, row.ValueSays!, "r1", row.Envelope, Day, row.Value.PostingsFrom(LineValue.Nothing));
        while (true)
        {
            var epoch = await store.TakePartitionAsync(row.Scope.Partition, "test", TestContext.Current.CancellationToken);
            try
            {
                ImmutableArray<EntryCommit> commits = [new EntryCommit { Partition = row.Scope.Partition, Epoch = epoch, Rows = [row], Ledger = [posted] }];
                await store.CommitEntriesAsync(commits, TestContext.Current.CancellationToken);
                return;
            }
            catch (FencedException)
            {
                // The hub that runs beside it has work there.
                TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    private static EntryRow Row(Scope scope, string id, LineValue value, string says) => new(
        EntryId.Of("psa", "time_entry", id, Day), scope, "psa", "time-entry", "time_entry", id, "1", EntryStatus.Kept,
        Fields.Of(("person", "Ada Lambert"), ("date", "2026-06-17"), ("hours", value.Quantity), ("task", "12")), null, null, 0, 0, null, null, null, null,
        EnvelopeId.New(TimeProvider.System), Day) { Value = value, ValueSays = says, Transactions = 1 };
}
