using Throughline.Engine.Entries;
using Throughline.Engine.Process;
using Throughline.Model;
using Throughline.Server.Api.Answers;
using Throughline.Server.Api.Trace;
using Throughline.Server.Hosting;

namespace Throughline.Server.Api.Entries;

/// <summary><c>/api/v1/entries</c>: lines of time and what became of them, newest first.</summary>
internal sealed class EntryDoor(Doors doors)
{
    private const int SameIdMax = 10;

    private readonly EntryTeller _teller = new(doors.Store, doors.Hub.Release);
    private readonly EngagementChoice _engagement = new(doors);

    public async Task ListAsync(HttpContext context)
    {
        var (max, problem) = context.Whole("max", 100, 1, RouteText.PageMax);
        var (status, wrongStatus) = StatusOf(context);
        var (after, wrongAfter) = AfterOf(context);
        var (scope, unknown) = (problem ?? wrongStatus ?? wrongAfter) is null ? await _engagement.OfAsync(context) : (null, null);
        if ((problem ?? wrongStatus ?? wrongAfter ?? unknown) is { } wrong)
        {
            await Answer.ProblemAsync(context, wrong);
            return;
        }

        var rows = await doors.Store.FindEntriesAsync(new EntryFilter(scope, status, null, after, (int)max), context.RequestAborted);
        var lines = await _teller.LinesAsync(rows, scope is { } one ? await doors.Store.EngagementAsync(one, context.RequestAborted) : null, context.RequestAborted);
        await Answer.JsonAsync(context, 200, Fields.Of(("entries", lines), ("next", rows.Length == max ? rows[^1].Id.ToString() : null)));
    }

    public async Task ShowAsync(HttpContext context)
    {
        var text = context.Route("id");
        var found = await doors.Store.FindEntryAsync(text, context.RequestAborted);
        await (found switch
        {
            [var row] => Answer.JsonAsync(context, 200, await _teller.WholeAsync(row, context.RequestAborted)),
            [] => Answer.ProblemAsync(context, Problem.NotFound("unknown-entry", $"No entry is known by '{(text.Length > 40 ? text[..40] + "..." : text)}': give the id that "
                + $"'throughline entries list' shows, or the id in its own system of one of the newest {EntryFilter.LookedAtMax:N0}.")),
            _ => Answer.ProblemAsync(context, Problem.NotFound("several-match", $"'{text}' is the id of several entries; give the hub's own id of one of them:\n  "
                + string.Join("\n  ", found.Take(SameIdMax).Select(row => $"{row.Id}  {row.System} {row.SourceEntity} {row.ExternalId}, {row.Attributes.Text("date")}")))),
        });
    }

    private static (EntryStatus? Status, Problem? Problem) StatusOf(HttpContext context) => context.Query("status") switch
    {
        null or "all" => (null, null),
        var text when Enum.TryParse<EntryStatus>(text, ignoreCase: true, out var parsed) && char.IsAsciiLetter(text[0]) && Enum.IsDefined(parsed) => (parsed, null),
        _ => (null, RouteText.BadQuery("status", $"must be one of all, {string.Join(", ", Enum.GetNames<EntryStatus>()).ToLowerInvariant()}")),
    };

    private static (EntryId? After, Problem? Problem) AfterOf(HttpContext context) => context.Query("after") switch
    {
        null => (null, null),
        var text when Guid.TryParse(text, out var id) => (new EntryId(id), null),
        _ => (null, RouteText.BadQuery("after", "must be the id of an entry: what the page before gave as 'next'")),
    };
}
