using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Throughline.Conformance;
using Throughline.Model;
using Throughline.Sandbox;
using Throughline.Sandbox.Redmine;
using Throughline.Sandbox.Salesforce;
using Throughline.Sandbox.Tryton;
using Xunit;

namespace Throughline.EndToEnd.Kills;

/// <summary>
/// A stream of won deals while the hub, a real process on a real store, is killed (SIGKILL) again and again at random moments and started
/// anew, and while some answers are lost after the target accepted. Afterwards the targets themselves are counted: every deal exactly one
/// customer, one project with all its parts, one financial project (invariants 1 to 3, requirements E1, E2, X2).
/// </summary>
internal sealed class KillCampaign : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private readonly string _folder = Directory.CreateTempSubdirectory("throughline-kills-").FullName;
    private readonly string _store;
    private readonly Random _random;
    private readonly List<string> _deals = [];
    private Process? _hub;

    /// <param name="store">Arguments of <c>throughline serve</c> that choose the store.</param>
    public KillCampaign(string store, int seed) => (_store, _random) = (store, new Random(seed));

    public SalesforceSandbox Crm { get; } = new();

    public RedmineSandbox Psa { get; } = new();

    public TrytonSandbox Erp { get; } = new();

    public int Kills { get; private set; }

    public async Task RunAsync(int kills)
    {
        await Crm.StartAsync();
        await Psa.StartAsync();
        await Erp.StartAsync();
        WriteLandscape();
        for (var kill = 0; kill < kills; kill++)
        {
            Start();
            if (kill % 3 == 0)
            {
                Win();
            }

            if (kill % 10 == 5)
            {
                LoseAnAnswer();
            }

            // From "hardly started" to "well under way"; what moment that is, is up to the machine.
            await Task.Delay(TimeSpan.FromMilliseconds(400 + _random.Next(1_800)), TimeProvider.System, TestContext.Current.CancellationToken);
            Kill();
        }

        Start();
        await UntilAsync("every deal is active in the CRM", () => Crm.All("Opportunity").All(deal => deal.Text("Hub_Status__c") == "Active"));
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
        Kill();
        await Crm.DisposeAsync();
        await Psa.DisposeAsync();
        await Erp.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static void Once(List<string> wrong, string deal, string what, int count)
    {
        if (count != 1)
        {
            wrong.Add($"{deal}: {count} x {what}");
        }
    }

    private static string TaxIdOf(string name) => "DE" + name[^9..];

    private void Win()
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

    private void LoseAnAnswer()
    {
        Erp.Faults.Add(new Fault { Kind = FaultKind.CutAfter, BodyContains = ".create", Times = 1 });
        Psa.Faults.Add(new Fault { Kind = FaultKind.CutAfter, Method = "POST", Times = 1 });
    }

    private void WriteLandscape()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "landscape", "systems"));
        File.WriteAllText(Path.Combine(_folder, "landscape", "landscape.yaml"), $"extends: {Path.GetRelativePath(Path.Combine(_folder, "landscape"),
            Path.Combine(RepositoryFolder.Find(), "landscapes", "demo"))}\nname: kills\n");
        const string limits = "limits: { concurrency: 4, perSecond: 200, timeOut: 2s, margin: 1s }\n";
        Write("crm", $"kind: salesforce\nconnection: {{ login_url: \"{Crm.Address}\", client_id: {Crm.ClientId}, client_secret: \"env:KILL_CRM\", time_out_seconds: 2 }}\n"
            + "read: [{ entity: Account, every: 1s }, { entity: Contract, every: 1s }, { entity: Opportunity, every: 1s }]\n" + limits);
        Write("psa", $"kind: redmine\nconnection: {{ url: \"{Psa.Address}\", api_key: \"env:KILL_PSA\", time_out_seconds: 2 }}\n" + limits);
        Write("erp", $"kind: tryton\nconnection: {{ url: \"{Erp.Address}\", database: tryton, user: hub, password: \"env:KILL_ERP\", time_out_seconds: 2 }}\n" + limits);

        void Write(string system, string text) => File.WriteAllText(Path.Combine(_folder, "landscape", "systems", system + ".yaml"), $"system: {system}\n{text}");
    }

    private void Start()
    {
        var start = new ProcessStartInfo(Path.Combine(RepositoryFolder.Find(), "artifacts", "bin", "Throughline.Server", "debug", "throughline"))
        {
            ArgumentList = { "serve", "--landscape", Path.Combine(_folder, "landscape"), "--data", Path.Combine(_folder, "data"), "--urls", "http://127.0.0.1:0" },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["KILL_CRM"] = Crm.ClientSecret, ["KILL_PSA"] = Psa.AdminKey, ["KILL_ERP"] = TrytonSandbox.Password },
        };
        foreach (var argument in _store.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            start.ArgumentList.Add(argument.Replace('\u00a0', ' '));
        }

        _hub = Process.Start(start) ?? throw new InvalidOperationException("the hub did not start");
        _hub.OutputDataReceived += (_, line) => Log(line.Data);
        _hub.ErrorDataReceived += (_, line) => Log(line.Data);
        _hub.BeginOutputReadLine();
        _hub.BeginErrorReadLine();
    }

    private void Log(string? line)
    {
        if (line is not null)
        {
            lock (_deals)
            {
                File.AppendAllText(Path.Combine(_folder, "hub.log"), line + "\n");
            }
        }
    }

    private void Kill()
    {
        if (_hub is { HasExited: false })
        {
            _hub.Kill();
            _hub.WaitForExit();
            Kills++;
        }

        _hub?.Dispose();
        _hub = null;
    }

    private async Task UntilAsync(string what, Func<bool> holds)
    {
        using var patience = new CancellationTokenSource(Patience, TimeProvider.System);
        while (!holds())
        {
            if (patience.IsCancellationRequested || _hub!.HasExited)
            {
                var log = File.Exists(Path.Combine(_folder, "hub.log")) ? string.Join('\n', File.ReadLines(Path.Combine(_folder, "hub.log")).TakeLast(30)) : "";
                var open = Crm.All("Opportunity").Where(deal => deal.Text("Hub_Status__c") != "Active").Select(deal =>
                    $"{deal.Text("Name")}: {deal.Text("Hub_Status__c")} {deal.Text("Hub_Next_Action__c")}");
                throw new TimeoutException($"after {Kills} kills still not so: {what}. {string.Join("; ", open)}\nWrong so far: {string.Join("; ", Wrong())}\n{log}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }
}
