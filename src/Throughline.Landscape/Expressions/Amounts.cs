using System.Globalization;
using Throughline.Model;
using static Throughline.Landscape.Expressions.StandardFunctions;

namespace Throughline.Landscape.Expressions;

/// <summary>Decimals and money: what Throughline adds to CEL, because amounts must never become binary floating point.</summary>
internal static class Amounts
{
    private const int DecimalsMax = 28;

    public static IEnumerable<Function> Functions =>
    [
        Function.Global("decimal", 1, CelType.Decimal, values => ToDecimal(values[0])),
        new("money", false, 1, 2, CelType.Money, (_, values) => values.Length == 1 ? ToMoney(values[0]) : ToMoney(values[0], values[1])),
        Function.Global("round", 2, CelType.Decimal, values => Round(values[0], values[1])),
    ];

    private static object ToDecimal(object? value) => value switch
    {
        decimal => value,
        long whole => (decimal)whole,
        ulong whole => (decimal)whole,
        double number => double.IsFinite(number) && Math.Abs(number) < 7.9e28 ? (decimal)number : Fault.Range("The decimal"),
        string text => Parse(text),
        _ => NoOverload,
    };

    private static object Parse(string text)
    {
        if (!decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
        {
            return new Fault($"The text '{Instant.Shorten(text)}' cannot be read as decimal; write it as 1234.56, without separators of thousands");
        }

        // .NET rounds what does not fit; a lost digit of an amount must be seen.
        var decimals = text.Contains('.', StringComparison.Ordinal) ? text.Length - text.IndexOf('.', StringComparison.Ordinal) - 1 : 0;
        return number.Scale == decimals ? number : new Fault($"The text '{Instant.Shorten(text)}' has more digits than a decimal can hold");
    }

    private static object ToMoney(object? value)
    {
        if (value is Money)
        {
            return value;
        }

        if (!Values.IsMap(value) || Values.CountOf(value!) != 2
            || !Values.TryGet(value!, "amount", out var amount) || !Values.TryGet(value!, "currency", out var currency))
        {
            return new Fault($"Money is made of a map with exactly amount and currency, not of {CelType.Of(value).Name}; or write money(amount, 'EUR')");
        }

        return ToMoney(amount, currency);
    }

    private static object ToMoney(object? amount, object? currency)
    {
        if (amount is not (decimal or long or ulong) || currency is not string code)
        {
            return amount is double ? Fault.DecimalWithDouble("money") : NoOverload;
        }

        return Currency.TryOf(code, out var known)
            ? new Money(Convert.ToDecimal(amount, CultureInfo.InvariantCulture), known)
            : new Fault($"'{Instant.Shorten(code)}' is not a currency code; use three capital letters of ISO 4217, such as EUR");
    }

    private static object Round(object? value, object? decimals)
    {
        if (decimals is not long count || value is not (decimal or long or ulong))
        {
            return value is double ? Fault.DecimalWithDouble("round") : NoOverload;
        }

        return count is >= 0 and <= DecimalsMax
            ? decimal.Round(Convert.ToDecimal(value, CultureInfo.InvariantCulture), (int)count, MidpointRounding.AwayFromZero)
            : new Fault($"'round' takes 0 to {DecimalsMax} decimals, not {count}");
    }
}
