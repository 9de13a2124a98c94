using Throughline.Model;
using Xunit;

namespace Throughline.Tests.Sandbox.Salesforce;

public sealed class When_soql_is_asked : SalesforceWire
{
    [Theory]
    [InlineData("Amount = 20", "B")]
    [InlineData("Amount != 20 AND Amount != null", "A,C")]
    [InlineData("Amount > 10 AND (Name = 'b' OR Name = 'C')", "B,C")]
    [InlineData("Amount >= 10 AND Amount <= 20", "A,B")]
    [InlineData("Amount < 20", "A")]
    [InlineData("Amount = null", "D'")]
    [InlineData("NOT (Name IN ('A', 'B', 'C'))", "D'")]
    [InlineData("Name NOT IN ('A', 'B')", "C,D'")]
    [InlineData("Name LIKE 'd%'", "D'")]
    [InlineData(@"Name = 'D\''", "D'")]
    [InlineData(@"Name LIKE '_'", "A,B,C")]
    [InlineData(@"Name LIKE '\%'", "")]
    [InlineData("IsWon = true", "C")]
    [InlineData("CloseDate >= 2026-11-20 AND Account.Name = 'Parented'", "A")]
    [InlineData("Account.Parent.Tax_Id__c = 'DK1'", "A")]
    [InlineData("SystemModstamp > 2026-01-01T00:00:00.000+01:00 AND Amount > 1.5e1", "B,C")]
    [InlineData("SystemModstamp < 2020-01-01T00:00:00Z", "")]
    public async Task Should_find_what_the_condition_says(string where, string names)
    {
        var parent = Sandbox.Insert("Account", Fields.Of(("Name", "Top"), ("Tax_Id__c", "DK1")));
        var account = Sandbox.Insert("Account", Fields.Of(("Name", "Parented"), ("ParentId", parent)));
        Deal("A", amount: 10, account: account);
        Deal("B", amount: 20);
        Deal("C", "Closed Won", 30);
        Deal("D'");
        var answer = await QueryAsync($"SELECT Name FROM Opportunity WHERE {where} ORDER BY Name");
        Assert.True(answer.Body is not null, answer.Text);
        Assert.Equal(names, string.Join(',', answer.Names));
    }

    [Fact]
    public async Task Should_show_parents_and_children()
    {
        var account = Sandbox.Insert("Account", Fields.Of(("Name", "Firm")));
        var with = Deal("With", account: account);
        Deal("Without");
        Sandbox.Insert("OpportunityLineItem", Fields.Of(("OpportunityId", with), ("Quantity", 2), ("UnitPrice", 12.5m), ("Billing_Account__c", account)));
        var answer = await QueryAsync("SELECT Name, Account.Name, Account.Parent.Name, (SELECT TotalPrice, Billing_Account__r.Name FROM OpportunityLineItems) "
            + "FROM Opportunity ORDER BY Name");
        var records = answer.Body!.NestedList("records");
        Assert.Equal("Opportunity", records[0].Nested("attributes")!.Text("type"));
        Assert.Equal("Firm", records[0].Nested("Account")!.Text("Name"));
        Assert.Null(records[0].Nested("Account")!.Get("Parent"));
        var lines = records[0].Nested("OpportunityLineItems")!;
        Assert.Equal((1L, true, 25.0m), (lines.Get("totalSize"), lines.Flag("done"), lines.NestedList("records")[0].Number("TotalPrice")));
        Assert.Equal("Firm", lines.NestedList("records")[0].Nested("Billing_Account__r")!.Text("Name"));
        Assert.Null(records[1].Get("OpportunityLineItems"));
        Assert.Null(records[1].Get("Account"));
    }

    [Fact]
    public async Task Should_order_limit_count_and_page()
    {
        for (var i = 1; i <= 7; i++)
        {
            Deal($"N{i}", amount: i % 3);
        }

        Assert.Equal(["N5", "N2", "N7", "N4"], (await QueryAsync("SELECT Name FROM Opportunity ORDER BY Amount DESC, Name DESC LIMIT 4")).Names);
        Assert.Equal(["N3"], (await QueryAsync("select name from opportunity order by Name asc nulls last limit 1 offset 2")).Names);
        Assert.Equal("""{"totalSize":7,"done":true,"records":[]}""", (await QueryAsync("SELECT COUNT() FROM Opportunity")).Text);
        Sandbox.Knobs.PageSize = 3;
        var names = new List<string?>();
        var page = (await QueryAsync("SELECT Name FROM Opportunity ORDER BY Name")).Body!;
        Deal("N0");
        while (true)
        {
            names.AddRange(page.NestedList("records").Select(record => record.Text("Name")));
            if (page.Flag("done") == true)
            {
                break;
            }

            Assert.Matches("^/services/data/v60.0/query/01g[A-Za-z0-9]{15}-[36]$", page.Text("nextRecordsUrl"));
            page = (await SendAsync("GET", page.Text("nextRecordsUrl")!)).Body!;
        }

        Assert.Equal(["N1", "N2", "N3", "N4", "N5", "N6", "N7"], names);
        (await SendAsync("GET", "query/01gD0000002HU6KIAW-3")).Refused(400, "INVALID_QUERY_LOCATOR");
    }

    [Theory]
    [InlineData("SELECT Foo FROM Account", "INVALID_FIELD")]
    [InlineData("SELECT Foo.Name FROM Account", "INVALID_FIELD")]
    [InlineData("SELECT Id FROM Nothing", "INVALID_TYPE")]
    [InlineData("SELECT Id, (SELECT Id FROM Nothings) FROM Account", "INVALID_TYPE")]
    [InlineData("SELECT Id FROM", "MALFORMED_QUERY")]
    [InlineData("SELECT Id Name FROM Account", "MALFORMED_QUERY")]
    [InlineData("SELECT Id FROM Account WHERE Name = 'x", "MALFORMED_QUERY")]
    [InlineData("SELECT Id FROM Account WHERE Name = 'x' AND Name = 'y' OR Name = 'z'", "MALFORMED_QUERY")]
    [InlineData("SELECT Id FROM Account WHERE Name = 5", "INVALID_FIELD")]
    [InlineData("SELECT Id FROM Account WHERE SystemModstamp > '2026-11-20T00:00:00Z'", "INVALID_FIELD")]
    [InlineData("SELECT Id FROM Account WHERE Id = 'nonsense'", "INVALID_QUERY_FILTER_OPERATOR")]
    [InlineData("SELECT Id FROM Account LIMIT 1 OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE")]
    public async Task Should_refuse_what_salesforce_refuses(string soql, string code) => (await QueryAsync(soql)).Refused(400, code);
}
