using System.Globalization;
using System.Text.Json.Nodes;
using Throughline.Model;
using Throughline.Sandbox;
using Throughline.Sandbox.Redmine;
using Throughline.Sandbox.Salesforce;
using Throughline.Sandbox.Tryton;

namespace Throughline.Benchmarks;

/// <summary>
/// The second process: the three sandboxes, seeded with won deals. Says where they are in one line of JSON and ends when its input does.
/// Apart from the hub, so that its memory and processor time are not counted as the hub's.
/// </summary>
internal static class SandboxHost
{
    public static async Task RunAsync(Options options)
    {
        await using var crm = new SalesforceSandbox();
        await using var psa = new RedmineSandbox();
        await using var erp = new TrytonSandbox();
        foreach (var sandbox in new SandboxServer[] { crm, psa, erp })
        {
            await sandbox.StartAsync();
        }

        for (var i = 0; i < options.Deals; i++)
        {
            Win(crm, i);
        }

        object?[] works = [.. Enumerable.Range(0, options.Size("works", 0, 0)).Select(number => (object?)erp.Insert(
            "timesheet.work", new JsonObject { ["name"] = "Work " + number.ToString(CultureInfo.InvariantCulture), ["company"] = 1L }))];
        Console.WriteLine(Fields.Of(
            ("works", works), ("crm", Address(crm)), ("clientId", crm.ClientId), ("clientSecret", crm.ClientSecret), ("psa", Address(psa)), ("psaKey", psa.AdminKey),
            ("erp", Address(erp)), ("erpUser", TrytonSandbox.User), ("erpPassword", TrytonSandbox.Password)).ToJson());
        while (await Console.In.ReadLineAsync() is { } line)
        {
            if (line == "count")
            {
                Console.WriteLine(Fields.Of(
                    ("projects", psa.Records("projects").Count), ("issues", psa.Records("issues").Count), ("parties", erp.Records("party.identifier").Count),
                    ("lines", erp.Records("timesheet.line").Count),
                    ("active", crm.All("Opportunity").Count(deal => deal.Text("Hub_Status__c") == "Active"))).ToJson());
            }
        }
    }

    /// <summary>Addresses and credentials of a CRM.</summary>
    public static Fields Where(SalesforceSandbox crm) =>
        BenchLandscape.Nowhere.With("crm", Address(crm)).With("clientId", crm.ClientId).With("clientSecret", crm.ClientSecret);

    private static string Address(SandboxServer sandbox) => sandbox.Address.ToString().TrimEnd('/');

    // One customer, one workstream of time in Germany, three tasks; below every threshold, signed, nothing to ask a person.
    public static void Win(SalesforceSandbox crm, int number)
    {
        var digits = (900_000_000 + number).ToString(CultureInfo.InvariantCulture);
        var account = crm.Insert("Account", Fields.Of(
            ("Name", "Customer " + digits), ("BillingStreet", "Werkstr. 1"), ("BillingCity", "Bonn"), ("BillingPostalCode", "53111"),
            ("BillingCountry", "DE"), ("Tax_Id__c", "DE" + digits)));
        var contract = crm.Insert("Contract", Fields.Of(
            ("AccountId", account), ("Status", "Activated"), ("CustomerSignedDate", "2026-11-20"), ("StartDate", "2026-12-01"),
            ("Sow_Hash__c", new string('a', 64))));
        var deal = crm.Insert("Opportunity", Fields.Of(
            ("Name", "Deal " + digits), ("AccountId", account), ("ContractId", contract), ("StageName", "Negotiation/Review"),
            ("CloseDate", "2026-11-20"), ("Amount", 15_000m), ("CurrencyIsoCode", "EUR"), ("Delivery_Start__c", "2026-12-01"),
            ("Delivery_End__c", "2027-03-31")));
        crm.Insert("OpportunityLineItem", Fields.Of(
            ("OpportunityId", deal), ("Workstream__c", "DE"), ("Workstream_Name__c", "Germany"), ("Country__c", "DE"), ("Billing_Method__c", "time"),
            ("Role__c", "Consultant"), ("Hours__c", 100m), ("Line_Currency__c", "EUR"), ("Line_Amount__c", 15_000m), ("Quantity", 1),
            ("UnitPrice", 15_000m)));
        crm.Update("Opportunity", deal, Fields.Of(("StageName", "Closed Won")));
    }
}
