using System.Collections.Immutable;
using Throughline.Connect;

namespace Throughline.Connectors.Salesforce;

/// <summary>Fields of a parent that are read along with a record: the path in SOQL, the parent's object, the reference that leads there.</summary>
internal sealed record SalesforceParent(string Path, string Object, string Reference, ImmutableArray<string> Fields);

/// <summary>
/// One object as the connector reads and writes it. <see cref="Required"/> fields are Salesforce's own: one that is missing has been
/// taken away. <see cref="Optional"/> ones exist only with the hub's package, several currencies, or some editions.
/// </summary>
internal sealed record SalesforceEntity(string Name, string Summary, ImmutableArray<string> Required, ImmutableArray<string> Optional)
{
    public ImmutableArray<SalesforceParent> Parents { get; init; } = [];

    /// <summary>The child relationship that is read along, and the object that it holds.</summary>
    public (string Relationship, string Object)? Lines { get; init; }

    /// <summary>The unique external id by which creations become upserts; null where the object has none.</summary>
    public string? KeyField { get; init; }

    public ImmutableArray<ImmutableArray<string>> FindKeys { get; init; } = [];

    public bool IsWritable { get; init; } = true;

    public bool ReportsDeletion => Required.Contains("IsDeleted");

    public EntityManifest Manifest => new()
    {
        Name = Name,
        Summary = Summary,
        Changes = ChangeDetection.Incremental,
        ReportsDeletion = ReportsDeletion,
        Writes = IsWritable ? [WriteOperation.Create, WriteOperation.Update, WriteOperation.Undo] : [],
        Undo = IsWritable ? "deletes the record (it stays in Salesforce's recycle bin for 15 days)" : null,
        FindKeys = FindKeys,
        EnforcesKey = KeyField is not null,
        ChecksVersion = IsWritable,
        // Stamps move when a formula or a child is recalculated; they say that something may have changed, not what.
        Volatile = ["SystemModstamp", "LastModifiedDate", "LastModifiedById"],
    };
}

/// <summary>What is read of each object. The one place to extend when the firm keeps more in Salesforce.</summary>
internal static class SalesforceEntities
{
    private static readonly ImmutableArray<string> Stamps = ["Id", "CreatedDate", "LastModifiedDate", "SystemModstamp"];

    private static readonly ImmutableArray<string> Deletable = ["Id", "IsDeleted", "CreatedDate", "LastModifiedDate", "SystemModstamp"];

    public static ImmutableArray<SalesforceEntity> All { get; } =
    [
        new("Account", "Customers and their parents.",
            [.. Deletable, "Name", "Type", "ParentId", "BillingStreet", "BillingCity", "BillingState", "BillingPostalCode", "BillingCountry", "Phone",
                "Website", "Industry", "OwnerId"],
            ["AccountNumber", "CurrencyIsoCode", "Tax_Id__c", "Tax_Regime__c", "Hub_Key__c", "Customer_Number__c", "Credit_Status__c"])
        {
            Parents = [new("Parent", "Account", "ParentId", ["Name", "Tax_Id__c", "Hub_Key__c"]), new("Owner", "User", "OwnerId", ["Email", "Name"])],
            KeyField = "Hub_Key__c",
            FindKeys = [["Hub_Key__c"], ["Tax_Id__c"], ["Customer_Number__c"], ["Name", "BillingCountry"]],
        },
        new("Contact", "People at customers.",
            [.. Deletable, "AccountId", "FirstName", "LastName", "Email", "Phone", "MobilePhone", "Title", "OwnerId"], ["CurrencyIsoCode"])
        {
            Parents = [new("Account", "Account", "AccountId", ["Name", "Hub_Key__c"])],
            FindKeys = [["Email"], ["AccountId", "LastName", "FirstName"]],
        },
        new("User", "Salesforce's own users, for owners and resources. Not deleted there, only made inactive.",
            [.. Stamps, "Username", "Email", "FirstName", "LastName", "Name", "IsActive", "EmployeeNumber", "ManagerId", "TimeZoneSidKey"],
                ["Title", "Department"])
        {
            IsWritable = false,
            FindKeys = [["Username"], ["Email"], ["EmployeeNumber"]],
        },
        new("Opportunity", "Deals with what is known of their customer and contract, and their lines.",
            [.. Deletable, "Name", "AccountId", "StageName", "CloseDate", "Amount", "Probability", "Type", "IsClosed", "IsWon", "ForecastCategoryName",
                "HasOpportunityLineItem", "OwnerId"],
            ["ContractId", "CurrencyIsoCode", "Hub_Key__c", "Parent_Opportunity__c", "Delivery_Start__c", "Delivery_End__c", "At_Risk_Start__c",
                "Customer_Number__c", "Project_Number__c", "Hub_Status__c", "Hub_Next_Action__c"])
        {
            Parents =
            [
                new("Account", "Account", "AccountId", ["Name", "BillingCountry", "Tax_Id__c", "Tax_Regime__c", "Hub_Key__c", "Customer_Number__c",
                    "Credit_Status__c"]),
                new("Account.Parent", "Account", "AccountId", ["Name", "Tax_Id__c", "Hub_Key__c"]),
                new("Contract", "Contract", "ContractId", ["ContractNumber", "Status", "CustomerSignedDate", "StartDate", "ContractTerm", "CurrencyIsoCode",
                    "Sow_Hash__c", "Payment_Days__c"]),
                new("Owner", "User", "OwnerId", ["Email", "Name"]),
            ],
            Lines = ("OpportunityLineItems", "OpportunityLineItem"),
            KeyField = "Hub_Key__c",
            FindKeys = [["Hub_Key__c"], ["AccountId", "Name"]],
        },
        new("OpportunityLineItem", "Lines of deals.",
            [.. Deletable, "OpportunityId", "Quantity", "UnitPrice", "TotalPrice", "ServiceDate", "Description", "Product2Id", "ProductCode"],
            ["Name", "SortOrder", "CurrencyIsoCode", "Workstream__c", "Workstream_Name__c", "Country__c", "Billing_Method__c", "Role__c", "Hours__c",
                "Line_Currency__c",
                "Line_Amount__c", "Fx_Rate__c", "Markup_Percent__c", "Cap_Amount__c", "Billing_Account__c"])
        {
            FindKeys = [["OpportunityId", "Workstream__c"]],
        },
        new("Product2", "Products.", [.. Deletable, "Name", "ProductCode", "Family", "IsActive", "Description"], ["CurrencyIsoCode"])
        {
            FindKeys = [["ProductCode"]],
        },
        new("Contract", "Statements of work: drafts, and once signed activated.",
            [.. Deletable, "AccountId", "Status", "StartDate", "EndDate", "ContractTerm", "ContractNumber", "OwnerId", "CustomerSignedDate", "SpecialTerms",
                "Description"],
            ["CurrencyIsoCode", "Sow_Hash__c", "Payment_Days__c"])
        {
            Parents = [new("Account", "Account", "AccountId", ["Name", "Hub_Key__c", "Customer_Number__c"])],
            FindKeys = [["ContractNumber"], ["Sow_Hash__c"]],
        },
        new("Hub_Invoice__c", "Invoices of the hub with what is open of them; an object of the hub's package.",
            [.. Deletable, "Name"],
            ["Hub_Key__c", "Opportunity__c", "Status__c", "Invoice_Date__c", "Due_Date__c", "Gross__c", "Open__c", "CurrencyIsoCode"])
        {
            KeyField = "Hub_Key__c",
            FindKeys = [["Hub_Key__c"], ["Name"]],
        },
        new("OpportunityStage", "The stages of deals; which of them mean won is the firm's own choice there.",
            [.. Stamps, "MasterLabel", "ApiName", "IsActive", "SortOrder", "IsClosed", "IsWon", "ForecastCategoryName", "DefaultProbability"], [])
        {
            IsWritable = false,
            FindKeys = [["ApiName"]],
        },
    ];

    public static SalesforceEntity? Find(string name) => All.FirstOrDefault(entity => entity.Name == name);
}
