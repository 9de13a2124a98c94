using System.Globalization;
using Throughline.Model;
using Row = System.Collections.Generic.Dictionary<string, object?>;

namespace Throughline.Sandbox.Salesforce;

/// <summary>Query answers in pages. A locator holds on to what the query found, so that later changes do not move its pages.</summary>
internal sealed class SalesforcePages(SalesforceRecords records, SalesforceKnobs knobs)
{
    private const int OpenMax = 10;
    private const int QueryCharactersMax = 100_000;

    private readonly Dictionary<string, (List<Row> Rows, Func<Row, Fields> Show, int Size)> _open = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();
    private long _made;

    public SalesforceReply First(SalesforceCall call, bool withDeleted)
    {
        var text = call.Need("q");
        if (text.Length > QueryCharactersMax)
        {
            throw new SalesforceRefusal(400, "QUERY_TOO_COMPLICATED", "query is longer than 100,000 characters");
        }

        var query = SoqlParser.Parse(text);
        var (rows, show, total) = new SoqlRunner(records, call.Version, withDeleted).Run(query);
        if (query.IsCount)
        {
            return new(200, Fields.Of(("totalSize", total), ("done", true), ("records", Array.Empty<object>())));
        }

        var size = Math.Min(knobs.PageSize, Asked(call) ?? knobs.PageSize);
        if (rows.Count <= size)
        {
            return new(200, Page(rows, show, 0, size, total, next: null));
        }

        var locator = SalesforceId.Make("01g", ++_made);
        _open[locator] = (rows, show, size);
        _order.Enqueue(locator);
        if (_order.Count > OpenMax)
        {
            _open.Remove(_order.Dequeue());
        }

        return new(200, Page(rows, show, 0, size, total, $"{call.Base}/query/{locator}-{size}"));
    }

    public SalesforceReply Next(SalesforceCall call, string locator)
    {
        var dash = locator.LastIndexOf('-');
        if (dash < 0 || !int.TryParse(locator.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var from)
            || !_open.TryGetValue(locator[..dash], out var open))
        {
            throw new SalesforceRefusal(400, "INVALID_QUERY_LOCATOR", "invalid query locator");
        }

        var next = from + open.Size < open.Rows.Count ? $"{call.Base}/query/{locator[..dash]}-{from + open.Size}" : null;
        return new(200, Page(open.Rows, open.Show, from, open.Size, open.Rows.Count, next));
    }

    public void Forget() => _open.Clear();

    private static Fields Page(List<Row> rows, Func<Row, Fields> show, int from, int size, int total, string? next)
    {
        var page = Fields.Of(("totalSize", total), ("done", next is null));
        return (next is null ? page : page.With("nextRecordsUrl", next)).With("records", rows.Skip(from).Take(size).Select(show).ToList());
    }

    private static int? Asked(SalesforceCall call) =>
        call.Header("Sforce-Query-Options") is { } options && options.Split('=') is [var name, var size] && name.Trim() == "batchSize"
        && int.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var asked) ? Math.Clamp(asked, 200, 2000) : null;
}
