using System.Collections.Immutable;
using Throughline.Landscape.Expressions;
using Throughline.Landscape.Files;
using Throughline.Model;
using Throughline.Model.Canonical;

namespace Throughline.Landscape.Reading;

/// <summary>Turns scalars into expressions and groups into templates, and notes every name that they use.</summary>
internal static class ExpressionReader
{
    public static Expression? Take(KeyReader keys, string name, VariableScope scope, Draft draft, bool required = false) =>
        keys.Scalar(name, required) is { } scalar ? Parse(scalar, scope, draft) : null;

    public static Expression? Parse(ScalarNode scalar, VariableScope scope, Draft draft)
    {
        var expressionScope = new ExpressionScope { Variables = scope.Names, Functions = scope.Functions };
        if (!Expression.TryParse(scalar.Text, expressionScope, out var expression, out var errors))
        {
            foreach (var error in errors)
            {
                draft.Problems.Error(scalar.Place, "expression", $"{error.Message} (column {error.Column} of: {KeyReader.Shorten(scalar.Text)})");
            }

            return null;
        }

        CheckPaths(expression, scalar.Place, scope, draft);
        foreach (var call in CallsOf(scalar.Text))
        {
            CheckCall(call, scalar.Place, draft);
        }

        return expression;
    }

    public static Template? ReadTemplate(Node node, VariableScope scope, Draft draft)
    {
        switch (node)
        {
            case ScalarNode { Text: "", IsQuoted: false }:
                draft.Problems.Error(node.Place, "missing-key", "an expression is missing here; write null to clear the field, or remove the key");
                return null;
            case ScalarNode scalar:
                return Parse(scalar, scope, draft) is { } expression ? new Template.Leaf(expression) { IsAbsent = AbsenceOf(expression, scope) } : null;
            case ListNode list:
                var items = list.Items.Select(item => ReadTemplate(item, scope, draft)).ToArray();
                return items.All(item => item is not null) ? new Template.Sequence([.. items!]) : null;
            case MapNode map when map.Member("each") is not null:
                return ReadEach(map, scope, draft);
            default:
                return ReadTree((MapNode)node, scope, draft);
        }
    }

    /// <summary>
    /// An expression gives null both for null and for an optional without a value; a template tells them apart by this second question,
    /// asked only after a null. Null where the text cannot yield an optional.
    /// </summary>
    private static Expression? AbsenceOf(Expression expression, VariableScope scope)
    {
        var text = expression.Text;
        if (!text.Contains('?') && !text.Contains("optional", StringComparison.Ordinal))
        {
            return null;
        }

        // On lines of their own, so that a comment at the end does not swallow the rest.
        var question = $"type(\n{text}\n) == optional_type && !(\n{text}\n).hasValue()";
        var expressionScope = new ExpressionScope { Variables = scope.Names, Functions = scope.Functions };
        return Expression.TryParse(question, expressionScope, out var absent, out _) ? absent : null;
    }

    private static Template.Tree? ReadTree(MapNode map, VariableScope scope, Draft draft)
    {
        var members = map.Members.Select(member => (member.Name, Value: ReadTemplate(member.Node, scope, draft))).ToArray();
        return members.All(member => member.Value is not null) ? new Template.Tree([.. members.Select(member => (member.Name, member.Value!))]) : null;
    }

    private static Template.Each? ReadEach(MapNode map, VariableScope scope, Draft draft)
    {
        var keys = new KeyReader(map, "a list made with 'each'", draft.Problems);
        var list = Take(keys, "each", scope, draft, required: true);
        var name = keys.Text("as", required: true);
        if (name is null)
        {
            return null;
        }

        if (!Lexer.IsPlainName(name) || scope.Names.Contains(name))
        {
            draft.Problems.Error(keys.PlaceOf("as"), "bad-name", $"'{KeyReader.Shorten(name)}' cannot name the item; use a plain name that is not taken"
                + $" ({string.Join(", ", scope.Names)} are)");
            return null;
        }

        var inner = scope.With(name);
        var hasWhen = keys.Has("when");
        var when = Take(keys, "when", inner, draft);
        var value = keys.Node("value", required: true) is { } node ? ReadTemplate(node, inner, draft) : null;
        keys.Done();
        return list is null || value is null || (hasWhen && when is null) ? null : new Template.Each(list, name, when, value);
    }

    private static void CheckPaths(Expression expression, Place place, VariableScope scope, Draft draft)
    {
        // An author who asks for what may be absent says so.
        var isLenient = expression.Text.Contains('?') || expression.Functions.Contains("has");
        foreach (var path in expression.FieldPaths)
        {
            var parts = path.Split('.');
            if (parts[0] == VariableNames.Parameters && !isLenient)
            {
                CheckParameter(parts, place, draft);
            }

            if (scope.Schemas.TryGetValue(parts[0], out var schema) && parts[1] != "key" && schema.Attribute(parts[1]) is null)
            {
                draft.Problems.Error(
                    place, "unknown-attribute", $"'{path}': {schema.Name} has no attribute"
                        + $" '{parts[1]}'{Suggestion.For(parts[1], schema.Attributes.Select(a => a.Name).Append("key"))}");
            }
            else if (parts[0] == VariableNames.Records && scope.Names.Contains(VariableNames.Records)
                && EntityCatalog.All.All(entity => VariableNames.Of(entity.Name) != parts[1]))
            {
                draft.Problems.Error(
                    place, "unknown-entity", $"'{path}': there is no canonical entity"
                        + $" '{parts[1]}'{Suggestion.For(parts[1], EntityCatalog.All.Select(entity => VariableNames.Of(entity.Name)))}");
            }
        }
    }

    private static void CheckParameter(string[] path, Place place, Draft draft)
    {
        object? value = draft.Parameters;
        for (var i = 1; i < path.Length && value is Fields fields; i++)
        {
            if (!fields.ContainsKey(path[i]))
            {
                draft.Problems.Error(
                    place,
                    "unknown-parameter",
                    $"'{string.Join('.', path)}': landscape.yaml has no such parameter{Suggestion.For(path[i], fields.Keys)}");
                return;
            }

            value = fields.Get(path[i]);
        }
    }

    private static void CheckCall(Call call, Place place, Draft draft)
    {
        var texts = call.Arguments.Select(argument => (argument as Literal)?.Value as string).ToArray();
        switch (call.Function)
        {
            case LandscapeFunctions.Lookup when texts is [{ } table, _]:
                draft.Uses.Add(new NameUse(NameKind.ValueMap, table, place));
                break;
            case LandscapeFunctions.Lookup:
                draft.Problems.Error(place, "lookup-name", "the first argument of lookup must be the name of a value map in quotes, so that it can be checked");
                break;
            case "legalEntity" when texts is [{ } code]:
                draft.Uses.Add(new NameUse(NameKind.LegalEntity, code, place));
                break;
            case LandscapeFunctions.Answer when texts is [{ } map, _]:
                draft.Uses.Add(new NameUse(NameKind.OutwardMap, map, place));
                break;
            case LandscapeFunctions.Id when texts is [{ } role, { } entity, _]:
                draft.Uses.Add(new NameUse(NameKind.Role, role, place));
                CheckEntity(entity, place, draft);
                break;
            case "record" when texts is [{ } entity, _]:
                CheckEntity(entity, place, draft);
                break;
        }
    }

    private static void CheckEntity(string entity, Place place, Draft draft)
    {
        if (EntityCatalog.Find(entity) is null)
        {
            draft.Problems.Error(place, "unknown-entity", $"'{KeyReader.Shorten(entity)}' is not a canonical"
                + $" entity{Suggestion.For(entity, EntityCatalog.All.Select(e => e.Name))}");
        }
    }

    private static IEnumerable<Call> CallsOf(string text)
    {
        var left = new Stack<Syntax>([Parser.Parse(text)]);
        while (left.TryPop(out var node))
        {
            if (node is Call call)
            {
                yield return call;
            }

            foreach (var part in PartsOf(node))
            {
                left.Push(part);
            }
        }
    }

    private static IEnumerable<Syntax> PartsOf(Syntax node) => node switch
    {
        Select select => [select.Operand],
        Expressions.Index index => [index.Operand, index.Key],
        Call { Target: { } target } call => call.Arguments.Prepend(target),
        Call call => call.Arguments,
        ListOf list => list.Elements.Select(element => element.Value),
        MapOf map => map.Entries.SelectMany(entry => new[] { entry.Key, entry.Value }),
        Unary unary => [unary.Operand],
        Binary binary => [binary.Left, binary.Right],
        Logic logic => logic.Operands,
        Conditional conditional => [conditional.Condition, conditional.Then, conditional.Otherwise],
        _ => [],
    };
}
