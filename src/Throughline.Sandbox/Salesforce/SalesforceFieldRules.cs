using System.Globalization;
using Throughline.Model;

namespace Throughline.Sandbox.Salesforce;

/// <summary>What one field accepts, and how its values look on the wire. Pure.</summary>
internal static class SalesforceFieldRules
{
    public const string WireInstant = "yyyy-MM-dd'T'HH:mm:ss.fff'+0000'";

    private const decimal NumberMax = 1_000_000_000_000_000_000m;

    public static string Instant(DateTimeOffset instant) => instant.ToUniversalTime().ToString(WireInstant, CultureInfo.InvariantCulture);

    public static DateTimeOffset ParseInstant(string wire) => DateTimeOffset.Parse(wire, CultureInfo.InvariantCulture);

    /// <summary>The value as it is kept; refuses what Salesforce refuses.</summary>
    public static object? Accept(SField field, object? value)
    {
        switch (value)
        {
            case null:
                return field.Type == SType.Boolean
                    ? throw new SalesforceRefusal(400, "INVALID_TYPE_ON_FIELD_IN_RECORD", $"{field.WireName}: value not of required type: ", field.WireName)
                    : null;
            case Fields or IReadOnlyList<object?>:
                throw Unreadable(field, value);
        }

        return field.Type switch
        {
            SType.Boolean => value is bool ? value : throw Unreadable(field, value),
            SType.Int => value is long ? value : throw Unreadable(field, value),
            SType.Double or SType.Currency or SType.Percent => Number(field, value),
            SType.Date => value is string text && DateOnly.TryParseExact(
                text.Length > 10 ? text[..10] : text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
                ? date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)
                : throw Unreadable(field, value),
            SType.DateTime => value is string text && DateTimeOffset.TryParse(
                text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var instant)
                ? Instant(instant)
                : throw Unreadable(field, value),
            SType.Id or SType.Reference => Reference(field, value),
            _ => Text(field, value),
        };
    }

    /// <summary>The value as an answer shows it: numbers with at least one decimal, as Salesforce's doubles.</summary>
    public static object? Show(SField field, object? value)
    {
        var shown = (field.Type, value) switch
        {
            (SType.Double or SType.Currency or SType.Percent, decimal number) => Doubled(number),
            (SType.Boolean, null) => false,
            _ => value,
        };
        return field.WireType == field.Type || shown is null ? shown : Convert.ToString(shown, CultureInfo.InvariantCulture);
    }

    private static decimal Doubled(decimal number)
    {
        var trimmed = number / 1.0000000000000000000000000000m;
        return trimmed.Scale == 0 ? trimmed + 0.0m : trimmed;
    }

    private static decimal Number(SField field, object value)
    {
        var number = value switch
        {
            long whole => whole,
            decimal exact => exact,
            _ => throw Unreadable(field, value),
        };
        return Math.Abs(number) < NumberMax
            ? number
            : throw new SalesforceRefusal(400, "NUMBER_OUTSIDE_VALID_RANGE", $"{field.WireName}: value outside of valid range on numeric field: {number}",
                field.WireName);
    }

    private static string Reference(SField field, object value) =>
        value is string text && SalesforceId.IsValid(text)
            ? SalesforceId.Long(SalesforceId.Short(text))
            : throw new SalesforceRefusal(400, "MALFORMED_ID", $"{field.WireName}: id value of incorrect type: {value}", field.WireName);

    // Salesforce trims texts, and an empty text is no value.
    private static string? Text(SField field, object value)
    {
        var text = value switch
        {
            string given => given.Trim(),
            long or decimal => Convert.ToString(value, CultureInfo.InvariantCulture)!,
            _ => throw Unreadable(field, value),
        };
        if (text.Length > field.Length)
        {
            throw new SalesforceRefusal(
                400, "STRING_TOO_LONG", $"{field.WireName}: data value too large: {text} (max length={field.Length})", field.WireName);
        }

        if (text.Length > 0 && !field.Values.IsDefaultOrEmpty && !field.Values.Contains(text))
        {
            throw BadPick(field, text);
        }

        return text.Length == 0 ? null : text;
    }

    public static SalesforceRefusal BadPick(SField field, string text) =>
        new(400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", $"{field.WireName}: bad value for restricted picklist field: {text}", field.WireName);

    private static SalesforceRefusal Unreadable(SField field, object value) => SalesforceRefusal.BadJson(
        $"Cannot deserialize instance of {field.Type.ToString().ToLowerInvariant()} from {Token(value)} value "
        + (value is Fields or IReadOnlyList<object?> ? "" : value + " ")
        + "or request may be missing a required field at [line:1, column:2]");

    private static string Token(object value) => value switch
    {
        string => "VALUE_STRING",
        bool => "VALUE_BOOLEAN",
        long => "VALUE_NUMBER_INT",
        decimal => "VALUE_NUMBER_FLOAT",
        Fields => "START_OBJECT",
        _ => "START_ARRAY",
    };
}
