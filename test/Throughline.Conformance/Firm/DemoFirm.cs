using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Throughline.Connect;
using Throughline.Connectors;
using Throughline.Engine;
using Throughline.Engine.Cases;
using Throughline.Engine.Partition;
using Throughline.Engine.Process;
using Throughline.Landscape;
using Throughline.Model;
using Throughline.Processes;
using Throughline.Sandbox.Redmine;
using Throughline.Sandbox.Salesforce;
using Throughline.Sandbox.Tryton;

namespace Throughline.Conformance.Firm;

/// <summary>
/// The demo landscape with its three sandboxes over real HTTP and a hub on the given store, for tests that tell a story. What the targets
/// hold is read from the sandboxes themselves, never through our connectors.
/// </summary>
public sealed class DemoFirm : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Func<IHubStore> _open;
    private readonly Dictionary<string, string> _environment = [];
    private readonly SocketsHttpHandler _transport = new() { AllowAutoRedirect = false, UseCookies = false, UseProxy = false };
    private Dictionary<string, IConnector> _connectors = [];

    private DemoFirm(Func<IHubStore> open) => _open = open;

    public SalesforceSandbox Crm { get; } = new();

    public RedmineSandbox Psa { get; } = new();

    public TrytonSandbox Erp { get; } = new();

    public Hub Hub { get; private set; } = null!;

    public Landscape.Landscape Landscape { get; private set; } = null!;

    public ILoggerFactory Logs { get; init; } = NullLoggerFactory.Instance;

    /// <param name="open">Opens the store; called again after each restart.</param>
    public static async Task<DemoFirm> StartAsync(Func<IHubStore> open, ILoggerFactory? logs = null)
    {
        var firm = new DemoFirm(open) { Logs = logs ?? NullLoggerFactory.Instance };
        await firm.Crm.StartAsync();
        await firm.Psa.StartAsync();
        await firm.Erp.StartAsync();
        firm.Seed();
        firm.ReadLandscape();
        await firm.StartHubAsync();
        return firm;
    }

    public async Task StartHubAsync()
    {
        var store = _open();
        await store.MigrateAsync(CancellationToken.None);
        _connectors = Landscape.Systems.Values.ToDictionary(system => system.Name, Connect);
        Hub = new Hub(new HubParts(store, Landscape, ProcessCatalog.Decisions, _connectors, TimeProvider.System, new Random(1), Logs), "test");
        Hub.Start();
    }

    /// <summary>Stops the hub as an operator would; what is in flight is finished first.</summary>
    public async Task StopHubAsync()
    {
        await Hub.DisposeAsync();
        await Hub.Store.DisposeAsync();
        foreach (var connector in _connectors.Values)
        {
            await connector.DisposeAsync();
        }
    }

    /// <summary>Waits until something is so, asking again and again; fails with what was waited for.</summary>
    public async Task UntilAsync(string what, Func<Task<bool>> holds)
    {
        using var patience = new CancellationTokenSource(Patience, TimeProvider.System);
        while (!await holds())
        {
            if (patience.IsCancellationRequested)
            {
                throw new TimeoutException($"after {Patience.TotalSeconds} s still not so: {what}. {await DescribeAsync()}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(25), TimeProvider.System, CancellationToken.None);
        }
    }

    public Task UntilAsync(string what, Func<bool> holds) => UntilAsync(what, () => Task.FromResult(holds()));

    public Task UntilDoneAsync(string opportunity) => UntilAsync($"lead to project is done for {opportunity}", async () =>
        (await InstanceAsync(opportunity))?.Status == InstanceStatus.Done);

    public async Task<Instance?> InstanceAsync(string opportunity)
    {
        var state = await ScopeAsync(opportunity);
        return state.Instances.Values.FirstOrDefault(instance => instance.Subject.Key == opportunity);
    }

    public async Task<UnitState> ScopeAsync(string engagement)
    {
        var scope = Scope.Engagement(engagement);
        return UnitRows.Read(new UnitKey(scope, ""), await Hub.Store.LoadScopeAsync(scope, CancellationToken.None));
    }

    public async Task<Case> CaseAsync(string kind, string containing)
    {
        Case? found = null;
        await UntilAsync($"a case of kind {kind} that says '{containing}'", async () =>
        {
            var open = await Hub.Store.ListCasesAsync(new CaseFilter(CaseStatus.Open), CancellationToken.None);
            found = open.FirstOrDefault(item => item.Kind == kind && item.Says.Contains(containing, StringComparison.Ordinal));
            return found is not null;
        });
        return found!;
    }

    public async Task<string> StoryAsync(string engagement) => string.Join('\n',
        (await Hub.Store.ReadLineageAsync(Scope.Engagement(engagement).ToString(), 0, 1000, CancellationToken.None)).Select(entry => $"{entry.Kind,-12} {entry.Text}"));

    /// <summary>Parties with a customer number, as the ERP itself lists them.</summary>
    public IReadOnlyList<JsonObject> Parties => [.. Erp.Records("party.party").OfType<JsonObject>().Where(party =>
        party["code"]?.ToString() is { Length: 7 } code && code.StartsWith("C-", StringComparison.Ordinal))];

    /// <summary>Projects, milestones, workstreams and tasks that the hub made, as the PSA itself lists them.</summary>
    public IReadOnlyList<JsonObject> Projects => [.. Psa.Records("projects").Where(project =>
        project["identifier"]?.ToString().StartsWith("p-2", StringComparison.Ordinal) == true)];

    public IReadOnlyList<JsonObject> Milestones => [.. Psa.Records("versions")];

    public IReadOnlyList<JsonObject> Workstreams => [.. Psa.Records("issues").Where(issue => issue["parent"] is null)];

    public IReadOnlyList<JsonObject> Tasks => [.. Psa.Records("issues").Where(issue => issue["parent"] is not null)];

    /// <summary>Financial projects that the hub made, as the ERP itself lists them.</summary>
    public IReadOnlyList<JsonObject> FinancialProjects => [.. Erp.Records("project.work").OfType<JsonObject>().Where(work =>
        work["type"]?.ToString() == "project" && work["name"]?.ToString().StartsWith("P-2", StringComparison.Ordinal) == true)];

    public async Task<IReadOnlyList<PublishedEvent>> EventsAsync(string name) =>
        [.. (await Hub.Store.ReadEventsAsync(0, 1000, CancellationToken.None)).Where(item => item.Name == name)];

    /// <summary>A person acts on a case, as through the API.</summary>
    public Task ActAsync(Case item, CaseAction action, string by, string? reason = null) => Hub.GroupCommit.AppendAsync([new Throughline.Engine.Intake.IntakeItem(
        "hub", "case", $"{item.Id}|{action}|{by}", null, new NewEnvelope(
            EnvelopeId.New(TimeProvider.System), item.Unit.Scope, item.Unit.Unit, EnvelopeKind.PersonAction,
            Fields.Of(("case", item.Id.ToString()), ("action", action.ToString()), ("by", by),
                ("reason", reason)), item.CorrelationId, null, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch))]);

    public async ValueTask DisposeAsync()
    {
        await StopHubAsync();
        await Crm.DisposeAsync();
        await Psa.DisposeAsync();
        await Erp.DisposeAsync();
        _transport.Dispose();
    }

    private IConnector Connect(SystemDeclaration system) => ConnectorCatalog.Find(system.Kind)!.Create(new ConnectorContext(
        system.Name, system.Configuration, field => _environment[system.Configuration.Text(field)!["env:".Length..]], _transport, TimeProvider.System));

    private void Seed()
    {
        _environment["DEMO_SALESFORCE_URL"] = Crm.Address.ToString();
        _environment["DEMO_SALESFORCE_CLIENT_ID"] = Crm.ClientId;
        _environment["DEMO_SALESFORCE_SECRET"] = Crm.ClientSecret;
        _environment["DEMO_REDMINE_URL"] = Psa.Address.ToString();
        _environment["DEMO_REDMINE_KEY"] = Psa.AdminKey;
        _environment["DEMO_TRYTON_URL"] = Erp.Address.ToString();
        _environment["DEMO_TRYTON_PASSWORD"] = TrytonSandbox.Password;
    }

    private void ReadLandscape()
    {
        var folder = Path.Combine(RepositoryFolder.Find(), "landscapes", "demo");
        var result = LandscapeReader.Read(folder, [.. ConnectorCatalog.All.Select(kind =>
            kind.Manifest)], ProcessCatalog.Definitions, ProcessCatalog.Decisions.Names, name => _environment.GetValueOrDefault(name));
        var landscape = result.Landscape ?? throw new InvalidOperationException(string.Join('\n', result.Problems));
        // What is written and undone at once is of interest here, and nobody wants to wait for it.
        Landscape = landscape with { Parameters = landscape.Parameters.With("status", Fields.Of(("waitingAfterSeconds", 0))) };
    }

    private async Task<string> DescribeAsync()
    {
        var counts = await Hub.Store.CountAsync(CancellationToken.None);
        var cases = await Hub.Store.ListCasesAsync(new CaseFilter(CaseStatus.Open), CancellationToken.None);
        var instances = await Hub.Store.ListInstancesAsync(null, null, null, 20, CancellationToken.None);
        var waits = new List<string>();
        foreach (var row in instances)
        {
            var unit = UnitRows.Read(row.Unit, await Hub.Store.LoadUnitsAsync([row.Unit], CancellationToken.None));
            waits.AddRange(unit.Instances.Values.SelectMany(i => i.Steps.Where(s => !s.Value.IsDone).Select(s => $"{i.Process} {i.Subject.Key} {s.Key}: {s.Value.Reason}")));
        }

        return $"{counts}\nInstances: {string.Join("; ", instances.Select(i =>
            $"{i.Process} {i.Summary} {i.Status}"))}\nWaits: {string.Join("\n  ", waits)}\nCases: {string.Join("\n  ", cases.Select(c => $"{c.Kind}: {c.Says}"))}";
    }
}
