using System.Collections.Immutable;
using Throughline.Conformance.Store;
using Throughline.Engine.Entries;
using Throughline.Model;
using Throughline.Simulation.Checkers;
using Throughline.Simulation.Faults;
using Throughline.Simulation.Firm;
using Throughline.Simulation.Mutations;
using Throughline.Simulation.World;

namespace Throughline.Simulation;

/// <summary>One whole story: a firm, a hub over one store, trouble, and peace afterwards. Everything in it follows from the seed.</summary>
internal sealed class SimulationRun
{
    private static readonly TimeSpan RestWithin = TimeSpan.FromHours(2);
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(20);
    private const int QuietLooks = 3;

    private static readonly ImmutableArray<int> Partitions = [.. Enumerable.Range(0, Scope.PartitionCount)];

    private readonly TimeSpan _busy;
    private readonly Troublemaker _trouble;
    private readonly HashSet<(EntryId Id, DateTimeOffset At)> _ahead = [];
    private ulong _lastHash;
    private DateTimeOffset _lastMove;
    private int _quiet;

    public SimulationRun(int seed, bool keepsLog = false, Mutation? mutation = null)
    {
        World = new TheWorld(seed, keepsLog);
        Plan = new FaultPlan(World, seed);
        Network = new Network(World, Plan);
        var time = new TimeBook(World);
        Systems = new Systems(
            new Crm(World, Plan.CrmKeepsKeys), new Psa(time),
            new Erp { KeepsKeys = Plan.ErpKeepsKeys, TakesLinesApart = Plan.ErpTakesLinesApart, StampsTwice = Plan.ErpStampsTwice }, time);
        Hubs = new Operator(World, Store, Plan, Network, Systems, mutation);
        Senders = new Senders(World, Systems, Hubs, Plan);
        Sellers = new Sellers(World, Systems.Crm);
        Consultants = new Consultants(World, Systems);
        Customers = new Customers(World, Systems.Erp);
        People = new People(World, Store, Hubs, Plan);
        Finance = new Finance(World, Store, Hubs, Sellers);
        _trouble = new Troublemaker(World, Plan, Network, Hubs);
        _busy = TimeSpan.FromSeconds(60 + World.Chance("length").Next(120));
    }

    public TheWorld World { get; }

    public FaultPlan Plan { get; }

    public Network Network { get; }

    public Systems Systems { get; }

    public MemoryHubStore Store { get; } = new();

    public Operator Hubs { get; }

    public Senders Senders { get; }

    public Sellers Sellers { get; }

    public Consultants Consultants { get; }

    public Customers Customers { get; }

    public People People { get; }

    public Finance Finance { get; }

    /// <summary>How long it took until nothing moved any more, after the trouble was over; null where it never came to rest.</summary>
    public TimeSpan? RestedAfter { get; private set; }

    /// <summary>What is wrong, each with the checker that says so; empty where all is well.</summary>
    public List<(string Checker, string Says)> Wrong { get; } = [];

    public SimulationRun Run()
    {
        World.Trace.Note("plan", Plan.ToString());
        Hubs.Start();
        Sellers.Begin(_busy);
        Consultants.Begin(_busy);
        People.Begin(_busy);
        Finance.Begin(_busy);
        Customers.Begin(_busy);
        _trouble.Begin(_busy);
        World.Pass(_busy);
        World.Trace.Note("peace", "the trouble is over");
        _trouble.End();
        Sellers.TidyUp();
        Consultants.TidyUp();
        NoteAhead();
        var began = World.Now;
        RestedAfter = World.Pass(RestWithin, LookEvery, IsAtRest) ? World.Now - began : null;
        Check(checker => checker.WhenAtRest(this));
        World.Trace.Note("peace", "every deadline passes");
        World.Leap(TimeSpan.FromDays(16));
        World.Pass(TimeSpan.FromSeconds(30));
        World.Leap(TimeSpan.FromDays(16));
        World.Pass(TimeSpan.FromSeconds(30));
        Check(checker => checker.WhenDeadlinesHavePassed(this));
        return this;
    }

    private bool IsAtRest()
    {
        if (Plan.HasBadClocks)
        {
            NoteAhead();
        }

        if (_trouble.IsBack)
        {
            return false;
        }

        var counts = Store.CountAsync(CancellationToken.None).Result;
        var isBusy = counts.EnvelopesWaiting + counts.CommandsWaiting + counts.CommandsInDoubt > 0
            || Senders.UnderWay + Network.UnderWay + People.UnderWay + Finance.UnderWay + Customers.UnderWay > 0
            || World.Trace.Hash != _lastHash || EntriesMove() || People.ActDiligently() > 0;
        _lastMove = World.Trace.Hash == _lastHash ? _lastMove : World.Now;
        _lastHash = World.Trace.Hash;
        _quiet = isBusy ? 0 : _quiet + 1;
        if (_quiet < QuietLooks)
        {
            return false;
        }

        // The month is closed when nothing moves any more, and that moves a few things; so does what is taken back afterwards.
        if (Finance.Close() || Finance.TakeBack())
        {
            _quiet = 0;
            _trouble.ComeBack();
        }

        return _quiet > 0;
    }

    // An entry that waits is looked at by itself; where something has happened since it was, it may go on.
    private bool EntriesMove() => !Store.ReadEntryWorkAsync(Partitions, World.Now, 1, CancellationToken.None).Result.Envelopes.IsEmpty
        || Store.FindEntriesAsync(new EntryFilter(Status: EntryStatus.Waiting, Max: int.MaxValue), CancellationToken.None).Result
            .Any(row => row.At <= _lastMove || _ahead.Contains((row.Id, row.At)));

    // Who looked with a clock that was ahead looked before that time, and what has happened since then is still to be seen.
    private void NoteAhead() => _ahead.UnionWith(
        Store.FindEntriesAsync(new EntryFilter(Status: EntryStatus.Waiting, Max: int.MaxValue), CancellationToken.None).Result
            .Where(row => row.At > World.Now).Select(row => (row.Id, row.At)));

    private void Check(Func<IChecker, IEnumerable<string>> look)
    {
        foreach (var checker in Checks.All)
        {
            foreach (var says in look(checker))
            {
                World.Trace.Note("WRONG", $"{checker.GetType().Name}: {says}");
                Wrong.Add((checker.GetType().Name, says));
            }
        }
    }
}
