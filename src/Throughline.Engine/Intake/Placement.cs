using System.Globalization;
using Throughline.Connect;
using Throughline.Engine.Entries;
using Throughline.Landscape;
using Throughline.Landscape.Expressions;
using Throughline.Model;
using Throughline.Model.Canonical;

namespace Throughline.Engine.Intake;

/// <summary>Which scope a source record belongs to, by the landscape's inward map; or why that cannot be told. Pure.</summary>
/// <param name="Problem">Null where it has a place; otherwise the scope is the waiting room of records that nobody can place yet.</param>
public sealed record Placement(Scope Scope, string Unit, FieldProblem? Problem)
{
    /// <summary>
    /// Whose engagement this is, where that has to be looked up. The scope is where an entry waits until that is known; of anything else only what is about a record that
    /// the hub knows is taken in.
    /// </summary>
    public HomeLookup? Home { get; init; }

    /// <summary>It is an entry, which goes a way of its own.</summary>
    public bool IsEntry { get; init; }

    /// <summary>The kind of scope in which such records wait for a person.</summary>
    public const string UnplacedKind = "unplaced";

    /// <summary>The entity that engagements begin with, and that may belong to the engagement of another one.</summary>
    public const string Opportunity = "opportunity";

    public static Placement Of(Landscape.Landscape landscape, string system, SourceRecord record)
    {
        if (record.ExternalId.Length == 0)
        {
            return Unplaced(system, record, "/record", $"has no id: the system's own id of the {record.Entity} is needed to recognise it again");
        }

        if (landscape.InwardMap(system, record.Entity) is not { } map)
        {
            var known = landscape.InwardMaps.Where(m => m.System == system).Select(m => m.Entity);
            return Unplaced(system, record, "/kind", $"the landscape has no mapping for {record.Entity} of {system}; it takes {string.Join(", ", known)}");
        }

        var variables = Variables(landscape, record);
        try
        {
            var schema = EntityCatalog.Find(map.To)!;
            if (map.ScopeOf is not null && !schema.IsEntry)
            {
                // Its key is looked at when it is known to be about something of the hub's own.
                return Named(map, variables);
            }

            if (Text(map.Key.Evaluate(variables)) is not { Length: > 0 } key)
            {
                return Unplaced(system, record, "/record", $"the key of the {map.To} ({map.Key.Text}) is empty");
            }

            if (schema.IsMaster)
            {
                return new Placement(Scope.Master(map.To), key, null);
            }

            if (schema.IsEntry)
            {
                return record.Deleted && map.CreatedAt is not null && CreatedAt(map, record, landscape) is null ? TooLittle(map, record) : OfEntry(map, variables);
            }

            // Whether an opportunity may go on to where it belongs is decided at its own address, by the one writer of that.
            var home = HomeKey(map, variables, key);
            return new Placement(Scope.Engagement(map.To == Opportunity ? key : home), "", null);
        }
        catch (EvaluationException e)
        {
            // A tombstone may carry nothing but its id; it then belongs to its own address. An entry has none, so it must say as much as it did alive.
            return record.Deleted && EntityCatalog.Find(map.To)!.IsEntry ? TooLittle(map, record)
                : record.Deleted && EntityCatalog.Find(map.To)!.IsMaster ? new Placement(Scope.Master(map.To), record.ExternalId, null)
                : record.Deleted && map.ScopeOf is not null ? TooLittle(map, record)
                : record.Deleted ? new Placement(Scope.Engagement(record.ExternalId), "", null)
                : Unplaced(system, record, "/record", $"the {map.To} that it belongs to cannot be told ({map.Place}): {e.Message}");
        }
    }

    /// <summary>The engagement that a record which has a place belongs to, by the landscape: for an extension that of the opportunity that it extends.</summary>
    public static Scope HomeOf(Landscape.Landscape landscape, string system, SourceRecord record)
    {
        var map = landscape.InwardMap(system, record.Entity)!;
        var variables = Variables(landscape, record);
        return Scope.Engagement(HomeKey(map, variables, Text(map.Key.Evaluate(variables))!));
    }

    /// <summary>The record for whose engagement entries wait in a scope.</summary>
    public static HomeLookup HomeOf(Scope unplaced)
    {
        var parts = unplaced.Key.Split('/', 3);
        return new HomeLookup(parts[0], parts[1], parts[2]);
    }

    /// <summary>When a record was made in its system, as far as the map says that.</summary>
    public static DateTimeOffset? CreatedAt(InwardMap map, SourceRecord record, Landscape.Landscape landscape)
    {
        try
        {
            return map.CreatedAt?.Evaluate(Variables(landscape, record)) switch
            {
                DateTimeOffset at => at,
                string text when DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) => at,
                _ => null,
            };
        }
        catch (EvaluationException)
        {
            return null;
        }
    }

    private static Placement OfEntry(InwardMap map, Dictionary<string, object?> variables)
    {
        if (map.ScopeOf is not null)
        {
            return Named(map, variables) with { IsEntry = true };
        }

        var home = Text(map.Scope!.Evaluate(variables)) ?? "";
        return new Placement(Scope.Engagement(home), "", home.Length > 0 ? null : new FieldProblem("/record", $"the scope ({map.Scope.Text}) is empty")) { IsEntry = true };
    }

    private static Placement Named(InwardMap map, Dictionary<string, object?> variables)
    {
        var home = Text(map.Scope!.Evaluate(variables)) ?? "";
        return new Placement(new Scope(UnplacedKind, $"{map.System}/{map.ScopeOf}/{home}"), "", null) { Home = new HomeLookup(map.System, map.ScopeOf!, home) };
    }

    private static Placement TooLittle(InwardMap map, SourceRecord record) => Unplaced(
        map.System, record, "/record",
        $"is deleted, and says too little to be found: send what {map.Scope!.Text}{(map.CreatedAt is { } made ? $" and {made.Text}" : "")} need with it");

    private static string? Text(object? value) => value switch
    {
        string text => text,
        long number => number.ToString(CultureInfo.InvariantCulture),
        _ => null,
    };

    private static string HomeKey(InwardMap map, Dictionary<string, object?> variables, string key) =>
        map.Scope?.Evaluate(variables) is string { Length: > 0 } home ? home : key;

    private static Dictionary<string, object?> Variables(Landscape.Landscape landscape, SourceRecord record) => new(StringComparer.Ordinal)
    {
        [VariableNames.Source] = record.Fields,
        [VariableNames.ExternalId] = record.ExternalId,
        [VariableNames.Parameters] = landscape.Parameters,
    };

    private static Placement Unplaced(string system, SourceRecord record, string field, string message) =>
        new(new Scope(UnplacedKind, $"{system}/{record.Entity}/{record.ExternalId}"), "", new FieldProblem(field, message));
}
