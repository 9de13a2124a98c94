using System.Collections.Frozen;
using System.Reflection;
using System.Security.Cryptography;
using Throughline.Connect;
using Throughline.Connectors;
using Throughline.Engine;
using Throughline.Landscape;
using Throughline.Processes;
using Throughline.Store.Postgres;
using Throughline.Store.Sqlite;

namespace Throughline.Server.Hosting;

/// <summary>The one place that knows which connectors, processes and stores there are, and puts a hub together from them.</summary>
internal static class Composition
{
    public static string Version { get; } =
        typeof(Composition).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0.0.0";

    /// <summary>Reads and checks a landscape against the connectors and processes of this program.</summary>
    public static LandscapeResult ReadLandscape(string folder, Func<string, string?> environment) => LandscapeReader.Read(
        folder, [.. ConnectorCatalog.All.Select(kind => kind.Manifest)], ProcessCatalog.Definitions, ProcessCatalog.Decisions.Names, environment);

    /// <summary>The landscape that is used where none is named: the demo's, from the working folder or from beside the program.</summary>
    public static string DefaultLandscape()
    {
        var here = Path.Combine("landscapes", "demo");
        return Directory.Exists(here) ? here : Path.Combine(AppContext.BaseDirectory, "landscapes", "demo");
    }

    /// <exception cref="StoreUnavailableException">It cannot be opened.</exception>
    public static async Task<IHubStore> OpenStoreAsync(string data, string? postgres, CancellationToken cancellation)
    {
        IHubStore store = postgres is { Length: > 0 } ? OpenPostgres(postgres) : SqliteHubStore.Open(data);
        try
        {
            await store.MigrateAsync(cancellation);
            return store;
        }
        catch
        {
            await store.DisposeAsync();
            throw;
        }
    }

    /// <summary>The bottom of the HTTP stack of all connectors: no redirects, cookies or proxy, so that a call goes to the declared host or
    /// nowhere.</summary>
    public static SocketsHttpHandler Transport() => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        MaxConnectionsPerServer = 64,
    };

    /// <summary>One connector per declared system, by name. Opens nothing.</summary>
    public static FrozenDictionary<string, IConnector> Connect(
        Landscape.Landscape landscape, SecretResolver secrets, HttpMessageHandler transport, TimeProvider time) =>
        landscape.Systems.Values.ToFrozenDictionary(system => system.Name, system => Connect(system, secrets, transport, time), StringComparer.Ordinal);

    public static IConnector Connect(SystemDeclaration system, SecretResolver secrets, HttpMessageHandler transport, TimeProvider time)
    {
        var kind = ConnectorCatalog.Find(system.Kind)!;
        var configuration = system.Configuration;
        foreach (var field in SecretFields(system))
        {
            configuration = configuration.Without(field);
        }

        return kind.Create(new ConnectorContext(system.Name, configuration, name => secrets.Resolve(system.Configuration.Text(name)!), transport, time));
    }

    /// <summary>The names of the system's configuration fields that hold references to secrets.</summary>
    public static IEnumerable<string> SecretFields(SystemDeclaration system) =>
        ConnectorCatalog.Find(system.Kind)!.Manifest.Configuration.Where(field => field.IsSecret && system.Configuration.Text(field.Name) is not null)
            .Select(field => field.Name);

    public static Hub BuildHub(IHubStore store, Landscape.Landscape landscape, IReadOnlyDictionary<string, IConnector> connectors, TimeProvider time,
        ILoggerFactory logs, ClusterPlace? place = null) => new(
        // The seed only spreads retries of several hubs; it is drawn here, at the edge.
        new HubParts(store, landscape, ProcessCatalog.Decisions, connectors, time, new Random(RandomNumberGenerator.GetInt32(int.MaxValue)), logs)
        {
            Cluster = place?.Parts,
        },
        place?.Hub ?? $"{Environment.MachineName}/{Environment.ProcessId}");

    private static PostgresHubStore OpenPostgres(string connectionString)
    {
        try
        {
            return PostgresHubStore.Open(connectionString);
        }
        catch (ArgumentException e)
        {
            // The connection string may hold a password, so its own words are not repeated.
            throw new StoreUnavailableException(
                "The PostgreSQL connection string cannot be read; write it as 'Host=...;Database=...;Username=...;Password=...'.", e);
        }
    }
}
