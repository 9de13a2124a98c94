using System.Globalization;
using Throughline.Engine;
using Throughline.Engine.Cases;
using Throughline.Model;
using Throughline.Server.Api.Answers;
using Throughline.Server.Hosting;

namespace Throughline.Server.Api.Cases;

/// <summary><c>/api/v1/cases</c>: list, show, and what a person decides.</summary>
internal sealed class CaseDoor(Doors doors)
{
    private const int ActionBytesMax = 64 * 1024;
    private const int MeantMax = 10;

    public async Task ListAsync(HttpContext context)
    {
        var (max, problem) = context.Whole("max", 100, 1, RouteText.PageMax);
        var status = context.Query("status");
        CaseStatus? wanted = null;
        if (status is not null and not "all")
        {
            wanted = Enum.TryParse<CaseStatus>(status, ignoreCase: true, out var parsed) && !char.IsAsciiDigit(status[0]) ? parsed : null;
            problem ??= wanted is null ? RouteText.BadQuery("status",
                $"must be one of all, {string.Join(", ", Enum.GetNames<CaseStatus>()).ToLowerInvariant()}") : null;
        }

        if (problem is not null)
        {
            await Answer.ProblemAsync(context, problem);
            return;
        }

        var filter = new CaseFilter(status is null ? CaseStatus.Open : wanted, context.Query("queue"), context.Query("engagement"), context.Query("after"),
            (int)max);
        var cases = await doors.Store.ListCasesAsync(filter, context.RequestAborted);
        await Answer.JsonAsync(context, 200, Fields.Of(("cases", cases.Select(ToFields)), ("next", cases.Length == max ? cases[^1].Id.ToString() : null)));
    }

    public async Task ShowAsync(HttpContext context)
    {
        var (item, unknown) = await FindAsync(context);
        await (item is null ? Answer.ProblemAsync(context, unknown!) : Answer.JsonAsync(context, 200, ToFields(item)));
    }

    public async Task ActAsync(HttpContext context)
    {
        if (!Enum.TryParse<CaseAction>(context.Route("action"), ignoreCase: true, out var action) || char.IsAsciiDigit(context.Route("action")[0]))
        {
            await Answer.ProblemAsync(context, Problem.NotFound("unknown-action", "A case can be retried, approved or rejected: retry, approve, reject."));
            return;
        }

        var (by, reason, problem) = await ReadAsync(context, action);
        if (problem is not null)
        {
            await Answer.ProblemAsync(context, problem);
            return;
        }

        var (item, unknown) = await FindAsync(context);
        if (item is null)
        {
            await Answer.ProblemAsync(context, unknown!);
            return;
        }

        var result = await doors.Hub.ActOnCaseAsync(item.Id, action, by, reason, doors.Time, context.RequestAborted);
        await AnswerAsync(context, action, result, item);
    }

    public static Fields ToFields(Case item) => Fields.Of(
        ("id", item.Id.ToString()),
        ("status", Lower(item.Status)),
        ("kind", item.Kind),
        ("queue", item.Queue),
        ("subject", item.Subject),
        ("says", item.Says),
        ("remedy", item.Remedy),
        ("amount", item.Amount),
        ("actions", item.Actions.Select(action => Lower(action))),
        ("notBy", item.NotBy),
        ("engagement", item.CorrelationId),
        ("scope", item.Unit.Scope.ToString()),
        ("unit", item.Unit.Unit),
        ("instance", item.Instance?.ToString()),
        ("step", item.Step),
        ("openedAt", item.OpenedAt),
        ("dueAt", item.DueAt),
        ("closedAt", item.ClosedAt),
        ("closedBy", item.ClosedBy),
        ("closedByIs", item.ClosedBy is null ? null : Case.Stated),
        ("reason", item.Reason));

    /// <summary>For whoever has to choose one of several.</summary>
    public static string Line(Case item) => $"{item.Id}  {item.Queue}: {item.Subject}, {Lower(item.Status)}";

    private static async Task<(string By, string? Reason, Problem? Problem)> ReadAsync(HttpContext context, CaseAction action)
    {
        var (bytes, unread) = await BodyReader.ReadAsync(context, ActionBytesMax);
        if (unread is not null)
        {
            return ("", null, unread);
        }

        var (items, isList, malformed) = BodyReader.Parse(bytes);
        if (malformed is not null)
        {
            return ("", null, malformed);
        }

        var body = isList ? null : items[0] as Fields;
        var by = body?.Text("by")?.Trim() ?? "";
        var reason = body?.Text("reason")?.Trim();
        var says = body is null ? "The body must be an object with 'by' and 'reason'."
            : by.Length is 0 or > 200 || by.Any(char.IsControl) ? "'by' must say who decides, in at most 200 characters."
            : reason is { Length: > 2000 } ? "'reason' may have at most 2,000 characters."
            : action == CaseAction.Reject && string.IsNullOrEmpty(reason) ? "'reason' is needed to reject a case."
            : null;
        return (by, string.IsNullOrEmpty(reason) ? null : reason, says is null ? null
            : new Problem(422, "invalid-action", "The action is not complete", says));
    }

    /// <param name="before">The case as it stood when the action came.</param>
    private static Task AnswerAsync(HttpContext context, CaseAction action, CaseActionResult result, Case before) => result.Outcome switch
    {
        // The same decision again is the same decision, but who made it should know that nothing happened now.
        CaseActionOutcome.Done when before.Status != CaseStatus.Open => Answer.JsonAsync(context, 200, ToFields(before).With("unchanged", Closed(before) + ".")),
        CaseActionOutcome.Done => Answer.JsonAsync(context, 200, ToFields(result.Case!)),
        CaseActionOutcome.Pending => Answer.JsonAsync(context, 202, ToFields(result.Case!)),
        CaseActionOutcome.UnknownCase => Answer.ProblemAsync(context, Unknown("There is no such case; 'throughline cases list' shows the open ones.")),
        CaseActionOutcome.AlreadyClosed => Answer.ProblemAsync(context, new Problem(
            409, "case-closed", "The case is closed", $"{Closed(result.Case!)}.")),
        CaseActionOutcome.NotOffered => Answer.ProblemAsync(context, new Problem(
            409, "action-not-offered", "The case does not offer this", $"'{Lower(action)}' does not fit this case; it offers "
                + $"{string.Join(", ", result.Case!.Actions.Select(a => Lower(a)))}.")),
        CaseActionOutcome.Forbidden => Answer.ProblemAsync(context, new Problem(
            403, "own-approval", "Somebody else has to approve", "Who asks for an approval does not give it; another person has to.")),
    };

    // By the whole id, or by its beginning where no other case begins so.
    private async Task<(Case? Item, Problem? Unknown)> FindAsync(HttpContext context)
    {
        var text = context.Route("id");
        if (IdRange.StartingWith(text) is not { } ids)
        {
            return (null, Unknown($"'{Shown(text)}' is not the id of a case: give the id that 'throughline cases list --status all' shows, "
                + $"or at least its first {IdRange.BeginningLengthMin} characters."));
        }

        var found = await doors.Store.FindCasesAsync(ids, MeantMax + 1, context.RequestAborted);
        return found switch
        {
            [var item] => (item, null),
            [] => (null, Unknown($"No case has an id that begins with '{text}'; 'throughline cases list --status all' shows them.")),
            _ => (null, Problem.NotFound("several-match", $"More than one case begins with '{text}'; give more of the id:\n  "
                + string.Join("\n  ", found.Take(MeantMax).Select(Line).Concat(found.Length > MeantMax ? ["and more"] : [])))),
        };
    }

    private static string Closed(Case item) => $"Nothing changed: the case was already {Lower(item.Status)}"
        + (item.ClosedBy is { } who ? $" by {who}{Case.StatedName}" : " by itself")
        + (item.ClosedAt is { } at ? $" at {at.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)} UTC" : "");

    private static Problem Unknown(string detail) => Problem.NotFound("unknown-case", detail);

    private static string Shown(string text) => text.Length > 40 ? text[..40] + "..." : text;

    private static string Lower(Enum value) => value.ToString().ToLowerInvariant();
}
