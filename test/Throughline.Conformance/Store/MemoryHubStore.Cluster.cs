using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Cluster;

namespace Throughline.Conformance.Store;

public sealed partial class MemoryHubStore
{
    private readonly string _clusterId = "memory";

    /// <summary>The clock by which hubs and drivers are given their time.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    public Task<string> ClusterIdAsync(CancellationToken cancellation) => Task.FromResult(_clusterId);

    public Task<ImmutableArray<string>> StayAsync(string hub, string release, TimeSpan validFor, CancellationToken cancellation) => Do(() =>
    {
        Check(hub);
        var now = Clock.GetUtcNow();
        foreach (var gone in _data.Hubs.Where(row => row.Value.ValidUntil <= now).Select(row => row.Key).ToArray())
        {
            _data.Hubs.Remove(gone);
        }

        if (_data.Hubs.Where(row => row.Key != hub && row.Value.Release != release).OrderBy(row => row.Key, ByBytes).FirstOrDefault() is { Key: not null } other)
        {
            throw new OtherReleaseException(other.Value.Release, other.Key);
        }

        _data.Hubs[hub] = (release, now + validFor);
        return _data.Hubs.Keys.Order(ByBytes).ToImmutableArray();
    });

    public Task LeaveAsync(string hub, CancellationToken cancellation) => Do(() => _data.Hubs.Remove(hub));

    public Task<ImmutableArray<PartitionStand>> PartitionsStandingAsync(CancellationToken cancellation) => Do(() =>
        Enumerable.Range(0, _data.Heads.Length).Where(partition => Waiting(partition).Any()).Select(partition => new PartitionStand(
            partition, _data.Heads[partition].Owner, _data.Heads[partition].Epoch, _data.Heads[partition].Control + _data.Heads[partition].Intake)).ToImmutableArray());

    public Task<ImmutableArray<string>> LapsedLanesAsync(IReadOnlyCollection<string> systems, CancellationToken cancellation) =>
        Do(() => systems.Where(IsLapsed).Order(ByBytes).ToImmutableArray());

    public Task<long?> MintTokenAsync(string system, TimeSpan validFor, CancellationToken cancellation) => Do<long?>(() =>
    {
        Check(system);
        if (!IsLapsed(system))
        {
            return null;
        }

        _data.Lanes.TryAdd(system, 0);
        var driver = Driver(system);
        _data.Drivers[system] = driver with { Token = driver.Token + 1, ValidUntil = Clock.GetUtcNow() + validFor };
        return driver.Token + 1;
    });

    public Task<long?> TakeLaneAsync(string system, string hub, long? token, TimeSpan validFor, CancellationToken cancellation) => Do<long?>(() =>
    {
        Check(system, hub);
        var driver = Driver(system);
        if (token is { } number ? number != driver.Token || !_data.Lanes.ContainsKey(system) : !IsLapsed(system) && driver.Hub != hub)
        {
            return null;
        }

        _data.Drivers[system] = (hub, driver.Token + (token is null ? 1 : 0), Clock.GetUtcNow() + validFor);
        return _data.Lanes[system] = _data.Lanes.GetValueOrDefault(system) + 1;
    });

    public Task<bool> KeepLaneAsync(string system, long epoch, bool voidToken, TimeSpan validFor, CancellationToken cancellation) => Do(() =>
    {
        if (_data.Lanes.GetValueOrDefault(system) != epoch)
        {
            return false;
        }

        var driver = Driver(system);
        _data.Drivers[system] = driver with { Token = driver.Token + (voidToken ? 1 : 0), ValidUntil = Clock.GetUtcNow() + validFor };
        return true;
    });

    public Task LeaveLaneAsync(string system, long epoch, CancellationToken cancellation) => Do(() =>
    {
        if (_data.Lanes.GetValueOrDefault(system) == epoch)
        {
            _data.Drivers[system] = Driver(system) with { ValidUntil = DateTimeOffset.MinValue };
        }

        return true;
    });

    public Task WriteCursorAsync(string system, string entity, string cursor, long epoch, CancellationToken cancellation) => Do(() =>
    {
        Check(system, entity, cursor);
        FenceLane(system, epoch);
        return _data.Cursors[(system, entity)] = cursor;
    });

    private (string Hub, long Token, DateTimeOffset ValidUntil) Driver(string system) =>
        _data.Drivers.GetValueOrDefault(system, ("", 0, DateTimeOffset.MinValue));

    private bool IsLapsed(string system) => Driver(system).ValidUntil <= Clock.GetUtcNow();
}
