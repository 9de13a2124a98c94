using System.Collections.Frozen;
using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Throughline.Engine.Partition;

namespace Throughline.Engine.Cluster;

/// <summary>What makes a hub one of several: the broker by which they hear of work, and the store by which they agree.</summary>
public sealed record ClusterParts(IBroker Broker, IClusterStore Store);

/// <summary>
/// One hub among several. It hears bells and tokens from the broker; and it looks for itself, so that nothing stands still without one: at partitions with work that
/// nobody does, and at lanes that nobody drives.
/// </summary>
internal sealed partial class HubCluster : IBrokerListener
{
    /// <summary>A partition whose work does not move for this long is taken by whoever sees it.</summary>
    public static readonly TimeSpan StandsStill = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan StayEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan StayFor = TimeSpan.FromSeconds(20);

    private readonly IBroker _broker;
    private readonly IClusterStore _store;
    private readonly string _hub;
    private readonly string _release;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Dictionary<int, (long Done, long Since)> _standing = [];
    private readonly PartitionWorker _worker;
    private readonly FrozenDictionary<string, LaneSeat> _seats;
    private long? _stayedAt;
    private bool? _isBrokerThere;

    public HubCluster(HubParts parts, string hub, ClusterDoorbell doorbell, PartitionWorker worker)
    {
        (_broker, _store) = (parts.Cluster!.Broker, parts.Cluster.Store);
        (_hub, _release, _time) = (hub, parts.Landscape.Release, parts.Time);
        _log = parts.Logs.CreateLogger<HubCluster>();
        (Doorbell, _worker) = (doorbell, worker);
        EntryBells = new EntryBells(_broker, doorbell, _time);
        doorbell.IsOurs = worker.Owns;
        worker.Taken = _broker.TellTaken;
        // It rings for whoever has it now; perhaps that one was not told of what this hub was about to do.
        worker.Fenced = _broker.Ring;
        _seats = parts.Landscape.Systems.Keys.ToFrozenDictionary(
            system => system, system => new LaneSeat(system, hub, parts.Store, parts.Store, _store, _broker, _time)
            {
                Taken = () => LogLaneTaken(system),
            },
            StringComparer.Ordinal);
    }

    public ClusterDoorbell Doorbell { get; }

    public EntryBells EntryBells { get; }

    /// <summary>The hubs on this store, by name, as last heard of.</summary>
    public ImmutableArray<string> Hubs { get; private set; } = [];

    public IBroker Broker => _broker;

    /// <summary>Called when a lane may have something to do here.</summary>
    public required Action<string> LaneWoken { get; init; }

    /// <summary>Called when the driver of a lane, if it is this hub, is to look for commands.</summary>
    public required Action<string> LaneRung { get; init; }

    public LaneSeat Seat(string system) => _seats[system];

    /// <exception cref="OtherReleaseException">The others work with another release; this hub must not start.</exception>
    public async Task JoinAsync(CancellationToken cancellation)
    {
        Hubs = await _store.StayAsync(_hub, _release, StayFor, cancellation);
        _stayedAt = _time.GetTimestamp();
    }

    /// <summary>Each hub asks for tokens in another order, so that lanes spread over those that start together.</summary>
    public void Start()
    {
        string[] systems = [.. _seats.Keys.Order(StringComparer.Ordinal)];
        var first = (int)((uint)string.GetHashCode(_hub, StringComparison.Ordinal) % (uint)Math.Max(1, systems.Length));
        _broker.Start([.. systems[first..], .. systems[..first]], this);
    }

    /// <summary>One look at what stands still.</summary>
    public async Task LookAsync(CancellationToken cancellation)
    {
        if (_stayedAt is not { } stayed || _time.GetElapsedTime(stayed) >= StayEvery)
        {
            await JoinAsync(cancellation);
        }

        LookAt(await _store.PartitionsStandingAsync(cancellation));
        string[] idle = [.. _seats.Values.Where(seat => !seat.IsDriving).Select(seat => seat.System)];
        foreach (var system in idle.Length == 0 ? [] : await _store.LapsedLanesAsync(idle, cancellation))
        {
            if (_broker.Trouble is not null)
            {
                _seats[system].FoundFree();
                LaneWoken(system);
            }
            else if (await _store.MintTokenAsync(system, LaneSeat.ValidFor, cancellation) is { } number)
            {
                _broker.PutToken(system, number);
            }
        }
    }

    /// <summary>Hands over what is left: nothing waits until somebody notices that this hub is gone.</summary>
    public async Task LeaveAsync()
    {
        try
        {
            foreach (var stand in await _store.PartitionsStandingAsync(CancellationToken.None))
            {
                _broker.Ring(stand.Partition);
            }

            await _store.LeaveAsync(_hub, CancellationToken.None);
        }
        catch (StoreUnavailableException e)
        {
            LogNotLeft(e);
        }

        await _broker.DisposeAsync();
    }

    public void BellRang(int partition, BrokerMessage message) => Doorbell.BellRang(partition, message);

    public void LaneRang(string system)
    {
        if (_seats.TryGetValue(system, out var seat) && seat.IsDriving)
        {
            LaneRung(system);
        }
    }

    public void PartitionTaken(int partition, long epoch) => _worker.Lose(partition, epoch);

    public void TokenCame(string system, long number, BrokerMessage message)
    {
        _seats[system].TokenCame(number, message);
        LaneWoken(system);
    }

    public void BrokerFound()
    {
        _isBrokerThere = true;
        LogFound(_broker.Description);
    }

    public void BrokerLost()
    {
        foreach (var seat in _seats.Values)
        {
            seat.TokenLost();
        }

        if (_isBrokerThere != false)
        {
            _isBrokerThere = false;
            LogLost(_broker.Description, _broker.Trouble ?? "the connection was lost");
        }
    }

    private void LookAt(ImmutableArray<PartitionStand> stands)
    {
        var before = _standing.ToFrozenDictionary();
        _standing.Clear();
        foreach (var stand in stands)
        {
            if (stand.Owner == _hub)
            {
                Doorbell.RingHere(stand.Partition);
                continue;
            }

            _worker.Lose(stand.Partition, stand.Epoch);
            var since = before.TryGetValue(stand.Partition, out var seen) && seen.Done == stand.Done ? seen.Since : _time.GetTimestamp();
            _standing[stand.Partition] = (stand.Done, since);
            if (_time.GetElapsedTime(since) >= StandsStill || (stand.Owner.Length == 0 && _broker.Trouble is not null))
            {
                Doorbell.RingHere(stand.Partition);
            }
        }
    }

    [LoggerMessage(EventId = 1401, Level = LogLevel.Warning,
        Message = "TL1401 the broker at {Broker} is away ({Why}); the hubs go on by looking into the store, slower, and nothing is lost. They try again every second")]
    private partial void LogLost(string broker, string why);

    [LoggerMessage(EventId = 1402, Level = LogLevel.Information, Message = "TL1402 the broker at {Broker} is there; the hubs ring each other's bells")]
    private partial void LogFound(string broker);

    [LoggerMessage(EventId = 1403, Level = LogLevel.Information, Message = "TL1403 this hub drives the lane of {System} now")]
    private partial void LogLaneTaken(string system);

    [LoggerMessage(EventId = 1404, Level = LogLevel.Warning, Message = "TL1404 the other hubs could not be told that this one stops; they notice within seconds")]
    private partial void LogNotLeft(Exception e);
}
