using System.Collections.Immutable;
using System.Globalization;
using Throughline.Engine;
using Throughline.Engine.Cases;
using Throughline.Engine.Delivery;
using Throughline.Engine.Intake;
using Throughline.Engine.Partition;
using Throughline.Model;
using static Throughline.Conformance.Store.StoreExamples;

namespace Throughline.Conformance.Store;

/// <summary>One operation that can be run on any store; its answer is compared as text.</summary>
internal sealed record StoreOperation(string Name, Func<IHubStore, Task<object?>> Run, Action<string>? Learn = null);

/// <summary>
/// A seeded sequence of operations over a few scopes, systems and keys, so that they often meet: duplicates, conflicts, stale epochs,
/// repeated outcomes.
/// </summary>
internal sealed class StoreScript(int seed)
{
    public static readonly ImmutableArray<Scope> Scopes =
    [
        Scope.Engagement("one"), Scope.Engagement("two"), Scope.Engagement("three 👩‍🚀"), ScopeIn(Scope.Engagement("one").Partition),
        Scope.Master("customer"),
    ];

    private static readonly ImmutableArray<string> Systems = ["erp", "psa"];

    private readonly Random _random = new(seed);
    private readonly Dictionary<int, long> _partitions = [];
    private readonly Dictionary<string, long> _lanes = [];
    private readonly List<Command> _commands = [];
    private DateTimeOffset _now = T0;
    private int _number;

    public StoreOperation Next()
    {
        _now = _now.AddTicks(_random.Next(0, 60) * 10_000_003L);
        return _random.Next(21) switch
        {
            0 or 1 or 2 => Append(),
            3 => TakePartition(),
            4 or 5 or 6 or 7 or 8 => Commit(),
            9 => TakeLane(),
            10 or 11 => Claim(),
            12 => ClaimInDoubt(),
            13 or 14 => Conclude(),
            15 => Fire(),
            16 => ReadParked(),
            17 => Cursor(),
            18 => ForgetKeys(),
            _ => Ask(),
        };
    }

    /// <summary>Epochs that a store gave are used by later operations.</summary>
    public void Learn(StoreOperation operation, string answer) => operation.Learn?.Invoke(answer);

    private T Pick<T>(IReadOnlyList<T> list) => list[_random.Next(list.Count)];

    private string Small(string prefix, int many) => prefix + _random.Next(many).ToString(CultureInfo.InvariantCulture);

    private string Fresh(string prefix) => prefix + (++_number).ToString(CultureInfo.InvariantCulture);

    private ImmutableArray<T> Some<T>(int max, Func<T> make) => [.. Enumerable.Range(0, _random.Next(max + 1)).Select(_ => make())];

    private long Epoch<TKey>(Dictionary<TKey, long> known, TKey key)
        where TKey : notnull => known.GetValueOrDefault(key) - (_random.Next(12) == 0 ? 1 : 0);

    private StoreOperation Append()
    {
        var items = Some(6, () =>
        {
            var key = Small("key", 60);
            return new IntakeItem(
                Pick(Systems), "Opportunity", key, Pick<string?>(["f1", "f1", "f2", null]), Envelope(Pick(Scopes), Fresh("e")) with { ReceivedAt = _now });
        });
        return new("append", async store => await store.AppendAsync(items, default));
    }

    private StoreOperation TakePartition()
    {
        var partition = Pick(Scopes).Partition;
        return new(
            "take partition", async store => await store.TakePartitionAsync(partition, "script", default),
            answer => _partitions[partition] = long.Parse(answer, CultureInfo.InvariantCulture));
    }

    private StoreOperation Commit()
    {
        var scope = Pick(Scopes);
        var commands = Some(3, () => Command(
            scope, Small("c", 80), Pick(Systems), _random.Next(3), _now.AddSeconds(-_random.Next(3)), _now.AddSeconds(_random.Next(-5, 30))));
        var systems = commands.Select(command => command.System).Distinct();
        var lanes = _random.Next(3) != 0 ? [] : systems.Select(system => new LaneHold(system, Epoch(_lanes, system))).ToImmutableArray();
        var claimed = commands.Select(command => lanes.IsEmpty ? command
            : command with { Status = CommandStatus.Sending, Attempt = 1, SendBefore = _now.AddSeconds(5) }).ToImmutableArray();
        var outcomes = lanes.IsEmpty || _commands.Count == 0 ? [] : Some(1, () => Concluded(Pick(_commands), CommandStatus.Done, Small("answer", 2)));
        _commands.AddRange(commands);
        var commit = new PartitionCommit
        {
            Partition = scope.Partition,
            Epoch = Epoch(_partitions, scope.Partition),
            // Small, so that most lie within the stream; those beyond its end must be refused.
            ControlCursor = _random.Next(4) == 0 ? _random.Next(4) : null,
            IntakeCursor = _random.Next(4) == 0 ? _random.Next(4) : null,
            State = Some(4, () => State(scope, Small("r", 4), _random.Next(5) == 0 ? null : Fresh("v"), Small("u", 3), (StateKind)_random.Next(8))),
            Crosswalk = Some(2, () => Crosswalk(scope, Small("x", 120), Small("k", 2), Small("u", 2), Pick(Systems))),
            Matches = Some(2, () => new MatchRow(scope, "customer", Small("m", 5), Small("u", 3))),
            Commands = claimed,
            Lanes = lanes,
            Outcomes = outcomes,
            Timers = Some(2, () => Timer(scope, Small("t", 4), _random.Next(4) == 0 ? null : _now.AddTicks(_random.Next(-100, 900) * 100_001L))),
            Cases = Some(2, () => Case(scope, Small("case", 20), _now.AddTicks(_random.Next(99)), (CaseStatus)_random.Next(4), Small("q", 2))),
            Instances = Some(2, () => Instance(scope, Small("i", 20), _now, Small("p", 2), Pick<string>(["Running", "Done", "Undoing", "Held", "Undone", "Merged"]))),
            Events = Some(2, () => Event(scope, Fresh("event"))),
            Lineage = Some(2, () => Line(scope, Fresh("line"), _random.Next(3) == 0 ? Pick(Scopes).ToString() : null)),
            Messages = Some(3, () => Envelope(Pick(Scopes), Fresh("m"), (EnvelopeKind)_random.Next(8))),
            Parked = Some(1, () => new ParkedEnvelope(new Envelope(Envelope(scope, Small("park", 12)), _random.Next(9)), Fresh("reason"), _now)),
            Released = Some(1, () => EnvelopeId(Small("park", 12))),
        };
        return new("commit", async store =>
        {
            await store.CommitAsync(commit, default);
            return "committed";
        });
    }

    private StoreOperation TakeLane()
    {
        var system = Pick(Systems);
        return new(
            "take lane", async store => await store.TakeLaneAsync(system, "script", default),
            answer => _lanes[system] = long.Parse(answer, CultureInfo.InvariantCulture));
    }

    private StoreOperation Claim()
    {
        var (system, now, max) = (Pick(Systems), _now, _random.Next(1, 5));
        var epoch = Epoch(_lanes, system);
        return new("claim", async store => await store.ClaimCommandsAsync(system, epoch, now, now.AddSeconds(5), max, default));
    }

    private StoreOperation ClaimInDoubt()
    {
        var (system, now, max) = (Pick(Systems), _now, _random.Next(1, 5));
        var epoch = Epoch(_lanes, system);
        return new(
            "claim in doubt", async store => await store.ClaimInDoubtAsync(system, epoch, now, now.AddSeconds(-2), now.AddSeconds(20), max, default));
    }

    private StoreOperation Conclude()
    {
        var system = Pick(Systems);
        var epoch = Epoch(_lanes, system);
        var now = _now;
        var outcomes = _commands.Count == 0 ? [] : Some(3, () =>
        {
            var command = Pick(_commands);
            var status = Pick<CommandStatus>([CommandStatus.Waiting, CommandStatus.InDoubt, CommandStatus.Done, CommandStatus.Done, CommandStatus.Failed]);
            return status is CommandStatus.Done or CommandStatus.Failed
                ? Concluded(command, status, Small("answer", 2), status == CommandStatus.Failed ? "refused" : null)
                : new CommandOutcome(command.Id, status, _random.Next(3) == 0 ? null : now.AddSeconds(3), "busy", null, _random.Next(3) == 0);
        });
        return new("conclude", async store => await store.ConcludeAsync(system, epoch, outcomes, default));
    }

    private StoreOperation Fire()
    {
        var (now, max) = (_now, _random.Next(1, 4));
        return new("fire timers", async store => await store.FireTimersAsync(now, max, default));
    }

    private StoreOperation ReadParked()
    {
        var units = Some(2, () => new UnitKey(Pick(Scopes), Pick<string>(["", Small("u", 3)])));
        return new("read parked", async store => await store.ReadParkedAsync(units, default));
    }

    private StoreOperation Cursor()
    {
        var (entity, value) = (Small("entity", 2), Fresh("cursor"));
        return new("cursor", async store =>
        {
            var before = await store.ReadCursorAsync("crm", entity, default);
            await store.WriteCursorAsync("crm", entity, value, default);
            return before;
        });
    }

    private StoreOperation ForgetKeys()
    {
        var before = _now.AddSeconds(-_random.Next(600));
        return new("forget keys", async store => await store.ForgetKeysAsync(before, 1_000, default));
    }

    private StoreOperation Ask()
    {
        var scope = Pick(Scopes);
        var (small, max) = (_random.Next(1, 5), _random.Next(1, 8));
        var id = Pick<string>(
        [
            Small("x", 120), Small("m", 5), scope.ToString(), CaseId(Small("case", 20)).ToString(), CommandId(Small("c", 80)).ToString(),
            InstanceId(Small("i", 20)).ToString(),
        ]);
        var filter = new CaseFilter(
            Pick<CaseStatus?>([null, CaseStatus.Open, CaseStatus.Settled]), Pick<string?>([null, "q0"]), Pick<string?>([null, scope.ToString()]),
            Pick<string?>([null, CaseId(Small("case", 20)).ToString()]), max);
        var lookups = ImmutableArray.Create(
            new UnitLookup(scope, Pick(Systems), "Account", Small("x", 120)), new UnitLookup(scope, UnitLookup.MatchSystem, "customer", Small("m", 5)),
            new UnitLookup(scope, UnitLookup.MatchSystem, "customer", Small("m", 5)));
        var units = ImmutableArray.Create(new UnitKey(scope, Small("u", 3)), new UnitKey(Pick(Scopes), Small("u", 3)));
        var after = InstanceId(Small("i", 20)).ToString();
        return new("ask", async store => new object?[]
        {
            await store.ReadEnvelopesAsync(scope.Partition, max, default),
            await store.PartitionsWithWorkAsync(default),
            await store.FindUnitsAsync(lookups, default),
            await store.LoadUnitsAsync(units, default),
            await store.FindScopesAsync(id, default),
            await store.ListCasesAsync(filter, default),
            await store.ListInstancesAsync(small == 1 ? "p1" : null, small == 2 ? "Done" : null, small < 4 ? after : null, max, default),
            await store.ListCommandsAsync(scope, max, default),
            await store.ListParkedAsync(small == 1 ? scope : null, max, default),
            await store.NextTimerAsync(default),
            await store.CountAsync(default),
        });
    }
}
