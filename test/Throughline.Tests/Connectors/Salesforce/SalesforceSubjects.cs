using System.Collections.Immutable;
using System.Globalization;
using Throughline.Conformance.Connectors;
using Throughline.Connect;
using Throughline.Connectors.Salesforce;
using Throughline.Model;
using Throughline.Sandbox;
using Throughline.Sandbox.Salesforce;

namespace Throughline.Tests.Connectors.Salesforce;

public sealed class OpportunitiesConform : ConnectorConformance<SalesforceOpportunities>;

public sealed class AccountsConform : ConnectorConformance<SalesforceAccounts>;

public sealed class ContractsConform : ConnectorConformance<SalesforceContracts>;

/// <summary>What the kinds of record have in common: a sandbox with small pages, and seeding through its own methods.</summary>
public abstract class SalesforceUnderTest : ConnectorUnderTest
{
    protected SalesforceSandbox Sandbox { get; } = new();

    public override string Name => $"salesforce {Entity}, sandbox";

    public override IConnectorKind Kind { get; } = new SalesforceKind();

    public override Fields Configuration => Fields.Of(
        ("login_url", Sandbox.Address.GetLeftPart(UriPartial.Authority)), ("client_id", Sandbox.ClientId), ("page_size", 3), ("overlap_seconds", 60));

    public override Func<string, string> Secrets => _ => Sandbox.ClientSecret;

    public override Func<string, string> BadSecrets => _ => "not-the-consumer-secret";

    public override Faults Faults => Sandbox.Faults;

    // Stamps are whole seconds, so the version before a change a moment ago may equal the one after it.
    public override string StaleVersion(string before) =>
        DateTimeOffset.Parse(before, CultureInfo.InvariantCulture).AddSeconds(-1).ToUniversalTime().ToString(
            "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    public override Fault OnCreate(Fault fault) => fault with { Path = "/sobjects/" + Entity, Method = UsesKey ? "PATCH" : "POST" };

    public override Fault OnRead(Fault fault) => fault with { Path = "/queryAll?q=" };

    public override Task StartAsync() => Sandbox.StartAsync();

    public override Task<string> InsertDirectlyAsync(int n) => Task.FromResult(Sandbox.Insert(Entity, NewRecord(n)));

    public override Task ChangeDirectlyAsync(string id)
    {
        Sandbox.Update(Entity, id, Change(77));
        return Task.CompletedTask;
    }

    public override Task DeleteDirectlyAsync(string id)
    {
        Sandbox.Delete(Entity, id);
        return Task.CompletedTask;
    }

    public override Task<int> CountDirectlyAsync(int n)
    {
        var (name, value) = FindKey(n).Single();
        return Task.FromResult(Sandbox.All(Entity).Count(row => row.Flag("IsDeleted") == false && Equals(row.Get(name), value)));
    }

    public override Task ExpireSessionsAsync()
    {
        Sandbox.ExpireTokens();
        return Task.CompletedTask;
    }

    public override Task<string> DriftAsync()
    {
        var field = FindKey(1).Keys.Single();
        Sandbox.Drift(Entity, field, rename: field + "_old");
        return Task.FromResult(field);
    }

    public override ValueTask DisposeAsync() => Sandbox.DisposeAsync();

    protected virtual bool UsesKey => true;

    protected static ImmutableArray<Difference> Upserts { get; } =
    [
        new(ConformanceCase.SameKeyOtherPayload,
            "a creation is an upsert by Hub_Key__c: the second changes the record instead of making another (When_an_upsert_is_repeated)"),
    ];
}

public sealed class SalesforceOpportunities : SalesforceUnderTest
{
    public override string Entity => "Opportunity";

    public override ImmutableArray<Difference> Differences => Upserts;

    public override string TextField => "Hub_Next_Action__c";

    public override int? TextLengthMax => 255;

    public override string MoneyField => "Amount";

    public override string DateField => "Delivery_Start__c";

    public override string MissingId => "0065g00000ZZZZZ";

    public override Fields NewRecord(int n) => Fields.Of(
        ("Hub_Key__c", $"opp-{n}"), ("Name", $"Rollout {n}"), ("StageName", "Prospecting"), ("CloseDate", "2026-12-31"), ("Amount", 1000.5m + n),
            ("CurrencyIsoCode", "EUR"),
        ("At_Risk_Start__c", true));

    public override Fields BadRecord(int n) => NewRecord(n).With("StageName", "Never Heard Of");

    public override Fields FindKey(int n) => Fields.Of(("Hub_Key__c", $"opp-{n}"));

    public override Fields Change(int n) => Fields.Of(("Amount", 7.25m + n), ("Hub_Status__c", $"changed {n}"));
}

public sealed class SalesforceAccounts : SalesforceUnderTest
{
    public override string Entity => "Account";

    public override ImmutableArray<Difference> Differences =>
    [
        .. Upserts,
        new(ConformanceCase.ExactMoney, "an Account has no amount"),
        new(ConformanceCase.ExactDates, "an Account has no date"),
    ];

    public override string TextField => "BillingStreet";

    public override int? TextLengthMax => 255;

    public override string? MoneyField => null;

    public override string? DateField => null;

    public override string MissingId => "0015g00000ZZZZZ";

    public override Fields NewRecord(int n) => Fields.Of(("Hub_Key__c", $"acc/{n} é"), ("Name", $"Firm {n}"), ("BillingCountry", "Denmark"),
        ("Tax_Id__c", $"DK{n}"));

    public override Fields BadRecord(int n) => NewRecord(n).With("Name", "");

    public override Fields FindKey(int n) => Fields.Of(("Hub_Key__c", $"acc/{n} é"));

    public override Fields Change(int n) => Fields.Of(("BillingCity", $"Town {n}"));
}

public sealed class SalesforceContracts : SalesforceUnderTest
{
    private string _account = "";

    public override string Entity => "Contract";

    public override ImmutableArray<Difference> Differences => [new(ConformanceCase.ExactMoney, "a Contract has no amount")];

    public override string TextField => "SpecialTerms";

    public override int? TextLengthMax => 4000;

    public override string? MoneyField => null;

    public override string DateField => "CustomerSignedDate";

    public override string MissingId => "8005g00000ZZZZZ";

    protected override bool UsesKey => false;

    public override async Task StartAsync()
    {
        await base.StartAsync();
        _account = Sandbox.Insert("Account", Fields.Of(("Name", "Halden Robotics")));
    }

    public override Fields NewRecord(int n) => Fields.Of(("AccountId", _account), ("Status", "Draft"), ("StartDate", "2026-10-01"), ("ContractTerm", 12),
        ("Sow_Hash__c", $"sha-{n}"));

    public override Fields BadRecord(int n) => NewRecord(n).With("Status", "Torn Up");

    public override Fields FindKey(int n) => Fields.Of(("Sow_Hash__c", $"sha-{n}"));

    public override Fields Change(int n) => Fields.Of(("Payment_Days__c", 30 + n), ("CustomerSignedDate", "2026-11-20"));

    // A custom field that vanishes while nothing has described it yet is left out; a standard one never is.
    public override Task<string> DriftAsync()
    {
        Sandbox.Drift(Entity, "StartDate", rename: "Start__c");
        return Task.FromResult("StartDate");
    }
}
