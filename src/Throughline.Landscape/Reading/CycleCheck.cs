using System.Collections.Immutable;

namespace Throughline.Landscape.Reading;

/// <summary>
/// Looks for attributes that would keep changing one another: mapped out to a field that is mapped in again to another attribute,
/// and so on back to the first. Only where the system may own what it sends back, since nothing else is applied.
/// </summary>
internal static class CycleCheck
{
    private sealed record Attribute(string Entity, string Name)
    {
        public override string ToString() => Entity + "." + Name;
    }

    private sealed record Edge(Attribute From, Attribute To, string System, string Field, OutwardMap Map);

    public static void Run(Draft draft, OwnershipTable ownership)
    {
        var edges = draft.OutwardMaps.Values.SelectMany(map => EdgesOf(map, draft, ownership)).DistinctBy(edge => (edge.From, edge.To, edge.System)).ToArray();
        foreach (var edge in edges.Where(edge => edge.From == edge.To))
        {
            draft.Problems.Warn(
                edge.Map.Place, "update-cycle", $"map {edge.Map.Name} writes {edge.From} to the field '{edge.Field}' of {edge.System}, which owns it and"
                    + " sends it from there; remove it from the map");
        }

        var from = edges.Where(edge => edge.From != edge.To).ToLookup(edge => edge.From);
        var reported = new HashSet<Attribute>();
        foreach (var start in from.Select(group => group.Key).OrderBy(attribute => attribute.ToString(), StringComparer.Ordinal))
        {
            if (!reported.Contains(start) && PathBack(start, from) is { } path)
            {
                var way = string.Join(" ", path.Select(edge => $"-> {edge.System} '{edge.Field}' -> {edge.To}"));
                reported.UnionWith(path.Select(edge => edge.From));
                draft.Problems.Error(
                    path[0].Map.Place,
                    "update-cycle",
                    $"these attributes would keep changing one another: {start}"
                        + $" {way}; stop mapping one of them, or change its owner");
            }
        }
    }

    /// <summary>The shortest way from an attribute back to itself.</summary>
    private static ImmutableArray<Edge>? PathBack(Attribute start, ILookup<Attribute, Edge> from)
    {
        var left = new Queue<ImmutableArray<Edge>>(from[start].Select(edge => ImmutableArray.Create(edge)));
        var seen = new HashSet<Attribute>();
        while (left.TryDequeue(out var path))
        {
            if (path[^1].To == start)
            {
                return path;
            }

            if (seen.Add(path[^1].To))
            {
                foreach (var edge in from[path[^1].To])
                {
                    left.Enqueue(path.Add(edge));
                }
            }
        }

        return null;
    }

    private static IEnumerable<Edge> EdgesOf(OutwardMap map, Draft draft, OwnershipTable ownership)
    {
        var variable = VariableNames.Of(map.From);
        foreach (var system in WholeCheck.SystemsOf(map.Role, draft))
        {
            foreach (var back in draft.InwardMaps.Where(back => back.System == system && back.Entity == map.Entity))
            {
                foreach (var (field, attribute) in Reads(map.Fields, variable))
                {
                    foreach (var (target, source) in Reads(back.Fields, VariableNames.Source))
                    {
                        if (source == field && WholeCheck.MayOwn(system, back.To, target, ownership))
                        {
                            yield return new Edge(new Attribute(map.From, attribute), new Attribute(back.To, target), system, field, map);
                        }
                    }
                }
            }
        }
    }

    /// <summary>For each member at the top of a template, the fields of a variable that it reads.</summary>
    private static IEnumerable<(string Member, string Field)> Reads(Template template, string variable) =>
        template is Template.Tree tree
            ? tree.Members.SelectMany(member => PathsOf(member.Value)
                .Select(path => path.Split('.'))
                .Where(path => path.Length > 1 && path[0] == variable)
                .Select(path => (member.Name, path[1])))
            : [];

    private static IEnumerable<string> PathsOf(Template template) => template switch
    {
        Template.Leaf leaf => leaf.Expression.FieldPaths,
        Template.Tree tree => tree.Members.SelectMany(member => PathsOf(member.Value)),
        Template.Sequence sequence => sequence.Items.SelectMany(PathsOf),
        Template.Each each => each.List.FieldPaths.Concat(each.When?.FieldPaths ?? []).Concat(PathsOf(each.Value)),
        _ => [],
    };
}
