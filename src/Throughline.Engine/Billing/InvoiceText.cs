using System.Globalization;
using Throughline.Model;

namespace Throughline.Engine.Billing;

/// <summary>An invoice as the engagement's process sees it, and as it comes to stand in the ERP.</summary>
internal static class InvoiceText
{
    // ERPs keep hours with two decimals at the least.
    private const int HourDecimals = 2;

    public static Fields ToAttributes(Drawing drawing, DrawRequest request)
    {
        var invoice = drawing.Invoice!;
        var lines = Lines(drawing.Parts).Select(line => line.Shown).ToArray();
        var workstream = drawing.Parts[0].Entry.Workstream;
        return Fields.Of(
            ("status", "drawn"), ("workstream", workstream.Text("key")), ("legalEntity", workstream.Text("legalEntity")),
            ("billingAccount", workstream.Text("billingAccount")), ("currency", invoice.Amount.Currency.Code), ("until", DrawRequest.Day(request.Until)),
            ("date", DrawRequest.Day(request.Date)), ("quantity", Plain(invoice.Quantity)), ("amount", invoice.Amount), ("entryCount", (long)invoice.EntryCount),
            ("lineCount", (long)lines.Length), ("drawnBy", invoice.By), ("lines", lines));
    }

    /// <summary>
    /// Entries with the same words and rate are one line. Whoever multiplies a line's quantity with its rate must come to its amount, or the ERP would come to another
    /// total than the ledger; where rounding each entry led elsewhere, the line is one piece at its amount and says the hours in words.
    /// </summary>
    private static IEnumerable<(Fields Shown, InvoicePart[] Parts)> Lines(IEnumerable<InvoicePart> parts) => parts
        .Where(part => part.Amount.Amount != 0)
        .GroupBy(part => (part.Entry.Text, Rate: RateOf(part)))
        .OrderBy(group => group.Key.Text, StringComparer.Ordinal).ThenBy(group => group.Key.Rate?.Amount)
        .Select(group => (Shown: Line(group.Key.Text, group.Key.Rate, [.. group]), Parts: group.ToArray()))
        .Where(line => line.Shown.Money("amount")!.Value.Amount != 0);

    /// <summary>The place of the line that each entry is part of, from 1; without those that are part of none.</summary>
    public static IReadOnlyDictionary<EntryId, int> Places(IEnumerable<InvoicePart> parts) => Lines(parts)
        .SelectMany((line, place) => line.Parts.Select(part => (part.Entry.Row.Id, Place: place + 1))).ToDictionary(part => part.Id, part => part.Place);

    // Without noughts at its end: 14 and not 14.0.
    public static decimal Plain(decimal number) => number / 1.0000000000000000000000000000m;

    // A part of an entry, or a correction of one that was billed before, is no matter of hours times a rate.
    private static Money? RateOf(InvoicePart part) => part.Entry.Rate is { } rate && part.Held.Amount == 0 && (rate * part.Quantity).Round() == part.Amount ? rate : null;

    private static Fields Line(string text, Money? rate, InvoicePart[] parts)
    {
        var quantity = parts.Sum(part => part.Quantity);
        var amount = parts.Aggregate(Money.Zero(parts[0].Amount.Currency), (sum, part) => sum + part.Amount);
        // ERPs round halves either way (Tryton to the even cent); where that matters nobody multiplies.
        var isExact = rate is { } price && (price * quantity).Round() == amount && (price * quantity).Round(MidpointRounding.ToEven) == amount
            && decimal.Round(quantity, HourDecimals) == quantity && quantity != 0;
        var hours = quantity.ToString("0.######", CultureInfo.InvariantCulture);
        return Fields.Of(
            ("text", isExact ? text : rate is null ? quantity == 0 ? $"{text}, correction" : $"{text}, {hours} h" : $"{text}, {hours} h at {rate}"),
            ("quantity", isExact ? Plain(quantity) : 1m), ("rate", isExact ? rate : amount), ("amount", amount), ("entryCount", (long)parts.Length));
    }
}
