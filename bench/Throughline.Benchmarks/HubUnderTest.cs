using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Throughline.Connect;
using Throughline.Connectors;
using Throughline.Engine;
using Throughline.Engine.Intake;
using Throughline.Landscape;
using Throughline.Model;
using Throughline.Processes;

namespace Throughline.Benchmarks;

/// <summary>One won deal: what the CRM says of its account, contract and opportunity, as the connector read it.</summary>
internal sealed record WonDeal(string Opportunity, ImmutableArray<SourceRecord> Records);

/// <summary>A hub as the program composes it, on a measured store, with the demo's landscape: no polls, limits out of the way.</summary>
internal sealed class HubUnderTest : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("throughline-bench-landscape-").FullName;
    private readonly SocketsHttpHandler _transport = new()
    {
        AllowAutoRedirect = false, UseCookies = false, UseProxy = false, MaxConnectionsPerServer = 64,
    };

    private readonly IConnector _crm;
    private readonly Dictionary<string, IConnector> _connectors;

    public HubUnderTest(MeasuredStore store, Fields where, bool isNull, ILoggerFactory logs)
    {
        WriteLandscape(where);
        var result = LandscapeReader.Read(
            _folder, [.. ConnectorCatalog.All.Select(kind => kind.Manifest)], ProcessCatalog.Definitions, ProcessCatalog.Decisions.Names, _ => null);
        var landscape = result.Landscape ?? throw new BenchException(string.Join('\n', result.Problems));
        _crm = Connect(landscape.Systems["crm"], where);
        _connectors = landscape.Systems.Values.ToDictionary(
            system => system.Name, system => isNull ? new NullConnector(ConnectorCatalog.Find(system.Kind)!.Manifest) : Connect(system, where));
        Hub = new Hub(new HubParts(store, landscape, ProcessCatalog.Decisions, _connectors, TimeProvider.System, new Random(1), logs), "bench");
    }

    public Hub Hub { get; }

    /// <summary>All won deals of the CRM sandbox, read as the hub's poller would.</summary>
    public async Task<ImmutableArray<WonDeal>> ReadDealsAsync()
    {
        var byId = new Dictionary<string, SourceRecord>(StringComparer.Ordinal);
        foreach (var entity in new[] { "Account", "Contract", "Opportunity" })
        {
            await foreach (var page in _crm.ReadAsync(entity, null, CancellationToken.None))
            {
                foreach (var record in page.Records)
                {
                    byId[record.ExternalId] = record;
                }
            }
        }

        return
        [
            .. byId.Values.Where(record => record.Entity == "Opportunity").OrderBy(record => record.Fields.Text("Name"), StringComparer.Ordinal)
                .Select(deal => new WonDeal(deal.ExternalId, [byId[deal.Fields.Text("AccountId")!], byId[deal.Fields.Text("ContractId")!], deal])),
        ];
    }

    /// <summary>Sends a deal's three records as three deliveries, each answered after its commit.</summary>
    public async Task SendAsync(WonDeal deal)
    {
        foreach (var record in deal.Records)
        {
            var answer = (await Hub.Intake.TakeAsync([new IntakeRequest("crm", record.Entity, "bench|" + record.ExternalId, null, record)]))[0];
            if (answer.Receipt?.Outcome != IntakeOutcome.Accepted)
            {
                throw new BenchException($"{record.Entity} {record.ExternalId} was not taken in: {string.Join("; ", answer.Problems)}");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Hub.DisposeAsync();
        await _crm.DisposeAsync();
        foreach (var connector in _connectors.Values)
        {
            await connector.DisposeAsync();
        }

        _transport.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private IConnector Connect(SystemDeclaration system, Fields where)
    {
        var kind = ConnectorCatalog.Find(system.Kind)!;
        var configuration = system.Configuration;
        foreach (var field in kind.Manifest.Configuration.Where(field => field.IsSecret))
        {
            configuration = configuration.Without(field.Name);
        }

        return kind.Create(new ConnectorContext(
            system.Name, configuration, field => where.Text(system.Configuration.Text(field)!["env:".Length..])!, _transport, TimeProvider.System));
    }

    private void WriteLandscape(Fields where)
    {
        const string limits = "limits: { concurrency: 32, perSecond: 10000 }\n";
        Directory.CreateDirectory(Path.Combine(_folder, "systems"));
        File.WriteAllText(Path.Combine(_folder, "landscape.yaml"), $"extends: {Path.GetRelativePath(_folder, Demo())}\nname: bench\n");
        Write("crm", $"kind: salesforce\nconnection: {{ login_url: \"{where.Text("crm")}\", client_id: {where.Text("clientId")}, "
            + "client_secret: \"env:clientSecret\" }\n");
        Write("psa", $"kind: redmine\nconnection: {{ url: \"{where.Text("psa")}\", api_key: \"env:psaKey\" }}\n");
        Write("erp", $"kind: tryton\nconnection: {{ url: \"{where.Text("erp")}\", database: tryton, user: {where.Text("erpUser")}, "
            + "password: \"env:erpPassword\" }\n");

        void Write(string system, string text) => File.WriteAllText(Path.Combine(_folder, "systems", system + ".yaml"), $"system: {system}\n{text}{limits}");
    }

    private static string Demo()
    {
        for (var folder = new DirectoryInfo(Directory.GetCurrentDirectory()); folder is not null; folder = folder.Parent)
        {
            var demo = Path.Combine(folder.FullName, "landscapes", "demo");
            if (Directory.Exists(demo))
            {
                return demo;
            }
        }

        throw new BenchException("landscapes/demo is not here; run it from the repository");
    }
}
