using System.Collections.Immutable;
using System.Globalization;
using Throughline.Model;

namespace Throughline.Engine.Billing;

/// <summary>Asks for a credit note.</summary>
/// <param name="Invoice">Key of the posted invoice.</param>
/// <param name="Lines">Which of its lines are taken back, from 1; empty for all of them.</param>
/// <param name="Date">Date of the credit note.</param>
/// <param name="Reason">Why, for who looks it over and for the customer.</param>
/// <param name="By">Who asks.</param>
public sealed record CreditRequest(string Invoice, ImmutableArray<int> Lines, DateOnly Date, string Reason, string By)
{
    public Fields ToPayload() => Fields.Of(
        ("invoice", Invoice), ("lines", Lines.Select(line => (object)(long)line).ToArray()), ("date", DrawRequest.Day(Date)), ("reason", Reason), ("by", By));

    /// <exception cref="FormatException">It was not made by <see cref="ToPayload"/>.</exception>
    public static CreditRequest From(Fields payload) => new(
        payload.Text("invoice") ?? "", [.. payload.List("lines").OfType<long>().Select(line => (int)line)],
        DateOnly.ParseExact(payload.Text("date") ?? "", "yyyy-MM-dd", CultureInfo.InvariantCulture), payload.Text("reason") ?? "", payload.Text("by") ?? "");
}

/// <summary>What became of a wish for a credit note.</summary>
/// <param name="Note">Null where none was drawn.</param>
/// <param name="Lines">Of the note: what is taken back of each entry.</param>
/// <param name="Places">The lines of the invoice that it takes back, from 1; empty for all of them.</param>
/// <param name="Says">For people, why none was drawn; null where one was.</param>
internal sealed record Credit(Invoice? Note, ImmutableArray<InvoiceLine> Lines, ImmutableArray<int> Places, string? Says);

/// <summary>
/// Draws credit notes: an invoice whose lines are those of another one with the sign turned round. No line is credited twice, and nothing that is paid: money that is owed
/// back is a matter of the ERP. Pure.
/// </summary>
internal static class CreditDrawer
{
    /// <param name="known">All invoices of the engagement so far.</param>
    /// <param name="lines">Of the invoice.</param>
    /// <param name="credited">Of its credit notes that were not given up.</param>
    public static Credit Draw(
        CreditRequest request, ImmutableArray<Invoice> known, ImmutableArray<InvoiceLine> lines, ImmutableArray<InvoiceLine> credited, EnvelopeId cause, DateTimeOffset now)
    {
        var places = request.Lines.Distinct().Order().ToImmutableArray();
        var chosen = lines.Where(line => places.IsEmpty || (line.Place is { } place && places.Contains(place))).ToArray();
        if (known.FirstOrDefault(each => each.Key == request.Invoice) is not { } invoice)
        {
            return Refused($"there is no invoice {request.Invoice}");
        }

        if ((NotAtAll(invoice) ?? NotThere(lines, places) ?? Already(chosen, credited)) is { } refusal)
        {
            return Refused(refusal);
        }

        var amount = chosen.Aggregate(Money.Zero(invoice.Amount.Currency), (sum, line) => sum + line.Amount);
        var open = OpenOf(invoice, known);
        if (amount.Amount <= 0)
        {
            return Refused($"what is to be taken back comes to {amount}, and a credit note takes back more than nothing");
        }

        if (open < amount)
        {
            return Refused($"{amount} without tax is to be taken back, and only {open} of it is still open, as far as the ERP has said. What is paid already is owed back to the "
                + "customer: credit fewer lines (--lines), or credit it in the ERP and pay it back there; or correct the time in the PSA, and the next invoice sets it off");
        }

        var count = known.Count(each => each.Reference == invoice.Reference) + 1;
        var note = new Invoice(
            invoice.Scope, invoice.Reference, count, invoice.Until, InvoiceStatus.Drawn, -chosen.Sum(line => line.Quantity), -amount, chosen.Length, null, request.By, cause, now)
        {
            Credits = invoice.Key,
        };
        var taken = TakenPlaces(chosen);
        return new Credit(
            note, [.. chosen.Select(line => line with
            {
                Invoice = note.Key, Quantity = -line.Quantity, Amount = -line.Amount, Place = line.Place is { } place ? taken.IndexOf(place) + 1 : null,
            })],
            places, null);
    }

    /// <summary>What the ERP says of an invoice beside the hub's own posted credit notes of it, and what of its amount without tax is left beside them.</summary>
    public static (Receivable Said, Money Amount) Rest(Invoice invoice, Receivable said, IReadOnlyCollection<Invoice> notes)
    {
        var gross = notes.Aggregate(Money.Zero(said.Gross.Currency), (sum, note) => sum - (note.Receivable?.Gross ?? GrossOf(note, invoice, said)));
        return (said.Beside(gross), notes.Aggregate(invoice.Amount, (left, note) => left + note.Amount));
    }

    // Where the ERP did not say it: with tax the same share as without.
    private static Money GrossOf(Invoice note, Invoice invoice, Receivable said) => invoice.Amount.Amount == 0 ? Money.Zero(said.Gross.Currency)
        : new Money(said.Gross.Amount * note.Amount.Amount / invoice.Amount.Amount, said.Gross.Currency).Round();

    // Without tax, less what other credit notes are to take back.
    private static Money OpenOf(Invoice invoice, ImmutableArray<Invoice> known)
    {
        var notes = known.Where(each => each.Credits == invoice.Key).ToLookup(each => each.Status);
        var waiting = notes[InvoiceStatus.Drawn].Aggregate(Money.Zero(invoice.Amount.Currency), (sum, note) => sum + note.Amount);
        Invoice[] posted = [.. notes[InvoiceStatus.Posted]];
        if (invoice.Receivable is not { } receivable)
        {
            return posted.Aggregate(invoice.Amount, (left, note) => left + note.Amount) + waiting;
        }

        var (said, amount) = Rest(invoice, receivable, posted);
        return said.Of(amount).Aggregate(amount, (left, part) => left - part.Amount) + waiting;
    }

    private static string? NotAtAll(Invoice invoice) => invoice switch
    {
        { Credits: { } of } => $"it is a credit note itself, of invoice {of}; what it took back comes on the next invoice that is drawn",
        { Status: InvoiceStatus.Drawn } => "it is not posted yet: reject it instead (throughline cases list), and its entries may be billed again",
        { Status: InvoiceStatus.Withdrawn } => "it was given up before it was posted, so there is nothing to take back",
        _ => null,
    };

    private static string? NotThere(ImmutableArray<InvoiceLine> lines, ImmutableArray<int> places)
    {
        if (!places.IsEmpty && lines.All(line => line.Place is null))
        {
            return "it was drawn before the hub kept which entry is on which line: credit it as a whole, without --lines";
        }

        var unknown = places.Where(place => lines.All(line => line.Place != place)).ToArray();
        return unknown.Length == 0 ? null : $"it has no line {List(unknown)}; its lines are 1 to {lines.Max(line => line.Place)}";
    }

    private static string? Already(InvoiceLine[] chosen, ImmutableArray<InvoiceLine> credited)
    {
        var notes = credited.ToLookup(line => line.Entry, line => line.Invoice);
        var twice = chosen.Where(line => notes.Contains(line.Entry)).ToArray();
        if (twice.Length == 0)
        {
            return null;
        }

        var which = TakenPlaces(twice) switch { [] => "it is", [var place] => $"its line {List([place])} is", var places => $"its lines {List(places)} are" };
        var by = string.Join(", ", twice.SelectMany(line => notes[line.Entry]).Distinct().Order(StringComparer.Ordinal));
        return $"{which} on credit note {by} already" + (twice.Length < chosen.Length ? "; name the others with --lines" : "");
    }

    private static ImmutableArray<int> TakenPlaces(IEnumerable<InvoiceLine> lines) => [.. lines.Select(line => line.Place).OfType<int>().Distinct().Order()];

    private static string List(IEnumerable<int> places) => string.Join(", ", places.Select(place => place.ToString(CultureInfo.InvariantCulture)));

    private static Credit Refused(string says) => new(null, [], [], says);
}
