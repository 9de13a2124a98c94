using System.Collections.Immutable;
using Throughline.Connect;
using Throughline.Engine.Cases;
using Throughline.Engine.Delivery;
using Throughline.Engine.Intake;
using Throughline.Engine.Lineage;
using Throughline.Engine.Process;
using Throughline.Landscape;
using Throughline.Landscape.Expressions;
using Throughline.Model;
using Throughline.Model.Canonical;

namespace Throughline.Engine.Partition;

/// <summary>One batch of one partition in memory: units as loaded, units as decided, and the effects so far.</summary>
internal sealed partial class Batch(int partition, long epoch, DecideContext context, DateTimeOffset now)
{
    private readonly Dictionary<EnvelopeId, PreparedEnvelope> _prepared = [];
    private readonly Dictionary<EnvelopeId, Exception> _unmapped = [];
    private readonly List<PreparedEnvelope> _fresh = [];
    private readonly Dictionary<(Scope Scope, string Entity, string Key), SortedSet<string>> _identities = [];
    private readonly Dictionary<UnitKey, UnitState> _loaded = [];
    private readonly Dictionary<UnitKey, UnitState> _units = [];
    private readonly List<Command> _commands = [];
    private readonly List<TimerRow> _timers = [];
    private readonly Dictionary<CaseId, Case> _cases = [];
    private readonly List<LineageEntry> _lineage = [];
    private readonly List<(Scope Scope, string Decision, Exception Cause)> _defects = [];
    private readonly List<NewEnvelope> _messages = [];
    private readonly List<PublishedEvent> _events = [];
    private readonly List<CrosswalkRow> _crosswalk = [];
    private readonly List<MatchRow> _matches = [];
    private long? _control;
    private long? _intake;

    public int Partition => partition;

    /// <summary>Of the tenure in which its envelopes were read.</summary>
    public long Epoch => epoch;

    /// <summary>Decisions of processes that threw, for the log.</summary>
    public IReadOnlyList<(Scope Scope, string Decision, Exception Cause)> Defects => _defects;

    /// <summary>Every unit of the batch as it was decided.</summary>
    public IEnumerable<UnitState> Decided => _units.Values;

    /// <summary>Makes the envelope's unit part of the batch without looking into the envelope.</summary>
    public void Include(Envelope envelope) => _prepared[envelope.Id] = new PreparedEnvelope(envelope, null, null, null);

    public void Prepare(Envelope envelope)
    {
        InwardResult? inward = null;
        string? entity = null;
        if (envelope.Kind == EnvelopeKind.SourceRecord)
        {
            var (system, record) = SourcePayload.Read(envelope.Payload);
            if (context.Landscape.InwardMap(system, record.Entity) is { } map)
            {
                entity = map.To;
                inward = Map(envelope, map, record);
            }
        }

        var prepared = new PreparedEnvelope(envelope, entity, inward, null);
        _prepared[envelope.Id] = prepared;
        _fresh.Add(prepared);
    }

    private InwardResult Map(Envelope envelope, InwardMap map, SourceRecord record)
    {
        try
        {
            return MapRunner.Inward(map, record, context.Landscape);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            _unmapped[envelope.Id] = e;
            var why = e is EvaluationException ? e.Message : $"the hub failed while it mapped the record, which is a defect of the hub (TL1101 in the log, envelope {envelope.Id})";
            return new InwardResult(true, null, null, null, Fields.Empty, new Failure.Validation($"{map.Place}: {why}", []));
        }
    }

    /// <summary>By which keys the units of what was prepared since the last call may be recognised.</summary>
    public ImmutableArray<UnitLookup> IdentityLookups()
    {
        ImmutableArray<UnitLookup> lookups =
        [
            .. _fresh
                .SelectMany(prepared => Identities(prepared).Select(key => new UnitLookup(prepared.Envelope.Scope, UnitLookup.MatchSystem, key.Entity, key.Value)))
                .Distinct(),
        ];
        _fresh.Clear();
        return lookups;
    }

    public void Found(IEnumerable<FoundUnit> found)
    {
        foreach (var item in found)
        {
            Remember((item.Lookup.Scope, item.Lookup.Entity, item.Lookup.Key), item.Unit);
        }
    }

    // With the units that carry the same identity keys: same scope, so this batch may read them too. What was decided here already stays.
    public ImmutableArray<UnitKey> UnitsToLoad() =>
    [
        .. _prepared.Values.Select(prepared => UnitOf(prepared.Envelope))
            .Concat(_identities.SelectMany(pair => pair.Value.Select(unit => new UnitKey(pair.Key.Scope, unit)))).Distinct()
            .Where(key => !_loaded.ContainsKey(key)),
    ];

    private void Remember((Scope Scope, string Entity, string Key) identity, string unit)
    {
        if (!_identities.TryGetValue(identity, out var units))
        {
            _identities[identity] = units = new SortedSet<string>(StringComparer.Ordinal);
        }

        units.Add(unit);
    }

    public void Load(UnitState state)
    {
        _loaded[state.Key] = state;
        _units[state.Key] = state;
    }

    public void Decide(Envelope envelope)
    {
        Advance(envelope);
        var key = UnitOf(envelope);
        var state = _units.GetValueOrDefault(key) ?? UnitState.Empty(key);
        if (envelope.Kind != EnvelopeKind.PersonAction && IsHeldUp(state))
        {
            SetAside(envelope, "follows an earlier envelope that is parked");
            return;
        }

        DecideNow(envelope, key, state, isReplay: false);
    }

    /// <summary>Decides a receipt that is no envelope yet; false where it has to become one, because its unit is held up. It has no place in a stream.</summary>
    public bool TryDecide(Envelope receipt)
    {
        var key = UnitOf(receipt);
        var state = _units.GetValueOrDefault(key) ?? UnitState.Empty(key);
        if (IsHeldUp(state))
        {
            return false;
        }

        DecideNow(receipt, key, state, isReplay: false);
        return true;
    }

    private void DecideNow(Envelope envelope, UnitKey key, UnitState state, bool isReplay)
    {
        if (isReplay && DroppedBy(envelope, state) is { IsEmpty: false } dropped)
        {
            _units[key] = state with { Dropped = state.Dropped.Except(dropped) };
            Drop(envelope, dropped);
            return;
        }

        if (envelope.Scope.Kind == Placement.UnplacedKind && envelope.Kind == EnvelopeKind.SourceRecord)
        {
            Place(envelope, state);
            return;
        }

        var prepared = _prepared[envelope.Id];
        if (envelope.Kind == EnvelopeKind.SourceRecord && (prepared.Inward is null || prepared.Inward.Failure is not null))
        {
            RefuseUnmapped(envelope, prepared, state);
            return;
        }

        if (prepared.Inward is { Applies: false })
        {
            return;
        }

        var turn = new Turn(state, envelope, context, now);
        Decider.Decide(turn, prepared with { SameAs = SameAs(prepared) });
        Take(key, turn);
    }

    private void RefuseUnmapped(Envelope envelope, PreparedEnvelope prepared, UnitState state)
    {
        var (system, record) = SourcePayload.Read(envelope.Payload);
        var known = state.Of(prepared.Entity ?? "").FirstOrDefault(item => item.Id.Key == (state.Key.Unit.Length > 0 ? state.Key.Unit : prepared.Inward?.Key));
        if (known is not null && known.Versions.ContainsKey(system) && !SourceDecider.IsNewer(record.Version, known.Versions.Text(system)))
        {
            _lineage.Add(new LineageEntry(
                0, now, envelope.Content.CorrelationId, envelope.Scope, "not-applied",
                $"{system} sent a state of {record.Entity} {record.ExternalId} that cannot be mapped; what is known is as new, so it is dropped.",
                system, record.Entity, record.ExternalId, envelope.Id.ToString()));
            return;
        }

        var reason = prepared.Inward?.Failure?.Message ?? $"the landscape has no mapping for {record.Entity} of {system}";
        Park(envelope, Obstacle.Unmapped(reason), Case.UnmappedKind, Case.UnmappedId(system, record.Entity, record.ExternalId));
        if (_unmapped.TryGetValue(envelope.Id, out var cause))
        {
            _poisoned.Add((envelope, cause));
        }
    }

    // The landscape may have been mended since; then the record goes on to where it belongs.
    private void Place(Envelope envelope, UnitState state)
    {
        var (system, record) = SourcePayload.Read(envelope.Payload);
        var placement = Placement.Of(context.Landscape, system, record);
        if (placement.Problem is { } problem)
        {
            Park(envelope, Obstacle.Unmapped(problem.Message), Case.ParkedKind, ParkedIdOf(envelope));
            return;
        }

        var turn = new Turn(state, envelope, context, now);
        turn.Send(EnvelopeKind.SourceRecord, placement.Scope, placement.Unit, envelope.Payload, placement.Scope.ToString());
        Take(state.Key, turn);
    }

    public PartitionCommit ToCommit() => new()
    {
        Partition = partition,
        Epoch = epoch,
        ControlCursor = _control,
        IntakeCursor = _intake,
        State = [.. _units.SelectMany(pair => UnitRows.Difference(_loaded.GetValueOrDefault(pair.Key) ?? UnitState.Empty(pair.Key), pair.Value))],
        Crosswalk = [.. _crosswalk.Distinct()],
        Matches = [.. _matches.Distinct()],
        Commands = [.. _commands],
        Timers = [.. _timers],
        Cases = [.. _cases.Values],
        Instances = [.. _units.Values.SelectMany(ChangedInstances)],
        Events = [.. _events],
        Lineage = [.. _lineage],
        Messages = [.. _messages],
        Parked = [.. _parked],
        Released = [.. _released],
    };

    private IEnumerable<InstanceRow> ChangedInstances(UnitState unit)
    {
        var before = _loaded.GetValueOrDefault(unit.Key);
        foreach (var instance in unit.Instances.Values.Where(instance => HasChanged(before, unit, instance)))
        {
            var status = instance.Held ? "Held" : instance.Status.ToString();
            yield return new InstanceRow(
                instance.Id, unit.Key, instance.Process, status, ProcessRunner.NameOf(unit, instance.Subject), instance.StartedAt, instance.ChangedAt);
        }

        foreach (var gone in before?.Instances.Values.Where(instance => !unit.Instances.ContainsKey(instance.Id)) ?? [])
        {
            yield return new InstanceRow(gone.Id, unit.Key, gone.Process, "Merged", ProcessRunner.NameOf(before!, gone.Subject), gone.StartedAt, now);
        }
    }

    // What a list shows: the status, and the subject's name, which may change without the instance.
    private static bool HasChanged(UnitState? before, UnitState after, Instance instance) =>
        before?.Instances.GetValueOrDefault(instance.Id) is not { } known || known.Status != instance.Status || known.Held != instance.Held
        || (!ReferenceEquals(before.Records.GetValueOrDefault(instance.Subject), after.Records.GetValueOrDefault(instance.Subject))
            && ProcessRunner.NameOf(before, instance.Subject) != ProcessRunner.NameOf(after, instance.Subject));

    private void Take(UnitKey key, Turn turn)
    {
        _units[key] = turn.State;
        _commands.AddRange(turn.Commands);
        foreach (var timer in turn.Timers)
        {
            _timers.RemoveAll(known => known.Unit == timer.Unit && known.Id == timer.Id);
            _timers.Add(timer);
        }

        foreach (var item in turn.Cases)
        {
            _cases[item.Id] = item;
        }

        _lineage.AddRange(turn.Lineage);
        _defects.AddRange(turn.Defects.Select(defect => (key.Scope, defect.Decision, defect.Cause)));
        _messages.AddRange(turn.Messages);
        _events.AddRange(turn.Events);
        _crosswalk.AddRange(turn.Crosswalk);
        _matches.AddRange(turn.Matches);
        foreach (var match in turn.Matches)
        {
            Remember((match.Scope, match.Entity, match.Key), match.Unit);
        }
    }

    private string? SameAs(PreparedEnvelope prepared)
    {
        foreach (var key in Identities(prepared))
        {
            // Keys are only added, so what was found is checked: the other unit must still be one of its own and still carry the key.
            var others = _identities.GetValueOrDefault((prepared.Envelope.Scope, key.Entity, key.Value)) ?? [];
            var other = others.FirstOrDefault(unit => unit != prepared.Envelope.Content.Unit
                && _units.GetValueOrDefault(new UnitKey(prepared.Envelope.Scope, unit)) is { MergedInto: null } state
                && state.Records.GetValueOrDefault(new RecordId(key.Entity, unit)) is { } record
                && EntityCatalog.Find(key.Entity)!.IdentityKeys.Any(name => record.Attributes.Text(name) == key.Value));
            if (other is not null)
            {
                return other;
            }
        }

        return null;
    }

    private static IEnumerable<(string Entity, string Value)> Identities(PreparedEnvelope prepared)
    {
        if (prepared is { Entity: { } entity, Inward: { Failure: null } inward })
        {
            foreach (var name in EntityCatalog.Find(entity)?.IdentityKeys ?? [])
            {
                if (inward.Attributes.Text(name) is { } value && LookupKeys.Identifies(value))
                {
                    yield return (entity, value);
                }
            }
        }
    }

    private static UnitKey UnitOf(Envelope envelope) => new(envelope.Scope, envelope.Content.Unit);

    private void Advance(Envelope envelope)
    {
        if (envelope.Stream == EnvelopeStream.Control)
        {
            _control = Math.Max(_control ?? 0, envelope.Number);
        }
        else
        {
            _intake = Math.Max(_intake ?? 0, envelope.Number);
        }
    }
}
