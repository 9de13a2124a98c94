using System.Text.RegularExpressions;
using Throughline.Engine.Billing;
using Throughline.Engine.Pricing;
using Throughline.Model;

namespace Throughline.Server.Api.Invoices;

/// <summary>
/// The lines that an invoice shows, and which entries each is made of. Of invoices drawn before the hub kept the place of an entry its words and how its amount came about lead
/// back to it: entries with the same words and rate are one line.
/// </summary>
internal sealed partial class ShownLines(Fields? invoice)
{
    // How the writer of entries ends the sentence of what is no matter of hours times the rate.
    private const string UpToTheCap = "; up to the cap";
    private const string Correction = "; less what was billed of it before";

    private readonly IReadOnlyList<Fields> _lines = invoice?.NestedList("lines") ?? [];

    public int Count => _lines.Count;

    public IEnumerable<Fields> All => _lines.Select((line, place) => Fields.Of(
        ("line", (long)place + 1), ("text", line.Text("text")), ("quantity", line.Number("quantity")), ("rate", line.Money("rate")), ("amount", line.Money("amount")),
        ("entryCount", line.Number("entryCount"))));

    /// <summary>The number of the line that an entry is part of, from 1; null where it is part of none, or where that cannot be told.</summary>
    public int? LineOf(InvoiceLine entry)
    {
        if (entry.Place is { } kept)
        {
            return kept;
        }

        var rate = PriceText.RateIn(entry.Why);
        var isByRate = rate is { } price && (price * entry.Quantity).Round() == entry.Amount && !entry.Why.EndsWith(UpToTheCap, StringComparison.Ordinal);
        // Of a correction it is not said whether the cap split it as well.
        var isUnclear = isByRate && entry.Why.EndsWith(Correction, StringComparison.Ordinal);
        var found = _lines.Select((line, place) => (line, Number: place + 1))
            .Where(each => (isByRate && IsOf(each.line, entry.Text, rate)) || ((!isByRate || isUnclear) && IsOf(each.line, entry.Text, null))).ToArray();
        return found is [var one] ? one.Number : null;
    }

    private static bool IsOf(Fields line, string text, Money? rate)
    {
        var shown = line.Text("text") ?? "";
        if (shown == text)
        {
            return rate is not null && line.Money("rate") == rate;
        }

        return shown.StartsWith(text + ", ", StringComparison.Ordinal) && shown[(text.Length + 2)..] is var rest
            && (rate is { } price ? rest.EndsWith($" h at {price}", StringComparison.Ordinal) && Hours().IsMatch(rest[..^$" at {price}".Length])
                : rest == "correction" || Hours().IsMatch(rest));
    }

    [GeneratedRegex(@"\A-?[0-9]+(?:\.[0-9]+)? h\z", RegexOptions.CultureInvariant)]
    private static partial Regex Hours();
}
