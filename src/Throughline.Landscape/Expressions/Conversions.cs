using System.Globalization;
using System.Text;
using Throughline.Model;
using static Throughline.Landscape.Expressions.StandardFunctions;

namespace Throughline.Landscape.Expressions;

/// <summary>The conversions that carry the names of the types.</summary>
internal static class Conversions
{
    // 2^63 and 2^64; a double has no neighbour just below them, so the limits themselves are already outside.
    private const double IntLimit = 9223372036854775808.0;
    private const double UintLimit = 18446744073709551616.0;

    private const NumberStyles DoubleStyles = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;

    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    public static IEnumerable<Function> Functions =>
    [
        Function.Global("int", 1, CelType.Int, values => ToInt(values[0])),
        Function.Global("uint", 1, CelType.Uint, values => ToUint(values[0])),
        Function.Global("double", 1, CelType.Double, values => ToDouble(values[0])),
        Function.Global("string", 1, CelType.Text, values => ToText(values[0])),
        Function.Global("bytes", 1, CelType.Bytes, values => values[0] is string text ? Encoding.UTF8.GetBytes(text) : values[0] as byte[] ?? NoOverload),
        Function.Global("bool", 1, CelType.Bool, values => ToBool(values[0])),
        Function.Global("dyn", 1, null, values => values[0]),
        Function.Global("type", 1, CelType.Type, values => CelType.Of(values[0])),
    ];

    /// <summary>A double as CEL writes it: the shortest text that reads back as the same number.</summary>
    public static string Show(double number) => number.ToString("R", CultureInfo.InvariantCulture).Replace("E", "e", StringComparison.Ordinal);

    private static object ToInt(object? value) => value switch
    {
        long => value,
        ulong whole => whole <= long.MaxValue ? (long)whole : Fault.Range("The int"),
        double number => number is > -IntLimit and < IntLimit ? (long)number : Fault.Range("The int"),
        decimal number => decimal.Truncate(number) is >= long.MinValue and <= long.MaxValue and var whole ? (long)whole : Fault.Range("The int"),
        string text => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) ? whole : Unreadable(text, "int"),
        Instant instant => instant.Seconds,
        _ => NoOverload,
    };

    private static object ToUint(object? value) => value switch
    {
        ulong => value,
        long whole => whole >= 0 ? (ulong)whole : Fault.Range("The uint"),
        double number => number is > -1 and < UintLimit ? (ulong)number : Fault.Range("The uint"),
        decimal number => decimal.Truncate(number) is >= 0 and <= ulong.MaxValue and var whole ? (ulong)whole : Fault.Range("The uint"),
        string text => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var whole) ? whole : Unreadable(text, "uint"),
        _ => NoOverload,
    };

    private static object ToDouble(object? value) => value switch
    {
        double => value,
        long whole => (double)whole,
        ulong whole => (double)whole,
        decimal number => (double)number,
        string text => double.TryParse(text, DoubleStyles, CultureInfo.InvariantCulture, out var number) ? number : Unreadable(text, "double"),
        _ => NoOverload,
    };

    private static object ToText(object? value)
    {
        switch (value)
        {
            case string:
                return value;
            case byte[] bytes:
                return Decode(bytes);
            case bool flag:
                return flag ? "true" : "false";
            case double number:
                return Show(number);
            case Money money:
                return string.Create(CultureInfo.InvariantCulture, $"{money.Amount} {money.Currency.Code}");
            case long or ulong or decimal:
                return ((IFormattable)value).ToString(null, CultureInfo.InvariantCulture);
            case Instant or Elapsed or CelType:
                return value.ToString()!;
            default:
                return NoOverload;
        }
    }

    private static object Decode(byte[] bytes)
    {
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return new Fault("The bytes are not a text in UTF-8");
        }
    }

    private static object ToBool(object? value) => value switch
    {
        bool => value,
        "1" or "t" or "true" or "TRUE" or "True" => Values.True,
        "0" or "f" or "false" or "FALSE" or "False" => Values.False,
        string text => Unreadable(text, "bool"),
        _ => NoOverload,
    };

    private static Fault Unreadable(string text, string type) => new($"The text '{Instant.Shorten(text)}' cannot be read as {type}, or is out of its range");
}
