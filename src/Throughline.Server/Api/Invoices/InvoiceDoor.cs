using System.Globalization;
using Throughline.Engine.Billing;
using Throughline.Engine.Entries;
using Throughline.Model;
using Throughline.Server.Api.Answers;
using Throughline.Server.Api.Trace;
using Throughline.Server.Hosting;

namespace Throughline.Server.Api.Invoices;

/// <summary><c>/api/v1/invoices</c>: list, show with every entry, say why they come to their amounts, have them drawn and credited.</summary>
internal sealed partial class InvoiceDoor(Doors doors)
{
    private const int RequestBytesMax = 64 * 1024;

    private const int WhyPage = 100;

    /// <summary>What an address ends with where it asks why. No key does: it ends with a number.</summary>
    private const string WhyEnd = "/why";

    private readonly EngagementChoice _engagement = new(doors);
    private readonly InvoiceFinder _finder = new(doors.Store);
    private readonly WhyReader _why = new(doors);

    public async Task ListAsync(HttpContext context)
    {
        var (max, problem) = context.Whole("max", 100, 1, RouteText.PageMax);
        var (wanted, wrongStatus) = WantedOf(context);
        var (scope, unknown) = (problem ?? wrongStatus) is null ? await _engagement.OfAsync(context) : (null, null);
        if ((problem ?? wrongStatus ?? unknown) is { } wrong)
        {
            await Answer.ProblemAsync(context, wrong);
            return;
        }

        var invoices = await doors.Store.ListInvoicesAsync(wanted with { Scope = scope, After = context.Query("after"), Max = (int)max }, context.RequestAborted);
        await Answer.JsonAsync(context, 200, Fields.Of(
            ("invoices", invoices.Select(InvoiceWords.ToFields)), ("next", invoices.Length == max ? invoices[^1].Key : null)));
    }

    /// <summary>One of them, or why it comes to its amount. A key has slashes of its own, so the end of the address says which.</summary>
    public Task GetAsync(HttpContext context)
    {
        var key = context.Route("key");
        return key.EndsWith(WhyEnd, StringComparison.Ordinal) ? WhyAsync(context, key[..^WhyEnd.Length]) : ShowAsync(context, key);
    }

    private async Task ShowAsync(HttpContext context, string key)
    {
        var (invoice, after, max, problem) = await AskedAsync(context, key, RouteText.PageMax);
        if (invoice is null)
        {
            await Answer.ProblemAsync(context, problem!);
            return;
        }

        var lines = await doors.Store.ListInvoiceLinesAsync(invoice.Key, after, max, context.RequestAborted);
        var rows = lines.IsEmpty ? [] : (await doors.Store.LoadEntriesAsync([.. lines.Select(line => line.Entry)], context.RequestAborted)).ToDictionary(row => row.Id);
        var unit = await doors.Store.EngagementAsync(invoice.Scope, context.RequestAborted);
        var terms = new InvoiceTerms(invoice, unit);
        var head = after is not null ? InvoiceWords.ToFields(invoice)
            : await WhyReader.HeadAsync(invoice, terms, new InvoiceStory(doors.Store, doors.Landscape, invoice, unit), context.RequestAborted);
        await Answer.JsonAsync(context, 200, head
            .With("shows", terms.Shows)
            .With("entries", lines.Select(line => InvoiceWords.ToFields(line, rows.GetValueOrDefault(line.Entry), unit)))
            .With("next", lines.Length == max ? lines[^1].Entry.ToString() : null));
    }

    private async Task WhyAsync(HttpContext context, string key)
    {
        var (why, problem) = await ReadWhyAsync(context, key);
        await (why is null ? Answer.ProblemAsync(context, problem!) : Answer.JsonAsync(context, 200, why));
    }

    /// <summary>Why it comes to its amount, down to its entries, a page at a time.</summary>
    /// <param name="key">The key of the invoice, or its number in the ERP.</param>
    public async Task<(Fields? Why, Problem? Problem)> ReadWhyAsync(HttpContext context, string key)
    {
        var (invoice, after, max, problem) = await AskedAsync(context, key, WhyPage);
        return invoice is null ? (null, problem) : await _why.ReadAsync(invoice, context.Query("of"), after, max, context.RequestAborted);
    }

    public async Task DrawAsync(HttpContext context)
    {
        var (request, problem) = await ReadAsync(context);
        var (scope, unknown) = problem is null ? await _engagement.OfAsync(context) : (null, null);
        if (problem is null && unknown is null && scope is null)
        {
            problem = RouteText.BadQuery("engagement", "is needed: of which engagement invoices are to be drawn");
        }

        if ((problem ?? unknown) is { } wrong)
        {
            await Answer.ProblemAsync(context, wrong);
            return;
        }

        var result = await doors.Hub.DrawInvoicesAsync(scope!.Value, request!, doors.Time, context.RequestAborted);
        await Answer.JsonAsync(context, result.IsDone ? 200 : 202, Fields.Of(
            ("engagement", scope.Value.Key), ("invoices", result.Invoices.Select(InvoiceWords.ToFields)), ("says", result.Says.ToArray())));
    }

    private async Task<(Invoice? Invoice, EntryId? After, int Max, Problem? Problem)> AskedAsync(HttpContext context, string key, int maxOtherwise)
    {
        var (max, problem) = context.Whole("max", maxOtherwise, 1, RouteText.PageMax);
        var after = context.Query("after") is { } text ? Guid.TryParse(text, out var id) ? new EntryId(id) : (EntryId?)null : null;
        if (problem is null && context.Query("after") is not null && after is null)
        {
            problem = RouteText.BadQuery("after", "must be the id of an entry: what the page before gave as 'next'");
        }

        if (problem is not null)
        {
            return (null, null, 0, problem);
        }

        var (invoice, unknown) = await _finder.FindOneAsync(key, context.RequestAborted);
        return (invoice, after, (int)max, unknown);
    }

    private static async Task<(Fields? Body, Problem? Problem)> BodyAsync(HttpContext context)
    {
        var (bytes, unread) = await BodyReader.ReadAsync(context, RequestBytesMax);
        if (unread is not null)
        {
            return (null, unread);
        }

        var (items, isList, malformed) = BodyReader.Parse(bytes);
        return malformed is not null ? (null, malformed) : (isList ? null : items[0] as Fields, null);
    }

    private static string ByOf(Fields? body) => body?.Text("by")?.Trim() ?? "";

    private static string? WrongBy(string by) => by.Length is 0 or > 200 || by.Any(char.IsControl) ? "'by' must say who asks, in at most 200 characters." : null;

    private static Problem Incomplete(string says) => new(422, "invalid-request", "The request is not complete", says);

    private async Task<(DrawRequest? Request, Problem? Problem)> ReadAsync(HttpContext context)
    {
        var (body, unread) = await BodyAsync(context);
        if (unread is not null)
        {
            return (null, unread);
        }

        var by = ByOf(body);
        var until = Day(body?.Text("until"));
        var date = body?.Text("date") is { } given ? Day(given) : DateOnly.FromDateTime(doors.Time.GetUtcNow().UtcDateTime);
        var says = body is null ? "The body must be an object with 'by' and 'until'."
            : WrongBy(by) is { } wrong ? wrong
            : until is null ? "'until' must be the last day of the work to be billed, such as 2026-06-30."
            : date is null ? "'date' must be the date of the invoice, such as 2026-06-30; without it that is today (UTC)."
            : null;
        return says is null ? (new DrawRequest(until!.Value, date!.Value, by), null) : (null, Incomplete(says));
    }

    private static DateOnly? Day(string? text) =>
        DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;

    private (InvoiceFilter Wanted, Problem? Problem) WantedOf(HttpContext context)
    {
        var all = new InvoiceFilter(null, null, null, 0);
        return context.Query("status") switch
        {
            null or "all" => (all, null),
            "drawn" => (all with { Status = InvoiceStatus.Drawn }, null),
            "posted" => (all with { Status = InvoiceStatus.Posted }, null),
            "withdrawn" => (all with { Status = InvoiceStatus.Withdrawn }, null),
            "open" => (all with { IsOpen = true }, null),
            "paid" => (all with { IsOpen = false }, null),
            "overdue" => (all with { OverdueOn = DateOnly.FromDateTime(doors.Time.GetUtcNow().UtcDateTime) }, null),
            _ => (all, RouteText.BadQuery("status", $"must be one of {string.Join(", ", InvoiceWords.Statuses)}")),
        };
    }
}
