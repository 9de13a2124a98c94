using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Throughline.Cluster;
using Throughline.Connect;
using Throughline.Engine;
using Throughline.Server.Api;
using Throughline.Server.Api.Access;

namespace Throughline.Server.Hosting;

/// <summary>What a running hub with its doors is made of.</summary>
internal sealed record HubServerParts
{
    public required Landscape.Landscape Landscape { get; init; }

    /// <summary>Migrated; disposed with the server.</summary>
    public required IHubStore Store { get; init; }

    /// <summary>By system; disposed with the server.</summary>
    public required IReadOnlyDictionary<string, IConnector> Connectors { get; init; }

    public required AccessToken Token { get; init; }

    public required SecretResolver Secrets { get; init; }

    public required IReadOnlyList<IPEndPoint> Endpoints { get; init; }

    public required ILoggerFactory Logs { get; init; }

    /// <summary>Where the hub is one of several; the store must be one that they can share.</summary>
    public BrokerAddress? Broker { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public DoorLimits Limits { get; init; } = DoorLimits.Default;
}

/// <summary>A hub, its API and its status page. Disposal drains: no new requests, those under way are answered, steps under way end.</summary>
internal sealed class HubServer : IAsyncDisposable
{
    private readonly HubServerParts _parts;
    private readonly Doors _doors;
    private readonly WebApplication _application;

    private HubServer(HubServerParts parts, Doors doors, WebApplication application) => (_parts, _doors, _application) = (parts, doors, application);

    public Hub Hub => _doors.Hub;

    public Landscape.Landscape Landscape => _parts.Landscape;

    public AccessToken Token => _parts.Token;

    /// <summary>The first address it listens on.</summary>
    public Uri Address => new(_application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());

    public static async Task<HubServer> StartAsync(HubServerParts parts, CancellationToken cancellation)
    {
        var place = parts.Broker is { } broker ? await ClusterPlace.FindAsync(parts.Store, broker, parts.Time, parts.Logs, cancellation) : null;
        var hub = Composition.BuildHub(parts.Store, parts.Landscape, parts.Connectors, parts.Time, parts.Logs, place);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(parts.Logs);
        builder.Services.AddSingleton<IHostLifetime, QuietLifetime>();
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(30));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            options.Limits.MaxRequestBodySize = parts.Limits.BodyBytesMax;
            options.Limits.MaxRequestHeadersTotalSize = 32 * 1024;
            foreach (var endpoint in parts.Endpoints)
            {
                options.Listen(endpoint, listen => listen.Protocols = HttpProtocols.Http1);
            }
        });
        var application = builder.Build();
        var doors = new Doors(hub, parts);
        ApiRoutes.Map(application, doors);
        var server = new HubServer(parts, doors, application);
        try
        {
            await hub.JoinAsync(cancellation);
            hub.Start();
            await application.StartAsync(cancellation);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>From now on the hub says that it is not to be sent anything more. It works on until it is disposed.</summary>
    public void GiveNotice() => _doors.IsStopping = true;

    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync(CancellationToken.None);
        await Hub.DisposeAsync();
        await _application.DisposeAsync();
        foreach (var connector in _parts.Connectors.Values)
        {
            await connector.DisposeAsync();
        }

        await _parts.Store.DisposeAsync();
    }

    // Signals are the command line's business; the web host only starts and stops.
    private sealed class QuietLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

/// <summary>What every door of the hub may use.</summary>
internal sealed record Doors(Hub Hub, HubServerParts Parts)
{
    private bool _isStopping;

    public IHubStore Store => Parts.Store;

    public Landscape.Landscape Landscape => Hub.Release.Landscape;

    public TimeProvider Time => Parts.Time;

    /// <summary>The hub will stop in a moment; what is sent meanwhile is still taken.</summary>
    public bool IsStopping
    {
        get => Volatile.Read(ref _isStopping);
        set => Volatile.Write(ref _isStopping, value);
    }
}
