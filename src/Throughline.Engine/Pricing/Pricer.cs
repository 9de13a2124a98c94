using System.Globalization;
using Throughline.Engine.Ledger;
using Throughline.Landscape;
using Throughline.Landscape.Expressions;
using Throughline.Model;
using Throughline.Model.Ledger;

namespace Throughline.Engine.Pricing;

/// <summary>What a line is worth, or why that cannot be told.</summary>
/// <param name="Account">Where it stands in the ledger; <see cref="LedgerAccount.Held"/> where its price cannot be told.</param>
/// <param name="Quantity">Null where not even that can be told.</param>
/// <param name="Says">How its worth came about, or what is missing.</param>
internal sealed record Priced(LedgerAccount Account, decimal? Quantity, Money Amount, string Says)
{
    /// <summary>The price of one; null where its worth is no matter of a rate.</summary>
    public Money? Rate { get; init; }

    public bool IsFailure => Account == LedgerAccount.Held;
}

/// <summary>Works out what a line is worth to the customer. Pure.</summary>
internal static class Pricer
{
    public static Priced Price(EntryValuation valuation, IReadOnlyDictionary<string, object?> variables)
    {
        decimal? quantity = null;
        try
        {
            quantity = QuantityOf(valuation.Quantity.Evaluate(variables));
            var currency = CurrencyOf(valuation.Currency.Evaluate(variables));
            return Price(valuation, variables, quantity.Value, currency);
        }
        catch (EvaluationException e)
        {
            return Failure(quantity, $"its worth cannot be told ({valuation.Place}): {e.Message}");
        }
        catch (PriceException e)
        {
            return Failure(quantity, e.Message);
        }
        catch (OverflowException)
        {
            return Failure(quantity, "what it is worth is beyond all amounts that the ledger holds");
        }
    }

    private static Priced Price(EntryValuation valuation, IReadOnlyDictionary<string, object?> variables, decimal quantity, Currency currency)
    {
        var state = valuation.State.Evaluate(variables);
        if (!LedgerAccounts.TryOf(state as string, out var account) || !account.IsOpen() || account == LedgerAccount.Held)
        {
            throw new PriceException($"the landscape says '{state}' of it, which is none of unbilled, covered and non-billable ({valuation.Place})");
        }

        if (account == LedgerAccount.NonBillable)
        {
            return new Priced(account, quantity, Money.Zero(currency), "not billable");
        }

        var found = RateOf(valuation, variables);
        if (found.Rate is not { } rate)
        {
            return account == LedgerAccount.Covered ? new Priced(account, quantity, Money.Zero(currency), "covered by the fee") : throw new PriceException(found.Says);
        }

        if (rate.Currency != currency)
        {
            throw new PriceException($"its rate is in {rate.Currency}, and it is billed in {currency}: {found.Says}");
        }

        if (rate.Amount <= 0 && account == LedgerAccount.Unbilled)
        {
            throw new PriceException($"nothing is billed at {rate}: {found.Says}");
        }

        var amount = (rate * quantity).Round();
        return decimal.Abs(amount.Amount) > LedgerTransaction.AmountMax ? throw new OverflowException()
            : new Priced(account, quantity, amount, PriceText.Of(quantity, rate, found.Says)) { Rate = rate };
    }

    private static RateFound RateOf(EntryValuation valuation, IReadOnlyDictionary<string, object?> variables)
    {
        var date = valuation.Date.Evaluate(variables);
        if (!DateOnly.TryParseExact(date as string, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
        {
            throw new PriceException(date is null ? "it has no date, so no rate can be looked up" : $"'{date}' is not a day, so no rate can be looked up");
        }

        var facts = valuation.Facts.ToDictionary(fact => fact.Name, fact => fact.Is.Evaluate(variables) as string, StringComparer.Ordinal);
        var cards = (valuation.Cards.Evaluate(variables) as IEnumerable<object?> ?? []).OfType<Fields>().ToArray();
        return RateFinder.Find(cards, facts, valuation.Precedence, day);
    }

    private static decimal QuantityOf(object? value)
    {
        var quantity = value switch
        {
            long whole => whole,
            decimal number => decimal.Round(number, LedgerTransaction.QuantityDecimals, MidpointRounding.AwayFromZero),
            _ => throw new PriceException("how much of it there is, is not said"),
        };
        return decimal.Abs(quantity) > LedgerTransaction.QuantityMax ? throw new OverflowException() : quantity;
    }

    private static Currency CurrencyOf(object? value) => Currency.TryOf(value as string, out var currency) && currency != LineValue.NoCurrency ? currency
        : throw new PriceException(value is null ? "the currency in which it is billed is not known" : $"'{value}' is not the code of a currency");

    private static Priced Failure(decimal? quantity, string says) => new(LedgerAccount.Held, quantity, Money.Zero(LineValue.NoCurrency), says);

    private sealed class PriceException(string message) : Exception(message);
}
