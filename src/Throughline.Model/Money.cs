using System.Globalization;

namespace Throughline.Model;

/// <summary>
/// An ISO 4217 currency: its three-letter code and the number of decimals of its minor unit
/// (2 for EUR, 0 for JPY, 3 for KWD).
/// </summary>
public readonly record struct Currency
{
    private Currency(string code, int exponent) => (Code, Exponent) = (code, exponent);

    public string Code { get; }

    /// <summary>Decimals of the minor unit; posted amounts never have more.</summary>
    public int Exponent { get; }

    /// <summary>The smallest amount that can be posted, for example 0.01 for EUR.</summary>
    public decimal MinorUnit => Exponent switch { 0 => 1m, 2 => 0.01m, 3 => 0.001m, _ => 0.0001m };

    /// <summary>Finds a currency by its code.</summary>
    /// <exception cref="FormatException">The code is not three capital letters.</exception>
    public static Currency Of(string code) =>
        TryOf(code, out var currency)
            ? currency
            : throw new FormatException($"'{code}' is not a currency code; use three capital letters of ISO 4217, such as EUR");

    public static bool TryOf(string? code, out Currency currency)
    {
        if (code is null || code.Length != 3 || !code.All(char.IsAsciiLetterUpper))
        {
            currency = default;
            return false;
        }

        currency = new Currency(code, ExponentOf(code));
        return true;
    }

    public override string ToString() => Code;

    // ISO 4217 lists the exceptions; every other active currency has two decimals.
    private static int ExponentOf(string code) => code switch
    {
        "BIF" or "CLP" or "DJF" or "GNF" or "ISK" or "JPY" or "KMF" or "KRW" or "PYG" or "RWF"
            or "UGX" or "UYI" or "VND" or "VUV" or "XAF" or "XOF" or "XPF" => 0,
        "BHD" or "IQD" or "JOD" or "KWD" or "LYD" or "OMR" or "TND" => 3,
        "CLF" or "UYW" => 4,
        _ => 2,
    };
}

/// <summary>
/// An exact amount in one currency. Arithmetic between two currencies is refused, never converted silently;
/// rounding happens only where a caller asks for it.
/// </summary>
public readonly record struct Money(decimal Amount, Currency Currency) : IComparable<Money>
{
    public static Money Of(decimal amount, string currency) => new(amount, Currency.Of(currency));

    public static Money Zero(Currency currency) => new(0m, currency);

    /// <summary>The amount in the currency's minor unit, halves away from zero, as invoices are rounded in most jurisdictions.</summary>
    public Money Round(MidpointRounding mode = MidpointRounding.AwayFromZero) =>
        this with { Amount = decimal.Round(Amount, Currency.Exponent, mode) };

    /// <summary>True where the amount has no more decimals than the currency's minor unit.</summary>
    public bool IsPostable => decimal.Round(Amount, Currency.Exponent) == Amount;

    /// <summary>This amount in another currency: <c>amount x rate</c>, rounded to the target's minor unit.</summary>
    public Money Convert(Currency target, decimal rate) => new Money(Amount * rate, target).Round();

    public static Money operator +(Money left, Money right) => new(left.Amount + right.Amount, Same(left, right));

    public static Money operator -(Money left, Money right) => new(left.Amount - right.Amount, Same(left, right));

    public static Money operator -(Money value) => value with { Amount = -value.Amount };

    public static Money operator *(Money value, decimal factor) => value with { Amount = value.Amount * factor };

    public static bool operator <(Money left, Money right) => left.CompareTo(right) < 0;

    public static bool operator >(Money left, Money right) => left.CompareTo(right) > 0;

    public static bool operator <=(Money left, Money right) => left.CompareTo(right) <= 0;

    public static bool operator >=(Money left, Money right) => left.CompareTo(right) >= 0;

    public int CompareTo(Money other)
    {
        Same(this, other);
        return Amount.CompareTo(other.Amount);
    }

    /// <summary>For people: <c>457,600.00 EUR</c>, with the currency's own number of decimals.</summary>
    public override string ToString() =>
        Amount.ToString("N" + Math.Max(Currency.Exponent, Amount.Scale is var scale && !IsPostable ? scale : 0), CultureInfo.InvariantCulture)
        + " " + Currency.Code;

    private static Currency Same(Money left, Money right) =>
        left.Currency == right.Currency
            ? left.Currency
            : throw new InvalidOperationException($"{left} and {right} are in different currencies; convert one of them first");
}
