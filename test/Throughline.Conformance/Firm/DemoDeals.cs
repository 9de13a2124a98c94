using System.Globalization;
using Throughline.Model;

namespace Throughline.Conformance.Firm;

/// <summary>Sales as a CRM holds them, for stories.</summary>
public static class DemoDeals
{
    public static string Account(this DemoFirm firm, string name, string country, string? taxId, string? parent = null) => firm.Crm.Insert("Account", Fields.Of(
        ("Name", name), ("BillingStreet", "1 Main Street"), ("BillingCity", "Town"), ("BillingPostalCode", "10115"), ("BillingCountry", country),
            ("Tax_Id__c", taxId), ("ParentId", parent)));

    public static string Contract(this DemoFirm firm, string account, bool isSigned)
    {
        var id = firm.Crm.Insert("Contract", Fields.Of(("AccountId", account), ("Status", "Draft"), ("StartDate", "2026-12-01"), ("ContractTerm", 12),
            ("Sow_Hash__c", new string('a', 64))));
        if (isSigned)
        {
            firm.Sign(id);
        }

        return id;
    }

    public static void Sign(this DemoFirm firm, string contract) =>
        firm.Crm.Update("Contract", contract, Fields.Of(("Status", "Activated"), ("CustomerSignedDate", "2026-11-20")));

    /// <summary>A won sale of one workstream of time in Germany.</summary>
    public static string WonDeal(this DemoFirm firm, string name, string account, string? contract, decimal amount = 40_000m)
    {
        var id = firm.Opportunity(name, account, contract, amount);
        firm.Line(id, "DE", "Germany", "DE", "time", amount, "EUR", 1m, hours: decimal.Round(amount / 150m, 2));
        firm.Win(id);
        return id;
    }

    /// <summary>The plainest sale there is: one customer in Germany, signed, 40,000.00 EUR.</summary>
    public static string PlainDeal(this DemoFirm firm)
    {
        var account = firm.Account("Acme GmbH", "DE", "DE333333333");
        return firm.WonDeal("Acme rollout", account, firm.Contract(account, isSigned: true));
    }

    public static string Opportunity(this DemoFirm firm, string name, string account, string? contract, decimal amount, string? parent = null) =>
        firm.Crm.Insert("Opportunity", Fields.Of(
        ("Name", name), ("AccountId", account), ("ContractId", contract), ("StageName", "Negotiation/Review"), ("CloseDate", "2026-11-20"), ("Amount", amount),
            ("CurrencyIsoCode", "EUR"),
        ("Delivery_Start__c", "2026-12-01"), ("Delivery_End__c", "2027-06-30"), ("Parent_Opportunity__c", parent)));

    public static string Line(
        this DemoFirm firm, string opportunity, string code, string name, string country, string billing, decimal amount, string currency, decimal rate,
        decimal hours = 0m, string? date = null, string? account = null, decimal markup = 0m, decimal? cap = null, string? description = null) =>
            firm.Crm.Insert("OpportunityLineItem", Fields.Of(
        ("OpportunityId", opportunity), ("Workstream__c", code), ("Workstream_Name__c", name), ("Country__c", country), ("Billing_Method__c", billing), ("Role__c", "Consultant"),
        ("Hours__c", hours), ("Line_Currency__c", currency), ("Line_Amount__c", amount), ("Fx_Rate__c", rate), ("Markup_Percent__c", markup), ("Cap_Amount__c", cap),
        ("Billing_Account__c", account), ("ServiceDate", date), ("Description", description ?? name), ("Quantity", 1),
            ("UnitPrice", decimal.Round(amount * rate * (1m + (markup / 100m)), 2))));

    public static void Win(this DemoFirm firm, string opportunity) => firm.Crm.Update("Opportunity", opportunity, Fields.Of(("StageName", "Closed Won")));

    /// <summary>Story S1: EUR 457,600.00 in three workstreams.</summary>
    public static (string Opportunity, string Contract) MultiCountryDeal(this DemoFirm firm, bool isSigned, string? ukTaxId = "GB123456789")
    {
        var parent = firm.Account("Northwind Group", "DE", "DE111111111");
        var germany = firm.Account("Northwind GmbH", "DE", "DE222222222", parent);
        var kingdom = firm.Account("Northwind Ltd", "GB", ukTaxId, parent);
        var contract = firm.Contract(germany, isSigned);
        var id = firm.Opportunity("Northwind ERP rollout", germany, contract, 457_600m);
        firm.Line(id, "DE", "Germany", "DE", "time", 200_000m, "EUR", 1m, hours: 1333.33m, account: germany, cap: 200_000m);
        for (var i = 1; i <= 3; i++)
        {
            firm.Line(id, "UK", "United Kingdom", "GB", "milestone", 60_000m, "GBP", 1.15m, hours: 460m, account: kingdom,
                date: string.Create(CultureInfo.InvariantCulture, $"2027-0{i + 1}-28"), description: $"Milestone {i}");
        }

        firm.Line(id, "SUB", "Subcontractor", "US", "subcontract", 50_000m, "USD", 0.92m, account: germany, markup: 10m);
        firm.Win(id);
        return (id, contract);
    }
}
