using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Throughline.Engine.Lineage;
using Throughline.Engine.Partition;
using Throughline.Model;

namespace Throughline.Store;

/// <summary>
/// Lines of the story that follow each other under one correlation id and scope, which is what one turn tells, in one row: the first line in its columns, the others in
/// a document, each as the list of its values, with 0 for one that is the first line's. A line's number is that of its row and its place in it, so that the order
/// and the paging are those of single lines.
/// </summary>
internal sealed record StoredStory(LineageEntry First, string? More)
{
    /// <summary>Lines of one row at most; part of the format.</summary>
    private const int LinesMax = 1_000;

    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public static ImmutableArray<StoredStory> Of(IReadOnlyCollection<LineageEntry> entries)
    {
        var stories = ImmutableArray.CreateBuilder<StoredStory>();
        var run = new List<LineageEntry>();
        foreach (var entry in entries)
        {
            if (run.Count > 0 && (run.Count == LinesMax || entry.Scope != run[0].Scope || entry.CorrelationId != run[0].CorrelationId))
            {
                stories.Add(new StoredStory(run[0], Write(run)));
                run.Clear();
            }

            run.Add(entry);
        }

        if (run.Count > 0)
        {
            stories.Add(new StoredStory(run[0], Write(run)));
        }

        return stories.DrainToImmutable();
    }

    /// <summary>The number of the row with a line; the line may be any of it.</summary>
    public static long RowOf(long number) => number / LinesMax;

    /// <summary>The lines of one row, in order.</summary>
    public static ImmutableArray<LineageEntry> Read(LineageEntry row, string? more)
    {
        var first = row with { Number = row.Number * LinesMax };
        if (more is null)
        {
            return [first];
        }

        using var document = JsonDocument.Parse(more);
        return [first, .. document.RootElement.EnumerateArray().Select((line, place) => Read(first, place + 1, line))];
    }

    private static LineageEntry Read(LineageEntry first, int place, JsonElement line)
    {
        var values = line.EnumerateArray().ToArray();
        string? Value(int at, string? known) => values[at].ValueKind switch
        {
            JsonValueKind.Number => known,
            JsonValueKind.String => values[at].GetString(),
            _ => null,
        };
        return new LineageEntry(
            first.Number + place, first.At, first.CorrelationId, first.Scope, Value(0, first.Kind)!, Value(1, first.Text)!, Value(2, first.System), Value(3, first.Entity),
            Value(4, first.ExternalId), Value(5, first.Cause), Value(6, first.Instance?.ToString()) is { } instance ? InstanceId.Parse(instance) : null,
            Value(7, first.Step), Value(8, first.Record?.Entity) is { } entity ? new RecordId(entity, Value(9, first.Record?.Key)!) : null)
        {
            At = values.Length > 10 ? new DateTimeOffset(values[10].GetInt64(), TimeSpan.Zero) : first.At,
        };
    }

    private static string? Write(List<LineageEntry> run)
    {
        if (run.Count == 1)
        {
            return null;
        }

        var first = run[0];
        var buffer = new ArrayBufferWriter<byte>(1_024);
        using (var json = new Utf8JsonWriter(buffer, Plain))
        {
            json.WriteStartArray();
            foreach (var entry in run.Skip(1))
            {
                json.WriteStartArray();
                Write(json, entry.Kind, first.Kind);
                Write(json, entry.Text, first.Text);
                Write(json, entry.System, first.System);
                Write(json, entry.Entity, first.Entity);
                Write(json, entry.ExternalId, first.ExternalId);
                Write(json, entry.Cause, first.Cause);
                Write(json, entry.Instance == first.Instance ? null : entry.Instance?.ToString(), entry.Instance == first.Instance ? null : "");
                Write(json, entry.Step, first.Step);
                Write(json, entry.Record?.Entity, first.Record?.Entity);
                Write(json, entry.Record?.Key, first.Record?.Key);
                if (entry.At != first.At)
                {
                    json.WriteNumberValue(StoredTime.At(entry.At).UtcTicks);
                }

                json.WriteEndArray();
            }

            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter json, string? value, string? known)
    {
        if (value == known)
        {
            json.WriteNumberValue(0);
        }
        else
        {
            json.WriteStringValue(StoredText.ProseOrNull(value));
        }
    }
}
