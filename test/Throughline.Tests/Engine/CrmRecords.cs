using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Tests.Engine;

/// <summary>Records as the CRM of the demo landscape sends them.</summary>
internal static class CrmRecords
{
    private static int _version;

    public static SourceRecord Account(string id, string taxId = "DE333333333") => Record("Account", id, Fields.Of(
        ("Name", "Acme " + id), ("BillingCountry", "DE"), ("BillingStreet", null), ("BillingCity", "Bonn"), ("BillingPostalCode", null), ("Tax_Id__c", taxId),
        ("ParentId", null)));

    public static SourceRecord Contract(string id) => Record("Contract", id, Fields.Of(
        ("Status", "Activated"), ("CustomerSignedDate", "2026-11-20"), ("StartDate", "2026-12-01")));

    /// <summary>A sale of one workstream, small enough to begin before its contract is signed.</summary>
    public static SourceRecord Sale(string id, decimal amount = 15_000m, string? parent = null, string? contract = null, bool won = true, string workstream = "DE",
        string account = "001A", string start = "2026-12-01") =>
        Record("Opportunity", id, Fields.Of(
            ("Name", "Sale " + id), ("StageName", won ? "Closed Won" : "Negotiation/Review"), ("IsWon", won), ("Type", null), ("Amount", amount),
            ("CurrencyIsoCode", "EUR"), ("CloseDate", "2026-11-20"), ("Delivery_Start__c", start), ("Delivery_End__c", "2026-12-31"), ("OwnerId", "005X"),
            ("AccountId", account), ("ContractId", contract), ("At_Risk_Start__c", true), ("Parent_Opportunity__c", parent),
            ("OpportunityLineItems", new object?[]
            {
                Fields.Of(
                    ("Id", "00k" + id), ("Workstream__c", workstream), ("Country__c", "DE"), ("Billing_Method__c", "time"), ("Hours__c", 100m), ("Role__c", "Consultant"),
                    ("Line_Amount__c", amount), ("Line_Currency__c", "EUR")),
            })));

    public static SourceRecord Gone(string entity, string id) => new(entity, id, Version(), Fields.Of(("Id", id)), true);

    private static SourceRecord Record(string entity, string id, Fields fields)
    {
        var version = Version();
        return new SourceRecord(entity, id, version, fields.With("Id", id).With("SystemModstamp", version));
    }

    private static string Version() =>
        new DateTimeOffset(2026, 11, 20, 10, 0, 0, TimeSpan.Zero).AddSeconds(Interlocked.Increment(ref _version))
            .ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture);
}
