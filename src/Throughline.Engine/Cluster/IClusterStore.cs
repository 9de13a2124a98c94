using System.Collections.Immutable;

namespace Throughline.Engine.Cluster;

/// <summary>
/// What several hubs on one store must be able to rely on. All times are of the database's clock, so the clocks of hubs do not matter here.
/// Only a store that several processes can open has this port.
/// </summary>
public interface IClusterStore
{
    /// <summary>The same for all hubs of this store, and no other store's; their broker may serve others as well.</summary>
    Task<string> ClusterIdAsync(CancellationToken cancellation);

    /// <summary>Enters a hub, or says that it is still there, for so long; returns all that are there, by name.</summary>
    /// <exception cref="OtherReleaseException">The others work with another release of the landscape; nothing was written.</exception>
    Task<ImmutableArray<string>> StayAsync(string hub, string release, TimeSpan validFor, CancellationToken cancellation);

    Task LeaveAsync(string hub, CancellationToken cancellation);

    /// <summary>The partitions in which an envelope waits behind a cursor, with who took them last.</summary>
    Task<ImmutableArray<PartitionStand>> PartitionsStandingAsync(CancellationToken cancellation);

    /// <summary>Of these lanes, those that nobody drives: never taken, left, or not kept in time.</summary>
    Task<ImmutableArray<string>> LapsedLanesAsync(IReadOnlyCollection<string> systems, CancellationToken cancellation);

    /// <summary>Makes a new token for a lane that nobody drives, which makes all earlier ones void; it must be used in this time. Null where somebody drives it.</summary>
    Task<long?> MintTokenAsync(string system, TimeSpan validFor, CancellationToken cancellation);

    /// <summary>
    /// Makes a hub the driver of a lane, for so long: by its valid token, or without one where the lane is this hub's already or nobody drives it (which
    /// makes tokens void). Returns the new epoch, or null where the hub may not.
    /// </summary>
    Task<long?> TakeLaneAsync(string system, string hub, long? token, TimeSpan validFor, CancellationToken cancellation);

    /// <summary>Says that the driver is still there. False where another has taken the lane.</summary>
    /// <param name="voidToken">The driver has lost its token: nobody is to take the lane with it.</param>
    Task<bool> KeepLaneAsync(string system, long epoch, bool voidToken, TimeSpan validFor, CancellationToken cancellation);

    /// <summary>Nobody drives the lane any more, if it was still this driver's.</summary>
    Task LeaveLaneAsync(string system, long epoch, CancellationToken cancellation);

    /// <summary>As <see cref="ICursorStore.WriteCursorAsync"/>, by the driver of the system's lane.</summary>
    /// <exception cref="FencedException">Another hub drives the lane; nothing was written.</exception>
    Task WriteCursorAsync(string system, string entity, string cursor, long epoch, CancellationToken cancellation);
}

/// <summary>A partition with work.</summary>
/// <param name="Owner">The hub that took it last.</param>
/// <param name="Done">Grows with everything that is done in it.</param>
public sealed record PartitionStand(int Partition, string Owner, long Epoch, long Done);

/// <summary>All hubs of a store work with one release of the landscape; this one has another.</summary>
public sealed class OtherReleaseException(string release, string hub)
    : Exception($"The other hubs on this store work with release {release} of the landscape ({hub}).");
