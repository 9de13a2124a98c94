using System.Net;
using Throughline.Sandbox;
using Throughline.Server.Hosting;

namespace Throughline.Server.Cli.Demo;

/// <summary>Sandboxes and a running hub between them.</summary>
internal sealed class DemoStage : IAsyncDisposable
{
    private readonly string? _temporary;
    private readonly ILoggerFactory _logs;
    private readonly SocketsHttpHandler _transport;

    private DemoStage(DemoSandboxes sandboxes, HubServer hub, HubClient client, DemoCrm crm, DemoSystems systems, bool isContinued, int? run, string? temporary,
        ILoggerFactory logs, SocketsHttpHandler transport)
    {
        (Sandboxes, Hub, Client, Crm, Systems, IsContinued, Run) = (sandboxes, hub, client, crm, systems, isContinued, run);
        (_temporary, _logs, _transport) = (temporary, logs, transport);
    }

    public DemoSandboxes Sandboxes { get; }

    public HubServer Hub { get; }

    public HubClient Client { get; }

    public DemoCrm Crm { get; }

    public DemoSystems Systems { get; }

    /// <summary>The systems hold what an earlier demo wrote, so this one has numbers and tax ids of its own.</summary>
    public bool IsContinued { get; }

    /// <summary>Tells the tax ids of this demo from those that the systems or the hub know of an earlier one; null where none was.</summary>
    public int? Run { get; }

    /// <summary>Where a series of this demo begins; 0 where the landscape has none.</summary>
    public int FirstNumber(string series) => (int)(Hub.Landscape.Parameters.Nested("numbering")?.Nested(series)?.Number("start") ?? 0);

    public static async Task<DemoStage> OpenAsync(Terminal terminal, string folder, string? data, int? port, CancellationToken cancellation)
    {
        // Read first, so that a landscape with problems is reported before anything is started.
        var now = terminal.Time.GetUtcNow();
        var isKnownHub = data is not null && File.Exists(Path.Combine(data, AccessToken.FileName));
        var sandboxes = await DemoSandboxes.StartAsync(folder, terminal.Environment, isKnownHub ? FirstIds.At(now) : 1, cancellation);
        var temporary = data is null ? Directory.CreateTempSubdirectory("throughline-demo-").FullName : null;
        var logs = HubLogs.Make(LogLevel.Error);
        var transport = Composition.Transport();
        try
        {
            var landscape = ServeCommand.ReadLandscape(folder, sandboxes.Environment);
            var secrets = new SecretResolver(sandboxes.Environment);
            var crm = new DemoCrm(landscape, terminal.Time);
            await crm.CheckAsync(cancellation);
            var systems = new DemoSystems(landscape, secrets);
            var (numbering, isContinued) = await DemoNumbers.FindAsync(landscape, systems, cancellation);
            landscape = landscape with { Parameters = landscape.Parameters.With("numbering", numbering) };
            var store = await Composition.OpenStoreAsync(temporary ?? data!, null, cancellation);
            var parts = new HubServerParts
            {
                Landscape = landscape, Store = store, Connectors = Composition.Connect(landscape, secrets, transport, terminal.Time),
                Token = AccessToken.OpenOrCreate(temporary ?? data!), Secrets = secrets, Endpoints = [new IPEndPoint(IPAddress.Loopback, port
                    ?? FreePort(7070))], Logs = logs, Time = terminal.Time,
            };
            var hub = await HubServer.StartAsync(parts, cancellation);
            int? run = isContinued ? (int)landscape.Parameters.Nested("numbering")!.Nested("customer")!.Number("start")!
                : isKnownHub ? DemoFirm.RunAt(now) : null;
            return new DemoStage(sandboxes, hub, new HubClient(hub.Address, hub.Token.Value), crm, systems, isContinued, run, temporary, logs,
                transport);
        }
        catch
        {
            await sandboxes.DisposeAsync();
            transport.Dispose();
            logs.Dispose();
            Remove(temporary);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Hub.DisposeAsync();
        Crm.Dispose();
        Systems.Dispose();
        await Sandboxes.DisposeAsync();
        _transport.Dispose();
        _logs.Dispose();
        Remove(_temporary);
    }

    // A demo should not fail because another one is still running.
    private static int FreePort(int wanted)
    {
        try
        {
            using var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, wanted);
            probe.Start();
            return wanted;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return 0;
        }
    }

    private static void Remove(string? folder)
    {
        if (folder is not null && Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
