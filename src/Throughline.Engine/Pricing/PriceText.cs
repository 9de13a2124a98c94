using System.Globalization;
using System.Text.RegularExpressions;
using Throughline.Model;

namespace Throughline.Engine.Pricing;

/// <summary>How a price by a rate is said. The sentence is what is kept of it, so the rate is read from there again.</summary>
public static partial class PriceText
{
    /// <param name="says">Which rate of which card it is.</param>
    public static string Of(decimal quantity, Money rate, string says) => $"{quantity.ToString("0.######", CultureInfo.InvariantCulture)} x {rate}, {says}";

    /// <summary>The rate that such a sentence begins with; null where it tells of none.</summary>
    public static Money? RateIn(string? text) =>
        Priced().Match(text ?? "") is { Success: true } match && Currency.TryOf(match.Groups["currency"].Value, out var currency)
            && decimal.TryParse(match.Groups["rate"].Value, NumberStyles.Number, CultureInfo.InvariantCulture, out var amount) ? new Money(amount, currency) : null;

    [GeneratedRegex(@"\A-?[0-9]+(?:\.[0-9]+)? x (?<rate>-?[0-9,]+(?:\.[0-9]+)?) (?<currency>[A-Z]{3}), ", RegexOptions.CultureInvariant)]
    private static partial Regex Priced();
}
