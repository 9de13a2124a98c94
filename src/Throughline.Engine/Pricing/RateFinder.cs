using System.Collections.Immutable;
using System.Globalization;
using Throughline.Model;
using Throughline.Model.Canonical;

namespace Throughline.Engine.Pricing;

/// <summary>The rate that holds for a line, or why none does.</summary>
/// <param name="Says">For people: which rate of which card it is, or what is missing.</param>
internal sealed record RateFound(Money? Rate, string Says);

/// <summary>Finds the rate of a line by the firm's own precedence. Pure.</summary>
internal static class RateFinder
{
    /// <summary>What a rate may be made for; all that a card's rate has but the rate itself and its days.</summary>
    private static readonly ImmutableArray<string> Criteria =
        [.. EntityCatalog.Find("rate-card")!.Attribute("rates")!.Of.Select(member => member.Name).Where(name => name is not ("rate" or "from" or "until"))];

    /// <param name="cards">Records with <c>rates</c>.</param>
    /// <param name="facts">What is known of the line; null where a fact is not known.</param>
    /// <param name="precedence">Which combination of facts comes first.</param>
    /// <param name="date">The day of the work.</param>
    public static RateFound Find(
        IReadOnlyList<Fields> cards, IReadOnlyDictionary<string, string?> facts, ImmutableArray<ImmutableArray<string>> precedence, DateOnly date)
    {
        if (cards.Count == 0)
        {
            return new RateFound(null, "there is no rate card for it");
        }

        var rates = cards.SelectMany(card => card.NestedList("rates").Select(rate => (Card: card, Rate: rate))).Where(each => each.Rate.Money("rate") is not null).ToArray();
        var holding = rates.Where(each => !(FromOf(each.Rate) > date) && !(Date(each.Rate, "until") < date)).ToArray();
        foreach (var names in precedence)
        {
            var fitting = holding.Where(each => Criteria.All(name => Fits(each.Rate, name, names, facts))).ToArray();
            if (fitting.Length == 0)
            {
                continue;
            }

            var newest = fitting.Max(each => FromOf(each.Rate));
            var best = fitting.Where(each => FromOf(each.Rate) == newest).ToArray();
            var what = names.IsEmpty ? "everybody" : string.Join(", ", names.Select(name => $"{name} {facts[name]}"));
            return best.Select(each => each.Rate.Money("rate")).Distinct().Count() > 1
                ? new RateFound(null, $"several rates of {NameOf(best[0].Card)} hold for {what} on {Text(date)}: "
                    + string.Join(" and ", best.Select(each => each.Rate.Money("rate"))))
                : new RateFound(best[0].Rate.Money("rate"), $"rate of {what}{(newest == DateOnly.MinValue ? "" : $" from {Text(newest)}")} ({NameOf(best[0].Card)})");
        }

        var known = facts.Where(fact => fact.Value is { Length: > 0 }).Select(fact => $"{fact.Key} {fact.Value}").ToArray();
        return new RateFound(null, $"no rate of {string.Join(", ", cards.Select(NameOf))} holds on {Text(date)} for it"
            + $"{(known.Length == 0 ? "" : $" ({string.Join(", ", known)})")}");
    }

    private static bool Fits(Fields rate, string name, ImmutableArray<string> names, IReadOnlyDictionary<string, string?> facts)
    {
        var wanted = rate.Text(name) is { Length: > 0 } text ? text : null;
        return names.Contains(name, StringComparer.Ordinal) ? wanted is not null && wanted == facts[name] : wanted is null;
    }

    private static DateOnly FromOf(Fields rate) => Date(rate, "from") ?? DateOnly.MinValue;

    private static DateOnly? Date(Fields rate, string name) =>
        DateOnly.TryParseExact(rate.Text(name), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) ? date : null;

    private static string NameOf(Fields card) => $"rate card {card.Text("key") ?? card.Text("workstream")}";

    private static string Text(DateOnly date) => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
