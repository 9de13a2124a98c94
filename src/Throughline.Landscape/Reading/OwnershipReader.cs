using System.Collections.Frozen;
using System.Collections.Immutable;
using Throughline.Landscape.Files;
using Throughline.Model.Canonical;

namespace Throughline.Landscape.Reading;

/// <summary>Reads <c>ownership.yaml</c>: which system is right about which attribute.</summary>
internal static class OwnershipReader
{
    public static void Read(Node node, Draft draft)
    {
        if (node is not MapNode file)
        {
            KeyReader.Of(node, node.Place, "ownership.yaml", draft.Problems);
            return;
        }

        foreach (var member in file.Members)
        {
            var schema = EntityCatalog.Find(member.Name);
            if (schema is null)
            {
                draft.Problems.Error(
                    member.Place, "unknown-entity", $"'{KeyReader.Shorten(member.Name)}' is not a canonical"
                        + $" entity{Suggestion.For(member.Name, EntityCatalog.All.Select(e => e.Name))}");
                continue;
            }

            var keys = KeyReader.Of(member.Node, member.Place, $"the ownership of {member.Name}", draft.Problems);
            var standard = keys?.Text("default", required: true);
            var attributes = keys?.Group("attributes");
            keys?.Done();
            if (standard is not null)
            {
                CheckOwner(standard, keys!.PlaceOf("default"), draft);
                draft.Ownership[member.Name] = new EntityOwnership(member.Name, standard, ReadAttributes(attributes, schema, draft), member.Place);
            }
        }
    }

    /// <summary>Entities that nobody declares are the hub's own; those that systems send must be declared (see the whole check).</summary>
    public static OwnershipTable Table(Draft draft)
    {
        var undeclared = EntityCatalog.All.Where(entity => !draft.Ownership.ContainsKey(entity.Name))
            .Select(entity => new EntityOwnership(
                entity.Name, OwnershipTable.Hub, FrozenDictionary<string, ImmutableArray<OwnershipRule>>.Empty, new Place("ownership.yaml", 1)));
        return new OwnershipTable(draft.Ownership.Values.Concat(undeclared).ToFrozenDictionary(entity => entity.Entity, StringComparer.Ordinal));
    }

    private static FrozenDictionary<string, ImmutableArray<OwnershipRule>> ReadAttributes(MapNode? group, EntitySchema schema, Draft draft)
    {
        var attributes = new Dictionary<string, ImmutableArray<OwnershipRule>>(StringComparer.Ordinal);
        foreach (var member in group?.Members ?? [])
        {
            if (schema.Attribute(member.Name) is null)
            {
                draft.Problems.Error(
                    member.Place, "unknown-attribute", $"'{KeyReader.Shorten(member.Name)}' is not an attribute of"
                        + $" {schema.Name}{Suggestion.For(member.Name, schema.Attributes.Select(a => a.Name))}");
                continue;
            }

            attributes[member.Name] = ReadRules(member, schema, draft);
        }

        return attributes.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private static ImmutableArray<OwnershipRule> ReadRules(MemberNode member, EntitySchema schema, Draft draft)
    {
        if (member.Node is ScalarNode { IsNull: false } owner)
        {
            CheckOwner(owner.Text, owner.Place, draft);
            return [new OwnershipRule(owner.Text, null, null, owner.Place)];
        }

        var rules = ImmutableArray.CreateBuilder<OwnershipRule>();
        foreach (var item in member.Node is ListNode list ? list.Items : [member.Node])
        {
            var keys = KeyReader.Of(item, member.Place, $"a rule for {schema.Name}.{member.Name}", draft.Problems);
            if (keys?.Text("owner", required: true) is not { } name)
            {
                continue;
            }

            CheckOwner(name, keys.PlaceOf("owner"), draft);
            var rule = new OwnershipRule(name, keys.Text("legalEntity"), keys.Date("from"), keys.Place);
            keys.Done();
            if (rule.LegalEntity is not null)
            {
                draft.Uses.Add(new NameUse(NameKind.LegalEntity, rule.LegalEntity, keys.PlaceOf("legalEntity")));
            }

            if (rules.FirstOrDefault(other => other.LegalEntity == rule.LegalEntity && other.From == rule.From) is { } same)
            {
                draft.Problems.Error(
                    keys.Place, "two-owners", $"{schema.Name}.{member.Name} has two owners for the same legal entity and date, {same.Owner} (line"
                        + $" {same.Place.Line}) and {rule.Owner}; an attribute has one");
            }
            else
            {
                rules.Add(rule);
            }
        }

        return rules.ToImmutable();
    }

    private static void CheckOwner(string owner, Place place, Draft draft)
    {
        if (owner != OwnershipTable.Hub && !draft.Systems.ContainsKey(owner) && !draft.MayExist(NameKind.System, owner))
        {
            draft.Problems.Error(
                place, "unknown-system", $"'{KeyReader.Shorten(owner)}' cannot own anything: it is not a system of this"
                    + $" landscape{Suggestion.For(owner, draft.Systems.Keys.Append(OwnershipTable.Hub))}");
        }
    }
}
