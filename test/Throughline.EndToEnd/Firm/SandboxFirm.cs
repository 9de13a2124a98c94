using System.Globalization;
using System.Text.Json.Nodes;
using Throughline.Conformance;
using Throughline.Model;
using Throughline.Sandbox.Redmine;
using Throughline.Sandbox.Salesforce;
using Throughline.Sandbox.Tryton;

namespace Throughline.EndToEnd.Firm;

/// <summary>Stand-ins of all systems in this process, a landscape for hubs in other processes, deals, and what must be there in the end.</summary>
internal sealed class SandboxFirm(string folder) : IAsyncDisposable
{
    private readonly List<string> _deals = [];
    private SandboxTime? _time;

    public SalesforceSandbox Crm { get; } = new();

    public RedmineSandbox Psa { get; } = new();

    public TrytonSandbox Erp { get; } = new();

    public SandboxTime Time => _time ??= new SandboxTime(Psa, Erp);

    public string Landscape => Path.Combine(folder, "landscape");

    /// <summary>The secrets that the landscape names.</summary>
    public IEnumerable<(string Name, string Value)> Environment =>
        [("KILL_CRM", Crm.ClientSecret), ("KILL_PSA", Psa.AdminKey), ("KILL_ERP", TrytonSandbox.Password)];

    /// <summary>The deals that the hubs have brought to their end.</summary>
    public int Active => Crm.All("Opportunity").Count(deal => deal.Text("Hub_Status__c") == "Active");

    public int Deals => _deals.Count;

    public async Task StartAsync()
    {
        await Crm.StartAsync();
        await Psa.StartAsync();
        await Erp.StartAsync();
        WriteLandscape();
    }

    /// <summary>What the targets hold that they should not, or lack; empty where everything is there exactly once.</summary>
    public IReadOnlyList<string> Wrong()
    {
        var wrong = new List<string>();
        var parties = Erp.Records("party.identifier").OfType<JsonObject>().Select(identifier => identifier["code"]!.ToString()).ToArray();
        var projects = Psa.Records("projects");
        var issues = Psa.Records("issues");
        var works = Erp.Records("project.work").OfType<JsonObject>().ToArray();
        foreach (var deal in Crm.All("Opportunity"))
        {
            var name = deal.Text("Name")!;
            var code = deal.Text("Project_Number__c") ?? "(no project number)";
            Once(wrong, name, "customer", parties.Count(taxId => taxId == TaxIdOf(name)));
            Once(wrong, name, "project in the PSA", projects.Count(project => project["name"]!.ToString() == $"{code} {name}"));
            Once(wrong, name, "financial project in the ERP", works.Count(work => work["name"]!.ToString() == $"{code}-DE Germany"));
            foreach (var part in new[] { "-DE Germany", "-DE-01 Discovery", "-DE-02 Delivery", "-DE-03 Project management" })
            {
                Once(wrong, name, "issue" + part, issues.Count(issue => issue["subject"]!.ToString() == code + part));
            }
        }

        if (Crm.All("Opportunity").Select(deal => deal.Text("Project_Number__c")).Distinct().Count() != _deals.Count)
        {
            wrong.Add("a project number was issued twice");
        }

        return wrong;
    }

    public async ValueTask DisposeAsync()
    {
        await Crm.DisposeAsync();
        await Psa.DisposeAsync();
        await Erp.DisposeAsync();
    }

    public void Win()
    {
        var name = "Deal " + (900_000_000 + _deals.Count).ToString(CultureInfo.InvariantCulture);
        var account = Crm.Insert("Account", Fields.Of(("Name", "Customer of " + name), ("BillingCountry", "DE"), ("BillingCity", "Bonn"), ("Tax_Id__c", TaxIdOf(name))));
        var contract = Crm.Insert("Contract", Fields.Of(("AccountId", account), ("Status", "Activated"), ("CustomerSignedDate", "2026-11-20"), ("StartDate", "2026-12-01")));
        var deal = Crm.Insert("Opportunity", Fields.Of(
            ("Name", name), ("AccountId", account), ("ContractId", contract), ("StageName", "Negotiation/Review"), ("CloseDate", "2026-11-20"), ("Amount", 15_000m),
                ("CurrencyIsoCode", "EUR"),
            ("Delivery_Start__c", "2026-12-01"), ("Delivery_End__c", "2027-03-31")));
        Crm.Insert("OpportunityLineItem", Fields.Of(
            ("OpportunityId", deal), ("Workstream__c", "DE"), ("Workstream_Name__c", "Germany"), ("Country__c", "DE"), ("Billing_Method__c", "time"), ("Role__c", "Consultant"),
            ("Hours__c", 100m), ("Line_Currency__c", "EUR"), ("Line_Amount__c", 15_000m), ("Quantity", 1), ("UnitPrice", 15_000m)));
        Crm.Update("Opportunity", deal, Fields.Of(("StageName", "Closed Won")));
        _deals.Add(deal);
    }

    private static void Once(List<string> wrong, string deal, string what, int count)
    {
        if (count != 1)
        {
            wrong.Add($"{deal}: {count} x {what}");
        }
    }

    private static string TaxIdOf(string name) => "DE" + name[^9..];

    private void WriteLandscape()
    {
        Directory.CreateDirectory(Path.Combine(Landscape, "systems"));
        File.WriteAllText(Path.Combine(Landscape, "landscape.yaml"), $"extends: {Path.GetRelativePath(Landscape,
            Path.Combine(RepositoryFolder.Find(), "landscapes", "demo"))}\nname: kills\n");
        const string limits = "limits: { concurrency: 4, perSecond: 200, timeOut: 2s, margin: 1s }\n";
        Write("crm", $"kind: salesforce\nconnection: {{ login_url: \"{Crm.Address}\", client_id: {Crm.ClientId}, client_secret: \"env:KILL_CRM\", time_out_seconds: 2 }}\n"
            + "read: [{ entity: Account, every: 1s }, { entity: Contract, every: 1s }, { entity: Opportunity, every: 1s }]\n" + limits);
        Write("psa", $"kind: redmine\nconnection: {{ url: \"{Psa.Address}\", api_key: \"env:KILL_PSA\", time_out_seconds: 2 }}\n"
            + "read: [{ entity: time_entry, every: 1s }]\n" + limits);
        Write("erp", $"kind: tryton\nconnection: {{ url: \"{Erp.Address}\", database: tryton, user: hub, password: \"env:KILL_ERP\", time_out_seconds: 2 }}\n" + limits);

        void Write(string system, string text) => File.WriteAllText(Path.Combine(Landscape, "systems", system + ".yaml"), $"system: {system}\n{text}");
    }
}
