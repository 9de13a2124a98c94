using System.Collections.Frozen;
using System.Collections.Immutable;
using Throughline.Connect;
using Throughline.Landscape.Expressions;
using Throughline.Model;

namespace Throughline.Landscape;

/// <summary>
/// Everything a firm declares about its systems and rules, checked as a whole and immutable. Made only by <see cref="LandscapeReader"/>,
/// so whoever holds one may rely on every name in it to resolve.
/// </summary>
public sealed record Landscape
{
    public required string Name { get; init; }

    public required string Title { get; init; }

    /// <summary>SHA-256 over all files, as 32 hex digits: the release that decisions are made under.</summary>
    public required string Release { get; init; }

    public required FrozenDictionary<string, SystemDeclaration> Systems { get; init; }

    /// <summary>Which system plays a role (crm, psa, erp ...).</summary>
    public required FrozenDictionary<string, RoleDeclaration> Roles { get; init; }

    public required FrozenDictionary<string, LegalEntity> LegalEntities { get; init; }

    public required ImmutableArray<InwardMap> InwardMaps { get; init; }

    public required FrozenDictionary<string, OutwardMap> OutwardMaps { get; init; }

    public required OwnershipTable Ownership { get; init; }

    /// <summary>Value maps: name, then key, then value.</summary>
    public required FrozenDictionary<string, ValueMap> ValueMaps { get; init; }

    /// <summary>Templates of the work breakdown structure by name: <c>{ tasks: [ { name, share, role, billable } ] }</c>.</summary>
    public required FrozenDictionary<string, Fields> Templates { get; init; }

    /// <summary>Parameters of the processes (thresholds, deadlines ...), as CEL sees them under <c>parameters</c>.</summary>
    public required Fields Parameters { get; init; }

    /// <summary>How long an idempotency key is remembered: <c>parameters.intake.keysKeptDays</c>, else 30 days.</summary>
    public TimeSpan IntakeKeysKept => TimeSpan.FromDays((double)(Parameters.Nested("intake")?.Number("keysKeptDays") ?? 30));

    /// <summary>
    /// How long a step that waits by itself, without a case for anybody, has waited before the status text says so: <c>parameters.status.waitingAfterSeconds</c>,
    /// else 10 seconds. Most such waits are over before anybody could read of them.
    /// </summary>
    public TimeSpan WaitsUntold => TimeSpan.FromSeconds((double)(Parameters.Nested("status")?.Number("waitingAfterSeconds") ?? 10));

    /// <summary>Process definitions, the firm's own where it has one, else the shipped ones.</summary>
    public required FrozenDictionary<string, ProcessDefinition> Processes { get; init; }

    /// <summary>What becomes of entries (time, expense), by the canonical entity.</summary>
    public FrozenDictionary<string, EntryDefinition> Entries { get; init; } = FrozenDictionary<string, EntryDefinition>.Empty;

    /// <summary>The map for a source record, or null where the landscape takes no such records.</summary>
    public InwardMap? InwardMap(string system, string entity) => InwardMaps.FirstOrDefault(map => map.System == system && map.Entity == entity);

    /// <summary>The maps that write records of an entity to a role's system.</summary>
    public ImmutableArray<OutwardMap> MapsTo(string role, string entity) =>
        RolesAndEntities().GetValueOrDefault((role, entity), []);

    private sealed record OutwardIndex(object Of, FrozenDictionary<(string Role, string Entity), ImmutableArray<OutwardMap>> Maps);

    private OutwardIndex? _outwardIndex;

    private FrozenDictionary<(string Role, string Entity), ImmutableArray<OutwardMap>> RolesAndEntities()
    {
        // A copy made by "with" brings along the index of the old maps.
        if (_outwardIndex is not { } index || !ReferenceEquals(index.Of, OutwardMaps))
        {
            _outwardIndex = index = new OutwardIndex(OutwardMaps, OutwardMaps.Values.OrderBy(map => map.Name, StringComparer.Ordinal)
                .GroupBy(map => (map.Role, map.From)).ToFrozenDictionary(group => group.Key, group => group.ToImmutableArray()));
        }

        return index.Maps;
    }

    /// <summary>The system that plays a role for a legal entity (null: whichever is the default).</summary>
    public string SystemFor(string role, string? legalEntity) =>
        legalEntity is not null && Roles[role].ByLegalEntity.TryGetValue(legalEntity, out var own) ? own : Roles[role].Default;
}

/// <summary>A place in a landscape file, for messages.</summary>
public sealed record Place(string File, int Line)
{
    public override string ToString() => $"{File}:{Line}";
}

/// <param name="Configuration">Checked against the manifest, with defaults; secret fields hold references.</param>
/// <param name="Reads">Which of the vendor's records are polled, and how often.</param>
/// <param name="Hooks">Secret references (<c>env:</c>, <c>file:</c>) with which its webhooks may be signed; empty where it sends none.</param>
public sealed record SystemDeclaration(
    string Name,
    string Kind,
    Fields Configuration,
    ImmutableArray<ReadDeclaration> Reads,
    ImmutableArray<string> Hooks,
    DeliveryLimits Limits,
    Place Place);

public sealed record ReadDeclaration(string Entity, TimeSpan Every);

/// <summary>How hard one system may be driven.</summary>
/// <param name="Concurrency">Calls at the same time. Default 4.</param>
/// <param name="PerSecond">Calls a second. Default 20.</param>
/// <param name="TimeOut">How long a call may take before its outcome counts as in doubt. Default 30 seconds.</param>
/// <param name="Margin">How long after that a late write may still arrive, before the target is probed. Default 5 seconds.</param>
public sealed record DeliveryLimits(int Concurrency, int PerSecond, TimeSpan TimeOut, TimeSpan Margin)
{
    public static DeliveryLimits Default { get; } = new(4, 20, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(5));
}

public sealed record RoleDeclaration(string Name, string Default, FrozenDictionary<string, string> ByLegalEntity);

public sealed record LegalEntity(string Code, string Name, string Country, Currency Currency, Fields Attributes)
{
    /// <summary>As expressions see it.</summary>
    public Fields View { get; } = Fields.Of(("code", Code), ("name", Name), ("country", Country), ("currency", Currency.Code)).Merge(Attributes);
}

public sealed record ValueMap(string Name, FrozenDictionary<string, object?> Values, object? Otherwise, bool HasOtherwise);

/// <summary>
/// Turns source records of one kind into changes of one canonical entity. Variables: <c>source</c> (the record), <c>parameters</c>.
/// Absent source fields leave the attribute as it is; an expression that reads one must say so with <c>source.?Name</c>.
/// </summary>
public sealed record InwardMap(
    string Name,
    string System,
    string Entity,
    string To,
    Expression Key,
    Expression? When,
    Expression? Scope,
    Expression? OccurredAt,
    Template Fields,
    Place Place)
{
    /// <summary>
    /// Entries: the system's kind of record whose id <see cref="Scope"/> is; the engagement that this record stands for is looked up. Null where the
    /// scope is the engagement's key itself.
    /// </summary>
    public string? ScopeOf { get; init; }

    /// <summary>Entries: when the record was made in its system, which never changes.</summary>
    public Expression? CreatedAt { get; init; }
}

/// <summary>
/// Turns a canonical record into what one system is to hold. Variables: the entity's name (the record), <c>records</c>, <c>parameters</c>,
/// <c>legalEntity</c>; functions: <c>id(role, entity, key)</c> and the landscape's own.
/// </summary>
/// <param name="Find">The business key by which the record is found in the target: the probe after a lost answer.</param>
/// <param name="Adopt">Keys by which an existing record is looked for before one is created, in order; an empty value skips the key.</param>
/// <param name="UpdateOnly">The record exists already (it came from there); only changes are written.</param>
public sealed record OutwardMap(
    string Name,
    string From,
    string Role,
    string Entity,
    Template? Find,
    ImmutableArray<Template> Adopt,
    bool UpdateOnly,
    Template Fields,
    Place Place)
{
    private Seen? _sees;

    /// <summary>The map whose record it changes further, once that stands; null where it has a record of its own.</summary>
    public string? Updates { get; init; }

    /// <summary>Whether any of its expressions looks at a variable; where none does, the result cannot change with it.</summary>
    public bool Sees(string variable)
    {
        // A copy made by "with" brings along what was found out about the old one.
        if (_sees is not { } sees || !ReferenceEquals(sees.Of, Fields))
        {
            _sees = sees = new Seen(Fields, Variables());
        }

        return sees.Variables.Contains(variable);
    }

    private sealed record Seen(Template Of, FrozenSet<string> Variables);

    private FrozenSet<string> Variables()
    {
        Expression[] all = [.. Adopt.Append(Fields).Concat(Find is null ? [] : [Find]).SelectMany(template => template.Expressions())];
        var variables = all.SelectMany(expression => expression.Variables);
        return (all.Any(expression => expression.Functions.Contains(LandscapeFunctions.Record)) ? variables.Append(VariableNames.Records) : variables)
            .ToFrozenSet(StringComparer.Ordinal);
    }
}

/// <summary>A tree of values whose leaves are expressions; lists may be made from lists with <c>each</c>.</summary>
public abstract record Template
{
    private Template()
    {
    }

    /// <summary>Every expression of the tree.</summary>
    public abstract IEnumerable<Expression> Expressions();

    public sealed record Leaf(Expression Expression) : Template
    {
        public override IEnumerable<Expression> Expressions() => IsAbsent is null ? [Expression] : [Expression, IsAbsent];

        /// <summary>True where <see cref="Expression"/> yields an optional without a value, which is left out; null where it never does.</summary>
        public Expression? IsAbsent { get; init; }
    }

    public sealed record Tree(ImmutableArray<(string Name, Template Value)> Members) : Template
    {
        public override IEnumerable<Expression> Expressions() => Members.SelectMany(member => member.Value.Expressions());
    }

    public sealed record Sequence(ImmutableArray<Template> Items) : Template
    {
        public override IEnumerable<Expression> Expressions() => Items.SelectMany(item => item.Expressions());
    }

    /// <summary><c>{ each: list, as: name, when: condition, value: template }</c>.</summary>
    public sealed record Each(Expression List, string As, Expression? When, Template Value) : Template
    {
        public override IEnumerable<Expression> Expressions() => Value.Expressions().Append(List).Concat(When is null ? [] : [When]);
    }
}
