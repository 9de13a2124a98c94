using System.Collections.Immutable;
using Throughline.Engine.Cases;
using Throughline.Engine.Delivery;
using Throughline.Engine.Lineage;
using Throughline.Model;

namespace Throughline.Engine.Partition;

/// <summary>What is loaded and written together: an engagement as a whole (empty unit), or one master record of a master scope.</summary>
public readonly record struct UnitKey(Scope Scope, string Unit);

/// <summary>What a state row holds.</summary>
public enum StateKind
{
    Record,
    Target,
    Instance,
    Case,
    Subscription,

    /// <summary>Where the sale of this address goes on.</summary>
    Move,

    /// <summary>A person dropped what was set aside; the id is that of the case.</summary>
    Dropped,

    /// <summary>The last number that was given in a series; the id is its name.</summary>
    Series,
}

/// <summary>One piece of state of one unit. The id is unique within unit and kind. A null <see cref="Data"/> in a commit deletes the row.</summary>
public sealed record StateRow(UnitKey Unit, StateKind Kind, string Id, Fields? Data);

/// <summary>Asks for the units that know an external id or a match key.</summary>
/// <param name="System">A system's name, or <see cref="MatchSystem"/> for a match key.</param>
public sealed record UnitLookup(Scope Scope, string System, string Entity, string Key)
{
    public const string MatchSystem = "@match";
}

public sealed record FoundUnit(UnitLookup Lookup, string Unit);

/// <summary>One id of one canonical record in one system; (system, entity, external id) is unique within a scope kind.</summary>
public sealed record CrosswalkRow(string System, string Entity, string ExternalId, UnitKey Unit, string CanonicalEntity, string CanonicalKey);

/// <summary>A key by which a record is recognised or looked up by people: tax id, customer number, project code. Not unique.</summary>
public sealed record MatchRow(Scope Scope, string Entity, string Key, string Unit);

/// <summary>A durable clock; the same id again replaces it. A null <see cref="Due"/> removes it.</summary>
public sealed record TimerRow(UnitKey Unit, string Id, DateTimeOffset? Due, string CorrelationId, Fields Payload);

/// <summary>An envelope that cannot go on, with the reason; later ones of its scope follow it.</summary>
public sealed record ParkedEnvelope(Envelope Envelope, string Reason, DateTimeOffset Due);

public sealed record PublishedEvent(long Number, string Name, string CorrelationId, DateTimeOffset At, Fields Payload);

/// <summary>One instance, for lists.</summary>
/// <param name="ChangedAt">When it came to this status or its subject got this name; its steps go on without a new row.</param>
public sealed record InstanceRow(InstanceId Id, UnitKey Unit, string Process, string Status, string Summary, DateTimeOffset StartedAt, DateTimeOffset ChangedAt);

/// <summary>How much there is of each, for the status page and the health endpoint; rows are counted up to <see cref="Max"/>, which then means "or more".</summary>
/// <param name="EntriesWaiting">Messages about time entries, which have a stream of their own; entries that wait for something are not among them.</param>
/// <param name="InstancesEnded">Taken back, or merged into others.</param>
public sealed record HubCounts(
    long EnvelopesWaiting, long EntriesWaiting, long Parked, long CommandsWaiting, long CommandsInDoubt, long CasesOpen,
    long InstancesRunning, long InstancesDone, long InstancesEnded)
{
    public const int Max = 10_000;
}

/// <summary>The lane of a system as the caller drives it.</summary>
public readonly record struct LaneHold(string System, long Epoch);

/// <summary>Everything that one batch of one partition changes, in one transaction.</summary>
public sealed record PartitionCommit
{
    public required int Partition { get; init; }

    public required long Epoch { get; init; }

    /// <summary>The highest number done in each stream; null where the stream did not move.</summary>
    public long? ControlCursor { get; init; }

    public long? IntakeCursor { get; init; }

    public ImmutableArray<StateRow> State { get; init; } = [];

    public ImmutableArray<CrosswalkRow> Crosswalk { get; init; } = [];

    public ImmutableArray<MatchRow> Matches { get; init; } = [];

    public ImmutableArray<Command> Commands { get; init; } = [];

    public ImmutableArray<TimerRow> Timers { get; init; } = [];

    /// <summary>Cases in their new form, for lists; open ones are in <see cref="State"/> too.</summary>
    public ImmutableArray<Case> Cases { get; init; } = [];

    public ImmutableArray<InstanceRow> Instances { get; init; } = [];

    public ImmutableArray<PublishedEvent> Events { get; init; } = [];

    public ImmutableArray<LineageEntry> Lineage { get; init; } = [];

    /// <summary>Envelopes for other scopes (or this one), appended to their streams.</summary>
    public ImmutableArray<NewEnvelope> Messages { get; init; } = [];

    public ImmutableArray<ParkedEnvelope> Parked { get; init; } = [];

    /// <summary>Envelopes that were parked and have been processed now.</summary>
    public ImmutableArray<EnvelopeId> Released { get; init; } = [];

    /// <summary>
    /// Lanes that the caller drives: of those whose commands are in <see cref="Commands"/> as being sent already (attempt 1, send-before), which is
    /// then the claim of invariant 2, and those of <see cref="Outcomes"/>. Each comes with a fence.
    /// </summary>
    public ImmutableArray<LaneHold> Lanes { get; init; } = [];

    /// <summary>Terminal outcomes of commands whose receipts were decided in this batch without having been envelopes.</summary>
    public ImmutableArray<CommandOutcome> Outcomes { get; init; } = [];
}
