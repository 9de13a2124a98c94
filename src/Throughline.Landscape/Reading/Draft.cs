using System.Collections.Immutable;
using Throughline.Connect;
using Throughline.Landscape.Files;
using Throughline.Model;

namespace Throughline.Landscape.Reading;

/// <summary>
/// A landscape while it is read: what each file says, before anything is known to fit together. Names that were used with a place
/// are kept, so that the whole can be checked when everything is there.
/// </summary>
internal sealed class Draft(IReadOnlyList<Manifest> manifests, Func<string, string?> environment, ProblemList problems)
{
    public ProblemList Problems { get; } = problems;

    public IReadOnlyList<Manifest> Manifests { get; } = manifests;

    public Func<string, string?> Environment { get; } = environment;

    public string Name { get; set; } = "";

    public string Title { get; set; } = "";

    public Fields Parameters { get; set; } = Fields.Empty;

    /// <summary>The shipped processes that are used, with the place of each name; null for all.</summary>
    public Dictionary<string, Place>? Use { get; set; }

    public Dictionary<string, (SystemDeclaration Declaration, Manifest? Manifest)> Systems { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, (RoleDeclaration Declaration, Place Place)> Roles { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, LegalEntity> LegalEntities { get; } = new(StringComparer.Ordinal);

    public List<InwardMap> InwardMaps { get; } = [];

    public Dictionary<string, OutwardMap> OutwardMaps { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, EntityOwnership> Ownership { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, (ValueMap Map, Place Place)> ValueMaps { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, (Fields Template, Place Place)> Templates { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, EntryDefinition> Entries { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, ProcessDefinition> Processes { get; } = new(StringComparer.Ordinal);

    /// <summary>Every name that an expression or file used, to be looked for at the end.</summary>
    public List<NameUse> Uses { get; } = [];

    /// <summary>Kinds of which a file could not be read at all: a missing name may stand there, and saying that it does not exist would mislead.</summary>
    public HashSet<NameKind> Unreadable { get; } = [];

    /// <summary>Names of things that are declared, though perhaps with errors of their own.</summary>
    public HashSet<(NameKind Kind, string Name)> Declared { get; } = [];

    /// <summary>Steps that are there, though with errors of their own.</summary>
    public HashSet<(string Process, string Step)> DeclaredSteps { get; } = [];

    public bool MayExist(NameKind kind, string name) => Declared.Contains((kind, name)) || Unreadable.Contains(kind);

    public ImmutableArray<LandscapeProblem> ProblemsInOrder => Problems.InOrder();

    /// <summary>Keeps a named thing, or says that the name is taken.</summary>
    public void Add<T>(Dictionary<string, T> table, string kind, string name, Place place, T thing, Func<T, Place> placeOf)
    {
        if (!table.TryAdd(name, thing))
        {
            Problems.Error(
                place, "duplicate-name", $"{kind} '{name}' is declared here for the second time (first in {placeOf(table[name])}); rename or remove one");
        }
    }
}

/// <summary>Kinds of named things, in the order in which their files are read: later ones refer to earlier ones.</summary>
internal enum NameKind
{
    Role,
    LegalEntity,
    System,
    Ownership,
    ValueMap,
    Template,
    InwardMap,
    OutwardMap,
    Entry,
    Process,
    Decision,
}

internal sealed record NameUse(NameKind Kind, string Name, Place Place);
