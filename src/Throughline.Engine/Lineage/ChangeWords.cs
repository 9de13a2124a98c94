using System.Collections.Frozen;
using System.Globalization;
using Throughline.Model;
using Throughline.Model.Canonical;

namespace Throughline.Engine.Lineage;

/// <summary>
/// What is different between two states of a record, in words that people understand without knowing the product: names of attributes as
/// words, money with its currency, old and new value.
/// </summary>
internal static class ChangeWords
{
    // More than that nobody reads in a sentence; the record itself has the rest.
    private const int ShownMax = 5;
    private const int ValueMax = 60;

    // Where the name of an attribute alone says too little.
    private static readonly FrozenDictionary<string, string> Titles = new Dictionary<string, string>
    {
        ["sowHash"] = "fingerprint of the statement of work", ["signedOn"] = "day of signature", ["fxRate"] = "exchange rate", ["atRisk"] = "start before the signature",
        ["closeDate"] = "closing day", ["start"] = "first day", ["end"] = "last day", ["cap"] = "not-to-exceed amount", ["parent"] = "parent record",
        ["workstreamName"] = "name of the workstream", ["markupPercent"] = "mark-up in percent", ["owner"] = "seller",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>"amount from 90,000.00 EUR to 95,000.00 EUR; tax id entered: DE1; and 2 more", or null where nothing differs.</summary>
    public static string? Between(string entity, Fields before, Fields after)
    {
        var all = Differences(EntityCatalog.Find(entity)?.Attributes ?? [], before, after, "").ToArray();
        return all.Length == 0 ? null : string.Join("; ", all.Take(ShownMax)) + (all.Length > ShownMax ? $"; and {all.Length - ShownMax} more" : "");
    }

    /// <summary>"tax id" for <c>taxId</c>, "billing account" for <c>billing-account</c>.</summary>
    public static string Title(string name) =>
        string.Concat(name.Select(c => c == '-' ? " " : char.IsAsciiLetterUpper(c) ? " " + char.ToLowerInvariant(c) : c.ToString())).Trim();

    private static IEnumerable<string> Differences(IReadOnlyList<AttributeSchema> schema, Fields before, Fields after, string prefix)
    {
        // In the order of the catalogue, which begins with what matters most.
        var names = schema.Select(attribute => attribute.Name).Concat(before.Keys).Concat(after.Keys).Distinct(StringComparer.Ordinal);
        foreach (var name in names)
        {
            var (old, now) = (Known(before.Get(name)), Known(after.Get(name)));
            if (IsSame(old, now))
            {
                continue;
            }

            var attribute = schema.FirstOrDefault(each => each.Name == name);
            if (attribute is { Type: AttributeType.List } && (old ?? now) is IReadOnlyList<object?>)
            {
                foreach (var words in Items(attribute, before.NestedList(name), after.NestedList(name), prefix))
                {
                    yield return words;
                }

                continue;
            }

            var title = prefix + (Titles.GetValueOrDefault(name) ?? Title(name));
            yield return old is null ? $"{title} entered: {Value(now)}"
                : now is null ? $"{title} removed (it was {Value(old)})"
                : $"{title} from {Value(old)} to {Value(now)}";
        }
    }

    private static IEnumerable<string> Items(AttributeSchema list, IReadOnlyList<Fields> before, IReadOnlyList<Fields> after, string prefix)
    {
        var title = prefix + Title(list.Name);
        var one = title.EndsWith('s') ? title[..^1] : title;
        var (old, now) = (ByKey(before), ByKey(after));
        var isTold = false;
        foreach (var key in old.Keys.Concat(now.Keys).Distinct(StringComparer.Ordinal))
        {
            var (was, becomes) = (old.GetValueOrDefault(key), now.GetValueOrDefault(key));
            var name = $"{one} {NameOf(list, (becomes ?? was)!, key)}";
            var words = was is null ? [name + " added"] : becomes is null ? [name + " removed"] : Differences(list.Of, was, becomes, name + ": ");
            foreach (var each in words)
            {
                isTold = true;
                yield return each;
            }
        }

        if (!isTold)
        {
            yield return $"order of the {title}";
        }
    }

    // Items with an id of their own are the same item wherever they stand; others are known by their place.
    private static Dictionary<string, Fields> ByKey(IReadOnlyList<Fields> items)
    {
        var byKey = new Dictionary<string, Fields>(StringComparer.Ordinal);
        for (var i = 0; i < items.Count; i++)
        {
            var place = (i + 1).ToString(CultureInfo.InvariantCulture);
            byKey[items[i].Text("id") is { Length: > 0 } id && !byKey.ContainsKey(id) ? id : "#" + place] = items[i];
        }

        return byKey;
    }

    private static string NameOf(AttributeSchema list, Fields item, string key) =>
        list.Of.Where(attribute => attribute is { Type: AttributeType.Text, Name: not "id" }).Select(attribute => item.Text(attribute.Name))
            .FirstOrDefault(text => text is { Length: > 0 }) is { } name ? Short(name) : key;

    private static object? Known(object? value) => value is "" ? null : value;

    private static bool IsSame(object? left, object? right) => Fields.Of(("v", left)).Equals(Fields.Of(("v", right)));

    private static string Value(object? value) => value switch
    {
        bool flag => flag ? "yes" : "no",
        Fields fields => fields.AsMoney() is { } money ? money.ToString() : Short(fields.ToJson()),
        IReadOnlyList<object?> list => $"a list of {list.Count}",
        string text => text.AsSpan().IndexOfAny(" ,;:") >= 0 ? $"'{Short(text)}'" : Short(text),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    private static string Short(string text)
    {
        text = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        var length = text.Length > ValueMax && char.IsHighSurrogate(text[ValueMax - 1]) ? ValueMax - 1 : ValueMax;
        return text.Length > ValueMax ? text[..length] + "..." : text;
    }
}
