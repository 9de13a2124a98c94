using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Throughline.Connect;
using Throughline.Engine.Intake;
using Throughline.Model;

namespace Throughline.Server.Api.Intake;

/// <summary>Reads <c>{ key, kind, occurredAt?, correlationId?, version?, deleted?, record }</c> into a request of the engine.</summary>
internal static class IntakeEnvelope
{
    public const int ItemsMax = 1_000;
    private const int KindMax = 100;
    private static readonly ImmutableArray<string> Names = ["key", "kind", "occurredAt", "correlationId", "version", "deleted", "record"];

    /// <summary>The request, or every problem with it; fields of problems are JSON pointers below <paramref name="place"/>.</summary>
    public static IntakeRequest? Read(string system, object? item, string place, List<FieldProblem> problems)
    {
        if (item is not Fields given)
        {
            problems.Add(new FieldProblem(place.Length == 0 ? "/" : place, "must be an object with key, kind and record"));
            return null;
        }

        var before = problems.Count;
        foreach (var name in given.Keys.Where(name => !Names.Contains(name)))
        {
            problems.Add(new FieldProblem($"{place}/{Pointer(name)}", $"is not a part of an envelope; there are {string.Join(", ", Names)}"));
        }

        var key = Text(given, "key", IntakeService.KeyBytesMax, true, place, problems);
        var kind = Text(given, "kind", KindMax, true, place, problems);
        var reference = Text(given, "correlationId", IntakeService.KeyBytesMax, false, place, problems);
        var version = Text(given, "version", KindMax, false, place, problems);
        var occurredAt = Instant(given, place, problems);
        if (given.Get("deleted") is not (null or bool))
        {
            problems.Add(new FieldProblem($"{place}/deleted", "must be true or false"));
        }

        if (given.Nested("record") is not { } record)
        {
            problems.Add(new FieldProblem($"{place}/record", "is needed: the record as the system has it, an object"));
            return null;
        }

        if (ExternalId(record) is not { } id)
        {
            problems.Add(new FieldProblem($"{place}/record", "has no id: 'Id' or 'id' must be a text of at most 200 characters or a whole number"));
            return null;
        }

        return problems.Count > before
            ? null
            : new IntakeRequest(system, kind!, key, occurredAt,
                new SourceRecord(kind!, id, version ?? VersionOf(record), record, given.Flag("deleted") == true), reference);
    }

    /// <summary>The system's own id of the record.</summary>
    public static string? ExternalId(Fields record) => (record.Get("Id") ?? record.Get("id")) switch
    {
        string { Length: > 0 and <= 200 } text when !text.Any(char.IsControl) => text,
        long whole => whole.ToString(CultureInfo.InvariantCulture),
        _ => null,
    };

    /// <summary>The record's own stamp in the one form in which stamps are compared.</summary>
    public static string? VersionOf(Fields record) =>
        record.Text("SystemModstamp") is { } stamp && DateTimeOffset.TryParse(stamp, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal,
            out var instant)
            ? instant.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)
            : null;

    private static string? Text(Fields given, string name, int bytesMax, bool required, string place, List<FieldProblem> problems)
    {
        var value = given.Get(name);
        if (value is null && !required)
        {
            return null;
        }

        if (value is string { Length: > 0 } text && Encoding.UTF8.GetByteCount(text) <= bytesMax && !text.Any(char.IsControl))
        {
            return text;
        }

        problems.Add(new FieldProblem($"{place}/{name}", value is null
            ? "is needed"
            : $"must be a text of 1 to {bytesMax} bytes without control characters"));
        return null;
    }

    private static DateTimeOffset? Instant(Fields given, string place, List<FieldProblem> problems)
    {
        if (given.Get("occurredAt") is not { } value)
        {
            return null;
        }

        // A bare date or a time without a zone means different instants in different places, so neither is guessed.
        if (value is string { Length: >= 17 } text && (text.EndsWith('Z') || text.LastIndexOfAny(['+', '-']) > 10)
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out var instant))
        {
            return instant;
        }

        problems.Add(new FieldProblem($"{place}/occurredAt", "must be an instant with its zone, such as 2026-06-01T09:00:00Z"));
        return null;
    }

    private static string Pointer(string name) => (name.Length > 60 ? name[..60] : name).Replace("~", "~0", StringComparison.Ordinal)
        .Replace("/", "~1", StringComparison.Ordinal);
}
