using System.Collections.Frozen;
using System.Text;
using Throughline.Connect;
using Throughline.Landscape.Files;
using Throughline.Landscape.Reading;

namespace Throughline.Landscape;

/// <summary>
/// Reads a landscape folder and checks it as a whole. Reports every problem at once, each with file and line; never throws for what files hold.
/// </summary>
public static class LandscapeReader
{
    /// <param name="manifests">The connectors that there are.</param>
    /// <param name="shippedProcesses">Process definitions of the product, by name; a file of the landscape with the same process name replaces one.</param>
    /// <param name="decisions">Names that <c>decision:</c> may refer to.</param>
    /// <param name="environment">Where <c>${NAME}</c> of connections comes from; the environment variables, where null.</param>
    public static LandscapeResult Read(
        string folder,
        IReadOnlyList<Manifest> manifests,
        IReadOnlyDictionary<string, string> shippedProcesses,
        IReadOnlySet<string> decisions,
        Func<string, string?>? environment = null)
    {
        var problems = new ProblemList();
        var files = LandscapeFolder.Read(folder, problems);
        var functions = new LandscapeFunctions();
        var draft = new Draft(manifests, environment ?? Environment.GetEnvironmentVariable, problems);
        if (files.Heads.IsEmpty)
        {
            draft.Unreadable.UnionWith([NameKind.Role, NameKind.LegalEntity]);
        }

        HeadReader.Read(files.Heads, draft);
        ReadFiles(files, functions, draft);
        ReadShipped(shippedProcesses, functions, draft);
        var ownership = OwnershipReader.Table(draft);
        WholeCheck.Run(draft, ownership, decisions);
        return new LandscapeResult(problems.HasErrors ? null : Complete(draft, functions, ownership, files.Release(shippedProcesses)), draft.ProblemsInOrder);
    }

    private static void ReadFiles(LandscapeFolder files, LandscapeFunctions functions, Draft draft)
    {
        // Later kinds refer to earlier ones.
        var byKind = files.Files.ToLookup(file => KindOf(file.Path));
        foreach (var kind in Enum.GetValues<NameKind>().Order())
        {
            foreach (var file in byKind[kind])
            {
                ReadFile(kind, file, functions, draft);
            }
        }

        foreach (var file in byKind[null].Where(file => !file.Path.EndsWith(LandscapeSamples.Suffix, StringComparison.Ordinal)))
        {
            draft.Problems.Error(
                new Place(file.Display, 1), "unknown-file", "a landscape has no such file; there are landscape.yaml, ownership.yaml, and *.yaml in systems,"
                    + " maps/in, maps/out, entries, values, templates and processes");
        }
    }

    private static NameKind? KindOf(string path) => path.EndsWith(LandscapeSamples.Suffix, StringComparison.Ordinal) ? null : Path.GetDirectoryName(path) switch
    {
        "" when path == "ownership.yaml" => NameKind.Ownership,
        "systems" => NameKind.System,
        "values" => NameKind.ValueMap,
        "templates" => NameKind.Template,
        "maps/in" => NameKind.InwardMap,
        "maps/out" => NameKind.OutwardMap,
        "entries" => NameKind.Entry,
        "processes" => NameKind.Process,
        _ => null,
    };

    private static void ReadFile(NameKind kind, LandscapeFile file, LandscapeFunctions functions, Draft draft)
    {
        var before = draft.Problems.Count;
        var node = YamlFile.Read(file.Display, file.Bytes, draft.Problems);
        if (node is null)
        {
            if (draft.Problems.Count > before)
            {
                draft.Unreadable.Add(kind);
            }
            else if (!file.Replaces)
            {
                draft.Problems.Error(new Place(file.Display, 1), "empty-file", "the file says nothing; remove it");
            }

            return;
        }

        switch (kind)
        {
            case NameKind.System: SystemReader.Read(node, draft); break;
            case NameKind.Ownership: OwnershipReader.Read(node, draft); break;
            case NameKind.ValueMap: TableReader.ReadValueMap(node, draft); break;
            case NameKind.Template: TableReader.ReadTemplate(node, draft); break;
            case NameKind.InwardMap: MapReader.ReadInward(node, functions, draft); break;
            case NameKind.Entry: EntryReader.Read(node, functions, draft); break;
            case NameKind.OutwardMap: MapReader.ReadOutward(node, functions, draft); break;
            default: ProcessReader.Read(node, Encoding.UTF8.GetString(file.Bytes), functions, draft); break;
        }
    }

    private static void ReadShipped(IReadOnlyDictionary<string, string> shipped, LandscapeFunctions functions, Draft draft)
    {
        foreach (var (name, place) in draft.Use ?? [])
        {
            if (!shipped.ContainsKey(name) && !draft.Processes.ContainsKey(name) && !draft.MayExist(NameKind.Process, name))
            {
                draft.Problems.Error(place, "unknown-process", $"there is no process"
                    + $" '{KeyReader.Shorten(name)}'{Suggestion.For(name, shipped.Keys.Concat(draft.Processes.Keys))}");
            }
        }

        foreach (var (name, text) in shipped.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            var isUsed = draft.Use is null || draft.Use.ContainsKey(name);
            var isReplaced = draft.Declared.Contains((NameKind.Process, name));
            if (isUsed && !isReplaced && YamlFile.Read($"shipped/{name}.yaml", Encoding.UTF8.GetBytes(text), draft.Problems) is { } node)
            {
                ProcessReader.Read(node, text, functions, draft);
            }
        }
    }

    private static Landscape Complete(Draft draft, LandscapeFunctions functions, OwnershipTable ownership, string release)
    {
        functions.Complete(draft.ValueMaps.ToFrozenDictionary(StringComparer.Ordinal), draft.LegalEntities.Values);
        return new Landscape
        {
            Name = draft.Name,
            Title = draft.Title,
            Release = release,
            Systems = draft.Systems.ToFrozenDictionary(pair => pair.Key, pair => pair.Value.Declaration, StringComparer.Ordinal),
            Roles = draft.Roles.ToFrozenDictionary(pair => pair.Key, pair => pair.Value.Declaration, StringComparer.Ordinal),
            LegalEntities = draft.LegalEntities.ToFrozenDictionary(StringComparer.Ordinal),
            InwardMaps = [.. draft.InwardMaps],
            OutwardMaps = draft.OutwardMaps.ToFrozenDictionary(StringComparer.Ordinal),
            Entries = draft.Entries.Values.ToFrozenDictionary(entry => entry.From, StringComparer.Ordinal),
            Ownership = ownership,
            ValueMaps = draft.ValueMaps.ToFrozenDictionary(pair => pair.Key, pair => pair.Value.Map, StringComparer.Ordinal),
            Templates = draft.Templates.ToFrozenDictionary(pair => pair.Key, pair => pair.Value.Template, StringComparer.Ordinal),
            Parameters = draft.Parameters,
            Processes = draft.Processes.ToFrozenDictionary(StringComparer.Ordinal),
        };
    }
}
