using System.Collections.Immutable;
using Throughline.Connect;
using Throughline.Landscape.Files;

namespace Throughline.Landscape.Reading;

/// <summary>Checks that what the files say fits together (requirement B7).</summary>
internal static class WholeCheck
{
    public static void Run(Draft draft, OwnershipTable ownership, IReadOnlySet<string> decisions)
    {
        CheckNames(draft);
        CheckRoles(draft);
        foreach (var map in draft.InwardMaps)
        {
            CheckInward(map, draft, ownership);
        }

        foreach (var map in draft.OutwardMaps.Values)
        {
            CheckOutward(map, draft);
        }

        EntryCheckup.Run(draft);
        foreach (var process in draft.Processes.Values)
        {
            ProcessCheck.Run(process, decisions, draft);
        }

        CycleCheck.Run(draft, ownership);
        if (!draft.Problems.HasErrors)
        {
            // A map with an error of its own is not there, and what it uses would look unused.
            CheckUnused(draft);
        }
    }

    /// <summary>The systems that may play a role, for whichever legal entity.</summary>
    public static IEnumerable<string> SystemsOf(string role, Draft draft) =>
        draft.Roles.TryGetValue(role, out var entry) ? entry.Declaration.ByLegalEntity.Values.Append(entry.Declaration.Default).Distinct() : [];

    private static void CheckNames(Draft draft)
    {
        foreach (var use in draft.Uses)
        {
            var (word, known) = use.Kind switch
            {
                NameKind.ValueMap => ("value map", (IEnumerable<string>)draft.ValueMaps.Keys),
                NameKind.Role => ("role", draft.Roles.Keys),
                NameKind.OutwardMap => ("outward map", draft.OutwardMaps.Keys),
                _ => ("legal entity", draft.LegalEntities.Keys),
            };
            if (!known.Contains(use.Name) && !draft.MayExist(use.Kind, use.Name))
            {
                draft.Problems.Error(
                    use.Place, "unknown-" + word.Replace(' ', '-'), $"there is no {word} '{KeyReader.Shorten(use.Name)}'{Suggestion.For(use.Name, known)}");
            }
        }
    }

    private static void CheckRoles(Draft draft)
    {
        foreach (var (role, place) in draft.Roles.Values)
        {
            foreach (var system in SystemsOf(role.Name, draft).Where(system => !draft.Systems.ContainsKey(system) && !draft.MayExist(NameKind.System, system)))
            {
                draft.Problems.Error(
                    place, "unknown-system", $"role {role.Name} is played by '{KeyReader.Shorten(system)}', which is not a system; it cannot be"
                        + $" reached{Suggestion.For(system, draft.Systems.Keys)}");
            }
        }
    }

    private static void CheckInward(InwardMap map, Draft draft, OwnershipTable ownership)
    {
        if (!draft.Systems.TryGetValue(map.System, out var system))
        {
            return;
        }

        if (system.Declaration.Reads.All(read => read.Entity != map.Entity) && system.Declaration.Hooks.IsEmpty)
        {
            draft.Problems.Warn(map.Place, "never-read", $"map {map.Name} waits for {map.Entity}, which {map.System} neither reads nor sends; add it to"
                + $" 'read' in {system.Declaration.Place.File}");
        }

        if (!draft.Ownership.ContainsKey(map.To))
        {
            if (!draft.Unreadable.Contains(NameKind.Ownership))
            {
                draft.Problems.Error(map.Place, "no-owner", $"map {map.Name} writes {map.To}, which nobody owns; add {map.To} to ownership.yaml");
            }

            return;
        }

        foreach (var attribute in MapReader.MembersOf(map.Fields).Where(attribute => !MayOwn(map.System, map.To, attribute, ownership)))
        {
            draft.Problems.Warn(
                map.Place, "never-owned", $"map {map.Name} writes {map.To}.{attribute}, which {map.System} never owns, so the value is never applied;"
                    + $" remove it here, or give {map.System} the attribute in ownership.yaml");
        }
    }

    public static bool MayOwn(string system, string entity, string attribute, OwnershipTable ownership)
    {
        var owned = ownership.Entities[entity];
        if (!owned.Attributes.TryGetValue(attribute, out var rules) || rules.IsEmpty)
        {
            return owned.Default == system;
        }

        // The default still holds where every rule is for one legal entity or begins on some day.
        return rules.Any(rule => rule.Owner == system) || (owned.Default == system && rules.All(rule => rule.LegalEntity is not null || rule.From is not null));
    }

    private static void CheckOutward(OutwardMap map, Draft draft)
    {
        foreach (var name in SystemsOf(map.Role, draft))
        {
            if (!draft.Systems.TryGetValue(name, out var system) || system.Manifest is not { } manifest)
            {
                continue;
            }

            if (manifest.Entity(map.Entity) is not { } entity)
            {
                draft.Problems.Error(
                    map.Place, "unknown-entity", $"map {map.Name} writes '{KeyReader.Shorten(map.Entity)}', which {manifest.Kind} (system {name}) does not"
                        + $" have{Suggestion.For(map.Entity, manifest.Entities.Select(e => e.Name))}");
                continue;
            }

            CheckOperations(map, name, entity, draft);
            CheckUpdated(map, draft);
            if (map.Find is not null)
            {
                CheckFindKey(map, map.Find, "find", name, entity, draft);
            }

            foreach (var adopt in map.Adopt)
            {
                CheckFindKey(map, adopt, "adopt", name, entity, draft);
            }
        }
    }

    private static void CheckOperations(OutwardMap map, string system, EntityManifest entity, Draft draft)
    {
        var needed = map.UpdateOnly ? WriteOperation.Update : WriteOperation.Create;
        if (!entity.Writes.Contains(needed))
        {
            draft.Problems.Error(
                map.Place, "cannot-write", $"map {map.Name} would {needed.ToString().ToLowerInvariant()} {entity.Name} in {system}, whose connector cannot"
                    + $" (it can {(entity.Writes.IsDefaultOrEmpty ? "only read it" : string.Join(", ", entity.Writes).ToLowerInvariant())})");
        }
    }

    private static void CheckUpdated(OutwardMap map, Draft draft)
    {
        if (map.Updates is not { } first)
        {
            return;
        }

        var known = draft.OutwardMaps.GetValueOrDefault(first);
        if (known is null ? !draft.MayExist(NameKind.OutwardMap, first) : (known.From, known.Role, known.Entity) != (map.From, map.Role, map.Entity))
        {
            draft.Problems.Error(
                map.Place, "unknown-map", $"map {map.Name} updates '{KeyReader.Shorten(first)}', which is no map of {map.From} to {map.Entity} of the"
                    + $" {map.Role}{Suggestion.For(first, draft.OutwardMaps.Keys)}");
        }
    }

    private static void CheckFindKey(OutwardMap map, Template key, string word, string system, EntityManifest entity, Draft draft)
    {
        var names = MapReader.MembersOf(key);
        if (names is [FindRequest.IdField] || entity.FindKeys.Any(known => known.Length == names.Length && known.All(names.Contains)))
        {
            return;
        }

        var possible = entity.FindKeys.IsDefaultOrEmpty
            ? "it has no keys"
            : "it can by " + string.Join(", or by ", entity.FindKeys.Select(known => string.Join(" with ", known)));
        draft.Problems.Error(
            map.Place, "unknown-find-key", $"'{word}' of map {map.Name}: {entity.Name} of {system} cannot be found by "
                + $"{string.Join(" with ", names)}; {possible}");
    }

    private static void CheckUnused(Draft draft)
    {
        var writes = draft.Processes.Values.SelectMany(process => process.Steps).OfType<StepDefinition.Write>();
        var written = writes.Select(write => write.Map).Concat(draft.Entries.Values.Select(entry => entry.Map)).ToHashSet(StringComparer.Ordinal);
        foreach (var map in draft.OutwardMaps.Values.Where(map => !written.Contains(map.Name)))
        {
            draft.Problems.Warn(map.Place, "unused-map", $"no process writes map {map.Name}; remove it, or use it in a step");
        }

        var looked = draft.Uses.Where(use => use.Kind == NameKind.ValueMap).Select(use => use.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var (map, place) in draft.ValueMaps.Values.Where(entry => !looked.Contains(entry.Map.Name)))
        {
            draft.Problems.Warn(place, "unused-values", $"no expression looks into value map {map.Name}; remove it");
        }

        CheckUnusedSystems(draft);
    }

    private static void CheckUnusedSystems(Draft draft)
    {
        var mapped = draft.InwardMaps.Select(map => map.System).ToHashSet(StringComparer.Ordinal);
        var roles = draft.Uses.Where(use => use.Kind == NameKind.Role).Select(use => use.Name).ToHashSet(StringComparer.Ordinal);
        bool IsUsed(string role) => roles.Contains(role) || SystemsOf(role, draft).Any(mapped.Contains);
        foreach (var (role, place) in draft.Roles.Values.Where(entry => !IsUsed(entry.Declaration.Name)))
        {
            draft.Problems.Warn(place, "unused-role", $"no map reads from or writes to role {role.Name}; remove it");
        }

        var playing = draft.Roles.Keys.SelectMany(role => SystemsOf(role, draft)).ToHashSet(StringComparer.Ordinal);
        foreach (var (system, _) in draft.Systems.Values.Where(entry => !playing.Contains(entry.Declaration.Name) && !mapped.Contains(entry.Declaration.Name)))
        {
            draft.Problems.Warn(system.Place, "unused-system", $"system {system.Name} plays no role and no map reads from it; remove it or give it a role"
                + " in landscape.yaml");
        }

        foreach (var (system, _) in draft.Systems.Values)
        {
            foreach (var read in system.Reads.Where(read => draft.InwardMaps.All(map => map.System != system.Name || map.Entity != read.Entity)))
            {
                draft.Problems.Warn(system.Place, "unmapped-read", $"system {system.Name} reads {read.Entity}, which no map takes; add a map in maps/in, or"
                    + " stop reading it");
            }
        }
    }
}
