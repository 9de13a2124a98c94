using Throughline.Simulation.World;

namespace Throughline.Simulation.Faults;

/// <summary>What goes wrong in one run: drawn once from the seed, so that runs differ in kind and not only in detail.</summary>
internal sealed class FaultPlan
{
    private readonly Random _store;
    private readonly Random _time;
    private readonly double _crash;
    private readonly double _unavailable;
    private readonly double _pause;

    public FaultPlan(TheWorld world, int seed)
    {
        var kinds = world.Chance("kinds of faults");
        _store = world.Chance("store");
        _time = world.Chance("store time");
        // Some runs are calm: what fails there is no fault's doing.
        var isCalm = seed % 20 == 0;
        double Rate(double max) => !isCalm && kinds.Next(100) < 60 ? max * kinds.NextDouble() : 0;
        bool Drawn() => !isCalm && kinds.Next(100) < 50;

        _crash = Rate(0.004);
        _unavailable = Rate(0.05);
        _pause = Rate(0.004);
        LostRequest = Rate(0.06);
        LostAnswer = Rate(0.15);
        LateWrite = Rate(0.10);
        Unreachable = Rate(0.10);
        Throttled = Rate(0.10);
        Refused = Rate(0.03);
        FailedLook = Rate(0.10);
        HasOutages = Drawn();
        HasStorms = Drawn();
        HasBadCredentials = !isCalm && kinds.Next(100) < 15;
        HasRandomCrashes = Drawn();
        HasReleases = Drawn();
        HasHastyPeople = Drawn();
        HasHooks = isCalm || Drawn();
        HooksGoAstray = Drawn();
        // A clock that is far ahead makes the hub ask too early for writes that are still on their way (docs/limits.md): one or the other.
        HasBadClocks = Drawn() && LateWrite == 0 && LostAnswer == 0;

        var time = world.Chance("kinds of time");
        PsaTellsChanges = time.Next(2) == 0;
        ErpTakesLinesApart = time.Next(2) == 0;
        ErpKeepsKeys = time.Next(2) == 0;
        Torn = !isCalm && ErpTakesLinesApart ? 0.3 * time.NextDouble() : 0;
        // What arrives twice stands twice where nothing keeps it out, whatever the hub does.
        Doubled = !isCalm && ErpKeepsKeys ? 0.2 * time.NextDouble() : 0;

        var payments = world.Chance("kinds of payments");
        CrmKeepsKeys = payments.Next(2) == 0;
        ComesBack = payments.Next(2) == 0 && !isCalm;
        // Of two states with one stamp nobody can tell which is newer, once somebody who stood still comes with one that he read before.
        ErpStampsTwice = payments.Next(2) == 0 && _pause == 0 && !HasRandomCrashes;
    }

    public bool IsOver { get; set; }

    /// <summary>The trouble comes back when the month is closed, while its invoices go out and are paid.</summary>
    public bool ComesBack { get; }

    public double LostRequest { get; }

    public double LostAnswer { get; }

    public double LateWrite { get; }

    public double Unreachable { get; }

    public double Throttled { get; }

    public double Refused { get; }

    public double FailedLook { get; }

    public bool HasOutages { get; }

    public bool HasStorms { get; }

    public bool HasBadCredentials { get; }

    public bool HasRandomCrashes { get; }

    public bool HasReleases { get; }

    /// <summary>People who retry, approve and reject at any moment, with and without reason.</summary>
    public bool HasHastyPeople { get; }

    public bool HasHooks { get; }

    /// <summary>Webhooks come twice, late, in another order, or not at all.</summary>
    public bool HooksGoAstray { get; }

    public bool HasBadClocks { get; }

    /// <summary>The PSA says which time has changed, and what was deleted; else it is read as a whole each time, and a deletion is told by a webhook alone.</summary>
    public bool PsaTellsChanges { get; }

    /// <summary>The ERP takes the lines of a batch one by one; else all or none.</summary>
    public bool ErpTakesLinesApart { get; }

    public bool ErpKeepsKeys { get; }

    /// <summary>The CRM takes no second invoice with the same key.</summary>
    public bool CrmKeepsKeys { get; }

    /// <summary>Two changes of one invoice may have the same stamp.</summary>
    public bool ErpStampsTwice { get; }

    /// <summary>A batch breaks off in the middle.</summary>
    public double Torn { get; }

    /// <summary>A batch arrives twice.</summary>
    public double Doubled { get; }

    public StoreFate OfStore(bool writes)
    {
        var draw = _store.NextDouble();
        var kind = _store.Next(2);
        if (IsOver)
        {
            return StoreFate.Works;
        }

        // What only reads can fail as well, but has nothing to leave behind.
        var crash = writes ? _crash : _crash / 10;
        var pause = writes ? _pause : _pause / 10;
        return draw < crash ? kind == 0 ? StoreFate.CrashBefore : StoreFate.CrashAfter
            : draw < crash + pause ? kind == 0 ? StoreFate.PauseBefore : StoreFate.PauseAfter
            : draw < crash + pause + _unavailable ? kind == 0 ? StoreFate.UnavailableBefore : StoreFate.UnavailableAfter
            : StoreFate.Works;
    }

    public TimeSpan StoreTime() => TimeSpan.FromTicks(_time.Next(20) == 0 ? _time.Next(2_000_000) : _time.Next(30_000));

    public override string ToString() => FormattableString.Invariant(
        $"crash {_crash:0.0000}, store away {_unavailable:0.000}, pause {_pause:0.0000}, lost request {LostRequest:0.00}, ")
        + FormattableString.Invariant($"lost answer {LostAnswer:0.00}, late write {LateWrite:0.00}, ")
        + FormattableString.Invariant($"unreachable {Unreachable:0.00}, throttled {Throttled:0.00}, refused {Refused:0.00}, failed look {FailedLook:0.00}, outages {HasOutages}, ")
        + $"storms {HasStorms}, bad credentials {HasBadCredentials}, crashes {HasRandomCrashes}, releases {HasReleases}, hasty people {HasHastyPeople}, "
        + $"hooks {HasHooks} ({(HooksGoAstray ? "astray" : "in order")}), bad clocks {HasBadClocks}, time {(PsaTellsChanges ? "by changes" : "as a whole")}, "
        + FormattableString.Invariant($"lines {(ErpTakesLinesApart ? "one by one" : "all or none")}, keys kept {ErpKeepsKeys}, torn {Torn:0.00}, doubled {Doubled:0.00}, ")
        + $"keys kept in the CRM {CrmKeepsKeys}, stamps twice {ErpStampsTwice}, trouble at the close {ComesBack}";
}
