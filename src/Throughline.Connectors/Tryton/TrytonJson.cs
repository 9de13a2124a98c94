using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Throughline.Model;

namespace Throughline.Connectors.Tryton;

/// <summary>Tryton's typed JSON (<c>{"__class__": "Decimal", ...}</c>), in and out.</summary>
internal static class TrytonJson
{
    private const string Class = "__class__";

    public static JsonObject Decimal(decimal value) => new() { [Class] = "Decimal", ["decimal"] = value.ToString(CultureInfo.InvariantCulture) };

    public static JsonObject Date(DateOnly value) => new() { [Class] = "date", ["year"] = value.Year, ["month"] = value.Month, ["day"] = value.Day };

    public static JsonObject Time(TimeOnly value) => new()
    {
        [Class] = "time", ["hour"] = value.Hour, ["minute"] = value.Minute, ["second"] = value.Second, ["microsecond"] = Micros(value.Ticks),
    };

    /// <summary>An instant as the server keeps it: UTC without a zone, to the microsecond.</summary>
    public static JsonObject Instant(DateTimeOffset value)
    {
        var utc = value.UtcDateTime;
        return new JsonObject
        {
            [Class] = "datetime", ["year"] = utc.Year, ["month"] = utc.Month, ["day"] = utc.Day,
            ["hour"] = utc.Hour, ["minute"] = utc.Minute, ["second"] = utc.Second, ["microsecond"] = Micros(utc.Ticks),
        };
    }

    public static JsonObject Duration(decimal seconds) => new() { [Class] = "timedelta", ["seconds"] = seconds };

    public static JsonObject Bytes(string base64) => new() { [Class] = "bytes", ["base64"] = base64 };

    /// <summary>
    /// A value of an answer as it stands in <see cref="Fields"/>: dates and instants as ISO texts, decimals as numbers, durations as seconds.
    /// Records reached through a dotted name come under <c>party.</c>; the dot is dropped, so that <c>party</c> holds <c>{ id, code }</c>.
    /// </summary>
    public static object? Decode(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.Undefined => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number => Number(value),
        JsonValueKind.Array => value.EnumerateArray().Select(Decode).ToArray(),
        JsonValueKind.Object => value.TryGetProperty(Class, out var kind) ? Typed(kind.GetString(), value) : Record(value),
    };

    private static object Number(JsonElement value)
    {
        if (value.TryGetInt64(out var whole))
        {
            return whole;
        }

        // Floats come with all digits of their binary form; 15 of them are what the server's user entered.
        return value.TryGetDecimal(out var number) && !value.GetRawText().Contains('E', StringComparison.OrdinalIgnoreCase)
            ? (decimal)value.GetDouble() is var rounded && Math.Abs(rounded - number) < 1e-12m * Math.Max(1m, Math.Abs(number)) ? rounded : number
            : Fields.Normalize(value.GetDouble())!;
    }

    private static Fields Record(JsonElement value)
    {
        var fields = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var property in value.EnumerateObject())
        {
            fields[property.Name.TrimEnd('.')] = Decode(property.Value);
        }

        return Fields.From(fields);
    }

    private static object? Typed(string? kind, JsonElement value) => kind switch
    {
        "Decimal" => decimal.TryParse(value.GetProperty("decimal").GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? number
            : value.GetProperty("decimal").GetString(),
        "date" => new DateOnly(Part(value, "year"), Part(value, "month"), Part(value, "day")).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        "datetime" => new DateTime(Part(value, "year"), Part(value, "month"), Part(value, "day"), Part(value, "hour"), Part(value, "minute"),
            Part(value, "second"), DateTimeKind.Utc)
            .AddTicks(Part(value, "microsecond") * TimeSpan.TicksPerMicrosecond).ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture),
        "time" => new TimeOnly(Part(value, "hour"), Part(value, "minute"), Part(value, "second")).ToString("HH:mm:ss", CultureInfo.InvariantCulture),
        "timedelta" => Number(value.GetProperty("seconds")) is decimal seconds && seconds == decimal.Truncate(seconds) ? (long)seconds
            : Number(value.GetProperty("seconds")),
        "bytes" => value.GetProperty("base64").GetString(),
        _ => Record(value),
    };

    private static int Part(JsonElement value, string name) => value.TryGetProperty(name, out var part) ? part.GetInt32() : 0;

    private static int Micros(long ticks) => (int)(ticks % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMicrosecond);
}
