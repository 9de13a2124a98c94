using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Throughline.Sandbox.Salesforce;

internal enum SType
{
    Id,
    String,
    TextArea,
    Double,
    Currency,
    Percent,
    Int,
    Date,
    DateTime,
    Boolean,
    Reference,
    Picklist,
    Email,
    Phone,
    Url,
}

/// <summary>One field. <see cref="WireName"/> and <see cref="WireType"/> differ from what is stored only under schema drift.</summary>
internal sealed record SField(string Name, SType Type, int Length = 0)
{
    public string WireName { get; init; } = Name;

    public SType WireType { get; init; } = Type;

    public bool IsRequired { get; init; }

    /// <summary>Set by the platform; refused in a request.</summary>
    public bool IsReadOnly { get; init; }

    public bool IsUnique { get; init; }

    public bool IsExternalId { get; init; }

    public string? ReferenceTo { get; init; }

    /// <summary>The name that leads to the parent in SOQL: <c>Account</c>, <c>Billing_Account__r</c>.</summary>
    public string? Relationship { get; init; }

    /// <summary>The name by which the parent reaches these records: <c>OpportunityLineItems</c>.</summary>
    public string? ChildRelationship { get; init; }

    /// <summary>A restricted picklist's values.</summary>
    public ImmutableArray<string> Values { get; init; } = [];

    public bool IsText => Type is SType.String or SType.TextArea or SType.Picklist or SType.Email or SType.Phone or SType.Url;

    public bool IsNumber => Type is SType.Double or SType.Currency or SType.Percent or SType.Int;

    public bool IsId => Type is SType.Id or SType.Reference;
}

internal sealed record SObject(string Name, string Prefix, ImmutableArray<SField> Fields)
{
    private readonly FrozenDictionary<string, SField> _byWireName = Fields.ToFrozenDictionary(f => f.WireName, StringComparer.OrdinalIgnoreCase);

    public SField? Field(string wireName) => _byWireName.GetValueOrDefault(wireName);

    public SField? Parent(string relationship) =>
        Fields.FirstOrDefault(f => relationship.Equals(f.Relationship, StringComparison.OrdinalIgnoreCase));

    public bool KeepsDeleted => Fields.Any(f => f.Name == "IsDeleted");
}

/// <summary>The organisation's objects: the standard fields that services firms use, and the custom fields that the hub's package installs.</summary>
internal static class SalesforceSchema
{
    public static ImmutableArray<SObject> Standard { get; } =
    [
        Object("Account", "001", Text("Name", 255, required: true), Pick("Type"), Ref("ParentId", "Account", "Parent", "ChildAccounts"),
            Text("BillingStreet", 255), Text("BillingCity", 40), Text("BillingState", 80), Text("BillingPostalCode", 20), Text("BillingCountry", 80),
            Of("Phone", SType.Phone, 40), Of("Website", SType.Url, 255), Pick("Industry"), Text("AccountNumber", 40), Area("Description", 32000),
            Ref("OwnerId", "User", "Owner"), Text("CurrencyIsoCode", 3),
            Text("Tax_Id__c", 40), Text("Tax_Regime__c", 40), Key("Hub_Key__c"), Text("Customer_Number__c", 40) with { IsExternalId = true },
            Text("Credit_Status__c", 40)),
        Object("Contact", "003", Ref("AccountId", "Account", "Account", "Contacts"), Text("FirstName", 40), Text("LastName", 80, required: true),
            Text("Name", 121) with { IsReadOnly = true }, Of("Email", SType.Email, 80), Of("Phone", SType.Phone, 40), Of("MobilePhone", SType.Phone, 40),
            Text("Title", 128), Ref("OwnerId", "User", "Owner"), Text("CurrencyIsoCode", 3)),
        Object("User", "005", deletes: false, Text("Username", 80, required: true), Text("FirstName", 40), Text("LastName", 80, required: true),
            Text("Name", 121) with { IsReadOnly = true }, Of("Email", SType.Email, 128), Flag("IsActive"), Text("EmployeeNumber", 20),
            Ref("ManagerId", "User", "Manager"), Text("TimeZoneSidKey", 40), Text("Title", 80), Text("Department", 80)),
        Object("Opportunity", "006", Ref("AccountId", "Account", "Account", "Opportunities"), Text("Name", 120, required: true),
            Pick("StageName") with { IsRequired = true }, Date("CloseDate") with { IsRequired = true }, Money("Amount"), Of("Probability", SType.Percent),
                Pick("Type"),
            Flag("IsClosed") with { IsReadOnly = true }, Flag("IsWon") with { IsReadOnly = true }, Pick("ForecastCategoryName") with { IsReadOnly = true },
            Flag("HasOpportunityLineItem") with { IsReadOnly = true }, Ref("OwnerId", "User", "Owner"),
                Ref("ContractId", "Contract", "Contract", "Opportunities"),
            Area("Description", 32000), Text("NextStep", 255), Text("CurrencyIsoCode", 3),
            Key("Hub_Key__c"), Ref("Parent_Opportunity__c", "Opportunity", "Parent_Opportunity__r", "Child_Opportunities__r"), Date("Delivery_Start__c"),
            Date("Delivery_End__c"), Flag("At_Risk_Start__c"), Text("Customer_Number__c", 40), Text("Project_Number__c", 40), Text("Hub_Status__c", 80),
            Text("Hub_Next_Action__c", 255)),
        Object("OpportunityLineItem", "00k", Ref("OpportunityId", "Opportunity", "Opportunity", "OpportunityLineItems") with { IsRequired = true },
            Text("Name", 376) with { IsReadOnly = true }, Ref("PricebookEntryId", "PricebookEntry"),
                Ref("Product2Id", "Product2", "Product2", "OpportunityLineItems"),
            Text("ProductCode", 255) with { IsReadOnly = true }, Of("Quantity", SType.Double) with { IsRequired = true }, Money("UnitPrice"),
                Money("TotalPrice"),
            Date("ServiceDate"), Text("Description", 255), Of("SortOrder", SType.Int), Text("CurrencyIsoCode", 3),
            Text("Workstream__c", 40), Text("Workstream_Name__c", 120), Text("Country__c", 2), Pick("Billing_Method__c", "time", "milestone", "subcontract"),
            Text("Role__c", 80), Of("Hours__c", SType.Double), Text("Line_Currency__c", 3), Money("Line_Amount__c"), Of("Fx_Rate__c", SType.Double),
            Of("Markup_Percent__c", SType.Percent), Money("Cap_Amount__c"), Ref("Billing_Account__c", "Account", "Billing_Account__r", "Billed_Lines__r")),
        Object("Product2", "01t", Text("Name", 255, required: true), Text("ProductCode", 255), Pick("Family"), Flag("IsActive"), Area("Description", 4000),
            Text("CurrencyIsoCode", 3)),
        Object("Contract", "800", Ref("AccountId", "Account", "Account", "Contracts") with { IsRequired = true },
            Pick("Status", "Draft", "In Approval Process", "Activated"), Text("StatusCode", 40) with { IsReadOnly = true }, Date("StartDate"),
            Of("ContractTerm", SType.Int), Date("EndDate") with { IsReadOnly = true }, Text("ContractNumber", 30) with { IsReadOnly = true },
            Ref("OwnerId", "User", "Owner"), Ref("CustomerSignedId", "Contact", "CustomerSigned"), Date("CustomerSignedDate"), Text("SpecialTerms", 4000),
            Area("Description", 32000), Text("CurrencyIsoCode", 3), Text("Sow_Hash__c", 128), Of("Payment_Days__c", SType.Double)),
        Object("Hub_Invoice__c", "a0I", Text("Name", 80, required: true), Key("Hub_Key__c"),
            Ref("Opportunity__c", "Opportunity", "Opportunity__r", "Hub_Invoices__r"), Text("Status__c", 40), Date("Invoice_Date__c"), Date("Due_Date__c"), Money("Gross__c"),
            Money("Open__c"), Text("CurrencyIsoCode", 3)),
        Object("OpportunityStage", "01J", deletes: false, Text("MasterLabel", 255, required: true), Text("ApiName", 255, required: true), Flag("IsActive"),
            Of("SortOrder", SType.Int), Flag("IsClosed"), Flag("IsWon"), Pick("ForecastCategory"), Pick("ForecastCategoryName"),
            Of("DefaultProbability", SType.Percent), Text("Description", 255)),
    ];

    /// <summary>Salesforce's own stages of a new organisation: label, probability, closed, won, forecast.</summary>
    public static ImmutableArray<(string Label, int Probability, bool Closed, bool Won, string Forecast)> Stages { get; } =
    [
        ("Prospecting", 10, false, false, "Pipeline"), ("Qualification", 10, false, false, "Pipeline"), ("Needs Analysis", 20, false, false, "Pipeline"),
        ("Value Proposition", 50, false, false, "Pipeline"), ("Id. Decision Makers", 60, false, false, "Pipeline"),
        ("Perception Analysis", 70, false, false, "Pipeline"), ("Proposal/Price Quote", 75, false, false, "Pipeline"),
        ("Negotiation/Review", 90, false, false, "Pipeline"), ("Closed Won", 100, true, true, "Closed"), ("Closed Lost", 0, true, false, "Omitted"),
    ];

    private static SObject Object(string name, string prefix, params ImmutableArray<SField> own) => Object(name, prefix, deletes: true, own);

    private static SObject Object(string name, string prefix, bool deletes, params ImmutableArray<SField> own) =>
        new(name, prefix,
        [
            System("Id", SType.Id, 18),
            .. deletes ? [System("IsDeleted", SType.Boolean)] : ImmutableArray<SField>.Empty,
            .. own,
            System("CreatedDate", SType.DateTime), System("CreatedById", SType.Reference, 18) with { ReferenceTo = "User", Relationship = "CreatedBy" },
            System("LastModifiedDate", SType.DateTime),
            System("LastModifiedById", SType.Reference, 18) with { ReferenceTo = "User", Relationship = "LastModifiedBy" },
            System("SystemModstamp", SType.DateTime),
        ]);

    private static SField System(string name, SType type, int length = 0) => new(name, type, length) { IsReadOnly = true };

    private static SField Of(string name, SType type, int length = 0) => new(name, type, length);

    private static SField Text(string name, int length, bool required = false) => new(name, SType.String, length) { IsRequired = required };

    private static SField Area(string name, int length) => new(name, SType.TextArea, length);

    private static SField Pick(string name, params ImmutableArray<string> values) => new(name, SType.Picklist, 255) { Values = values };

    private static SField Date(string name) => new(name, SType.Date);

    private static SField Money(string name) => new(name, SType.Currency);

    private static SField Flag(string name) => new(name, SType.Boolean);

    private static SField Key(string name) => new(name, SType.String, 255) { IsUnique = true, IsExternalId = true };

    private static SField Ref(string name, string to, string? relationship = null, string? children = null) =>
        new(name, SType.Reference, 18) { ReferenceTo = to, Relationship = relationship, ChildRelationship = children };
}
