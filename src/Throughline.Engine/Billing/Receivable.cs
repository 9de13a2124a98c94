using System.Collections.Immutable;
using Throughline.Engine.Ledger;
using Throughline.Model;
using Throughline.Model.Ledger;

namespace Throughline.Engine.Billing;

/// <summary>What the ERP says of a posted invoice.</summary>
/// <param name="State">By the ERP's own name, such as posted or paid.</param>
/// <param name="Gross">With tax.</param>
/// <param name="Open">What of it is still to be paid.</param>
/// <param name="WrittenOff">What of it was given up.</param>
/// <param name="Credited">What of it credit notes took back.</param>
/// <param name="DueDate">When the next part of it is due; null where the ERP does not say, or nothing is open.</param>
/// <param name="LastPaidOn">Day of the last payment; null where the ERP does not say, or there is none.</param>
public sealed record Receivable(string? State, Money Gross, Money Open, Money WrittenOff, Money Credited, DateOnly? DueDate, DateOnly? LastPaidOn)
{
    public Money Paid => Gross - Open - WrittenOff - Credited;

    /// <summary>
    /// The parts of the invoice's amount without tax that have left it: the same share as of what is with tax, to the cent, and all of it where nothing is open.
    /// </summary>
    public ImmutableArray<(LedgerAccount Account, Money Amount)> Of(Money amount)
    {
        var (paid, writtenOff, credited) = (Share(amount, Paid), Share(amount, WrittenOff), Share(amount, Credited));
        if (Open.Amount == 0)
        {
            // A cent that rounding leaves goes with the first of them that there is.
            var rest = amount - paid - writtenOff - credited;
            (paid, writtenOff, credited) = Paid.Amount != 0 || (WrittenOff.Amount == 0 && Credited.Amount == 0) ? (paid + rest, writtenOff, credited)
                : WrittenOff.Amount != 0 ? (paid, writtenOff + rest, credited) : (paid, writtenOff, credited + rest);
        }

        return [(LedgerAccount.Paid, paid), (LedgerAccount.WrittenOff, writtenOff), (LedgerAccount.Credited, credited)];
    }

    /// <summary>
    /// What it says of the rest, where the hub's own credit notes took back so much of it, with tax. What the ERP calls credited is theirs first: they are not counted
    /// again. What is not set off there yet counts as set off.
    /// </summary>
    public Receivable Beside(Money notes)
    {
        var setOff = Credited with { Amount = Math.Max(0, Math.Min(Credited.Amount, notes.Amount)) };
        return notes.Amount == 0 ? this : this with { Gross = Gross - notes, Open = Open - notes + setOff, Credited = Credited - setOff };
    }

    // Multiplied before it is divided, or half a cent would not be one.
    private Money Share(Money amount, Money part) =>
        Gross.Amount == 0 ? Money.Zero(amount.Currency) : new Money(amount.Amount * part.Amount / Gross.Amount, amount.Currency).Round();
}

/// <summary>What of one line of an invoice has left it, and where that stands.</summary>
public sealed record LineSettlement(InvoiceLine Line, ImmutableArray<Portion> Parts)
{
    /// <summary>
    /// Each part covers the lines in their order, where the part before it ends, and the rest is open. Lines that take something back come first, in full: they are set
    /// off with whatever comes first. The same amounts always lead to the same lines, so what has changed is the difference of two calls.
    /// </summary>
    public static ImmutableArray<LineSettlement> Of(IEnumerable<InvoiceLine> lines, ImmutableArray<(LedgerAccount Account, Money Amount)> parts)
    {
        var all = lines.OrderBy(line => line.Amount.Amount >= 0).ThenBy(line => line.Entry.ToString(), StringComparer.Ordinal).ToArray();
        var left = parts.Where(part => part.Amount.Amount != 0).Select(part => (part.Account, part.Amount.Amount)).ToArray();
        var isAll = left.Length > 0 && left.Sum(part => part.Amount) == all.Sum(line => line.Amount.Amount);
        return [.. all.Select(line => new LineSettlement(line, [.. left.Length == 0 ? [] : line.Amount.Amount > 0 ? Take(line, left) : TakeWhole(line, left, isAll)]))];
    }

    // What takes something back leaves more of the others to be covered; hours without an amount go with the last cent.
    private static IEnumerable<Portion> TakeWhole(InvoiceLine line, (LedgerAccount Account, decimal Amount)[] left, bool isAll)
    {
        left[0].Amount -= line.Amount.Amount;
        return line.Amount.Amount != 0 || isAll ? [new Portion(left[0].Account, line.Quantity, line.Amount)] : [];
    }

    private static List<Portion> Take(InvoiceLine line, (LedgerAccount Account, decimal Amount)[] left)
    {
        var taken = new List<Portion>();
        var (quantity, amount) = (line.Quantity, line.Amount.Amount);
        for (var i = 0; i < left.Length && amount > 0; i++)
        {
            var part = Math.Clamp(left[i].Amount, 0, amount);
            if (part > 0)
            {
                // The amount is what was paid to the cent; the quantity is its part of the whole, as exact as the ledger keeps it.
                var hours = part == amount ? quantity
                    : decimal.Round(line.Quantity * part / line.Amount.Amount, LedgerTransaction.QuantityDecimals, MidpointRounding.AwayFromZero);
                taken.Add(new Portion(left[i].Account, hours, line.Amount with { Amount = part }));
                (left[i].Amount, quantity, amount) = (left[i].Amount - part, quantity - hours, amount - part);
            }
        }

        return taken;
    }
}
