using System.Collections.Immutable;
using Throughline.Landscape.Files;
using Throughline.Model.Canonical;

namespace Throughline.Landscape.Reading;

/// <summary>Reads <c>entries/*.yaml</c>.</summary>
internal static class EntryReader
{
    private const int BatchDefault = 200;
    private const int BatchMax = 1_000;

    public static void Read(Node node, LandscapeFunctions functions, Draft draft)
    {
        if (KeyReader.Of(node, node.Place, "the entries", draft.Problems) is not { } keys)
        {
            return;
        }

        var name = keys.Name("entries");
        var title = keys.Text("title", required: true);
        var schema = EntityOf(keys, draft);
        var scope = VariableScope.Entry(schema, functions);
        var ready = ExpressionReader.Take(keys, "ready", scope, draft, required: true);
        var checks = ReadChecks(keys, scope, draft);
        var hasValue = keys.Has("value");
        var value = ValuationReader.Read(keys, scope, draft);
        var hasBill = keys.Has("bill");
        var bill = ReadBilling(keys, scope, draft);
        var map = keys.Text("map", required: true);
        var batch = keys.Whole("batch", BatchDefault, 1, BatchMax);
        var within = keys.Duration("within", TimeSpan.FromDays(1));
        keys.Done();
        if (name is null || title is null || schema is null || ready is null || map is null || (hasValue && value is null) || (hasBill && bill is null))
        {
            return;
        }

        if (bill is not null && value is null)
        {
            draft.Problems.Error(bill.Place, "no-value", $"entries {name} cannot be billed without 'value', which says what they are worth");
        }

        var definition = new EntryDefinition(name, title, schema.Name, ready, checks, value, map, batch, within, keys.Place) { Bill = bill };
        if (draft.Entries.Values.FirstOrDefault(other => other.From == schema.Name) is { } same)
        {
            draft.Problems.Error(
                keys.PlaceOf("from"), "duplicate-name", $"what becomes of {schema.Name} is said here for the second time (first in {same.Place}); remove one");
        }
        else
        {
            draft.Add(draft.Entries, "entries", name, keys.PlaceOf("entries"), definition, other => other.Place);
        }
    }

    private static EntryBilling? ReadBilling(KeyReader entry, VariableScope scope, Draft draft)
    {
        if (entry.Keys("bill", "the billing of the entries") is not { } keys)
        {
            return null;
        }

        var reference = ExpressionReader.Take(keys, "reference", scope, draft, required: true);
        var text = ExpressionReader.Take(keys, "text", scope, draft, required: true);
        var cap = ExpressionReader.Take(keys, "cap", scope, draft);
        keys.Done();
        return reference is null || text is null ? null : new EntryBilling(reference, text, cap, keys.Place);
    }

    private static EntitySchema? EntityOf(KeyReader keys, Draft draft)
    {
        if (keys.Text("from", required: true) is not { } text)
        {
            return null;
        }

        var entries = EntityCatalog.All.Where(entity => entity.IsEntry).Select(entity => entity.Name).ToArray();
        if (entries.Contains(text, StringComparer.Ordinal))
        {
            return EntityCatalog.Find(text);
        }

        draft.Problems.Error(
            keys.PlaceOf("from"), "unknown-entity", $"'{KeyReader.Shorten(text)}' is not a kind of entry{Suggestion.For(text, entries)}");
        return null;
    }

    private static ImmutableArray<EntryCheck> ReadChecks(KeyReader keys, VariableScope scope, Draft draft)
    {
        var checks = ImmutableArray.CreateBuilder<EntryCheck>();
        foreach (var item in keys.List("checks"))
        {
            if (KeyReader.Of(item, item.Place, "a check of the entries", draft.Problems) is not { } check)
            {
                continue;
            }

            var name = check.Name("check");
            var require = ExpressionReader.Take(check, "require", scope, draft, required: true);
            var text = CaseReader.Read(check, scope, draft);
            check.Done();
            if (checks.Any(other => other.Name == name))
            {
                draft.Problems.Error(check.PlaceOf("check"), "duplicate-name", $"there are two checks '{name}'; rename or remove one");
            }

            if (name is not null && EntryReasons.All.Contains(name))
            {
                draft.Problems.Error(
                    check.PlaceOf("check"), "reserved-name", $"'{name}' is the hub's own word for why entries wait or are held; give the check another name");
            }

            if (name is not null && require is not null && text is not null)
            {
                checks.Add(new EntryCheck(name, require, text, check.Place));
            }
        }

        return checks.ToImmutable();
    }
}

/// <summary>Checks that what is said of entries fits the maps.</summary>
internal static class EntryCheckup
{
    public static void Run(Draft draft)
    {
        foreach (var entry in draft.Entries.Values)
        {
            if (!draft.OutwardMaps.TryGetValue(entry.Map, out var map))
            {
                if (!draft.MayExist(NameKind.OutwardMap, entry.Map))
                {
                    draft.Problems.Error(
                        entry.Place, "unknown-map", $"entries {entry.Name}: there is no outward map"
                            + $" '{KeyReader.Shorten(entry.Map)}'{Suggestion.For(entry.Map, draft.OutwardMaps.Keys)}");
                }
            }
            else if (WholeCheck.SystemsOf(map.Role, draft).Select(system => draft.Systems.GetValueOrDefault(system).Manifest).OfType<Throughline.Connect.Manifest>()
                .FirstOrDefault(manifest => manifest.BatchMax < entry.Batch) is { } manifest)
            {
                draft.Problems.Error(
                    entry.Place, "batch-too-large", $"entries {entry.Name} go {entry.Batch} at a time, and {manifest.Kind} takes at most {manifest.BatchMax} in one call; set"
                        + $" 'batch: {manifest.BatchMax}' or less");
            }
            else if (map.From != entry.From)
            {
                draft.Problems.Error(entry.Place, "wrong-map", $"entries {entry.Name} are {entry.From}, and map {map.Name} is made from {map.From}");
            }
            else if (map.Find is null || map.UpdateOnly || map.Adopt.Length > 0)
            {
                draft.Problems.Error(
                    map.Place, "no-find-key", $"map {map.Name} is for entries: it needs 'find', by which a line is found again after a lost answer, and neither"
                        + " 'adopt' nor 'updateOnly'");
            }
        }

        foreach (var map in draft.InwardMaps.Where(map => EntityCatalog.Find(map.To)!.IsEntry && draft.Entries.Values.All(entry => entry.From != map.To)))
        {
            if (!draft.Unreadable.Contains(NameKind.Entry))
            {
                draft.Problems.Error(map.Place, "no-entries", $"map {map.Name} takes {map.To}, and no file in entries/ says what becomes of it");
            }
        }
    }
}
