using System.Buffers;
using System.Net.Http.Headers;
using System.Text.Json;
using Throughline.Model;

namespace Throughline.Server.Api.Answers;

/// <summary>Reads and checks JSON bodies of doors that the outside uses: content type, size, well-formedness with the place of the first mistake.</summary>
internal static class BodyReader
{
    // One level less than a document may have, because a list of documents is read inside one.
    private const int DepthMax = 62;

    // A sender that is told "too large" while it still sends would often see only a broken connection.
    private const long DrainBytesMax = 64L << 20;

    public static async Task<(byte[] Bytes, Problem? Problem)> ReadAsync(HttpContext context, int bytesMax)
    {
        Answer.LiftBodyLimit(context);
        if (WrongType(context.Request) is { } wrong)
        {
            return ([], wrong);
        }

        var tooLarge = new Problem(413, "body-too-large", "The body is too large",
            $"At most {bytesMax >> 20} MiB may be sent at once; send several smaller requests.");
        if (context.Request.ContentLength > DrainBytesMax)
        {
            context.Response.Headers.Connection = "close";
            return ([], tooLarge);
        }

        using var kept = new MemoryStream();
        var chunk = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            long total = 0;
            int read;
            while ((read = await context.Request.Body.ReadAsync(chunk, context.RequestAborted)) > 0 && total <= DrainBytesMax)
            {
                total += read;
                if (total <= bytesMax)
                {
                    kept.Write(chunk, 0, read);
                }
            }

            return total > bytesMax ? ([], tooLarge) : (kept.ToArray(), null);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }
    }

    /// <summary>The document or list of documents in a body.</summary>
    public static (IReadOnlyList<object?> Items, bool IsList, Problem? Problem) Parse(byte[] bytes)
    {
        if (Malformed(bytes) is { } malformed)
        {
            return ([], false, malformed);
        }

        try
        {
            // What is well-formed by itself cannot break out of the document around it.
            byte[] wrapped = [.. "{\"v\":"u8, .. bytes, .. "}"u8];
            var value = Fields.Parse(wrapped).Get("v");
            return value is IReadOnlyList<object?> list ? (list, true, null) : ([value], false, null);
        }
        catch (FormatException e)
        {
            return ([], false, BadJson(e.Message));
        }
    }

    public static Problem BadJson(string what) =>
        new(400, "malformed-json", "The body is not the JSON that was expected", $"The body is refused: {what}. Nothing was taken in.");

    private static Problem? Malformed(byte[] bytes)
    {
        if (bytes.All(b => b is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n'))
        {
            return BadJson("it is empty");
        }

        try
        {
            var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = DepthMax });
            while (reader.Read())
            {
            }

            return null;
        }
        catch (JsonException e)
        {
            var place = $"line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}";
            return BadJson(e.Message.Contains("depth", StringComparison.OrdinalIgnoreCase) ? $"it is nested deeper than {DepthMax} levels at {place}"
                : $"it is not valid JSON at {place}") with
            {
                More = Fields.Of(("line", e.LineNumber + 1), ("byte", e.BytePositionInLine + 1)),
            };
        }
    }

    private static Problem? WrongType(HttpRequest request)
    {
        var type = MediaTypeHeaderValue.TryParse(request.ContentType, out var parsed) ? parsed : null;
        var isJson = type?.MediaType is { } media
            && (media.Equals("application/json", StringComparison.OrdinalIgnoreCase)
                || (media.StartsWith("application/", StringComparison.OrdinalIgnoreCase) && media.EndsWith("+json", StringComparison.OrdinalIgnoreCase)));
        var isUtf8 = type?.CharSet is not { Length: > 0 } charset || charset.Trim('"').Equals("utf-8", StringComparison.OrdinalIgnoreCase);
        var isPlain = request.Headers.ContentEncoding.Count == 0 || request.Headers.ContentEncoding == "identity";
        return isJson && isUtf8 && isPlain
            ? null
            : new Problem(415, "wrong-content-type", "The content type is not taken",
            "Send JSON in UTF-8 without compression: Content-Type: application/json.");
    }
}
