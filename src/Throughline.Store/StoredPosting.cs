using Throughline.Engine.Ledger;
using Throughline.Model;

namespace Throughline.Store;

/// <summary>Quantities and amounts as both databases keep them: whole numbers of the smallest part that there is.</summary>
internal static class StoredPosting
{
    private const decimal QuantityParts = 1_000_000m;
    private const decimal AmountParts = 10_000m;

    /// <exception cref="InvalidOperationException">It has more decimals than the ledger keeps; rounding it here would lose money in silence.</exception>
    public static long Quantity(decimal quantity) => Whole(quantity * QuantityParts, quantity, LedgerTransaction.QuantityDecimals);

    /// <exception cref="InvalidOperationException">It has more decimals than the ledger keeps.</exception>
    public static long Amount(Money amount) => Whole(amount.Amount * AmountParts, amount.Amount, LedgerTransaction.AmountDecimals);

    public static decimal Quantity(long parts) => parts / QuantityParts;

    public static Money Amount(long parts, string currency) => Money.Of(parts / AmountParts, currency);

    private static long Whole(decimal parts, decimal number, int decimals) => decimal.IsInteger(parts) ? (long)parts
        : throw new InvalidOperationException($"The ledger keeps {decimals} decimals, and {number} has more; nothing was written.");
}
