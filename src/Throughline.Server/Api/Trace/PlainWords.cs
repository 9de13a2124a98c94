using System.Collections.Immutable;
using Throughline.Connectors;
using Throughline.Engine.Cases;
using Throughline.Engine.Lineage;
using Throughline.Landscape;

namespace Throughline.Server.Api.Trace;

/// <summary>
/// Says in a firm's words what lineage says in those of programs: systems by their role and product, records by what they are to the firm
/// (the names of the landscape's maps and entities), each sentence under the step of the process that it belongs to.
/// </summary>
internal sealed class PlainWords(Landscape.Landscape landscape)
{
    /// <summary>"PSA (Redmine)" for a system that the landscape calls anything.</summary>
    public string System(string name)
    {
        if (!landscape.Systems.TryGetValue(name, out var system))
        {
            return name;
        }

        var product = ConnectorCatalog.Find(system.Kind)?.Manifest.Title ?? system.Kind;
        var roles = landscape.Roles.Values.Where(role => role.Default == name || role.ByLegalEntity.Values.Contains(name))
            .Select(role => role.Name.ToUpperInvariant()).Order(StringComparer.Ordinal).ToArray();
        return roles.Length == 0 ? product : $"{string.Join(" and ", roles)} ({product})";
    }

    /// <summary>What a system's record is to the firm: "cost centre" for an analytic account that a workstream stands in.</summary>
    /// <param name="canonical">What it is made from, where that is known.</param>
    public string Record(string system, string entity, string? canonical) =>
        OutwardMap(system, entity, canonical) is { UpdateOnly: false } outward ? Spaced(WithoutRole(outward))
            : Spaced(canonical ?? landscape.InwardMap(system, entity)?.To ?? entity);

    /// <summary>The sentence of an entry, without the step's name and the id, which stand elsewhere.</summary>
    public string Sentence(LineageEntry entry, string? step)
    {
        var text = step is not null && entry.Text.StartsWith(step + ": ", StringComparison.Ordinal) ? entry.Text[(step.Length + 2)..] : entry.Text;
        if (entry is { Kind: "decided" or "changed", System: null })
        {
            return Canonical(text);
        }

        if (entry.Kind == "published")
        {
            return text.Replace("Event ", "Recorded for other programs: ", StringComparison.Ordinal).Replace(" published.", ".", StringComparison.Ordinal);
        }

        if (entry is not { System: { } system, Entity: { } entity })
        {
            return text;
        }

        var has = $"{system} has {entity} {entry.ExternalId} for ";
        if (text.StartsWith(has, StringComparison.Ordinal))
        {
            var (canonical, rest) = Split(text[has.Length..]);
            return $"The {System(system)} has the {Record(system, entity, canonical)} {rest}";
        }

        if (text.StartsWith($"{system} sent {entity} {entry.ExternalId}", StringComparison.Ordinal))
        {
            return $"The {System(system)} reported the {Record(system, entity, null)}{text[$"{system} sent {entity} {entry.ExternalId}".Length..]}";
        }

        text = text.Replace($"{entity} {entry.ExternalId}", "the " + Record(system, entity, null), StringComparison.Ordinal);
        text = text.Replace($" in {system}.", $" in the {System(system)}.", StringComparison.Ordinal);
        return text.StartsWith(system + " ", StringComparison.Ordinal) ? $"The {System(system)}{text[system.Length..]}" : text;
    }

    /// <summary>The step of a process that an entry tells of; null where it is about the whole.</summary>
    public StepDefinition? Step(LineageEntry entry, ProcessDefinition? process, ImmutableArray<Case> cases)
    {
        if (process is null)
        {
            return null;
        }

        if (cases.FirstOrDefault(item => item.Step is not null && entry.Text.Contains(item.Says, StringComparison.Ordinal))?.Step is { } name
            && process.Steps.FirstOrDefault(step => step.Name == name) is { } asked && entry.Scope.ToString() == entry.CorrelationId)
        {
            return asked;
        }

        return process.Steps.FirstOrDefault(step => entry.Text.StartsWith(step.Title + ": ", StringComparison.Ordinal)
            || (step switch
            {
                StepDefinition.Write write => entry is { System: { } system, Entity: { } entity } && entry.Kind != "received"
                    && OutwardMap(system, entity, entry.Text.Contains(" for ", StringComparison.Ordinal)
                        ? Split(entry.Text[(entry.Text.IndexOf(" for ", StringComparison.Ordinal) + 5)..]).Canonical : null)?.Name == write.Map,
                StepDefinition.Publish publish => entry.Text == $"Event {publish.Event} published.",
                StepDefinition.Decide => entry.Kind is "decided" or "changed" && entry.Scope.ToString() == entry.CorrelationId
                    && (entry.Text.StartsWith("Planned: ", StringComparison.Ordinal) || entry.Text.StartsWith("No longer planned: ", StringComparison.Ordinal)),
                // Whatever another scope tells under this engagement's name was asked for by it.
                StepDefinition.Request request => entry.Scope.ToString() != entry.CorrelationId && landscape.Processes.ContainsKey(request.Process),
                _ => false,
            }));
    }

    private OutwardMap? OutwardMap(string system, string entity, string? canonical) => landscape.OutwardMaps.Values
        .Where(map => map.Entity == entity && (canonical is null || map.From == canonical)
            && landscape.Roles.TryGetValue(map.Role, out var role) && (role.Default == system || role.ByLegalEntity.Values.Contains(system)))
        .OrderBy(map => map.Name, StringComparer.Ordinal).FirstOrDefault();

    private static string WithoutRole(OutwardMap map) =>
        map.Name.StartsWith(map.Role + "-", StringComparison.Ordinal) ? map.Name[(map.Role.Length + 1)..] : map.Name;

    private static (string Canonical, string Name) Split(string text) =>
        text.IndexOf(' ', StringComparison.Ordinal) is > 0 and var space ? (text[..space], text[(space + 1)..]) : (text, "");

    // "Planned: billing-schedule P-1." has the entity's name after the colon.
    private static string Canonical(string text)
    {
        var colon = text.IndexOf(": ", StringComparison.Ordinal);
        var (entity, rest) = Split(text[(colon + 2)..]);
        return colon < 0 || rest.Length == 0 ? text : $"{text[..colon]}: {Spaced(entity)} {rest}";
    }

    private static string Spaced(string name) => name.Replace('-', ' ');
}
