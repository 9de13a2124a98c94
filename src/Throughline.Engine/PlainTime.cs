using System.Globalization;
using Throughline.Model;

namespace Throughline.Engine;

/// <summary>Times in sentences for people, and as documents keep them.</summary>
internal static class PlainTime
{
    /// <summary>"2026-11-20 10:00 UTC".</summary>
    public static string Of(DateTimeOffset at) => at.ToUniversalTime().ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    /// <summary>"2 d", "1.5 h" or "10 min".</summary>
    public static string Of(TimeSpan span) =>
        span.TotalDays >= 1 ? $"{span.TotalDays.ToString("0.#", CultureInfo.InvariantCulture)} d"
        : span.TotalHours >= 1 ? $"{span.TotalHours.ToString("0.#", CultureInfo.InvariantCulture)} h"
        : $"{span.TotalMinutes.ToString("0.#", CultureInfo.InvariantCulture)} min";

    /// <summary>The instant under a name of a document; null where there is none.</summary>
    public static DateTimeOffset? Instant(Fields data, string name) =>
        data.Text(name) is { } text ? DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal) : null;
}
