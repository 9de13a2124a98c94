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
    private readonly SocketsHttpHandler _transport = new()
    {
        AllowAutoRedirect = false, UseCookies = false, UseProxy = false, MaxConnectionsPerServer = 64,
    };

    private readonly IConnector _crm;

    public HubUnderTest(MeasuredStore store, Fields where, Func<string, bool> isNull, ILoggerFactory logs)
    {
        Landscape = BenchLandscape.Read(where);
        _crm = Connect(Landscape.Systems["crm"], where);
        Connectors = Landscape.Systems.Values.ToDictionary(
            system => system.Name, system => isNull(system.Name) ? new NullConnector(ConnectorCatalog.Find(system.Kind)!.Manifest) : Connect(system, where));
        Hub = new Hub(new HubParts(store, Landscape, ProcessCatalog.Decisions, Connectors, TimeProvider.System, new Random(1), logs), "bench");
    }

    public Landscape.Landscape Landscape { get; }

    /// <summary>By system.</summary>
    public IReadOnlyDictionary<string, IConnector> Connectors { get; }

    public Hub Hub { get; }

    /// <summary>The targets answer nothing from now on, or again; only those in memory can be stopped.</summary>
    public void Stop(bool isStopped = true)
    {
        foreach (var connector in Connectors.Values.OfType<NullConnector>())
        {
            connector.IsStopped = isStopped;
        }
    }

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
    public Task SendAsync(WonDeal deal) => SendAsync(Hub.Intake, deal);

    public static async Task SendAsync(IntakeService intake, WonDeal deal)
    {
        foreach (var record in deal.Records)
        {
            var answer = (await intake.TakeAsync([new IntakeRequest("crm", record.Entity, "bench|" + record.ExternalId, null, record)]))[0];
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
        foreach (var connector in Connectors.Values)
        {
            await connector.DisposeAsync();
        }

        _transport.Dispose();
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
}
