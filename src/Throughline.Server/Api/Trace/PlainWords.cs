using Throughline.Connectors;
using Throughline.Engine.Lineage;
using Throughline.Engine.Process;
using Throughline.Landscape;

namespace Throughline.Server.Api.Trace;

/// <summary>
/// Says in a firm's words what lineage says in those of programs: systems by their role and product, records by what they are to the firm
/// (the names of the landscape's maps and entities), each sentence under the step of the process that it belongs to.
/// </summary>
/// <param name="names">Names of customers that the engagement bills, by the key of their account.</param>
internal sealed class PlainWords(Landscape.Landscape landscape, IReadOnlyDictionary<string, string> names)
{
    /// <summary>"PSA (Redmine)" for a system that the landscape calls anything.</summary>
    public string System(string name)
    {
        if (!landscape.Systems.TryGetValue(name, out var system))
        {
            return name;
        }

        var product = ManifestOf(name)?.Title ?? system.Kind;
        var roles = landscape.Roles.Values.Where(role => role.Default == name || role.ByLegalEntity.Values.Contains(name))
            .Select(role => role.Name.ToUpperInvariant()).Order(StringComparer.Ordinal).ToArray();
        return roles.Length == 0 ? product : $"{string.Join(" and ", roles)} ({product})";
    }

    /// <summary>"project number" for a field that a system writes in its own way.</summary>
    public string Field(string system, string field)
    {
        var suffix = ManifestOf(system)?.OwnFieldSuffix ?? "";
        return (field.EndsWith(suffix, StringComparison.Ordinal) ? field[..^suffix.Length] : field).Replace('_', ' ').ToLowerInvariant();
    }

    /// <summary>What a system's record is to the firm: "cost centre" for an analytic account that a workstream stands in.</summary>
    /// <param name="canonical">What it is made from, where that is known.</param>
    public string Record(string system, string entity, string? canonical) =>
        OutwardMap(system, entity, canonical) is { UpdateOnly: false } outward ? Spaced(WithoutRole(outward))
            : Spaced(canonical ?? landscape.InwardMap(system, entity)?.To ?? entity);

    /// <summary>The sentence of an entry that tells what a system shows at a record of its own.</summary>
    /// <param name="values">As people read them.</param>
    public string Shown(LineageEntry entry, string values) => $"The {System(entry.System!)} shows at the {Spaced(About(entry)!)}: {values}.";

    /// <summary>The sentence of an entry, without the step's name and the id, which stand elsewhere.</summary>
    public string Sentence(LineageEntry entry, string? step)
    {
        var text = step is not null && entry.Text.StartsWith(step + ": ", StringComparison.Ordinal) ? entry.Text[(step.Length + 2)..] : entry.Text;
        var isPart = text.StartsWith("it is ", StringComparison.Ordinal) || text.StartsWith("waits for ", StringComparison.Ordinal) || entry.Kind == InstanceRun.WentOn;
        text = isPart ? char.ToUpperInvariant(text[0]) + text[1..] : text;
        if (entry is { Kind: "decided" or "changed", System: null })
        {
            return Canonical(Named(entry, text), entry.Record?.Entity);
        }

        if (entry.Kind is "changed" or "not-applied" or "deleted" or "released" or InstanceRun.WentOn)
        {
            return Led(text);
        }

        if (entry.Kind == "published")
        {
            return text.Replace("Event ", "Recorded for other programs: ", StringComparison.Ordinal).Replace(" published.", ".", StringComparison.Ordinal);
        }

        if (entry is not { System: { } system, Entity: { } entity })
        {
            return Named(entry, text);
        }

        var has = $"{system} has {entity} {entry.ExternalId} for ";
        if (text.StartsWith(has, StringComparison.Ordinal))
        {
            var canonical = About(entry);
            var rest = Without(text[has.Length..], canonical);
            return OutwardMap(system, entity, canonical) is { UpdateOnly: true } ? $"The {System(system)} shows it at the {Spaced(canonical!)} {rest}"
                : $"The {System(system)} has the {Record(system, entity, canonical)} {rest}";
        }

        if (text.StartsWith($"{system} sent {entity} {entry.ExternalId}", StringComparison.Ordinal))
        {
            return $"The {System(system)} reported the {Record(system, entity, null)}{text[$"{system} sent {entity} {entry.ExternalId}".Length..]}";
        }

        text = text.Replace($"{entity} {entry.ExternalId}", "the " + Record(system, entity, entry.Record?.Entity), StringComparison.Ordinal);
        text = text.Length > 0 && !text.StartsWith(system + " ", StringComparison.Ordinal) ? char.ToUpperInvariant(text[0]) + text[1..] : text;
        text = text.Replace($" in {system}.", $" in the {System(system)}.", StringComparison.Ordinal);
        return text.StartsWith(system + " ", StringComparison.Ordinal) ? $"The {System(system)}{text[system.Length..]}" : text;
    }

    /// <summary>The same with the systems by their role and product, where a sentence or its reason begins with a system's name.</summary>
    public string Led(string text)
    {
        // Where a value was cut, its dots end the sentence.
        text = text.Replace("....", "...", StringComparison.Ordinal);
        foreach (var name in landscape.Systems.Keys.OrderByDescending(name => name.Length))
        {
            text = text.StartsWith(name + " ", StringComparison.Ordinal) ? $"The {System(name)}{text[name.Length..]}" : text;
            text = text.Replace($"What settled it: {name} ", $"What settled it: the {System(name)} ", StringComparison.Ordinal)
                .Replace($"oes on, since {name} ", $"oes on, since the {System(name)} ", StringComparison.Ordinal)
                .Replace($", which belong to {name},", $", which belong to the {System(name)},", StringComparison.Ordinal);
        }

        return text;
    }

    /// <summary>The map that writes such a record of a system; null where none does.</summary>
    /// <param name="canonical">What it is made from, where that is known.</param>
    public OutwardMap? OutwardMap(string system, string entity, string? canonical) => landscape.OutwardMaps.Values
        .Where(map => map.Entity == entity && (canonical is null || map.From == canonical)
            && landscape.Roles.TryGetValue(map.Role, out var role) && (role.Default == system || role.ByLegalEntity.Values.Contains(system)))
        .OrderBy(map => map.Name, StringComparer.Ordinal).FirstOrDefault();

    private Connect.Manifest? ManifestOf(string system) => landscape.Systems.TryGetValue(system, out var declared) ? ConnectorCatalog.Find(declared.Kind)?.Manifest : null;

    // Rows of before migration 5 name no record; the map that writes such a record of the system says what it is made from.
    private string? About(LineageEntry entry) => entry.Record?.Entity ?? OutwardMap(entry.System!, entry.Entity!, null)?.From;

    // Ids of accounts say nothing to people, and of what another scope tells they must know whom it is about.
    private string Named(LineageEntry entry, string text)
    {
        var isElsewhere = entry.Scope.ToString() != entry.CorrelationId && entry.Scope.Kind != Model.Scope.EngagementKind;
        if (entry.Record?.Key is { } key && isElsewhere && names.TryGetValue(key, out var about) && !text.Contains(about, StringComparison.Ordinal)
            && entry.Kind is not ("case" or "settled" or "merged" or "decided" or "changed"))
        {
            text = $"{about}: {char.ToLowerInvariant(text[0])}{text[1..]}";
        }

        if (entry.Kind == "waiting")
        {
            foreach (var (account, name) in names)
            {
                text = text.Replace("customer " + account, "customer " + name, StringComparison.Ordinal);
            }
        }

        return text;
    }

    private static string WithoutRole(OutwardMap map) =>
        map.Name.StartsWith(map.Role + "-", StringComparison.Ordinal) ? map.Name[(map.Role.Length + 1)..] : map.Name;

    private static string Without(string text, string? canonical) =>
        canonical is not null && text.StartsWith(canonical + " ", StringComparison.Ordinal) ? text[(canonical.Length + 1)..] : text;

    // "Planned: billing-schedule P-1." has the entity's name after the colon.
    private static string Canonical(string text, string? entity) =>
        entity is null ? text : text.Replace($": {entity} ", $": {Spaced(entity)} ", StringComparison.Ordinal);

    private static string Spaced(string name) => name.Replace('-', ' ');
}
