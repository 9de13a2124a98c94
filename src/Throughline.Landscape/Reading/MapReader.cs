using System.Collections.Immutable;
using Throughline.Landscape.Files;
using Throughline.Model.Canonical;

namespace Throughline.Landscape.Reading;

/// <summary>Reads <c>maps/in/*.yaml</c> and <c>maps/out/*.yaml</c>.</summary>
internal static class MapReader
{
    public static void ReadInward(Node node, LandscapeFunctions functions, Draft draft)
    {
        if (KeyReader.Of(node, node.Place, "the map", draft.Problems) is not { } keys)
        {
            return;
        }

        var scope = VariableScope.Inward(functions);
        var name = keys.Name("map");
        var system = keys.Text("system", required: true);
        var entity = keys.Text("entity", required: true);
        var schema = EntityOf(keys, "to", draft);
        var key = ExpressionReader.Take(keys, "key", scope, draft, required: true);
        var when = ExpressionReader.Take(keys, "when", scope, draft);
        var isScoped = keys.Has("scope");
        var ordered = ExpressionReader.Take(keys, "scope", scope, draft);
        var occurredAt = ExpressionReader.Take(keys, "occurredAt", scope, draft);
        var scopeOf = keys.Text("scopeOf");
        var createdAt = ExpressionReader.Take(keys, "createdAt", scope, draft);
        var fields = keys.Group("fields", required: true) is { } group ? ExpressionReader.ReadTemplate(group, scope, draft) : null;
        keys.Done();
        CheckSystem(keys, system, entity, draft);
        if (schema is { IsMaster: false } && !isScoped)
        {
            draft.Problems.Error(
                keys.Place, "missing-key", $"map {name} needs 'scope': {schema.Name} belongs to an engagement, so say which ({VariableNames.Source}.Id, or"
                    + " the field that refers to it)");
        }
        else if (schema is { IsMaster: true } && isScoped)
        {
            draft.Problems.Error(
                keys.PlaceOf("scope"), "unknown-key", $"'scope' has no meaning here: {schema.Name} is a master record with an order of its own; remove it");
        }

        if (schema is { IsEntry: false } && keys.Has("createdAt"))
        {
            draft.Problems.Error(keys.PlaceOf("createdAt"), "unknown-key", $"'createdAt' has a meaning for entries only, and {schema.Name} is none; remove it");
        }

        if (schema is { IsMaster: true } or { Name: "opportunity" } && scopeOf is not null)
        {
            draft.Problems.Error(keys.PlaceOf("scopeOf"), "unknown-key", $"'scopeOf' has no meaning here: {schema.Name} has a place of its own; remove it");
        }

        if (schema is not null)
        {
            CheckAttributes(schema.Attributes, schema.Name, keys.Group("fields"), draft);
        }

        if (name is null || system is null || entity is null || schema is null || key is null || fields is null)
        {
            return;
        }

        var map = new InwardMap(name, system, entity, schema.Name, key, when, ordered, occurredAt, fields, keys.Place)
        {
            ScopeOf = scopeOf, CreatedAt = createdAt,
        };
        if (draft.InwardMaps.Find(other => other.Name == name || (other.System == system && other.Entity == entity)) is { } same)
        {
            draft.Problems.Error(
                keys.Place, "duplicate-name", $"map {name} takes {entity} of {system}, and so does map {same.Name} ({same.Place}), or it has the same name;"
                    + " a record is mapped once");
        }

        draft.InwardMaps.Add(map);
    }

    public static void ReadOutward(Node node, LandscapeFunctions functions, Draft draft)
    {
        if (KeyReader.Of(node, node.Place, "the map", draft.Problems) is not { } keys)
        {
            return;
        }

        var name = keys.Name("map");
        draft.Declared.Add((NameKind.OutwardMap, name ?? ""));
        var from = EntityOf(keys, "from", draft);
        var scope = VariableScope.Outward(from, functions);
        scope = from is { IsEntry: true } ? VariableScope.Entry(from, functions).WithFunctions(functions.WithRecords) : scope;
        var role = keys.Text("role", required: true);
        var entity = keys.Text("entity", required: true);
        var updates = keys.Text("updates");
        var updateOnly = keys.Flag("updateOnly", updates is not null);
        var find = keys.Group("find") is { } group ? ExpressionReader.ReadTemplate(group, scope, draft) : null;
        var adopt = keys.List("adopt").Select(item => ReadKey(item, scope, draft)).ToArray();
        var fields = keys.Group("fields", required: true) is { } target ? ExpressionReader.ReadTemplate(target, scope, draft) : null;
        keys.Done();
        if (role is not null)
        {
            draft.Uses.Add(new NameUse(NameKind.Role, role, keys.PlaceOf("role")));
        }

        if (!keys.Has("find") && !updateOnly)
        {
            draft.Problems.Warn(
                keys.Place, "no-find-key", $"map {name} declares no 'find', so a write whose answer is lost cannot be looked up and goes to a person; name"
                    + " a key by which the record can be found");
        }

        if (name is not null && from is not null && role is not null && entity is not null && fields is not null)
        {
            var map = new OutwardMap(name, from.Name, role, entity, find, [.. adopt.OfType<Template>()], updateOnly || updates is not null, fields, keys.Place)
            {
                Updates = updates,
            };
            draft.Add(draft.OutwardMaps, "outward map", name, keys.PlaceOf("map"), map, other => other.Place);
        }
    }

    /// <summary>The names at the top of a template.</summary>
    public static ImmutableArray<string> MembersOf(Template? template) =>
        template is Template.Tree tree ? [.. tree.Members.Select(member => member.Name)] : [];

    private static Template? ReadKey(Node item, VariableScope scope, Draft draft)
    {
        if (item is MapNode)
        {
            return ExpressionReader.ReadTemplate(item, scope, draft);
        }

        draft.Problems.Error(item.Place, "wrong-shape", "an item of 'adopt' must be a group: the field to look in, and the value to look for");
        return null;
    }

    private static EntitySchema? EntityOf(KeyReader keys, string name, Draft draft)
    {
        if (keys.Text(name, required: true) is not { } text)
        {
            return null;
        }

        var schema = EntityCatalog.Find(text);
        if (schema is null)
        {
            draft.Problems.Error(
                keys.PlaceOf(name), "unknown-entity", $"'{KeyReader.Shorten(text)}' is not a canonical"
                    + $" entity{Suggestion.For(text, EntityCatalog.All.Select(entity => entity.Name))}");
        }

        return schema;
    }

    private static void CheckSystem(KeyReader keys, string? system, string? entity, Draft draft)
    {
        if (system is null || (!draft.Systems.ContainsKey(system) && draft.MayExist(NameKind.System, system)))
        {
            return;
        }

        if (!draft.Systems.TryGetValue(system, out var declared))
        {
            draft.Problems.Error(
                keys.PlaceOf("system"), "unknown-system", $"there is no system '{KeyReader.Shorten(system)}'{Suggestion.For(system, draft.Systems.Keys)}");
        }
        else if (entity is not null && declared.Manifest is { } manifest && manifest.Entity(entity) is null)
        {
            draft.Problems.Error(
                keys.PlaceOf("entity"), "unknown-entity", $"{manifest.Kind} has no"
                    + $" '{KeyReader.Shorten(entity)}'{Suggestion.For(entity, manifest.Entities.Select(e => e.Name))}");
        }
    }

    /// <summary>Looks at the file and not at the template, so that a wrong name deep in a list is reported on its own line.</summary>
    private static void CheckAttributes(ImmutableArray<AttributeSchema> attributes, string owner, Node? node, Draft draft)
    {
        foreach (var member in (node as MapNode)?.Members ?? [])
        {
            var attribute = attributes.FirstOrDefault(a => a.Name == member.Name);
            if (attribute is null)
            {
                draft.Problems.Error(
                    member.Place, "unknown-attribute", $"'{KeyReader.Shorten(member.Name)}' is not an attribute of"
                        + $" {owner}{Suggestion.For(member.Name, attributes.Select(a => a.Name))}");
            }
            else
            {
                CheckShape(attribute, member, $"{owner}.{attribute.Name}", draft);
            }
        }
    }

    private static void CheckShape(AttributeSchema attribute, MemberNode member, string name, Draft draft)
    {
        var value = member.Node is MapNode each && each.Member("each") is not null ? each.Member("value")?.Node : null;
        switch (attribute.Type)
        {
            case AttributeType.List:
                foreach (var item in value is not null ? [value] : member.Node is ListNode list ? list.Items : [])
                {
                    CheckAttributes(attribute.Of, name, item, draft);
                }

                break;
            case AttributeType.Money when member.Node is MapNode money && money.Members.Any(part => part.Name is not ("amount" or "currency")):
                draft.Problems.Error(member.Place, "unknown-attribute", $"{name} is money and has an amount and a currency only");
                break;
            case AttributeType.Money or AttributeType.Document:
                break;
            default:
                if (member.Node is not ScalarNode)
                {
                    draft.Problems.Error(member.Place, "wrong-shape", $"{name} is a single value ({attribute.Type.ToString().ToLowerInvariant()}), so one"
                        + " expression is needed here");
                }

                break;
        }
    }
}
