using System.Globalization;
using Throughline.Model;

namespace Throughline.Simulation.Firm;

/// <summary>A sale as its seller sees it, from which the CRM's document is made.</summary>
internal sealed class Deal(int number, string account, string? contract)
{
    public string Id { get; } = FormattableString.Invariant($"006D{number:000}");

    public int Number => number;

    public string Account => account;

    public string? Contract => contract;

    public List<DealLine> Lines { get; } = [];

    /// <summary>Grows with every edit and stands in every name, so that a look at a target tells how old its content is.</summary>
    public int Revision { get; set; } = 1;

    public bool IsWon { get; set; }

    public bool AtRisk { get; init; }

    /// <summary>What the seller forgot to carry over into the amount of the sale.</summary>
    public decimal Mistake { get; set; }

    public DateOnly End { get; set; } = new(2027, 6, 30);

    public decimal Amount => Lines.Sum(line => line.Amount) + Mistake;

    public Fields ToFields() => Fields.Of(
        ("Name", FormattableString.Invariant($"Deal {number} r{Revision}")), ("StageName", IsWon ? "Closed Won" : "Negotiation/Review"), ("IsWon", IsWon), ("Type", null),
        ("Amount", Amount), ("CurrencyIsoCode", "EUR"), ("CloseDate", "2026-11-20"), ("Delivery_Start__c", "2026-12-01"),
        ("Delivery_End__c", End.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)), ("OwnerId", "005SELLER"), ("AccountId", account), ("ContractId", contract),
        ("Parent_Opportunity__c", null), ("At_Risk_Start__c", AtRisk), ("OpportunityLineItems", Lines.Select(line => line.ToFields(this))));
}

internal sealed class DealLine(string id, string workstream, string country, string billing)
{
    public decimal Amount { get; set; }

    public decimal Hours { get; set; }

    public string? Date { get; init; }

    public string? Account { get; init; }

    public Fields ToFields(Deal deal) => Fields.Of(
        ("Id", id), ("Workstream__c", workstream), ("Workstream_Name__c", FormattableString.Invariant($"{workstream} of {deal.Number} r{deal.Revision}")),
        ("Country__c", country), ("Billing_Method__c", billing), ("Role__c", billing == "subcontract" ? null : "Consultant"), ("Description", "Part " + id), ("Hours__c", Hours),
        ("Line_Amount__c", Amount), ("Line_Currency__c", "EUR"), ("Fx_Rate__c", 1m), ("Markup_Percent__c", null), ("Cap_Amount__c", null),
        ("Billing_Account__c", Account), ("ServiceDate", Date));
}
