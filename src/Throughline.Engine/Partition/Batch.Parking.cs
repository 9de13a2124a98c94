using System.Collections.Immutable;
using Throughline.Engine.Cases;
using Throughline.Engine.Intake;
using Throughline.Engine.Lineage;
using Throughline.Model;

namespace Throughline.Engine.Partition;

/// <summary>Envelopes that cannot go on: set aside with a reason, and processed again, in their old order, once the reason is gone.</summary>
internal sealed partial class Batch
{
    private readonly List<ParkedEnvelope> _parked = [];
    private readonly List<(Envelope Envelope, Exception Cause)> _poisoned = [];
    private readonly Dictionary<UnitKey, List<Envelope>> _waiting = [];
    private readonly HashSet<EnvelopeId> _released = [];
    private readonly HashSet<UnitKey> _read = [];

    /// <summary>The unit of a decided envelope, where a reason for which something was set aside before this batch has gone away, once; else null.</summary>
    public UnitKey? SetFree(Envelope decided)
    {
        var key = UnitOf(decided);
        if (!_loaded.TryGetValue(key, out var before) || before.Cases.IsEmpty || !_units.TryGetValue(key, out var state) || IsHeldUp(state))
        {
            return null;
        }

        var isFree = before.Cases.Values.Any(item => item.Kind is Case.ParkedKind or Case.UnmappedKind && !state.Cases.ContainsKey(item.Id));
        return isFree && _read.Add(key) ? key : null;
    }

    /// <summary>What was set aside in a unit before this batch, in its old order.</summary>
    public void Wait(UnitKey unit, IEnumerable<ParkedEnvelope> parked)
    {
        ImmutableArray<Envelope> earlier = [.. parked.Select(item => item.Envelope with { Stream = EnvelopeStream.Control })];
        foreach (var envelope in earlier)
        {
            Prepare(envelope);
        }

        WaitingOf(unit).InsertRange(0, earlier);
    }

    private List<Envelope> WaitingOf(UnitKey unit)
    {
        if (!_waiting.TryGetValue(unit, out var envelopes))
        {
            _waiting[unit] = envelopes = [];
        }

        return envelopes;
    }

    /// <summary>
    /// The next envelope of the unit that was set aside and whose reason is gone, or null. To be decided (<see cref="Replay"/>) before
    /// anything that came later.
    /// </summary>
    public Envelope? NextReleased(Envelope after)
    {
        var key = UnitOf(after);
        if (!_waiting.TryGetValue(key, out var waiting) || !_units.TryGetValue(key, out var state) || IsHeldUp(state))
        {
            return null;
        }

        return waiting.Find(envelope => !IsUnmapped(state, envelope));
    }

    public void Replay(Envelope envelope)
    {
        var key = UnitOf(envelope);
        Release(envelope);
        DecideNow(envelope, key, _units[key], isReplay: true);
        // What was set aside once more keeps its place before what came later.
        if (_released.Contains(envelope.Id))
        {
            WaitingOf(key).RemoveAll(item => item.Id == envelope.Id);
        }
    }

    private void Release(Envelope envelope)
    {
        _parked.RemoveAll(item => item.Envelope.Id == envelope.Id);
        _released.Add(envelope.Id);
    }

    // One case tells of every state of one record that cannot be mapped, so a person who drops it means them all.
    private void Drop(Envelope envelope, ImmutableArray<CaseId> dropped)
    {
        var waiting = WaitingOf(UnitOf(envelope));
        foreach (var item in waiting.Where(item => item.Id == envelope.Id || IsRefused(item, dropped)).ToArray())
        {
            waiting.Remove(item);
            Release(item);
            _lineage.Add(new LineageEntry(
                0, now, item.Content.CorrelationId, item.Scope, "dropped", "What had been set aside was dropped, as a person decided.", Cause: item.Id.ToString()));
        }
    }

    private bool IsRefused(Envelope envelope, ImmutableArray<CaseId> dropped) =>
        _prepared[envelope.Id].Inward is null or { Failure: not null } && UnmappedIdOf(envelope) is { } unmapped && dropped.Contains(unmapped);

    // Of the cases that may tell of one envelope, those that a person dropped.
    private static ImmutableArray<CaseId> DroppedBy(Envelope envelope, UnitState state)
    {
        var parked = ParkedIdOf(envelope);
        return state.Dropped.IsEmpty ? [] : [.. state.Dropped.Where(id => id == parked || id == UnmappedIdOf(envelope))];
    }

    private static CaseId ParkedIdOf(Envelope envelope) => CaseId.Derive(Case.ParkedKind, envelope.Id.ToString());

    private static CaseId? UnmappedIdOf(Envelope envelope) =>
        envelope.Kind == EnvelopeKind.SourceRecord && SourcePayload.Read(envelope.Payload) is var (system, record)
            ? Case.UnmappedId(system, record.Entity, record.ExternalId)
            : null;

    private static bool IsHeldUp(UnitState state) => state.Cases.Values.Any(item => item.Kind == Case.ParkedKind);

    private static bool IsUnmapped(UnitState state, Envelope envelope) => UnmappedIdOf(envelope) is { } id && state.Cases.ContainsKey(id);

    // Within this batch it is released again as well, if its reason goes away.
    private void SetAside(Envelope envelope, string reason)
    {
        _parked.Add(new ParkedEnvelope(envelope, reason, now + Case.OverdueAfter));
        _released.Remove(envelope.Id);
        var waiting = WaitingOf(UnitOf(envelope));
        if (!waiting.Exists(item => item.Id == envelope.Id))
        {
            waiting.Add(envelope with { Stream = EnvelopeStream.Control });
        }
    }

    /// <summary>What was set aside because something threw, for the log.</summary>
    public IReadOnlyList<(Envelope Envelope, Exception Cause)> Poisoned => _poisoned;

    /// <summary>Sets an envelope aside that no decision survives and tells a person; later ones of its unit follow it in order.</summary>
    public void Park(Envelope envelope, Exception cause)
    {
        _poisoned.Add((envelope, cause));
        Park(envelope, Obstacle.Undecided(envelope, cause), Case.ParkedKind, ParkedIdOf(envelope));
    }

    /// <summary>
    /// Sets an envelope aside that could not be stored. A source record holds nobody up, since a later state takes its place; anything
    /// else may hide a change that others build on.
    /// </summary>
    public void ParkAlone(Envelope envelope, Exception cause)
    {
        Advance(envelope);
        ParkAgain(envelope, cause);
    }

    /// <summary>The same for one that had been set aside before: its place in the stream is long past.</summary>
    public void ParkAgain(Envelope envelope, Exception cause)
    {
        _poisoned.Add((envelope, cause));
        var obstacle = Obstacle.Unstored(envelope, cause);
        if (UnmappedIdOf(envelope) is { } unmapped)
        {
            Park(envelope, obstacle, Case.UnmappedKind, unmapped);
        }
        else
        {
            Park(envelope, obstacle, Case.ParkedKind, ParkedIdOf(envelope));
        }
    }

    private void Park(Envelope envelope, Obstacle obstacle, string kind, CaseId id)
    {
        SetAside(envelope, obstacle.Reason);
        var what = Obstacle.NameOf(envelope);
        var key = UnitOf(envelope);
        var words = new CaseWords("integration-ops", $"{what} cannot be processed: {obstacle.Reason}", obstacle.Remedy);
        var canDrop = envelope.Kind is EnvelopeKind.SourceRecord or EnvelopeKind.Change;
        _cases[id] = Case.Opened(id, key, envelope.Content.CorrelationId, kind, what, words, canDrop ? [CaseAction.Retry, CaseAction.Reject] : [CaseAction.Retry], now);
        _units[key] = (_units.GetValueOrDefault(key) ?? UnitState.Empty(key)).With(_cases[id]);
        _lineage.Add(new LineageEntry(0, now, envelope.Content.CorrelationId, envelope.Scope, "parked", $"{what} was set aside: {obstacle.Reason}", Cause: envelope.Id.ToString()));
    }
}
