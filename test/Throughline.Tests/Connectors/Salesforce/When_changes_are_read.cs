using Throughline.Connect;
using Throughline.Model;
using Xunit;

namespace Throughline.Tests.Connectors.Salesforce;

public sealed class When_changes_are_read : SalesforceBench
{
    [Fact]
    public async Task Should_see_each_row_once_where_one_stamp_spans_pages()
    {
        var ids = Enumerable.Range(1, 10).Select(i => Account($"A{i}")).ToList();
        var pages = await PagesAsync(Connect(), "Account");
        Assert.Equal(4, pages.Count);
        Assert.Equal(ids, pages.SelectMany(page => page.Records).Select(record => record.ExternalId));
        Assert.All(pages.SelectMany(page => page.Records), record => Assert.Equal("2026-11-20T20:49:32.000Z", record.Version));
        Assert.Equal($$"""{"stamp":"2026-11-20T20:49:32.000Z","id":"{{ids[^1]}}"}""", pages[^1].Next.Value);
    }

    [Fact]
    public async Task Should_follow_the_pages_of_the_server_where_it_sends_fewer_than_asked()
    {
        Sandbox.Knobs.PageSize = 2;
        for (var i = 0; i < 7; i++)
        {
            Account($"A{i}");
        }

        var pages = await PagesAsync(Connect(("page_size", 5)), "Account");
        Assert.Equal([2, 2, 1, 2], pages.Select(page => page.Records.Length));
    }

    [Fact]
    public async Task Should_see_a_row_that_was_committed_behind_the_cursor_and_keep_the_cursor()
    {
        Account("early", "2026-11-20T10:00:00Z");
        Account("late", "2026-11-20T10:10:00Z");
        var connector = Connect(("overlap_seconds", 300));
        var cursor = (await PagesAsync(connector, "Account"))[^1].Next;
        Account("slow transaction", "2026-11-20T10:06:00Z");
        var again = await PagesAsync(connector, "Account", cursor);
        Assert.Equal(["slow transaction", "late"], again.SelectMany(page => page.Records).Select(record => record.Fields.Text("Name")));
        Assert.Equal(cursor, again[^1].Next);

        // The overlap is longer than a page: the cursor stays where it was until reading has passed it.
        for (var i = 0; i < 4; i++)
        {
            Account($"more {i}", "2026-11-20T10:07:00Z");
        }

        Account("new", "2026-11-20T10:11:00Z");
        var passed = await PagesAsync(connector, "Account", cursor);
        Assert.Equal(cursor, passed[0].Next);
        Assert.Contains("10:11:00", passed[^1].Next.Value, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_report_deletions_and_an_opportunity_whose_line_changed()
    {
        var account = Account("Firm");
        var deal = Deal("Rollout", ("AccountId", account), ("CurrencyIsoCode", "EUR"));
        var other = Deal("Other");
        var line = Sandbox.Insert("OpportunityLineItem", Fields.Of(
            ("OpportunityId", deal), ("Quantity", 3), ("UnitPrice", 33.33m), ("Workstream__c", "W1"), ("Line_Amount__c", 1234567890123.45m),
                ("Fx_Rate__c", 1.083512m)));
        var connector = Connect();
        var cursor = (await PagesAsync(connector, "Opportunity"))[^1].Next;

        Clock.Now = Clock.Now.AddHours(1);
        Sandbox.Update("OpportunityLineItem", line, Fields.Of(("Hours__c", 7.25m)));
        Sandbox.Delete("Opportunity", other);
        var seen = (await ReadAsync(connector, "Opportunity", cursor)).Where(record => record.Version == "2026-11-20T21:49:32.000Z")
            .ToDictionary(record => record.ExternalId);
        Assert.True(seen[other].Deleted);
        var fields = seen[deal].Fields;
        Assert.Equal(99.99m, fields.Number("Amount"));
        Assert.Equal("Firm", fields.Nested("Account")!.Text("Name"));
        Assert.False(fields.ContainsKey("attributes") || fields.Nested("Account")!.ContainsKey("attributes"));
        var read = Assert.Single(fields.NestedList("OpportunityLineItems"));
        Assert.Equal((7.25m, 1234567890123.45m, 1.083512m), (read.Number("Hours__c")!.Value, read.Number("Line_Amount__c")!.Value,
            read.Number("Fx_Rate__c")!.Value));
        Assert.Equal("2026-11-20T21:49:32.000Z", read.Text("SystemModstamp"));
        Assert.Equal("2026-12-31", fields.Text("CloseDate"));

        // A deleted line is gone from the list, although the query asks for deleted records.
        Sandbox.Delete("OpportunityLineItem", line);
        var after = (await ReadAsync(connector, "Opportunity", cursor)).Last(record => record.ExternalId == deal);
        Assert.Empty(after.Fields.List("OpportunityLineItems"));
        Assert.True(Assert.Single(await ReadAsync(connector, "OpportunityLineItem")).Deleted);
    }

    [Fact]
    public async Task Should_fetch_the_lines_that_did_not_fit_into_the_record()
    {
        var deal = Deal("Many lines");
        var connector = Connect();
        await ReadAsync(connector, "Opportunity");
        static string Line(int n) => $$"""{"attributes":{"type":"OpportunityLineItem"},"Id":"00k5g00000000{{n}}","Quantity":{{n}}.0 }""";
        Answer("/queryAll?q=", 200, $$"""
            {"totalSize":1,"done":true,"records":[{"Id":"{{deal}}","SystemModstamp":"2026-11-20T20:49:32.000+0000","OpportunityLineItems":
              {"totalSize":3,"done":false,"nextRecordsUrl":"/services/data/v60.0/query/01gCHILD-2","records":[{{Line(1)}},{{Line(2)}}] } }] }
            """);
        Answer("/query/01gCHILD-2", 200, $$"""{"totalSize":3,"done":true,"records":[{{Line(3)}}] }""");
        var record = Assert.Single(await ReadAsync(connector, "Opportunity"));
        Assert.Equal([1m, 2m, 3m], record.Fields.NestedList("OpportunityLineItems").Select(line => line.Number("Quantity")!.Value));
    }

    [Fact]
    public async Task Should_name_the_field_that_drifted()
    {
        Deal("One", ("Amount", 5m));
        var connector = Connect();
        await ReadAsync(connector, "Opportunity");
        Sandbox.Drift("Opportunity", "Amount", retype: "string");
        var retyped = Assert.IsType<Failure.Validation>(await ReadFailureAsync(connector, "Opportunity"));
        Assert.Contains("Opportunity.Amount came as string", retyped.Message, StringComparison.Ordinal);

        Sandbox.Drift("Opportunity", "Hub_Status__c", rename: "Hub_State__c");
        var renamed = Assert.IsType<Failure.Validation>(await ReadFailureAsync(connector, "Opportunity"));
        Assert.Equal("Hub_Status__c", Assert.Single(renamed.Problems).Field);

        // To a connector that starts later a custom field is merely absent, but a standard one is missed.
        Sandbox.Drift("Opportunity", "Amount", rename: "Amount__x");
        var missed = Assert.IsType<Failure.Validation>(await ReadFailureAsync(Connect(), "Opportunity"));
        Assert.Equal("Amount", Assert.Single(missed.Problems).Field);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("""{"stamp":"yesterday","id":"x"}""")]
    public async Task Should_refuse_a_cursor_of_another_kind(string cursor)
    {
        var thrown = await Assert.ThrowsAsync<ConnectorException>(() => ReadAsync(Connect(), "Account", new Cursor(cursor)));
        Assert.IsType<Failure.Validation>(thrown.Failure);
    }

    [Fact]
    public async Task Should_find_by_any_declared_key_and_show_every_match()
    {
        var id = Account("O'Neil \\ Søn", key: "k'1");
        Account("O'Neil \\ Søn");
        var connector = Connect();
        Assert.Equal(id, Assert.Single(await connector.FindAsync(new FindRequest("Account", Fields.Of(("Hub_Key__c", "k'1"))), default)).ExternalId);
        Assert.Equal(2, (await connector.FindAsync(new FindRequest("Account", Fields.Of(("Name", "O'Neil \\ Søn"), ("BillingCountry", null))),
            default)).Length);
        Assert.Single(await connector.FindAsync(new FindRequest("OpportunityStage", Fields.Of(("ApiName", "Closed Won"))), default));
        Assert.Single(await connector.FindAsync(new FindRequest("User", Fields.Of(("Username", Sandbox.Username))), default));
        Sandbox.Delete("Account", id);
        Assert.Empty(await connector.FindAsync(FindRequest.ById("Account", id), default));
    }

    [Fact]
    public async Task Should_go_on_from_the_cursor_after_an_open_query_was_forgotten()
    {
        Sandbox.Knobs.PageSize = 2;
        var ids = Enumerable.Range(1, 5).Select(i => Account($"A{i}")).ToList();
        var connector = Connect();
        Answer("/query/01g", 400, """[{"message":"invalid query locator","errorCode":"INVALID_QUERY_LOCATOR"}]""");
        var seen = new List<string>();
        Cursor? cursor = null;
        var thrown = await Assert.ThrowsAsync<ConnectorException>(async () =>
        {
            await foreach (var page in connector.ReadAsync("Account", null, default))
            {
                seen.AddRange(page.Records.Select(record => record.ExternalId));
                cursor = page.Next;
            }
        });
        Assert.IsType<Failure.Transient>(thrown.Failure);
        seen.AddRange((await ReadAsync(connector, "Account", cursor)).Select(record => record.ExternalId));
        Assert.Equal(ids, seen.Distinct());
    }
}
