using System.Security.Cryptography;
using Throughline.Cluster;
using Throughline.Engine;
using Throughline.Engine.Cluster;

namespace Throughline.Server.Hosting;

/// <summary>What the person who starts a hub says about the others: where their broker is, and where its password is kept.</summary>
internal sealed record ClusterChoice(string Address, string Password)
{
    public const string AddressVariable = "THROUGHLINE_CLUSTER";
    public const string PasswordVariable = "THROUGHLINE_CLUSTER_PASSWORD";

    /// <summary>The broker, or why it cannot be one.</summary>
    public (BrokerAddress? Broker, string? Problem) Read(SecretResolver secrets)
    {
        var (uri, problem) = BrokerAddress.Parse(Address);
        if (uri is null)
        {
            return (null, problem);
        }

        return secrets.TryResolve(Password, out var missing) is null
            ? (null, $"The password of the broker is not there: {missing}.")
            : (new BrokerAddress(uri, () => secrets.Resolve(Password)), null);
    }
}

/// <summary>A hub's place among several.</summary>
internal sealed record ClusterPlace(string Hub, ClusterParts Parts)
{
    /// <exception cref="StoreUnavailableException">The store cannot be asked, or cannot be shared.</exception>
    public static async Task<ClusterPlace> FindAsync(IHubStore store, BrokerAddress broker, TimeProvider time, ILoggerFactory logs, CancellationToken cancellation)
    {
        if (store is not IClusterStore shared)
        {
            throw new InvalidOperationException($"{store.Description} belongs to one hub; several hubs need PostgreSQL.");
        }

        // Process ids come back, and in containers they are all alike.
        var hub = $"{Environment.MachineName.Replace(' ', '-')}/{Environment.ProcessId}/{RandomNumberGenerator.GetHexString(6, lowercase: true)}";
        return new ClusterPlace(hub, new ClusterParts(new RabbitBroker(broker, await shared.ClusterIdAsync(cancellation), hub, time, logs.CreateLogger<RabbitBroker>()), shared));
    }
}
