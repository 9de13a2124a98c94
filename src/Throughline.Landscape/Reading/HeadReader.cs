using System.Collections.Frozen;
using System.Collections.Immutable;
using Throughline.Landscape.Files;
using Throughline.Model;

namespace Throughline.Landscape.Reading;

/// <summary>Reads <c>landscape.yaml</c>: who plays which role, the firm's legal entities and its parameters.</summary>
internal static class HeadReader
{
    public static void Read(ImmutableArray<(LandscapeFile File, MapNode Node)> heads, Draft draft)
    {
        if (heads.IsEmpty)
        {
            return;
        }

        // A key of a nearer file replaces the same key of the landscape that it extends.
        var members = heads.SelectMany(head => head.Node.Members).Where(member => member.Name != "extends").DistinctBy(member => member.Name);
        var keys = new KeyReader(new MapNode(heads[0].Node.Place, [.. members]), "the landscape", draft.Problems);
        keys.Has("extends");
        draft.Name = keys.Name("name") ?? "";
        draft.Title = keys.Text("title", required: true) ?? "";
        ReadLegalEntities(keys.Group("legalEntities", required: true), draft);
        ReadRoles(keys.Group("roles", required: true), draft);
        draft.Parameters = keys.Group("parameters")?.Value as Fields ?? Fields.Empty;
        CheckOwn(keys, draft);
        ReadNumbering(keys, draft);
        if (keys.Has("processes"))
        {
            draft.Use = keys.Texts("processes").DistinctBy(item => item.Text).ToDictionary(item => item.Text, item => item.Place, StringComparer.Ordinal);
        }

        keys.Done();
    }

    private static void ReadLegalEntities(MapNode? group, Draft draft)
    {
        foreach (var member in group?.Members ?? [])
        {
            draft.Declared.Add((NameKind.LegalEntity, member.Name));
            var keys = KeyReader.Of(member.Node, member.Place, $"legal entity {member.Name}", draft.Problems);
            var name = keys?.Text("name", required: true);
            var country = keys?.Text("country", required: true);
            var code = keys?.Text("currency", required: true);
            var attributes = keys?.Group("attributes")?.Value as Fields ?? Fields.Empty;
            keys?.Done();
            if (code is not null && !Currency.TryOf(code, out _))
            {
                draft.Problems.Error(keys!.PlaceOf("currency"), "wrong-type", $"'{KeyReader.Shorten(code)}' is not a currency code; use three capital"
                    + " letters of ISO 4217, such as EUR");
            }
            else if (name is not null && country is not null && code is not null)
            {
                draft.LegalEntities[member.Name] = new LegalEntity(member.Name, name, country, Currency.Of(code), attributes);
            }
        }
    }

    private static void ReadRoles(MapNode? group, Draft draft)
    {
        foreach (var member in group?.Members ?? [])
        {
            draft.Declared.Add((NameKind.Role, member.Name));
            if (member.Node is ScalarNode { IsNull: false } system)
            {
                draft.Roles[member.Name] = (new RoleDeclaration(member.Name, system.Text, FrozenDictionary<string, string>.Empty), member.Place);
                continue;
            }

            var keys = KeyReader.Of(member.Node, member.Place, $"role {member.Name}", draft.Problems);
            if (keys?.Text("default", required: true) is not { } standard)
            {
                continue;
            }

            var byLegalEntity = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (var own in ((MapNode)member.Node).Members.Where(own => own.Name != "default"))
            {
                draft.Uses.Add(new NameUse(NameKind.LegalEntity, own.Name, own.Place));
                if (keys.Text(own.Name, required: true) is { } system2)
                {
                    byLegalEntity[own.Name] = system2;
                    CheckSame(member.Name, standard, own, system2, draft);
                }
            }

            draft.Roles[member.Name] = (new RoleDeclaration(member.Name, standard, byLegalEntity.ToFrozenDictionary(StringComparer.Ordinal)), member.Place);
        }
    }

    // A customer has one id per role: with two systems in a role the id that it has in one would be written to the other.
    private static void CheckSame(string role, string standard, MemberNode own, string system, Draft draft)
    {
        if (system != standard)
        {
            draft.Problems.Error(
                own.Place, "several-systems", $"role {role} is played by {KeyReader.Shorten(system)} for {own.Name} and by {KeyReader.Shorten(standard)} for the others; the hub"
                    + $" looks up ids by role and would mix those of the two. Name one system for the role: remove '{own.Name}' here, and give {own.Name} a hub and a"
                    + " landscape of its own if it must keep its system");
        }
    }

    // The parameters that the hub itself goes by: a slip must not make it forget what senders still repeat, or keep back what people wait to read.
    private static void CheckOwn(KeyReader keys, Draft draft)
    {
        if (draft.Parameters.Nested("intake") is { } intake && intake.ContainsKey("keysKeptDays") && intake.Get("keysKeptDays") is not (long and >= 1 and <= 3_650))
        {
            draft.Problems.Error(keys.PlaceOf("parameters"), "wrong-type", "'intake.keysKeptDays' of the parameters must be a whole number from 1 to 3650");
        }

        if (draft.Parameters.Nested("status") is { } status && status.ContainsKey("waitingAfterSeconds") && status.Get("waitingAfterSeconds") is not (long and >= 0 and <= 3_600))
        {
            draft.Problems.Error(keys.PlaceOf("parameters"), "wrong-type", "'status.waitingAfterSeconds' of the parameters must be a whole number from 0 to 3600");
        }
    }

    /// <summary>Number ranges reach the processes as <c>parameters.numbering</c>.</summary>
    private static void ReadNumbering(KeyReader keys, Draft draft)
    {
        var numbering = Fields.Empty;
        foreach (var member in keys.Group("numbering")?.Members ?? [])
        {
            var range = KeyReader.Of(member.Node, member.Place, $"numbering of {member.Name}", draft.Problems);
            if (range is not null)
            {
                numbering = numbering.With(member.Name, Fields.Of(
                    ("prefix", range.Text("prefix", required: true) ?? ""),
                    ("digits", range.Whole("digits", 5, 1, 15)),
                    ("start", range.Whole("start", 1, 0, int.MaxValue))));
                range.Done();
            }
        }

        if (numbering.Count > 0)
        {
            draft.Parameters = draft.Parameters.With("numbering", numbering);
        }
    }
}
