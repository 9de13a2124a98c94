using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Throughline.Model;

/// <summary>JSON in and out of <see cref="Fields"/>, without binary floating point on the way.</summary>
internal static class FieldsJson
{
    private const int DepthMax = 64;
    private const int NameLengthMax = 64;
    private const int ScratchMax = 1 << 20;

    private static readonly string?[] Names = new string?[1024];

    [ThreadStatic]
    private static Tuple<ArrayBufferWriter<byte>, Utf8JsonWriter>? _scratch;

    [ThreadStatic]
    private static OpenObjects? _open;

    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Fields Read(string json) => Read(Encoding.UTF8.GetBytes(json));

    public static Fields Read(ReadOnlySpan<byte> utf8)
    {
        try
        {
            var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = DepthMax });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                throw new FormatException("expected a JSON object");
            }

            var fields = ReadObject(ref reader);
            if (reader.Read())
            {
                throw new FormatException("text after the JSON object");
            }

            return fields;
        }
        catch (JsonException e)
        {
            throw new FormatException($"not valid JSON at line {e.LineNumber + 1}, byte {e.BytePositionInLine}", e);
        }
        catch (InvalidOperationException e)
        {
            // The reader throws this for text that is not valid UTF-8 (a lone surrogate, for example).
            throw new FormatException("the JSON holds text that is not valid Unicode", e);
        }
    }

    public static string Write(Fields fields) => Encoding.UTF8.GetString(Utf8Of(fields, canonical: false));

    public static string Fingerprint(Fields fields)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Utf8Of(fields, canonical: true), hash);
        return Convert.ToHexStringLower(hash[..16]);
    }

    // Good until the next call on the same thread: writing documents is half of what a hub does, and each buffer of its own would be garbage.
    private static ReadOnlySpan<byte> Utf8Of(Fields fields, bool canonical)
    {
        var (buffer, writer) = _scratch ??= NewScratch();
        if (buffer.Capacity > ScratchMax)
        {
            (buffer, writer) = _scratch = NewScratch();
        }

        buffer.ResetWrittenCount();
        writer.Reset(buffer);
        try
        {
            WriteValue(writer, fields, canonical);
            writer.Flush();
        }
        catch
        {
            // What was written before it failed is still in there.
            _scratch = null;
            throw;
        }

        return buffer.WrittenSpan;
    }

    private static Tuple<ArrayBufferWriter<byte>, Utf8JsonWriter> NewScratch()
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        return new(buffer, new Utf8JsonWriter(buffer, Compact));
    }

    private static Fields ReadObject(ref Utf8JsonReader reader)
    {
        var open = _open ??= new OpenObjects();
        var begin = open.Values.Count;
        try
        {
            while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
            {
                var name = ReadName(ref reader);
                reader.Read();
                var value = ReadValue(ref reader);
                open.Names.Add(name);
                open.Values.Add(value);
            }

            return open.Values.Count == begin ? Fields.Empty
                : Fields.OfNormal([.. CollectionsMarshal.AsSpan(open.Names)[begin..]], [.. CollectionsMarshal.AsSpan(open.Values)[begin..]]);
        }
        catch (ArgumentException e)
        {
            throw new FormatException($"{e.Message} (a JSON object names each value once)", e);
        }
        finally
        {
            open.Close(begin);
        }
    }

    // How many members an object has is known only at its end; those of all objects that are open lie here one behind the other.
    private sealed class OpenObjects
    {
        public List<string> Names { get; } = [];

        public List<object?> Values { get; } = [];

        public void Close(int begin)
        {
            Names.RemoveRange(begin, Names.Count - begin);
            Values.RemoveRange(begin, Values.Count - begin);
        }
    }

    // The same few hundred names come again and again; one text each saves the memory of the others.
    private static string ReadName(ref Utf8JsonReader reader)
    {
        var bytes = reader.ValueSpan;
        if (bytes.Length is 0 or > NameLengthMax || reader.ValueIsEscaped)
        {
            return reader.GetString()!;
        }

        ref var known = ref Names[((bytes.Length * 31) + (bytes[0] * 7) + (bytes[^1] * 131) + (bytes[bytes.Length / 2] * 517)) % Names.Length];
        var name = known;
        return name is not null && reader.ValueTextEquals(name) ? name : known = reader.GetString()!;
    }

    private static object? ReadValue(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.Null => null,
        JsonTokenType.True => true,
        JsonTokenType.False => false,
        JsonTokenType.String => reader.GetString(),
        JsonTokenType.Number => ReadNumber(ref reader),
        JsonTokenType.StartObject => ReadObject(ref reader),
        JsonTokenType.StartArray => ReadList(ref reader),
        _ => throw new FormatException($"unexpected {reader.TokenType} in JSON"),
    };

    private static object?[] ReadList(ref Utf8JsonReader reader)
    {
        var values = new List<object?>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            values.Add(ReadValue(ref reader));
        }

        return [.. values];
    }

    private static object ReadNumber(ref Utf8JsonReader reader)
    {
        if (reader.TryGetInt64(out var whole))
        {
            return whole;
        }

        var text = Encoding.UTF8.GetString(reader.ValueSpan);
        return decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new FormatException($"the number {(text.Length > 40 ? text[..40] + "..." : text)} is outside the range of a decimal");
    }

    private static void WriteValue(Utf8JsonWriter writer, object? value, bool canonical)
    {
        switch (value)
        {
            case null: writer.WriteNullValue(); break;
            case bool flag: writer.WriteBooleanValue(flag); break;
            case string text: writer.WriteStringValue(text); break;
            case long whole: writer.WriteNumberValue(whole); break;
            case decimal number: writer.WriteNumberValue(canonical ? number / 1.0000000000000000000000000000m : number); break;
            case Fields fields:
                writer.WriteStartObject();
                WriteMembers(writer, fields, canonical);
                writer.WriteEndObject();
                break;
            case IReadOnlyList<object?> list:
                writer.WriteStartArray();
                for (var i = 0; i < list.Count; i++)
                {
                    WriteValue(writer, list[i], canonical);
                }

                writer.WriteEndArray();
                break;
            default:
                throw new FormatException($"a value of type {value.GetType().Name} cannot be written as JSON");
        }
    }

    private static void WriteMembers(Utf8JsonWriter writer, Fields fields, bool canonical)
    {
        var places = canonical ? fields.PlacesByName() : null;
        for (var i = 0; i < fields.Count; i++)
        {
            var (name, value) = fields.At(places is null ? i : places[i]);
            writer.WritePropertyName(name);
            WriteValue(writer, value, canonical);
        }
    }
}
