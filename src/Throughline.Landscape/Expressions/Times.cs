using System.Buffers;
using System.Globalization;
using System.Numerics;

namespace Throughline.Landscape.Expressions;

/// <summary>
/// A timestamp. CEL counts nanoseconds and DateTimeOffset only hundreds of them, therefore the language has its own;
/// at the border the rest below 100 ns is cut off.
/// </summary>
internal readonly record struct Instant(Int128 Nanos) : IComparable<Instant>
{
    public const long NanosPerSecond = 1_000_000_000;

    // Years 0001 to 9999, as google.protobuf.Timestamp.
    private const long SecondsMin = -62_135_596_800;
    private const long SecondsMax = 253_402_300_799;

    public static Instant Of(DateTimeOffset moment) => new((Int128)(moment.UtcTicks - DateTime.UnixEpoch.Ticks) * 100);

    /// <summary>The timestamp, or a fault where it is outside the years 0001 to 9999.</summary>
    public static object OfNanos(Int128 nanos) =>
        nanos >= (Int128)SecondsMin * NanosPerSecond && nanos < (Int128)(SecondsMax + 1) * NanosPerSecond
            ? new Instant(nanos)
            : Fault.Range("The timestamp");

    public DateTimeOffset ToDateTimeOffset() => new(UtcTicks, TimeSpan.Zero);

    public long UtcTicks => (long)Floor(Nanos, 100) + DateTime.UnixEpoch.Ticks;

    public long Seconds => (long)Floor(Nanos, NanosPerSecond);

    public int NanosOfSecond => (int)(Nanos - ((Int128)Seconds * NanosPerSecond));

    public int CompareTo(Instant other) => Nanos.CompareTo(other.Nanos);

    /// <summary>RFC 3339 in UTC, with as many decimals of a second as it has.</summary>
    public override string ToString()
    {
        var seconds = new DateTime(UtcTicks, DateTimeKind.Utc).ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);
        return seconds + Elapsed.Fraction(NanosOfSecond) + "Z";
    }

    /// <summary>Reads RFC 3339, for example <c>2026-11-21T08:30:00.5+01:00</c>.</summary>
    public static object Parse(string text)
    {
        var format = "yyyy-MM-dd'T'HH:mm:ss";
        var zone = text.AsSpan().LastIndexOfAny('Z', '+', '-');
        var rest = zone > 18 ? text.AsSpan(19, zone - 19) : "x";
        if (zone < 19 || rest.Length == 1 || rest.Length > 10 || (rest.Length > 0 && rest[0] != '.')
            || !DateTime.TryParseExact(text.AsSpan(0, 19), format, CultureInfo.InvariantCulture, DateTimeStyles.None, out var local)
            || rest.Length > 1 && rest[1..].ContainsAnyExceptInRange('0', '9')
            || !TryOffset(text.AsSpan(zone), out var offset))
        {
            return new Fault($"'{Shorten(text)}' is not a timestamp of the years 0001 to 9999; write it as 2026-11-21T08:30:00Z or 2026-11-21T08:30:00+01:00");
        }

        var nanos = rest.Length > 1 ? int.Parse(rest[1..].ToString().PadRight(9, '0'), CultureInfo.InvariantCulture) : 0;
        return OfNanos(((Int128)(local.Ticks - DateTime.UnixEpoch.Ticks - offset.Ticks) * 100) + nanos);
    }

    /// <summary>Reads <c>Z</c>, <c>+02:00</c>, <c>-02:30</c> or <c>02:00</c>.</summary>
    public static bool TryOffset(ReadOnlySpan<char> text, out TimeSpan offset)
    {
        offset = TimeSpan.Zero;
        if (text is "Z")
        {
            return true;
        }

        var minus = text.Length > 0 && text[0] == '-';
        var digits = text.Length > 0 && text[0] is '+' or '-' ? text[1..] : text;
        if (digits.Length != 5 || digits[2] != ':'
            || !int.TryParse(digits[..2], NumberStyles.None, CultureInfo.InvariantCulture, out var hours)
            || !int.TryParse(digits[3..], NumberStyles.None, CultureInfo.InvariantCulture, out var minutes) || hours > 23 || minutes > 59)
        {
            return false;
        }

        offset = new TimeSpan(hours, minutes, 0) * (minus ? -1 : 1);
        return true;
    }

    internal static string Shorten(string text) => text.Length <= 60 ? text : string.Concat(text.AsSpan(0, 60), "...");

    private static Int128 Floor(Int128 value, long by)
    {
        var (quotient, rest) = Int128.DivRem(value, by);
        return rest < 0 ? quotient - 1 : quotient;
    }
}

/// <summary>A duration in nanoseconds, at most about 292 years either way, as the reference implementation has it.</summary>
internal readonly record struct Elapsed(long Nanos) : IComparable<Elapsed>
{
    private static readonly SearchValues<char> NumberParts = SearchValues.Create("0123456789.");

    private static readonly Dictionary<string, long> NanosOfUnit = new(StringComparer.Ordinal)
    {
        ["ns"] = 1, ["us"] = 1_000, ["µs"] = 1_000, ["ms"] = 1_000_000,
        ["s"] = Instant.NanosPerSecond, ["m"] = 60 * Instant.NanosPerSecond, ["h"] = 3600 * Instant.NanosPerSecond,
    };

    public static object OfNanos(Int128 nanos) =>
        nanos >= long.MinValue && nanos <= long.MaxValue ? new Elapsed((long)nanos) : Fault.Range("The duration");

    public TimeSpan ToTimeSpan() => new(Nanos / 100);

    public int CompareTo(Elapsed other) => Nanos.CompareTo(other.Nanos);

    /// <summary>Seconds with as many decimals as it has: <c>90s</c>, <c>-0.5s</c>.</summary>
    public override string ToString()
    {
        var size = UInt128.CreateChecked(Int128.Abs(Nanos));
        return (Nanos < 0 ? "-" : "") + (size / (UInt128)Instant.NanosPerSecond).ToString(CultureInfo.InvariantCulture)
            + Fraction((int)(size % (UInt128)Instant.NanosPerSecond)) + "s";
    }

    public static string Fraction(int nanos) =>
        nanos == 0 ? "" : "." + nanos.ToString("D9", CultureInfo.InvariantCulture).TrimEnd('0');

    /// <summary>Reads <c>1h30m</c>, <c>-2.5s</c>, <c>100ms</c>: numbers with the units h, m, s, ms, us or ns.</summary>
    public static object Parse(string text)
    {
        var rest = text.AsSpan().TrimStart("+-");
        var minus = text.StartsWith('-');
        var isWrong = rest.IsEmpty || text.Length - rest.Length > 1 || text.Length > 100;
        var total = BigInteger.Zero;
        while (!isWrong && rest is not ("" or "0"))
        {
            var digits = rest.IndexOfAnyExcept(NumberParts);
            var unit = digits < 0 ? -1 : rest[digits..].IndexOfAny(NumberParts);
            var end = unit < 0 ? rest.Length : digits + unit;
            var part = digits > 0 && NanosOfUnit.TryGetValue(rest[digits..end].ToString(), out var nanos) ? Scaled(rest[..digits], nanos) : null;
            isWrong = part is null;
            total += part ?? 0;
            rest = rest[end..];
        }

        if (isWrong)
        {
            return new Fault($"'{Instant.Shorten(text)}' is not a duration; write it as 90s, 1h30m or 250ms");
        }

        total = minus ? -total : total;
        return total >= long.MinValue && total <= long.MaxValue ? new Elapsed((long)total) : Fault.Range("The duration");
    }

    private static BigInteger? Scaled(ReadOnlySpan<char> number, long nanos)
    {
        var point = number.IndexOf('.');
        var whole = point < 0 ? number : number[..point];
        var fraction = point < 0 ? "" : number[(point + 1)..];
        return fraction.Contains('.') || whole.Length + fraction.Length == 0
            ? null
            : BigInteger.Parse(string.Concat("0", whole, fraction), CultureInfo.InvariantCulture) * nanos / BigInteger.Pow(10, fraction.Length);
    }
}
