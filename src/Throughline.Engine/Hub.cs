using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Throughline.Connect;
using Throughline.Engine.Cluster;
using Throughline.Engine.Delivery;
using Throughline.Engine.Entries;
using Throughline.Engine.Intake;
using Throughline.Engine.Partition;
using Throughline.Engine.Process;
using Throughline.Engine.Schedule;
using Throughline.Model;

namespace Throughline.Engine;

/// <summary>What a hub is made of.</summary>
/// <param name="Connectors">By the system's name in the landscape.</param>
/// <param name="Random">Spreads retries; seeded in simulations.</param>
public sealed record HubParts(
    IHubStore Store,
    Landscape.Landscape Landscape,
    DecisionCatalog Decisions,
    IReadOnlyDictionary<string, IConnector> Connectors,
    TimeProvider Time,
    Random Random,
    ILoggerFactory Logs)
{
    /// <summary>Where several hubs work on one store; null for a hub that has its store for itself.</summary>
    public ClusterParts? Cluster { get; init; }
}

/// <summary>How a hub stands among several.</summary>
/// <param name="Trouble">Null while the hubs hear each other by the broker; else why not.</param>
/// <param name="Hubs">All on this store, as last heard of.</param>
public sealed record ClusterState(string Hub, string Broker, string? Trouble, ImmutableArray<string> Hubs);

/// <summary>
/// The running hub: partition workers, lanes, pollers and timers over one store. Each loop does single steps and survives any failure of
/// one step; what is not done stays in the store and is found by the next look.
/// </summary>
public sealed partial class Hub : IAsyncDisposable
{
    // While one waits for its commit the other decides. What rings meanwhile is taken together, so batches grow with the load.
    private const int Workers = 2;
    private const int PartitionsMax = Bell.Count;
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan StoreQuiet = TimeSpan.FromSeconds(5);

    private readonly HubParts _parts;
    private readonly string _owner;
    private readonly IDoorbell _doorbell;
    private readonly HubCluster? _cluster;
    private readonly PartitionWorker _worker;
    private readonly EntryWorker _entries;
    private readonly Dictionary<string, Signal> _laneSignals = [];
    private readonly Dictionary<string, OutageLog> _outages;
    private readonly OutageLog _storeOutage;
    private readonly Signal _timers = new();
    private long _nextTimer = DateTimeOffset.MaxValue.UtcTicks;
    private readonly LaneWatch _laneWatch;
    private readonly KeyPruner _keys;
    private readonly CancellationTokenSource _stop = new();
    private readonly ILogger<Hub> _log;
    private readonly List<Task> _loops = [];

    public Hub(HubParts parts, string owner)
    {
        _parts = parts;
        _owner = owner;
        _log = parts.Logs.CreateLogger<Hub>();
        Release = new ReleaseHolder(parts.Landscape);
        Definitions = new DefinitionLibrary();
        foreach (var definition in parts.Landscape.Processes.Values)
        {
            Definitions.Add(definition);
        }

        var bells = parts.Cluster is { } others ? new ClusterDoorbell(others.Broker) : null;
        _doorbell = bells ?? (IDoorbell)new InProcessDoorbell();
        _storeOutage = new OutageLog("the store", parts.Time, parts.Logs.CreateLogger<OutageLog>());
        GroupCommit = new GroupCommit(parts.Store, _doorbell) { Failed = e => StoreFailed("intake", e) };
        Intake = new IntakeService(Release, GroupCommit, new EntryHomes(parts.Store), system => parts.Connectors.GetValueOrDefault(system)?.Manifest, parts.Time);
        _worker = new PartitionWorker(parts.Store, Release, parts.Decisions, Definitions, _doorbell, parts.Time, parts.Logs.CreateLogger<PartitionWorker>())
        {
            CommandsDecided = RingLanes,
            TimersSet = TimerSet,
        };
        _entries = new EntryWorker(parts.Store, _worker, Release, _doorbell, parts.Time, parts.Logs.CreateLogger<EntryWorker>()) { CommandsDecided = RingLanes };
        _cluster = bells is null ? null : new HubCluster(parts, owner, bells, _worker) { LaneWoken = Wake, LaneRung = system => RingLanes([system]) };
        _outages = parts.Landscape.Systems.Keys.ToDictionary(system => system, system => new OutageLog(system, parts.Time, parts.Logs.CreateLogger<OutageLog>()));
        Lanes = [.. parts.Landscape.Systems.Values.Select(system => new Lane(
            system, parts.Connectors[system.Name], _cluster?.Seat(system.Name) ?? (ILaneStore)parts.Store, _doorbell, new LaneCircuit(), parts.Time, parts.Random,
            new LaneLog(parts.Logs.CreateLogger<Lane>(), _outages[system.Name])))];
        Pollers = [.. parts.Landscape.Systems.Values.SelectMany(system => system.Reads.Select(read => (read.Every, new Poller(
            system.Name, read.Entity, parts.Connectors[system.Name], Intake, _cluster?.Seat(system.Name) ?? (ICursorStore)parts.Store, _outages[system.Name]))))];
        foreach (var lane in Lanes)
        {
            lane.Woken = (_laneSignals[lane.System] = new Signal()).Set;
        }

        var way = new ShortWay(Lanes.ToDictionary(lane => lane.System, StringComparer.Ordinal), _worker.Owns, _doorbell);
        _worker.ShortWay = way;
        foreach (var lane in Lanes)
        {
            lane.ShortWay = way;
        }

        _laneWatch = new LaneWatch(Lanes, parts.Time, Drives, parts.Store.FindCaseAsync, items => GroupCommit.AppendAsync(items));
        _keys = new KeyPruner(parts.Store, Release, parts.Time);
    }

    public ReleaseHolder Release { get; }

    public DefinitionLibrary Definitions { get; }

    public GroupCommit GroupCommit { get; }

    public IntakeService Intake { get; }

    public IHubStore Store => _parts.Store;

    public ImmutableArray<Lane> Lanes { get; }

    public ImmutableArray<(TimeSpan Every, Poller Poller)> Pollers { get; }

    /// <summary>Null for a hub that has its store for itself.</summary>
    public ClusterState? Cluster => _cluster is null ? null : new ClusterState(_owner, _cluster.Broker.Description, _cluster.Broker.Trouble, _cluster.Hubs);

    /// <summary>Something could not be read or committed a moment ago. Asking the store does not tell: one without room still answers questions.</summary>
    public bool StoreFails => _storeOutage.IsOut;

    /// <summary>This hub drives the lane of a system and reads it, as far as it knows.</summary>
    public bool Drives(string system) => _cluster is null || _cluster.Seat(system).IsDriving;

    /// <summary>Joins the other hubs, where there can be any; before the start.</summary>
    /// <exception cref="OtherReleaseException">They work with another release of the landscape.</exception>
    public Task JoinAsync(CancellationToken cancellation) => _cluster?.JoinAsync(cancellation) ?? Task.CompletedTask;

    public void Start()
    {
        _cluster?.Start();
        for (var i = 0; i < Workers; i++)
        {
            Loop("partition worker", WorkOnceAsync);
        }

        Loop("look for work", LookOnceAsync);
        Loop("timers", TimersOnceAsync);
        Loop("old intake keys", async cancellation => await Task.Delay(await _keys.ForgetAsync(cancellation), _parts.Time, cancellation));
        foreach (var lane in Lanes)
        {
            Loop("lane " + lane.System, cancellation => LaneOnceAsync(lane, cancellation));
        }

        foreach (var (every, poller) in Pollers)
        {
            Loop($"poll {poller.System} {poller.Entity}", async cancellation =>
            {
                if (!Drives(poller.System))
                {
                    poller.Leave();
                    await Task.Delay(LookEvery, _parts.Time, cancellation);
                    return;
                }

                await poller.ReadAsync(cancellation);
                await Task.Delay(every, _parts.Time, cancellation);
            });
        }
    }

    /// <summary>Stops taking new steps and waits for those under way; calls to systems are not torn, so nothing becomes in doubt by stopping.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        if (_cluster is not null)
        {
            await _cluster.Broker.StopListeningAsync();
        }

        var ended = Task.WhenAll(_loops);
        await Task.WhenAll(Lanes.Select(lane => StopLaneAsync(lane, ended)));
        await ended;
        await GroupCommit.DisposeAsync();
        if (_cluster is not null)
        {
            await _cluster.LeaveAsync();
        }

        _stop.Dispose();
    }

    private async Task WorkOnceAsync(CancellationToken cancellation)
    {
        var bells = await _doorbell.NextAsync(PartitionsMax, cancellation);
        try
        {
            ImmutableArray<int> partitions = [.. bells.Where(bell => !Bell.IsOfEntries(bell))];
            ImmutableArray<int> entries = [.. bells.Where(Bell.IsOfEntries).Select(Bell.PartitionOf)];
            if (!partitions.IsEmpty)
            {
                await _worker.WorkAsync(partitions, _owner, cancellation);
            }

            if (!entries.IsEmpty)
            {
                await _entries.WorkAsync(entries, _owner, cancellation);
            }
        }
        finally
        {
            foreach (var bell in bells)
            {
                _doorbell.Answered(bell);
            }
        }
    }

    private async Task LookOnceAsync(CancellationToken cancellation)
    {
        if (_cluster is not null)
        {
            await _cluster.LookAsync(cancellation);
        }
        else
        {
            foreach (var partition in await _parts.Store.PartitionsWithWorkAsync(cancellation))
            {
                _doorbell.Ring(partition);
            }
        }

        var waiting = await _parts.Store.PartitionsWithEntriesAsync(_parts.Time.GetUtcNow(), cancellation);
        if (_cluster is not null)
        {
            _cluster.EntryBells.Ring(waiting);
        }
        else
        {
            foreach (var partition in waiting)
            {
                _doorbell.Ring(Bell.OfEntries(partition));
            }
        }

        _storeOutage.OverUnlessFailedWithin(StoreQuiet);
        await _laneWatch.LookAsync(cancellation);
        await Task.Delay(LookEvery, _parts.Time, cancellation);
    }

    private async Task TimersOnceAsync(CancellationToken cancellation)
    {
        Interlocked.Exchange(ref _nextTimer, DateTimeOffset.MaxValue.UtcTicks);
        foreach (var partition in await _parts.Store.FireTimersAsync(_parts.Time.GetUtcNow(), PartitionWorker.BatchMax, cancellation))
        {
            _doorbell.Ring(partition);
        }

        var next = await _parts.Store.NextTimerAsync(cancellation);
        var now = _parts.Time.GetUtcNow();
        // One that is set while we wait wakes us only if it comes earlier.
        Interlocked.Exchange(ref _nextTimer, (next ?? DateTimeOffset.MaxValue).UtcTicks);
        var wait = next is { } due ? due - now : TimeSpan.FromMinutes(1);
        // Nobody says when another hub sets one; it is awake for it by itself, unless it is gone.
        var most = _cluster is null ? TimeSpan.TicksPerMinute : LookEvery.Ticks * 4;
        await _timers.WaitAsync(TimeSpan.FromTicks(Math.Clamp(wait.Ticks, LookEvery.Ticks / 10, most)), _parts.Time, cancellation);
    }

    private void TimerSet(DateTimeOffset due)
    {
        if (due.UtcTicks < Interlocked.Read(ref _nextTimer))
        {
            _timers.Set();
        }
    }

    private async Task LaneOnceAsync(Lane lane, CancellationToken cancellation)
    {
        var moved = _cluster is null ? await lane.WorkAsync(_owner, cancellation) : await _cluster.Seat(lane.System).WorkAsync(lane, cancellation);
        if (lane.Circuit.OpenUntil is not null && Drives(lane.System))
        {
            _outages[lane.System].Stands(OutageLog.Writing, lane.Circuit.Reason ?? "no reason known");
        }
        else
        {
            _outages[lane.System].Works(OutageLog.Writing);
        }

        if (moved == 0)
        {
            await _laneSignals[lane.System].WaitAsync(LookEvery, _parts.Time, cancellation);
        }
    }

    private async Task StopLaneAsync(Lane lane, Task ended)
    {
        try
        {
            if (_cluster is not null)
            {
                await _cluster.Seat(lane.System).StopAsync(lane, ended);
                return;
            }

            await ended;
            await lane.DisposeAsync();
        }
        catch (Exception e) when (e is StoreUnavailableException or FencedException)
        {
            LogStepFailed(e, "lane " + lane.System);
        }
    }

    private void RingLanes(IReadOnlyCollection<string> systems)
    {
        foreach (var lane in Lanes.Where(lane => systems.Contains(lane.System)))
        {
            if (Drives(lane.System))
            {
                lane.Ring();
            }
            else
            {
                _cluster!.Broker.RingLane(lane.System);
            }
        }
    }

    private void Wake(string system) => _laneSignals[system].Set();

    private void Loop(string name, Func<CancellationToken, Task> once) => _loops.Add(Background.Run(async () =>
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await once(_stop.Token);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (FencedException) when (_cluster is not null)
            {
                // Another hub does it: what may happen at any time among several. What is known of it was forgotten.
            }
            catch (StoreUnavailableException e)
            {
                StoreFailed(name, e);
                await PauseAsync();
            }
            catch (Exception e)
            {
                // A step failed: what was not committed is done again by the next look; a call whose outcome was not recorded is asked for.
                LogStepFailed(e, name);
                await PauseAsync();
            }
        }
    }));

    // Every loop meets it again and again, so the log says it as it does of a system: once, and again when it is over.
    private void StoreFailed(string part, Exception failure) => _storeOutage.Failed(part, failure.Message);

    private async Task PauseAsync()
    {
        try
        {
            await Task.Delay(LookEvery, _parts.Time, _stop.Token);
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    [LoggerMessage(EventId = 1001, Level = LogLevel.Error, Message = "TL1001 {Loop}: a step failed and is done again")]
    private partial void LogStepFailed(Exception e, string loop);
}
