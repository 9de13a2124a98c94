using static Throughline.Landscape.Expressions.StandardFunctions;

namespace Throughline.Landscape.Expressions;

/// <summary>Functions of timestamps and durations. None of them knows what time it is.</summary>
internal static class Clock
{
    public static IEnumerable<Function> Functions =>
    [
        Function.Global("timestamp", 1, CelType.Timestamp, values => values[0] switch
        {
            Instant => values[0],
            string text => Instant.Parse(text),
            long seconds => Instant.OfNanos((Int128)seconds * Instant.NanosPerSecond),
            _ => NoOverload,
        }),
        Function.Global("duration", 1, CelType.Duration, values => values[0] switch
        {
            Elapsed => values[0],
            string text => Elapsed.Parse(text),
            _ => NoOverload,
        }),
        Part("getFullYear", local => local.Year),
        Part("getMonth", local => local.Month - 1),
        Part("getDate", local => local.Day),
        Part("getDayOfMonth", local => local.Day - 1),
        Part("getDayOfWeek", local => (int)local.DayOfWeek),
        Part("getDayOfYear", local => local.DayOfYear - 1),
        Part("getHours", local => local.Hour, elapsed => elapsed.Nanos / (3600 * Instant.NanosPerSecond)),
        Part("getMinutes", local => local.Minute, elapsed => elapsed.Nanos / (60 * Instant.NanosPerSecond)),
        Part("getSeconds", local => local.Second, elapsed => elapsed.Nanos / Instant.NanosPerSecond),
        Part("getMilliseconds", local => local.Millisecond, elapsed => elapsed.Nanos / 1_000_000 % 1000),
    ];

    private static Function Part(string name, Func<DateTime, int> ofLocal, Func<Elapsed, long>? ofElapsed = null) =>
        Function.Member(name, 0, 1, CelType.Int, (_, values) => values switch
        {
            [Instant instant] => (long)ofLocal(new DateTime(instant.UtcTicks, DateTimeKind.Utc)),
            [Instant instant, string zone] => Local(instant, zone) is DateTime local ? (long)ofLocal(local) : Unknown(zone),
            [Elapsed elapsed] when ofElapsed is not null => ofElapsed(elapsed),
            _ => NoOverload,
        });

    private static Fault Unknown(string zone) =>
        new($"'{Instant.Shorten(zone)}' is not a time zone for this moment; use a name such as Europe/Berlin or an offset such as +02:00");

    private static DateTime? Local(Instant instant, string zone)
    {
        var utc = new DateTime(instant.UtcTicks, DateTimeKind.Utc);
        TimeSpan offset;
        if (!Instant.TryOffset(zone, out offset))
        {
            // The name becomes a file name below the zone database; nothing that could leave it is asked for.
            if (!zone.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '_' or '-' or '+') || zone.StartsWith('/') || zone.Length > 64
                || !TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var known))
            {
                return null;
            }

            offset = known.GetUtcOffset(utc);
        }

        var ticks = utc.Ticks + offset.Ticks;
        return ticks >= DateTime.MinValue.Ticks && ticks <= DateTime.MaxValue.Ticks ? new DateTime(ticks, DateTimeKind.Unspecified) : null;
    }
}
