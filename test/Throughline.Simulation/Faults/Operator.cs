using Microsoft.Extensions.Logging;
using Throughline.Conformance.Store;
using Throughline.Connect;
using Throughline.Connectors;
using Throughline.Engine;
using Throughline.Model;
using Throughline.Processes;
using Throughline.Simulation.Firm;
using Throughline.Simulation.Mutations;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Faults;

/// <summary>One hub process.</summary>
internal sealed class RunningHub(Room room, RoomClock clock)
{
    public Room Room => room;

    public RoomClock Clock => clock;

    public Hub Hub { get; set; } = null!;

    public bool IsUp => Hub is not null && !room.IsDead && !room.IsPaused;
}

/// <summary>
/// Starts hubs over one store, and sees to it that there is one after a crash. Where a hub stands still, another one takes over, and for some
/// time both are there: the first one, when it wakes, knows nothing of it.
/// </summary>
internal sealed class Operator(TheWorld world, MemoryHubStore data, FaultPlan plan, Network network, Systems systems, Mutation? mutation)
{
    private readonly Random _chance = world.Chance("operator");
    private readonly List<RunningHub> _hubs = [];
    private int _started;

    public SimulatedLogs Logs { get; } = new(world);

    public Landscape.Landscape Landscape { get; set; } = Landscapes.First;

    public int Started => _started;

    public RunningHub? Any()
    {
        var up = _hubs.FindAll(hub => hub.IsUp);
        return up.Count == 0 ? null : up[_chance.Next(up.Count)];
    }

    public void Start()
    {
        var room = new Room(world, FormattableString.Invariant($"hub-{++_started}"));
        var hub = new RunningHub(room, new RoomClock(world, room));
        _hubs.Add(hub);
        world.Trace.Note(room.Name, "starts");
        var store = new FaultyStore(mutation?.Store(data.Reopen(), world, room) ?? data.Reopen(), world, room, plan, fate => Happens(hub, fate));
        var connectors = Landscape.Systems.Values.ToDictionary(system => system.Name, system => Connect(system.Name, system.Kind, room));
        var parts = new HubParts(store, Landscape, ProcessCatalog.Decisions, connectors, hub.Clock, world.Chance(room.Name), Logs.Of(room.Name));
        room.Begin(() =>
        {
            hub.Hub = new Hub(parts, room.Name);
            hub.Hub.Start();
            return Task.CompletedTask;
        });
    }

    public void Crash(RunningHub hub)
    {
        if (hub.Room.IsDead)
        {
            return;
        }

        world.Trace.Note(hub.Room.Name, "dies");
        hub.Room.Kill();
        _hubs.Remove(hub);
        if (_hubs.Count == 0)
        {
            world.Later(TimeSpan.FromMilliseconds(_chance.Next(8_000)), () =>
            {
                if (_hubs.Count == 0)
                {
                    Start();
                }
            });
        }
    }

    /// <summary>It stands still; sometimes for so long that somebody starts another one.</summary>
    public void Pause(RunningHub hub)
    {
        if (!hub.IsUp)
        {
            return;
        }

        var time = TimeSpan.FromMilliseconds(_chance.Next(_chance.Next(2) == 0 ? 3_000 : 60_000));
        world.Trace.Note(hub.Room.Name, $"stands still for {time.TotalSeconds:0.0} s");
        hub.Room.Pause();
        if (_chance.Next(3) > 0)
        {
            world.Later(time * _chance.NextDouble(), () =>
            {
                if (_hubs.Count < 2)
                {
                    Start();
                }
            });
        }

        world.Later(time, () =>
        {
            world.Trace.Note(hub.Room.Name, "goes on");
            hub.Room.Resume();
            world.Later(TimeSpan.FromMilliseconds(_chance.Next(10_000)), EndTheRivalry);
        });
    }

    /// <summary>One hub, awake, with a clock that is right.</summary>
    public void MakeGood()
    {
        foreach (var hub in _hubs)
        {
            hub.Clock.Skew = TimeSpan.Zero;
            if (hub.Room.IsPaused)
            {
                hub.Room.Resume();
            }
        }

        EndTheRivalry();
        if (_chance.Next(2) == 0 && Any() is { } hasty)
        {
            Crash(hasty);
        }
    }

    private void EndTheRivalry()
    {
        while (_hubs.Count > 1)
        {
            Crash(_hubs[_chance.Next(_hubs.Count)]);
        }
    }

    private void Happens(RunningHub hub, StoreFate fate)
    {
        if (fate is StoreFate.CrashBefore or StoreFate.CrashAfter)
        {
            Crash(hub);
        }
        else
        {
            Pause(hub);
        }
    }

    private IConnector Connect(string system, string kind, Room room)
    {
        var manifest = ConnectorCatalog.Find(kind)!.Manifest;
        IConnector connector = system switch
        {
            "crm" => new SimulatedConnector(system, manifest, network, room, systems.Crm.Apply, systems.Crm.Look, systems.Crm),
            "psa" => new SimulatedConnector(
                system, manifest, network, room, items => systems.Psa.Apply(items, world.Now), systems.Psa.Look, new TimeFeed(systems.Time, plan.PsaTellsChanges)),
            _ => new SimulatedConnector(
                system, manifest with { BatchIsAtomic = !plan.ErpTakesLinesApart }, network, room, items => systems.Erp.Apply(items, world.Now), systems.Erp.Look,
                new InvoiceFeed(systems.Erp)),
        };
        return mutation?.Connector(connector, world) ?? connector;
    }
}

/// <summary>The systems of the firm.</summary>
internal sealed record Systems(Crm Crm, Psa Psa, Erp Erp, TimeBook Time);
