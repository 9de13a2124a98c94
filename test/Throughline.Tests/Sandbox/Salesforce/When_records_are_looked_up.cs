using System.Globalization;
using Throughline.Model;
using Xunit;

namespace Throughline.Tests.Sandbox.Salesforce;

/// <summary>What is found by an index is what stands in the records, whatever happened to them before.</summary>
public sealed class When_records_are_looked_up : SalesforceWire
{
    [Fact]
    public async Task Should_find_by_the_present_value_only()
    {
        var account = Sandbox.Insert("Account", Fields.Of(("Name", "Aster"), ("Tax_Id__c", "DE1"), ("Hub_Key__c", "K1")));
        Assert.Equal(["Aster"], (await QueryAsync("SELECT Name FROM Account WHERE Tax_Id__c = 'de1'")).Names);
        Sandbox.Update("Account", account, Fields.Of(("Tax_Id__c", "DE2"), ("Hub_Key__c", "K2")));
        Assert.Empty((await QueryAsync("SELECT Name FROM Account WHERE Tax_Id__c = 'DE1'")).Names);
        Assert.Empty((await QueryAsync("SELECT Name FROM Account WHERE Hub_Key__c = 'k2'")).Names);
        Assert.Equal(["Aster"], (await QueryAsync("SELECT Name FROM Account WHERE Hub_Key__c IN ('K1', 'K2') AND Name != null")).Names);
        Assert.Equal(["Aster"], (await QueryAsync("SELECT Name FROM Account WHERE Tax_Id__c = 'DE2' OR Tax_Id__c = null")).Names);
        Sandbox.Delete("Account", account);
        Assert.Empty((await QueryAsync("SELECT Name FROM Account WHERE Tax_Id__c = 'DE2'")).Names);
        Sandbox.Insert("Account", Fields.Of(("Name", "Next"), ("Hub_Key__c", "K2")));
        Assert.Equal(["Next"], (await QueryAsync("SELECT Name FROM Account WHERE Hub_Key__c = 'K2'")).Names);
    }

    [Fact]
    public async Task Should_not_find_what_was_rolled_back()
    {
        Assert.Empty((await QueryAsync("SELECT Name FROM Account WHERE Tax_Id__c = 'DE1'")).Names);
        await SendAsync("POST", "composite/sobjects", """
            {"allOrNone":true,"records":[{"attributes":{"type":"Account"},"Name":"A","Tax_Id__c":"DE1","Hub_Key__c":"K1"},{"attributes":{"type":"Account"}}]}
            """);
        Assert.Empty((await QueryAsync("SELECT Name FROM Account WHERE Tax_Id__c = 'DE1'")).Names);
        Assert.Equal(201, (int)(await SendAsync("PATCH", "sobjects/Account/Hub_Key__c/K1", """{"Name":"B","Tax_Id__c":"DE1"}""")).Status);
        Assert.Equal(["B"], (await QueryAsync("SELECT Name FROM Account WHERE Tax_Id__c = 'DE1'")).Names);
    }

    [Fact]
    public async Task Should_read_on_from_a_stamp_and_an_id()
    {
        var ids = Enumerable.Range(0, 4).Select(i => Sandbox.Insert("Account", Fields.Of(
            ("Name", i.ToString(CultureInfo.InvariantCulture)), ("SystemModstamp", i < 3 ? "2026-11-20T10:00:00Z" : "2026-11-20T10:00:01Z")))).ToArray();
        var answer = await QueryAsync("SELECT Name FROM Account WHERE (SystemModstamp = 2026-11-20T10:00:00Z AND "
            + $"Id > '{ids[0]}') OR SystemModstamp > 2026-11-20T10:00:00Z ORDER BY SystemModstamp, Id LIMIT 2");
        Assert.Equal(["1", "2"], answer.Names);
        Assert.Equal(["3"], (await QueryAsync("SELECT Name FROM Account WHERE SystemModstamp > 2026-11-20T10:00:00Z")).Names);
        Sandbox.Update("Account", ids[0], Fields.Of(("SystemModstamp", "2026-11-20T10:00:02Z")));
        Assert.Equal(["0", "3"], (await QueryAsync("SELECT Name FROM Account WHERE SystemModstamp >= 2026-11-20T10:00:01Z")).Names);
    }

    [Fact]
    public async Task Should_show_on_a_later_page_the_lines_of_the_time_of_the_query()
    {
        var deals = new[] { Deal("A"), Deal("B") };
        Line(deals[1], 1);
        Sandbox.Knobs.PageSize = 1;
        var first = await QueryAsync("SELECT Name, (SELECT Quantity FROM OpportunityLineItems) FROM Opportunity ORDER BY Name");
        Line(deals[1], 2);
        var second = await SendAsync("GET", first.Body!.Text("nextRecordsUrl")!);
        Assert.Equal(1, second.Body!.NestedList("records").Single().Nested("OpportunityLineItems")!.Number("totalSize"));
    }

    private void Line(string deal, int quantity) =>
        Sandbox.Insert("OpportunityLineItem", Fields.Of(("OpportunityId", deal), ("Quantity", quantity), ("UnitPrice", 1m)));
}
