using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using Throughline.Model;
using Throughline.Model.Canonical;

namespace Throughline.Landscape;

/// <summary>The names under which expressions see things. Whoever evaluates an expression of a landscape provides the variables of its place.</summary>
public static class VariableNames
{
    /// <summary>Inward maps: the record as the system sent it.</summary>
    public const string Source = "source";

    /// <summary>Inward maps: the system's id of the record.</summary>
    public const string ExternalId = "externalId";

    /// <summary>Everywhere: the landscape's parameters.</summary>
    public const string Parameters = "parameters";

    /// <summary>Outward maps and processes: all records of the unit, <see cref="RecordsOf"/>.</summary>
    public const string Records = "records";

    /// <summary>Outward maps: <c>{ code, name, country, currency, ... }</c> of the legal entity of the record, or null.</summary>
    public const string LegalEntity = "legalEntity";

    /// <summary>Outward maps: how the process is, <c>{ text, nextAction }</c>.</summary>
    public const string Status = "status";

    /// <summary>Cases of write and request steps: what the system or the other scope said, <c>{ code, message }</c>.</summary>
    public const string Failure = "failure";

    /// <summary>Cases of write steps: the record that is written.</summary>
    public const string Record = "record";

    /// <summary>Cases of request steps: the item that is asked for.</summary>
    public const string Item = "item";

    /// <summary>Events, results and cases: the run, <c>{ id, process, scope }</c>.</summary>
    public const string Instance = "instance";

    /// <summary>Processes that start on request: what was asked for.</summary>
    public const string Request = "request";

    private static readonly FrozenDictionary<string, string> ByEntity =
        EntityCatalog.All.ToFrozenDictionary(entity => entity.Name, entity => Camel(entity.Name), StringComparer.Ordinal);

    private static readonly ConcurrentDictionary<EntitySchema, ImmutableArray<string>> References = new(ReferenceEqualityComparer.Instance);

    /// <summary>The variable of a canonical entity: <c>billing-account</c> is <c>billingAccount</c>, since a hyphen is a minus in an expression.</summary>
    public static string Of(string entity) => ByEntity.GetValueOrDefault(entity) ?? Camel(entity);

    /// <summary>
    /// The <c>records</c> variable: under each entity's variable name the list of its records (<see cref="Complete"/>), each with its <c>key</c>;
    /// an empty list where there are none.
    /// </summary>
    public static Fields RecordsOf(IEnumerable<(string Entity, Fields View)> records)
    {
        var groups = records.ToLookup(record => record.Entity, record => (object?)Complete(record.Entity, record.View), StringComparer.Ordinal);
        return Fields.Of([.. EntityCatalog.All.Select(entity => (Of(entity.Name), (object?)groups[entity.Name].ToImmutableArray()))]);
    }

    /// <summary>
    /// Processes: the entities that the subject refers to by an attribute of the same name (an opportunity's contract), each a variable of its own.
    /// </summary>
    public static ImmutableArray<string> ReferencesOf(EntitySchema? subject) =>
        subject is null ? [] : References.GetOrAdd(subject, static asked =>
            [.. EntityCatalog.All.Select(entity => entity.Name).Where(name => name != asked.Name && asked.Attribute(name)?.Type == AttributeType.Text)]);

    /// <summary>A record as expressions see it: every attribute is there, null where nothing is known, so that reading one is never an error.</summary>
    public static Fields Complete(string entity, Fields view) => EntityCatalog.Find(entity)?.Complete(view) ?? view;

    private static string Camel(string entity)
    {
        var parts = entity.Split('-');
        return parts[0] + string.Concat(parts.Skip(1).Where(part => part.Length > 0).Select(part => char.ToUpperInvariant(part[0]) + part[1..]));
    }
}
