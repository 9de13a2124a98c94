using System.Collections.Immutable;

namespace Throughline.Model.Ledger;

/// <summary>A part of a line that stands in one account.</summary>
/// <param name="Quantity">In the line's own unit: hours of time.</param>
/// <param name="Amount">What it is worth to the customer, in the currency of billing; <see cref="LineValue.NoCurrency"/> where that is not known.</param>
public sealed record Portion(LedgerAccount Account, decimal Quantity, Money Amount);

/// <summary>One side of a transaction of the ledger.</summary>
public sealed record Posting(LedgerAccount Account, decimal Quantity, Money Amount);

/// <summary>
/// Where all of one approved line stands in the value ledger: every unit of quantity and amount in exactly one account. It is never edited in the ledger;
/// a new value is reached by postings that lead from the old to the new one (<see cref="PostingsFrom"/>).
/// </summary>
public sealed class LineValue : IEquatable<LineValue>
{
    /// <summary>ISO 4217: no currency is involved. What cannot be priced has a quantity and no amount.</summary>
    public static readonly Currency NoCurrency = Currency.Of("XXX");

    private LineValue(ImmutableArray<Portion> portions) => Portions = portions;

    /// <summary>A line that is not approved.</summary>
    public static LineValue Nothing { get; } = new([]);

    /// <summary>By account, then currency; one of each, and none that is nothing.</summary>
    public ImmutableArray<Portion> Portions { get; }

    public decimal Quantity => Portions.Sum(portion => portion.Quantity);

    public static LineValue Of(params IEnumerable<Portion> portions) => new(
    [
        .. portions.GroupBy(portion => (portion.Account, portion.Amount.Currency))
            .Select(group => new Portion(
                group.Key.Account, group.Sum(portion => portion.Quantity), new Money(group.Sum(portion => portion.Amount.Amount), group.Key.Currency)))
            .Where(portion => portion.Quantity != 0 || portion.Amount.Amount != 0)
            .OrderBy(portion => portion.Account).ThenBy(portion => portion.Amount.Currency.Code, StringComparer.Ordinal),
    ]);

    /// <summary>
    /// The line is worth so much as a whole. What is beyond the open accounts (on an invoice, paid) stays; the rest, which may be less than nothing where too much was
    /// invoiced, stands in one open account. Where nothing of it is to be billed any more, all that was is owed back.
    /// </summary>
    /// <exception cref="InvalidOperationException">A part of it was invoiced in another currency.</exception>
    public LineValue Worth(LedgerAccount account, decimal quantity, Money amount)
    {
        var kept = Portions.Where(portion => !portion.Account.IsOpen()).ToArray();
        if (account is LedgerAccount.Covered or LedgerAccount.NonBillable)
        {
            return Of([.. kept, .. kept.Select(OwedBack), new Portion(account, quantity, amount)]);
        }

        var rest = kept.Aggregate(amount, (left, portion) => left - portion.Amount);
        return Of([.. kept, new Portion(account, quantity - kept.Sum(portion => portion.Quantity), rest)]);
    }

    /// <summary>What could still be billed is held, at the worth that it has.</summary>
    public LineValue Hold() => Of(Portions.Select(portion => portion.Account.IsOpen() ? portion with { Account = LedgerAccount.Held } : portion));

    /// <summary>It is approved no more. What was invoiced stays so, and is owed back.</summary>
    public LineValue Withdraw()
    {
        var kept = Portions.Where(portion => !portion.Account.IsOpen()).ToArray();
        return Of([.. kept, .. kept.Select(OwedBack)]);
    }

    /// <summary>A part of what stands in one account goes on to another.</summary>
    /// <exception cref="InvalidOperationException">So much does not stand there.</exception>
    public LineValue Move(LedgerAccount from, LedgerAccount to, decimal quantity, Money amount)
    {
        var there = Portions.FirstOrDefault(portion => portion.Account == from && portion.Amount.Currency == amount.Currency);
        if (there is null || IsBeyond(quantity, there.Quantity) || IsBeyond(amount.Amount, there.Amount.Amount))
        {
            throw new InvalidOperationException(
                $"{quantity} / {amount} cannot go from {from.Name()} to {to.Name()}: {(there is null ? "nothing" : $"{there.Quantity} / {there.Amount}")} stands there");
        }

        return MoveOneOfSeveral(from, to, quantity, amount);
    }

    /// <summary>
    /// As <see cref="Move"/>, where several parts may stand in an account and offset one another, such as what was invoiced and its later correction: each can leave by
    /// itself, so what stands there as a whole does not say what may. Whoever calls this knows the parts.
    /// </summary>
    public LineValue MoveOneOfSeveral(LedgerAccount from, LedgerAccount to, decimal quantity, Money amount) =>
        Of([.. Portions, new Portion(from, -quantity, -amount), new Portion(to, quantity, amount)]);

    /// <summary>Something of it is on an invoice, or was.</summary>
    public bool IsBilled => Portions.Any(portion => !portion.Account.IsOpen());

    /// <summary>The postings that lead from an earlier value to this one. Quantities and amounts add up to nothing in each currency.</summary>
    public ImmutableArray<Posting> PostingsFrom(LineValue before)
    {
        var changes = Of([.. Portions, .. before.Portions.Select(portion => new Portion(portion.Account, -portion.Quantity, -portion.Amount))]).Portions;
        var contra = Of(changes.Select(change => new Portion(LedgerAccount.Approved, -change.Quantity, -change.Amount))).Portions;
        return [.. contra.Concat(changes).Select(change => new Posting(change.Account, change.Quantity, change.Amount))];
    }

    /// <summary>As a store keeps it; null for nothing.</summary>
    public Fields? ToFields() => Portions.IsEmpty ? null : Fields.Of(("portions", Portions.Select(portion => Fields.Of(
        ("account", portion.Account.Name()), ("quantity", portion.Quantity), ("amount", portion.Amount.Amount), ("currency", portion.Amount.Currency.Code)))));

    /// <exception cref="FormatException">It was not written by <see cref="ToFields"/>.</exception>
    public static LineValue Of(Fields? stored) => stored is null ? Nothing : Of(stored.NestedList("portions").Select(portion => new Portion(
        LedgerAccounts.TryOf(portion.Text("account"), out var account) ? account : throw new FormatException($"the ledger has no account '{portion.Text("account")}'"),
        portion.Number("quantity") ?? throw new FormatException("a portion has no quantity"),
        Money.Of(portion.Number("amount") ?? throw new FormatException("a portion has no amount"), portion.Text("currency") ?? ""))));

    private static Portion OwedBack(Portion portion) => new(LedgerAccount.Unbilled, -portion.Quantity, -portion.Amount);

    private static bool IsBeyond(decimal part, decimal whole) => part != 0 && (decimal.Sign(part) != decimal.Sign(whole) || decimal.Abs(part) > decimal.Abs(whole));

    public bool Equals(LineValue? other) => other is not null && Portions.SequenceEqual(other.Portions);

    public override bool Equals(object? obj) => Equals(obj as LineValue);

    public override int GetHashCode() => Portions.Aggregate(0, (hash, portion) => HashCode.Combine(hash, portion));

    public override string ToString() => Portions.IsEmpty ? "nothing"
        : string.Join(", ", Portions.Select(portion => $"{portion.Account.Name()} {portion.Quantity} / {portion.Amount}"));
}
