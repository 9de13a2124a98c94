using System.Globalization;
using System.Text.Json.Nodes;

namespace Throughline.Sandbox.Tryton;

/// <summary>Values as the server keeps them and as they travel. Its own, on purpose: what the connector gets wrong must not be wrong here too.</summary>
internal static class TrytonWire
{
    public static JsonNode? Encode(object? value) => value switch
    {
        null => null,
        bool flag => JsonValue.Create(flag),
        long whole => JsonValue.Create(whole),
        double number => JsonValue.Create(number),
        string text => JsonValue.Create(text),
        decimal number => new JsonObject { ["__class__"] = "Decimal", ["decimal"] = number.ToString(CultureInfo.InvariantCulture) },
        DateOnly date => new JsonObject { ["__class__"] = "date", ["year"] = date.Year, ["month"] = date.Month, ["day"] = date.Day },
        DateTime instant => new JsonObject
        {
            ["__class__"] = "datetime", ["year"] = instant.Year, ["month"] = instant.Month, ["day"] = instant.Day, ["hour"] = instant.Hour,
                ["minute"] = instant.Minute,
            ["second"] = instant.Second, ["microsecond"] = (int)(instant.Ticks % TimeSpan.TicksPerSecond / TimeSpan.TicksPerMicrosecond),
        },
        TimeSpan duration => new JsonObject { ["__class__"] = "timedelta", ["seconds"] = duration.TotalSeconds },
        IEnumerable<long> ids => new JsonArray([.. ids.Select(id => JsonValue.Create(id))]),
        IEnumerable<string> texts => new JsonArray([.. texts.Select(text => JsonValue.Create(text))]),
        _ => throw new NotSupportedException($"a {value.GetType().Name} does not travel"),
    };

    /// <summary>A value as sent, by the field's type; what does not fit gives the bare text of the exception that Python would raise.</summary>
    public static object? Decode(TrytonField field, JsonNode? node)
    {
        if (node is null)
        {
            return null;
        }

        try
        {
            return (field.Type, Typed(node)) switch
            {
                ("boolean", bool flag) => flag,
                ("boolean", var other) => other is not (0L or "" or 0.0),
                ("integer" or "many2one", long whole) => whole,
                ("integer" or "many2one", var other) => throw TrytonError.Unexpected($"invalid literal for int() with base 10: '{other}'"),
                ("float", long whole) => (double)whole,
                ("float", double number) => number,
                ("numeric", decimal number) => number,
                ("numeric", long whole) => whole,
                ("numeric", double number) => (decimal)number,
                ("date", DateOnly date) => date,
                ("date", string text) => DateOnly.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture),
                ("datetime" or "timestamp", DateTime instant) => instant,
                ("timedelta", TimeSpan duration) => duration,
                ("timedelta", _) => throw TrytonError.Unexpected("not enough values to unpack (expected 3, got 2)"),
                ("char" or "text" or "selection" or "reference", string text) => text.Contains('\0', StringComparison.Ordinal)
                    ? throw TrytonError.Unexpected("A string literal cannot contain NUL (0x00) characters.")
                    : text,
                ("multiselection", _) when node is JsonArray list => list.Select(item => item!.GetValue<string>()).ToArray(),
                var (type, other) => throw TrytonError.Unexpected($"{other} is not a value of a field of type {type}"),
            };
        }
        catch (FormatException)
        {
            throw TrytonError.Unexpected($"invalid isoformat string: {node.ToJsonString()}");
        }
    }

    /// <summary>A value without knowledge of its field, as in a domain.</summary>
    public static object? Typed(JsonNode? node) => node switch
    {
        null => null,
        JsonObject typed => (string?)typed["__class__"] switch
        {
            "Decimal" => decimal.Parse((string)typed["decimal"]!, NumberStyles.Float, CultureInfo.InvariantCulture),
            "date" => new DateOnly((int)typed["year"]!, (int)typed["month"]!, (int)typed["day"]!),
            "datetime" => new DateTime(Part(typed, "year"), Part(typed, "month"), Part(typed, "day"), Part(typed, "hour"), Part(typed, "minute"),
                Part(typed, "second"), DateTimeKind.Utc)
                .AddTicks(Part(typed, "microsecond") * TimeSpan.TicksPerMicrosecond),
            "timedelta" => TimeSpan.FromTicks((long)(typed["seconds"]!.GetValue<decimal>() * TimeSpan.TicksPerSecond)),
            _ => typed,
        },
        JsonArray list => list.Select(Typed).ToArray(),
        JsonValue value when value.TryGetValue<bool>(out var flag) => flag,
        JsonValue value when value.TryGetValue<long>(out var whole) => whole,
        JsonValue value when value.TryGetValue<double>(out var number) => number,
        JsonValue value => value.GetValue<string>(),
        _ => null,
    };

    /// <summary>For people and tests: dates as ISO texts, decimals and durations (in seconds) as numbers.</summary>
    public static JsonNode? Plain(object? value) => value switch
    {
        decimal number => JsonValue.Create(number),
        DateOnly date => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        DateTime instant => instant.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture),
        TimeSpan duration => JsonValue.Create(duration.TotalSeconds),
        _ => Encode(value),
    };

    private static int Part(JsonObject typed, string name) => typed[name]?.GetValue<int>() ?? 0;
}
