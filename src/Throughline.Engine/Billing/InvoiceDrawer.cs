using System.Collections.Immutable;
using System.Globalization;
using Throughline.Engine.Entries;
using Throughline.Engine.Ledger;
using Throughline.Model;
using Throughline.Model.Ledger;

namespace Throughline.Engine.Billing;

/// <summary>Asks for the invoices of an engagement.</summary>
/// <param name="Until">Work up to this day is billed.</param>
/// <param name="Date">Date of the invoices.</param>
/// <param name="By">Who asks.</param>
public sealed record DrawRequest(DateOnly Until, DateOnly Date, string By)
{
    public Fields ToPayload() => Fields.Of(("until", Day(Until)), ("date", Day(Date)), ("by", By));

    /// <exception cref="FormatException">It was not made by <see cref="ToPayload"/>.</exception>
    public static DrawRequest From(Fields payload) => new(Day(payload, "until"), Day(payload, "date"), payload.Text("by") ?? "");

    internal static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static DateOnly Day(Fields payload, string name) => DateOnly.ParseExact(payload.Text(name) ?? "", "yyyy-MM-dd", CultureInfo.InvariantCulture);
}

/// <summary>One entry as it would come on an invoice.</summary>
/// <param name="Row">At the worth of today.</param>
/// <param name="Rate">Null where its worth is no matter of a rate.</param>
/// <param name="Workstream">The workstream that it is billed for.</param>
internal sealed record InvoiceEntry(EntryRow Row, string Reference, string Text, Money? Rate, Money? Cap, Fields Workstream);

/// <summary>What one entry has on an invoice, and what of it is beyond the cap.</summary>
internal sealed record InvoicePart(InvoiceEntry Entry, decimal Quantity, Money Amount, decimal HeldQuantity, Money Held);

/// <summary>What became of one reference.</summary>
/// <param name="Invoice">Null where there is nothing to bill.</param>
/// <param name="Over">What is approved and beyond the cap, which stays held.</param>
/// <param name="Says">For people, where no invoice was drawn; null where one was.</param>
internal sealed record Drawing(string Reference, Invoice? Invoice, ImmutableArray<InvoicePart> Parts, Money? Cap, Money? Over, string? Says)
{
    /// <summary>False where it was given up before: what is beyond the cap stays as it was.</summary>
    public bool IsCapLookedAt { get; init; }

    /// <summary>What the customer is owed, where corrections exceed what is new.</summary>
    public Money? Owed { get; init; }

    public Currency? Currency { get; init; }
}

/// <summary>
/// Draws invoices: takes what is owed back, then unbilled entries in the order of their work dates until the cap is reached, splitting the entry that reaches it. Pure: the
/// same entries in whatever order they came make the same invoice.
/// </summary>
internal static class InvoiceDrawer
{
    /// <param name="known">All invoices of the engagement so far.</param>
    public static ImmutableArray<Drawing> Draw(
        Scope scope, DrawRequest request, IEnumerable<InvoiceEntry> entries, ImmutableArray<Invoice> known, EnvelopeId cause, DateTimeOffset now) =>
    [
        .. entries.Where(entry => Unbilled(entry.Row) is not null && !IsAgainstBatch(entry.Row)).GroupBy(entry => (entry.Reference, Unbilled(entry.Row)!.Amount.Currency))
            .OrderBy(group => group.Key.Reference, StringComparer.Ordinal).ThenBy(group => group.Key.Currency.Code, StringComparer.Ordinal)
            .Aggregate(ImmutableArray<Drawing>.Empty, (drawn, group) => drawn.Add(Draw(
                scope, request, InOrder(group),
                [.. known, .. drawn.Select(drawing => drawing.Invoice).OfType<Invoice>()], cause, now))),
    ];

    private static ImmutableArray<InvoiceEntry> InOrder(IEnumerable<InvoiceEntry> entries) =>
    [
        .. entries.OrderBy(entry => Unbilled(entry.Row)!.Amount.Amount >= 0).ThenBy(entry => entry.Row.WorkDate)
            .ThenBy(entry => entry.Row.Id.ToString(), StringComparer.Ordinal),
    ];

    public static Portion? Unbilled(EntryRow row) => row.Value.Portions.FirstOrDefault(portion => portion.Account == LedgerAccount.Unbilled);

    // A correction of what is on an invoice that is not posted waits until that is posted or given up: nobody is credited for what may never be billed, and in the account of
    // drawn invoices two of them never cancel each other, or none of them could leave it.
    private static bool IsAgainstBatch(EntryRow row)
    {
        var unbilled = Unbilled(row)!;
        return row.Value.Portions.Any(portion => portion.Account == LedgerAccount.InBatch
            && (decimal.Sign(portion.Quantity) * decimal.Sign(unbilled.Quantity) < 0 || decimal.Sign(portion.Amount.Amount) * decimal.Sign(unbilled.Amount.Amount) < 0));
    }

    private static Drawing Draw(
        Scope scope, DrawRequest request, ImmutableArray<InvoiceEntry> entries, ImmutableArray<Invoice> known, EnvelopeId cause, DateTimeOffset now)
    {
        var (reference, cap) = (entries[0].Reference, entries[0].Cap);
        var currency = Unbilled(entries[0].Row)!.Amount.Currency;
        var mine = known.Where(invoice => invoice.Reference == reference).ToArray();
        if (entries.Any(entry => entry.Cap != cap))
        {
            return new Drawing(reference, null, [], cap, null, $"its entries have different caps ({cap?.ToString() ?? "none"} and others), so none of them is billed");
        }

        if (cap is { } limit && limit.Currency != currency)
        {
            return new Drawing(reference, null, [], cap, null, $"its cap is in {limit.Currency}, and it is billed in {currency}, so nothing of it is billed");
        }

        // A credit note makes room when it is posted.
        var billed = mine.Where(invoice => invoice.Amount.Currency == currency && invoice.Status != InvoiceStatus.Withdrawn)
            .Where(invoice => invoice.Credits is null || invoice.Status == InvoiceStatus.Posted)
            .Aggregate(Money.Zero(currency), (sum, invoice) => sum + invoice.Amount);
        var parts = Take(entries, cap is { } most ? (most - billed).Round(MidpointRounding.ToZero) : null).ToImmutableArray();
        var amount = parts.Aggregate(Money.Zero(currency), (sum, part) => sum + part.Amount);
        var over = parts.Aggregate(Money.Zero(currency), (sum, part) => sum + part.Held);
        if (amount.Amount < 0)
        {
            return new Drawing(
                reference, null, [], cap, null, $"corrections of what was invoiced exceed what is new: {-amount} would be owed to the customer, which needs a credit note")
            {
                Owed = -amount, Currency = currency,
            };
        }

        var isBilled = parts.Any(part => part.Amount.Amount != 0);
        var invoice = !isBilled ? null : new Invoice(
            scope, reference, mine.Length + 1, request.Until, InvoiceStatus.Drawn, parts.Sum(part => part.Quantity), amount,
            parts.Count(part => part.Amount.Amount != 0 || part.Quantity != 0), null, request.By, cause, now);
        // Hours without an amount wait for an invoice that something else comes on.
        ImmutableArray<InvoicePart> taken = isBilled ? parts : [.. parts.Where(part => part.Held.Amount != 0 || part.HeldQuantity != 0)];
        return new Drawing(reference, invoice, taken, cap, over.Amount == 0 ? null : over, invoice is not null ? null
            : over.Amount == 0 ? "what is unbilled of it comes to nothing" : $"the cap of {cap} is used up; {over} of approved work is beyond it") 
        {
            IsCapLookedAt = true, Currency = currency,
        };
    }

    // Corrections downwards come first: they make room under the cap.
    private static IEnumerable<InvoicePart> Take(ImmutableArray<InvoiceEntry> entries, Money? room)
    {
        foreach (var entry in entries)
        {
            var (quantity, amount) = (Unbilled(entry.Row)!.Quantity, Unbilled(entry.Row)!.Amount);
            var nothing = Money.Zero(amount.Currency);
            if (room is not { } left || amount <= left || amount.Amount <= 0)
            {
                room -= amount;
                yield return new InvoicePart(entry, quantity, amount, 0, nothing);
            }
            else if (left.Amount > 0)
            {
                // The amount is what the cap says to the cent; the quantity is its part of the whole, as exact as the ledger keeps it.
                var part = decimal.Round(quantity * left.Amount / amount.Amount, LedgerTransaction.QuantityDecimals, MidpointRounding.AwayFromZero);
                room = nothing;
                yield return new InvoicePart(entry, part, left, quantity - part, amount - left);
            }
            else
            {
                yield return new InvoicePart(entry, 0, nothing, quantity, amount);
            }
        }
    }
}
