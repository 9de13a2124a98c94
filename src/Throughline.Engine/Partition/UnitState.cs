using System.Collections.Immutable;
using System.Globalization;
using Throughline.Engine.Cases;
using Throughline.Engine.Process;
using Throughline.Landscape;
using Throughline.Model;
using Throughline.Model.Canonical;

namespace Throughline.Engine.Partition;

/// <summary>Names one canonical record within its unit.</summary>
public readonly record struct RecordId(string Entity, string Key)
{
    public override string ToString() => Entity + "/" + Key;
}

/// <summary>What the firm knows of one thing.</summary>
/// <param name="Owner">For records that a process derives: the instance and step that owns them; null for records that systems sent.</param>
/// <param name="Versions">The last version applied, by system: an older one that arrives later changes nothing.</param>
public sealed record CanonicalRecord(RecordId Id, Fields Attributes, string? Owner, Fields Versions)
{
    private Fields? _view;
    private Fields? _viewOf;

    /// <summary>As expressions see it: every attribute of the entity (null where unknown) with the record's own key beside them.</summary>
    public Fields View
    {
        get
        {
            // A copy made by "with" brings the view of the old attributes along, so what it was made of is looked at.
            if (_view is not { } view || !ReferenceEquals(_viewOf, Attributes))
            {
                view = (EntityCatalog.Find(Id.Entity)?.Complete(Attributes) ?? Attributes).With("key", Id.Key);
                (_view, _viewOf) = (view, Attributes);
            }

            return view;
        }
    }

    public bool Equals(CanonicalRecord? other) =>
        other is not null && Id == other.Id && Attributes.Equals(other.Attributes) && Owner == other.Owner && Versions.Equals(other.Versions);

    public override int GetHashCode() => HashCode.Combine(Id, Owner);
}

/// <summary>What one record is to be in one system, and what is known to stand there.</summary>
/// <param name="ExternalId">The record's id there, once known.</param>
/// <param name="DoneHash">Fingerprint of the content that was last seen accepted.</param>
/// <param name="SentHash">Fingerprint of the content of the command in flight, or of the last refused one.</param>
/// <param name="InFlight">The one command that is under way; nothing else is decided for this target until its receipt is here.</param>
/// <param name="Occurrence">Commands decided so far; makes the next command's id.</param>
/// <param name="Failure">Why the last command was refused; cleared by a person's retry or by other content.</param>
/// <param name="Created">The hub created it (rather than found it), so the hub may undo it.</param>
/// <param name="Undone">It was taken back.</param>
public sealed record Target(
    string Id,
    RecordId Record,
    string Map,
    InstanceId Instance,
    string Step,
    string System,
    string Entity,
    string? ExternalId = null,
    string? DoneHash = null,
    string? SentHash = null,
    CommandId? InFlight = null,
    int Occurrence = 0,
    TargetFailure? Failure = null,
    bool Created = false,
    bool Undone = false,
    Fields? Answer = null)
{
    public static string IdOf(string map, RecordId record) => map + "|" + record;

    /// <summary>The id of a command that is or was decided for it.</summary>
    /// <param name="occurrence">1 for the first, up to <see cref="Occurrence"/>.</param>
    public CommandId CommandOf(UnitKey unit, int occurrence) =>
        CommandId.Derive(unit.Scope.ToString(), unit.Unit, Id, occurrence.ToString(CultureInfo.InvariantCulture));
}

public sealed record TargetFailure(string Code, string Message, string? Evidence);

/// <summary>The sale of an address goes on in another engagement.</summary>
/// <param name="HasIdHere">The sale's id in its source system was taken for this unit, and stays here: an id belongs to one unit for good.</param>
/// <param name="Waiting">The sale as it last came, until nothing stands in the way of the move; null once it has moved.</param>
/// <param name="Since">Since when it waits.</param>
/// <param name="CameBack">It was sent on and arrived here again, since the parents lead in a circle.</param>
public sealed record Move(Scope Home, bool HasIdHere, Fields? Waiting = null, DateTimeOffset? Since = null, bool CameBack = false)
{
    public bool IsPending => Waiting is not null;
}

/// <summary>The state of one unit: an engagement, or one master record. Immutable; a decision makes a new one.</summary>
/// <param name="Subscribers">Scopes that are told of every change of a record here.</param>
/// <param name="MergedInto">The unit of the same scope that this one turned out to be the same as; everything that still arrives here is passed on.</param>
public sealed record UnitState(
    UnitKey Key,
    ImmutableDictionary<RecordId, CanonicalRecord> Records,
    ImmutableDictionary<string, Target> Targets,
    ImmutableDictionary<InstanceId, Instance> Instances,
    ImmutableDictionary<CaseId, Case> Cases,
    ImmutableHashSet<string> Subscribers,
    string? MergedInto)
{
    /// <summary>Where the sale of this address goes on, or is to go on; null where it stays.</summary>
    public Move? Move { get; init; }

    /// <summary>Cases of envelopes that a person dropped and that have not come up again since.</summary>
    public ImmutableHashSet<CaseId> Dropped { get; init; } = [];

    /// <summary>The last number given, by series.</summary>
    public ImmutableDictionary<string, long> Series { get; init; } = ImmutableDictionary<string, long>.Empty;

    private Fields? _records;
    private ImmutableDictionary<RecordId, CanonicalRecord>? _recordsOf;
    private Dictionary<string, ImmutableArray<CanonicalRecord>>? _groups;
    private ImmutableDictionary<RecordId, CanonicalRecord>? _groupsOf;

    /// <summary>All records as expressions see them, see <see cref="VariableNames.RecordsOf"/>.</summary>
    public Fields RecordsView
    {
        get
        {
            // Most decisions change a step or a target and no record, so the list is carried along from state to state.
            if (_records is not { } records || !ReferenceEquals(_recordsOf, Records))
            {
                records = VariableNames.RecordsOf(
                    Records.Values.OrderBy(record => record.Id.Key, StringComparer.Ordinal).Select(record => (record.Id.Entity, record.View)));
                (_records, _recordsOf) = (records, Records);
            }

            return records;
        }
    }

    /// <summary>What has been worked out from this state and those before it.</summary>
    internal UnitMemo Memo { get; } = new();

    public static UnitState Empty(UnitKey key) => new(
        key,
        ImmutableDictionary<RecordId, CanonicalRecord>.Empty,
        ImmutableDictionary<string, Target>.Empty,
        ImmutableDictionary<InstanceId, Instance>.Empty,
        ImmutableDictionary<CaseId, Case>.Empty,
        [],
        null);

    public UnitState With(CanonicalRecord record) => this with { Records = Records.SetItem(record.Id, record) };

    public UnitState With(Target target) => this with { Targets = Targets.SetItem(target.Id, target) };

    public UnitState With(Instance instance) => this with { Instances = Instances.SetItem(instance.Id, instance) };

    public UnitState With(Case item) => this with { Cases = item.Status == CaseStatus.Open ? Cases.SetItem(item.Id, item) : Cases.Remove(item.Id) };

    /// <summary>The records of one entity in the order of their keys.</summary>
    public ImmutableArray<CanonicalRecord> Of(string entity)
    {
        if (_groups is not { } groups || !ReferenceEquals(_groupsOf, Records))
        {
            groups = Records.Values.GroupBy(record => record.Id.Entity, StringComparer.Ordinal).ToDictionary(
                group => group.Key, group => group.OrderBy(record => record.Id.Key, StringComparer.Ordinal).ToImmutableArray(), StringComparer.Ordinal);
            (_groups, _groupsOf) = (groups, Records);
        }

        return groups.GetValueOrDefault(entity, []);
    }
}
