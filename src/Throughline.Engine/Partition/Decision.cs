using System.Collections.Immutable;
using Throughline.Engine.Cases;
using Throughline.Engine.Delivery;
using Throughline.Engine.Lineage;
using Throughline.Engine.Process;
using Throughline.Model;

namespace Throughline.Engine.Partition;

/// <summary>What decisions may know besides the state: the landscape, the decisions that processes name, the definitions of running instances.</summary>
public sealed record DecideContext(Landscape.Landscape Landscape, DecisionCatalog Decisions, DefinitionLibrary Definitions);

/// <summary>
/// One envelope being decided against one unit. Collects the new state and the effects; has no I/O, no clock (time comes with the batch)
/// and no randomness. Dropped as a whole where the decision throws, so nothing of it is half done.
/// </summary>
public sealed class Turn(UnitState state, Envelope envelope, DecideContext context, DateTimeOffset now)
{
    private int _messages;

    public UnitState State { get; set; } = state;

    public Envelope Envelope { get; } = envelope;

    public DecideContext Context { get; } = context;

    public Landscape.Landscape Landscape => Context.Landscape;

    public DateTimeOffset Now { get; } = now;

    public string CorrelationId { get; set; } = envelope.Content.CorrelationId;

    /// <summary>What came in, in a few words; where a case is settled by it, this is why.</summary>
    public string? Occasion { get; set; }

    public List<Command> Commands { get; } = [];

    public List<TimerRow> Timers { get; } = [];

    public List<Case> Cases { get; } = [];

    public List<LineageEntry> Lineage { get; } = [];

    public List<NewEnvelope> Messages { get; } = [];

    public List<PublishedEvent> Events { get; } = [];

    public List<CrosswalkRow> Crosswalk { get; } = [];

    public List<MatchRow> Matches { get; } = [];

    /// <summary>Decisions of processes that threw, for the log.</summary>
    internal List<(string Decision, Exception Cause)> Defects { get; } = [];

    public void Tell(string kind, string text, string? system = null, string? entity = null, string? externalId = null, RecordId? record = null) =>
        TellUnder(CorrelationId, kind, text, system, entity, externalId, record);

    /// <summary>Tells it of a process.</summary>
    /// <param name="step">The step that it is about; null for the whole process.</param>
    /// <param name="record">The record that it is about; the subject of the process where none is given.</param>
    public void TellOf(Instance instance, string kind, string text, string? step = null, RecordId? record = null) => Lineage.Add(new LineageEntry(
        0, Now, CorrelationId, State.Key.Scope, kind, text, Cause: Envelope.Id.ToString(), Instance: instance.Id, Step: step, Record: record ?? instance.Subject));

    /// <summary>Tells it of a record in the system that it is to stand in.</summary>
    public void TellOf(Target target, string kind, string text) => Lineage.Add(new LineageEntry(
        0, Now, CorrelationId, State.Key.Scope, kind, text, target.System, target.Entity, target.ExternalId, Envelope.Id.ToString(),
        target.Instance, target.Step, target.Record));

    /// <summary>Tells it of a case, and so of the step that the case belongs to.</summary>
    public void TellOf(Case item, string kind, string text) => Lineage.Add(new LineageEntry(
        0, Now, CorrelationId, State.Key.Scope, kind, text, Cause: Envelope.Id.ToString(), Instance: item.Instance, Step: item.Step,
        Record: item.Instance is { } id ? State.Instances.GetValueOrDefault(id)?.Subject : null));

    /// <summary>Tells it in the story of another engagement that it concerns as well.</summary>
    public void TellUnder(
        string correlationId, string kind, string text, string? system = null, string? entity = null, string? externalId = null, RecordId? record = null) =>
        Lineage.Add(new LineageEntry(0, Now, correlationId, State.Key.Scope, kind, text, system, entity, externalId, Envelope.Id.ToString(), Record: record));

    public void Send(EnvelopeKind kind, Scope scope, string unit, Fields payload, string? correlationId = null) =>
        Messages.Add(new NewEnvelope(
            // Derived, so that deciding the same envelope again after a crash yields the same message.
            new EnvelopeId(CommandId.Derive(Envelope.Id.ToString(), "message", (++_messages).ToString(System.Globalization.CultureInfo.InvariantCulture)).Value),
            scope, unit, kind, payload, correlationId ?? CorrelationId, Envelope.Id, Now, Now));

    public void Timer(string id, DateTimeOffset? due, Fields payload) =>
        Timers.Add(new TimerRow(State.Key, id, due, CorrelationId, payload));

    /// <summary>Opens a case about this unit; one that is open already takes the new words.</summary>
    public void Open(CaseId id, string kind, string subject, ImmutableArray<CaseAction> actions, CaseWords words) =>
        Open(Case.Opened(id, State.Key, CorrelationId, kind, subject, words, actions, Now));

    public void Open(Case item)
    {
        if (State.Cases.TryGetValue(item.Id, out var open))
        {
            // The same reason again: words and amount may have changed, the age stays.
            item = item with { OpenedAt = open.OpenedAt, DueAt = open.DueAt };
            if (item.Equals(open with { Actions = item.Actions }))
            {
                return;
            }
        }
        else
        {
            TellOf(item, "case", $"Case for {item.Queue}: {item.Says} To do: {item.Remedy}");
        }

        State = State.With(item);
        Cases.Add(item);
    }

    public void Close(CaseId id, CaseStatus status, string? by, string? reason)
    {
        if (!State.Cases.TryGetValue(id, out var open))
        {
            return;
        }

        reason ??= by is null ? Occasion : null;
        var closed = open with { Status = status, ClosedAt = Now, ClosedBy = by, Reason = reason };
        State = State.With(closed);
        Cases.Add(closed);
        TellOf(closed, status == CaseStatus.Settled && by is null ? "released" : "settled", by is null
            ? $"The reason of the case is gone: {open.Says}{(reason is null ? "" : $" What settled it: {reason}.")}"
            : $"{by} {status.ToString().ToLowerInvariant()} the case{Case.StatedName}: {open.Says}{(reason is null ? "" : $" Reason: {reason}")}");
    }
}
