using System.Globalization;
using Throughline.Model;
using Row = System.Collections.Generic.Dictionary<string, object?>;

namespace Throughline.Sandbox.Salesforce;

/// <summary>What the platform itself fills in or refuses around a change: stages, totals of lines, contract states.</summary>
internal static class SalesforceDerivations
{
    public static void BeforeKeep(SalesforceRecords records, SObject entity, Row row, Fields given, Row? before)
    {
        switch (entity.Name)
        {
            case "Opportunity":
                Stage(records, entity, row, given, before);
                break;
            case "OpportunityLineItem":
                Line(records, row, given, before);
                break;
            case "Contract":
                Contract(row);
                break;
            case "Contact" or "User":
                row["Name"] = string.Join(' ', new[] { row.GetValueOrDefault("FirstName"), row.GetValueOrDefault("LastName") }.OfType<string>());
                break;
        }
    }

    /// <summary>A change of a line changes its opportunity: the amount is the sum of the lines, and the opportunity's stamps move.</summary>
    public static void AfterKeep(SalesforceRecords records, SObject entity, Row? before, Row after, string user)
    {
        if (entity.Name != "OpportunityLineItem" || Equals(before?.GetValueOrDefault("IsDeleted"), true))
        {
            return;
        }

        var parent = (string)after["OpportunityId"]!;
        if (records.Find("Opportunity", parent) is not { } opportunity || SalesforceRecords.IsDeleted(opportunity))
        {
            return;
        }

        var lines = records.Lines(parent).ToList();
        var row = new Row(opportunity, StringComparer.Ordinal) { ["HasOpportunityLineItem"] = lines.Count > 0 };
        if (lines.Count > 0)
        {
            row["Amount"] = lines.Sum(line => line.GetValueOrDefault("TotalPrice") as decimal? ?? 0);
        }

        records.Touch(records.Need("Opportunity"), row, user);
    }

    /// <summary>What holds only for a new record: a contract begins as a draft and gets its number.</summary>
    public static void CheckNew(SObject entity, Row row, long number, bool seeding)
    {
        if (entity.Name != "Contract")
        {
            return;
        }

        if (!seeding && !Equals(row["Status"], "Draft"))
        {
            throw new SalesforceRefusal(400, "INVALID_STATUS", "Choose a valid contract status and save your changes. Ask your admin for details.", "Status");
        }

        row["ContractNumber"] = number.ToString("00000000", CultureInfo.InvariantCulture);
    }

    public static IEnumerable<(SObject Child, string Field)> DeletedWith(SalesforceRecords records, SObject entity) => entity.Name switch
    {
        "Account" => [(records.Need("Contact"), "AccountId"), (records.Need("Opportunity"), "AccountId")],
        "Opportunity" => [(records.Need("OpportunityLineItem"), "OpportunityId")],
        _ => [],
    };

    private static void Stage(SalesforceRecords records, SObject entity, Row row, Fields given, Row? before)
    {
        if (row.GetValueOrDefault("StageName") is not string name)
        {
            return;
        }

        var stage = records.ByValue("OpportunityStage", "ApiName", name).FirstOrDefault(r => r.GetValueOrDefault("IsActive") is true)
            ?? throw SalesforceFieldRules.BadPick(entity.Fields.First(f => f.Name == "StageName"), name);
        row["IsClosed"] = stage.GetValueOrDefault("IsClosed") ?? false;
        row["IsWon"] = stage.GetValueOrDefault("IsWon") ?? false;
        row["ForecastCategoryName"] = stage.GetValueOrDefault("ForecastCategoryName");
        if (!Equals(before?.GetValueOrDefault("StageName"), name) && given.Get("Probability") is null)
        {
            row["Probability"] = stage.GetValueOrDefault("DefaultProbability");
        }

        // Documented: an update of Amount is ignored, not refused, where the opportunity has products.
        if (before?.GetValueOrDefault("HasOpportunityLineItem") is true)
        {
            row["Amount"] = before.GetValueOrDefault("Amount");
        }

        row.TryAdd("HasOpportunityLineItem", false);
    }

    private static void Line(SalesforceRecords records, Row row, Fields given, Row? before)
    {
        if (given.Get("UnitPrice") is not null && given.Get("TotalPrice") is not null && before is null)
        {
            throw new SalesforceRefusal(400, "FIELD_INTEGRITY_EXCEPTION", "specify either UnitPrice or TotalPrice but not both", "UnitPrice", "TotalPrice");
        }

        var quantity = row.GetValueOrDefault("Quantity") as decimal? ?? 0;
        if (given.Get("TotalPrice") is not null)
        {
            row["UnitPrice"] = quantity == 0 ? 0m : decimal.Round((decimal)row["TotalPrice"]! / quantity, 6, MidpointRounding.AwayFromZero);
        }
        else if (row.GetValueOrDefault("UnitPrice") is decimal price)
        {
            row["TotalPrice"] = quantity * price;
        }

        if (row.GetValueOrDefault("Product2Id") is string product && records.Find("Product2", product) is { } item)
        {
            row["ProductCode"] = item.GetValueOrDefault("ProductCode");
        }

        var opportunity = records.Find("Opportunity", (string)row["OpportunityId"]!);
        var what = row.GetValueOrDefault("Workstream_Name__c") ?? row.GetValueOrDefault("Description");
        row["Name"] = $"{opportunity?.GetValueOrDefault("Name")} {what}".Trim();
        row["CurrencyIsoCode"] = opportunity?.GetValueOrDefault("CurrencyIsoCode");
    }

    private static void Contract(Row row)
    {
        row.TryAdd("Status", "Draft");
        row["StatusCode"] = row["Status"] switch { "Activated" => "Activated", "In Approval Process" => "InApproval", _ => "Draft" };
        if (row.GetValueOrDefault("StartDate") is string start && row.GetValueOrDefault("ContractTerm") is long months)
        {
            row["EndDate"] = DateOnly.ParseExact(start, "yyyy-MM-dd", CultureInfo.InvariantCulture).AddMonths((int)months).AddDays(-1)
                .ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        }
    }
}
