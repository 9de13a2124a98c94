using System.Globalization;
using System.Text.Json.Nodes;

namespace Throughline.Chaos.Firm;

/// <summary>They sell in the CRM, to new customers and to old ones, and a flow there announces what changed.</summary>
internal sealed class Sellers(CrmDoor crm, Books books, Announcer announcer, Random random, DateTimeOffset start, int timePerDeal)
{
    private readonly List<(string Account, string TaxId)> _customers = [];

    private int _number;

    /// <summary>Enters a sale and wins it.</summary>
    public Task WinAsync() => WinAsync(Books.TaxId(start, _customers.Count));

    /// <param name="taxId">Of the customer, where it is a new one; null for one whose tax id nobody knows yet.</param>
    public async Task WinAsync(string? taxId)
    {
        var (account, known) = _customers.Count > 0 && random.Next(10) < 3 ? _customers[random.Next(_customers.Count)] : await CustomerAsync(taxId);
        var name = string.Create(CultureInfo.InvariantCulture, $"Deal {books.Mark}-{++_number:0000}");
        var hasMilestones = random.Next(4) == 0;
        var contract = await crm.AddAsync("Contract", new JsonObject
        {
            ["AccountId"] = account, ["Status"] = "Activated", ["CustomerSignedDate"] = Day(0), ["StartDate"] = Day(7), ["ContractTerm"] = 12,
        });
        var deal = await crm.AddAsync("Opportunity", new JsonObject
        {
            ["Name"] = name, ["AccountId"] = account, ["ContractId"] = contract, ["StageName"] = "Negotiation/Review", ["CloseDate"] = Day(0), ["Type"] = "New Business",
            ["CurrencyIsoCode"] = "EUR", ["Delivery_Start__c"] = Day(7), ["Delivery_End__c"] = Day(120),
            // The stand-in leaves out of a webhook what nobody set, while its API answers it as false; that would be a change that nobody made.
            ["At_Risk_Start__c"] = false,
        });
        await LineAsync(deal, account, "DE", "Germany", "time", "Consulting", 100, 15_000m, "EUR", 1m, null);
        if (hasMilestones)
        {
            await LineAsync(deal, account, "GB", "United Kingdom", "milestone", "Design accepted", 60, 10_000m, "GBP", 1.15m, Day(60));
            await LineAsync(deal, account, "GB", "United Kingdom", "milestone", "Pilot live", 60, 10_000m, "GBP", 1.15m, Day(90));
        }

        var before = await announcer.ReadAsync(deal);
        // It counts from the moment at which the CRM has it as won.
        books.Deals.Enqueue(new ChaosDeal(deal, name, known, hasMilestones) { TimeLeft = timePerDeal });
        await crm.ChangeAsync("Opportunity", deal, new JsonObject { ["StageName"] = "Closed Won" });
        announcer.Announce(before, await announcer.ReadAsync(deal));
    }

    private async Task<(string Account, string TaxId)> CustomerAsync(string? taxId)
    {
        var account = await crm.AddAsync("Account", new JsonObject
        {
            ["Name"] = string.Create(CultureInfo.InvariantCulture, $"Customer {books.Mark}-{_customers.Count + 1:0000} GmbH"), ["BillingCountry"] = "DE", ["BillingCity"] = "Bonn",
            ["BillingStreet"] = "Werkstr. 1", ["BillingPostalCode"] = "53111", ["Tax_Id__c"] = taxId,
        });
        _customers.Add((account, taxId ?? ""));
        return _customers[^1];
    }

    private Task<string> LineAsync(
        string deal, string account, string code, string workstream, string billing, string what, int hours, decimal amount, string currency, decimal rate, string? date) =>
        crm.AddAsync("OpportunityLineItem", new JsonObject
        {
            ["OpportunityId"] = deal, ["Billing_Account__c"] = account, ["Workstream__c"] = code, ["Workstream_Name__c"] = workstream, ["Country__c"] = code,
            ["Billing_Method__c"] = billing, ["Description"] = what, ["Role__c"] = "Consultant", ["Hours__c"] = hours, ["Line_Amount__c"] = amount,
            ["Line_Currency__c"] = currency, ["Fx_Rate__c"] = rate, ["Quantity"] = 1, ["TotalPrice"] = amount * rate, ["ServiceDate"] = date,
        });

    private string Day(int from) => start.AddDays(from).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
