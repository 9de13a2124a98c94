using System.Collections.Immutable;
using Throughline.Landscape.Expressions;
using Throughline.Landscape.Files;
using Throughline.Model.Canonical;

namespace Throughline.Landscape.Reading;

/// <summary>Reads <c>value</c> of <c>entries/*.yaml</c>.</summary>
internal static class ValuationReader
{
    /// <summary>Null where there is none, or where it is not sound.</summary>
    public static EntryValuation? Read(KeyReader entry, VariableScope scope, Draft draft)
    {
        if (entry.Keys("value", "the value of the entries") is not { } keys)
        {
            return null;
        }

        var quantity = ExpressionReader.Take(keys, "quantity", scope, draft, required: true);
        var date = ExpressionReader.Take(keys, "date", scope, draft, required: true);
        var currency = ExpressionReader.Take(keys, "currency", scope, draft, required: true);
        var state = ExpressionReader.Take(keys, "state", scope, draft, required: true);
        var cards = ExpressionReader.Take(keys, "cards", scope, draft, required: true);
        var facts = ReadFacts(keys, scope, draft);
        var precedence = ReadPrecedence(keys, [.. facts.Select(fact => fact.Name)], draft);
        keys.Done();
        return quantity is null || date is null || currency is null || state is null || cards is null || precedence is not { } order ? null
            : new EntryValuation(quantity, date, currency, state, cards, facts, order, keys.Place);
    }

    private static ImmutableArray<(string Name, Expression Is)> ReadFacts(KeyReader keys, VariableScope scope, Draft draft)
    {
        var facts = ImmutableArray.CreateBuilder<(string, Expression)>();
        var known = EntityCatalog.Find("rate-card")!.Attribute("rates")!.Of.Select(member => member.Name).Except(["rate", "from", "until"]).ToArray();
        foreach (var member in keys.Group("by")?.Members ?? [])
        {
            if (!known.Contains(member.Name, StringComparer.Ordinal))
            {
                draft.Problems.Error(member.Place, "unknown-attribute", $"a rate is not made for '{KeyReader.Shorten(member.Name)}'{Suggestion.For(member.Name, known)}");
            }
            else if (member.Node is not ScalarNode scalar)
            {
                draft.Problems.Error(member.Place, "wrong-shape", $"'{member.Name}' must be a single value, not {member.Node.Kind}");
            }
            else if (ExpressionReader.Parse(scalar, scope, draft) is { } expression)
            {
                facts.Add((member.Name, expression));
            }
        }

        return facts.ToImmutable();
    }

    private static ImmutableArray<ImmutableArray<string>>? ReadPrecedence(KeyReader keys, string[] facts, Draft draft)
    {
        var order = ImmutableArray.CreateBuilder<ImmutableArray<string>>();
        foreach (var node in keys.List("precedence", required: true))
        {
            if (node is not ListNode list || list.Items.Any(item => item is not ScalarNode))
            {
                draft.Problems.Error(node.Place, "wrong-shape", "each line of 'precedence' must be a list of names, such as [role, country], or [] for the rate of everybody");
                return null;
            }

            ImmutableArray<string> names = [.. list.Items.Select(item => ((ScalarNode)item).Text).Order(StringComparer.Ordinal)];
            if (names.FirstOrDefault(name => !facts.Contains(name, StringComparer.Ordinal)) is { } unknown)
            {
                draft.Problems.Error(node.Place, "unknown-name", $"'{KeyReader.Shorten(unknown)}' is not under 'by'{Suggestion.For(unknown, facts)}");
                return null;
            }

            if (order.Any(earlier => earlier.SequenceEqual(names)))
            {
                draft.Problems.Error(node.Place, "duplicate-name", $"[{string.Join(", ", names)}] stands in 'precedence' twice; remove one");
                return null;
            }

            order.Add(names);
        }

        return order.Count == 0 ? null : order.ToImmutable();
    }
}
