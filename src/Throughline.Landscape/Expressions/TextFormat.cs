using System.Globalization;
using System.Numerics;
using System.Text;
using Throughline.Model;
using static Throughline.Landscape.Expressions.StandardFunctions;

namespace Throughline.Landscape.Expressions;

/// <summary><c>'%s owes %.2f'.format([name, amount])</c> with the clauses s, d, f, e, b, o, x, X and %%.</summary>
internal static class TextFormat
{
    private const int PrecisionMax = 100;

    public static IEnumerable<Function> Functions => [Function.Member("format", 1, 1, CelType.Text, Format)];

    private static object? Format(Frame frame, object?[] values)
    {
        if (values is not [string pattern, IReadOnlyList<object?> arguments])
        {
            return NoOverload;
        }

        var result = new StringBuilder();
        var next = 0;
        for (var at = 0; at < pattern.Length; at++)
        {
            if (pattern[at] != '%')
            {
                result.Append(pattern[at]);
                continue;
            }

            if (++at < pattern.Length && pattern[at] == '%')
            {
                result.Append('%');
                continue;
            }

            if (!TryPrecision(pattern, ref at, out var precision) || at >= pattern.Length)
            {
                return new Fault($"A clause of the format is incomplete, or its precision is above {PrecisionMax}; write %% for a percent sign");
            }

            if (next >= arguments.Count)
            {
                return new Fault($"The format has more clauses than the {arguments.Count} values it is given");
            }

            var shown = Clause(frame, pattern[at], precision, Values.At(arguments, next++));
            if (shown is not string text)
            {
                return shown;
            }

            frame.SpendText(text.Length);
            result.Append(text);
        }

        return result.ToString();
    }

    private static bool TryPrecision(string pattern, ref int at, out int precision)
    {
        precision = 6;
        if (at >= pattern.Length || pattern[at] != '.')
        {
            return true;
        }

        var start = ++at;
        while (at < pattern.Length && char.IsAsciiDigit(pattern[at]))
        {
            at++;
        }

        return int.TryParse(pattern.AsSpan(start, at - start), NumberStyles.None, CultureInfo.InvariantCulture, out precision) && precision <= PrecisionMax;
    }

    private static object Clause(Frame frame, char clause, int precision, object? value) => clause switch
    {
        _ when value is Fault => value,
        's' => Show(frame, value) ?? (object)Unfit("%s", value),
        'd' => value switch
        {
            long or ulong => ((IFormattable)value).ToString(null, CultureInfo.InvariantCulture),
            double number when !double.IsFinite(number) => Conversions.Show(number),
            _ => Unfit("%d", value),
        },
        'f' => Fixed(value, precision) ?? (object)Unfit("%f", value),
        'e' => Scientific(value, precision) ?? (object)Unfit("%e", value),
        'b' => Whole(value is bool flag ? flag ? 1L : 0L : value, 2) ?? (object)Unfit("%b", value),
        'o' => Whole(value, 8) ?? (object)Unfit("%o", value),
        'x' => Hex(frame, value) ?? (object)Unfit("%x", value),
        'X' => Hex(frame, value)?.ToUpperInvariant() ?? (object)Unfit("%X", value),
        _ => new Fault($"The format has no clause %{clause}; it has %s %d %f %e %b %o %x %X"),
    };

    private static Fault Unfit(string clause, object? value) => new($"The clause {clause} cannot show a value of type {CelType.Of(value).Name}");

    private static string? Show(Frame frame, object? value)
    {
        frame.Spend(1);
        switch (value)
        {
            case null:
                return "null";
            case string text:
                return text;
            case bool flag:
                return flag ? "true" : "false";
            case double number:
                return Conversions.Show(number);
            case byte[] bytes:
                frame.SpendText(bytes.Length);
                return Encoding.UTF8.GetString(bytes);
            case Money money:
                return string.Create(CultureInfo.InvariantCulture, $"{money.Amount} {money.Currency.Code}");
            case long or ulong or decimal:
                return ((IFormattable)value).ToString(null, CultureInfo.InvariantCulture);
            case Instant or Elapsed or CelType:
                return value.ToString();
            case IReadOnlyList<object?> list:
                return Bracketed(frame, list.Select((_, index) => Show(frame, Values.At(list, index))), '[', ']');
            default:
                return Values.IsMap(value) ? ShowMap(frame, value) : null;
        }
    }

    private static string? ShowMap(Frame frame, object map)
    {
        var entries = Macros.Items(map, 2)
            .Select(entry => (Key: Show(frame, entry.First), Value: Show(frame, entry.Second)))
            .OrderBy(entry => entry.Key, StringComparer.Ordinal)
            .Select(entry => entry.Value is null ? null : $"{entry.Key}: {entry.Value}");
        return Bracketed(frame, entries, '{', '}');
    }

    private static string? Bracketed(Frame frame, IEnumerable<string?> parts, char open, char close)
    {
        var result = new StringBuilder().Append(open);
        foreach (var part in parts)
        {
            if (part is null)
            {
                return null;
            }

            frame.SpendText(part.Length);
            result.Append(result.Length > 1 ? ", " : "").Append(part);
        }

        return result.Append(close).ToString();
    }

    private static string? Fixed(object? value, int precision) => value switch
    {
        double number => double.IsFinite(number) ? Exact(number, precision) : Conversions.Show(number),
        decimal number => decimal.Round(number, Math.Min(precision, 28), MidpointRounding.AwayFromZero).ToString($"F{precision}", CultureInfo.InvariantCulture),
        long or ulong => ((IFormattable)value).ToString($"F{precision}", CultureInfo.InvariantCulture),
        _ => null,
    };

    // .NET rounds an exact half away from zero; the specification wants the even neighbour, so the exact binary value is scaled here.
    private static string Exact(double number, int precision)
    {
        var bits = BitConverter.DoubleToInt64Bits(number);
        var exponent = (int)((bits >> 52) & 0x7FF);
        var mantissa = new BigInteger((bits & 0xFFFFFFFFFFFFF) | (exponent == 0 ? 0 : 1L << 52));
        var shift = Math.Max(exponent, 1) - 1075;
        var scaled = mantissa * BigInteger.Pow(10, precision);
        if (shift >= 0)
        {
            scaled <<= shift;
        }
        else
        {
            var whole = scaled >> -shift;
            var rest = (scaled - (whole << -shift)) << 1;
            var half = BigInteger.One << -shift;
            scaled = whole + (rest > half || (rest == half && !whole.IsEven) ? 1 : 0);
        }

        var digits = scaled.ToString(CultureInfo.InvariantCulture).PadLeft(precision + 1, '0');
        return (double.IsNegative(number) ? "-" : "") + (precision == 0 ? digits : digits.Insert(digits.Length - precision, "."));
    }

    private static string? Scientific(object? value, int precision)
    {
        var number = value switch { double given => given, long whole => whole, ulong whole => whole, decimal given => (double)given, _ => (double?)null };
        if (number is not { } known)
        {
            return null;
        }

        if (!double.IsFinite(known))
        {
            return Conversions.Show(known);
        }

        // At least two digits of exponent, where .NET has always three.
        var text = known.ToString($"e{precision}", CultureInfo.InvariantCulture);
        return text[^3] == '0' ? text.Remove(text.Length - 3, 1) : text;
    }

    private static string? Whole(object? value, int radix) => value switch
    {
        long whole => (whole < 0 ? "-" : "") + InRadix((UInt128)Int128.Abs(whole), (uint)radix),
        ulong whole => InRadix(whole, (uint)radix),
        _ => null,
    };

    private static string InRadix(UInt128 size, uint radix)
    {
        var digits = "";
        do
        {
            digits = "0123456789abcdef"[(int)(size % radix)] + digits;
            size /= radix;
        }
        while (size > 0);
        return digits;
    }

    private static string? Hex(Frame frame, object? value)
    {
        if ((value is string text ? Encoding.UTF8.GetBytes(text) : value as byte[]) is not { } bytes)
        {
            return Whole(value, 16);
        }

        frame.SpendText(bytes.Length * 2L);
        return Convert.ToHexStringLower(bytes);
    }
}
