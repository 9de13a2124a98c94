using System.Globalization;

namespace Throughline.Tests.Server;

/// <summary>Records as the CRM has them.</summary>
internal static class Records
{
    public static string Envelope(string key, string record, string kind = "Account") => $$"""{"key":"{{key}}","kind":"{{kind}}","record":{{record}}}""";

    public static string Account(string id, string name = "Contoso Rail AG", string? taxId = "DE811569869") => $$"""
        {"Id":"{{id}}","Name":"{{name}}","ParentId":null,"BillingStreet":"Werkstr. 1","BillingCity":"Hamburg","BillingPostalCode":"20095",
         "BillingCountry":"DE","Tax_Id__c":{{(taxId is null ? "null" : $"\"{taxId}\"")}},"SystemModstamp":"2026-06-01T09:00:00.000+0000"}
        """;

    public static string Contract(string id) => $$"""
        {"Id":"{{id}}","Status":"Activated","CustomerSignedDate":"2026-06-01","Sow_Hash__c":"2c26","StartDate":"2026-06-08","Payment_Days__c":30,
         "SystemModstamp":"2026-06-01T09:00:00.000+0000"}
        """;

    public static string Opportunity(string id, string account, string contract, decimal amount, string name = "Large deal", string owner = "sam") =>
        string.Create(CultureInfo.InvariantCulture, $$"""
        {"Id":"{{id}}","Name":"{{name}}","StageName":"Closed Won","IsWon":true,"IsClosed":true,"Type":"New Business",
         "Amount":{{amount}},"CurrencyIsoCode":"EUR",
         "CloseDate":"2026-06-01",
         "OwnerId":"{{owner}}","AccountId":"{{account}}","ContractId":"{{contract}}","Parent_Opportunity__c":null,
         "Delivery_Start__c":"2026-06-08","Delivery_End__c":"2026-12-18",
         "At_Risk_Start__c":false,
         "SystemModstamp":"2026-06-01T09:00:00.000+0000",
         "OpportunityLineItems":[{"Id":"{{id}}-1","Workstream__c":"DE","Workstream_Name__c":"Germany","Country__c":"DE",
         "Billing_Method__c":"time",
         "Description":"Delivery","Role__c":"Consultant","Hours__c":100,"Line_Amount__c":{{amount}},"Line_Currency__c":"EUR","Fx_Rate__c":1}]}
        """);
}
