using Throughline.Engine.Pricing;
using Throughline.Landscape;
using Throughline.Model;
using Throughline.Model.Ledger;

namespace Throughline.Engine.Entries;

/// <param name="Failure">Why its worth cannot be told; null where it can.</param>
/// <param name="Rate">The price of one; null where its worth is no matter of a rate.</param>
internal sealed record Valued(EntryRow Row, string? Failure, Money? Rate);

/// <summary>
/// What an entry is worth, as it is decided anew. It does not depend on what stands in the target, nor on the order in which entries come. Pure.
/// </summary>
internal static class EntryWorth
{
    /// <summary>Its system does not want it any more, or not yet.</summary>
    public static EntryRow Withdraw(EntryRow row, string why) => Set(row, row.Value.Withdraw(), why);

    /// <summary>What is to be billed of it is not clear: what it was worth so far is held.</summary>
    public static EntryRow Hold(EntryRow row, string why) => Set(row, row.Value.Hold(), why);

    /// <summary>It is approved, and something keeps it from going on: held at the worth that it will have, as far as that can be told.</summary>
    public static EntryRow Hold(EntryRow row, EntryDefinition definition, IReadOnlyDictionary<string, object?> variables, string why) =>
        definition.Value is not { } valuation ? Unvalued(row) : HoldAt(row, Pricer.Price(valuation, variables), why);

    /// <summary>It is sound: worth what its rate says.</summary>
    public static Valued Price(EntryRow row, EntryDefinition definition, IReadOnlyDictionary<string, object?> variables)
    {
        if (definition.Value is not { } valuation)
        {
            return new Valued(Unvalued(row), null, null);
        }

        var priced = Pricer.Price(valuation, variables);
        var failure = priced.IsFailure ? priced.Says : MayBe(row, priced) ? null
            : $"a part of it was invoiced in another currency than {priced.Amount.Currency}, in which it is billed now";
        return failure is not null ? new Valued(HoldAt(row, priced, failure), failure, null)
            : new Valued(Set(row, row.Value.Worth(priced.Account, priced.Quantity!.Value, priced.Amount), priced.Says), null, priced.Rate);
    }

    // Where not even the quantity is known, what it was worth before is held.
    private static EntryRow HoldAt(EntryRow row, Priced priced, string why) => priced.Quantity is { } quantity && MayBe(row, priced)
        ? Set(row, row.Value.Worth(LedgerAccount.Held, quantity, priced.Amount), why) : Hold(row, why);

    private static EntryRow Unvalued(EntryRow row) =>
        row.Value.Portions.IsEmpty ? row : Hold(row, "the landscape says nothing any more of what it is worth");

    private static bool MayBe(EntryRow row, Priced priced) =>
        row.Value.Portions.All(portion => portion.Account.IsOpen() || portion.Amount.Currency == priced.Amount.Currency);

    // The same row where nothing is new, so that it is not written.
    private static EntryRow Set(EntryRow row, LineValue value, string why) =>
        value.Equals(row.Value) && row.ValueSays == why ? row : row with { Value = value, ValueSays = why };
}
