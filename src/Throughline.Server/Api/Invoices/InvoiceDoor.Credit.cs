using System.Collections.Immutable;
using Throughline.Engine.Billing;
using Throughline.Model;
using Throughline.Server.Api.Answers;

namespace Throughline.Server.Api.Invoices;

/// <summary><c>POST /api/v1/invoices/{key}/credit</c>: a posted invoice, or some of its lines, are taken back by a credit note.</summary>
internal sealed partial class InvoiceDoor
{
    private const int ReasonMax = 200;
    private const int LinesMax = 1_000;

    /// <summary>What an address ends with where a credit note is asked for. No key does: it ends with a number.</summary>
    private const string CreditEnd = "/credit";

    public async Task CreditAsync(HttpContext context)
    {
        var key = context.Route("key");
        if (!key.EndsWith(CreditEnd, StringComparison.Ordinal))
        {
            await Answer.ProblemAsync(context, Problem.NotFound(
                "unknown-action", "Nothing is posted to an invoice but what ends with /credit; invoices are drawn by a POST to /api/v1/invoices."));
            return;
        }

        var (invoice, unknown) = await _finder.FindOneAsync(key[..^CreditEnd.Length], context.RequestAborted);
        var (request, problem) = invoice is null ? (null, unknown) : await CreditAsync(context, invoice.Key);
        if (problem is not null)
        {
            await Answer.ProblemAsync(context, problem);
            return;
        }

        var result = await doors.Hub.CreditInvoiceAsync(invoice!.Scope, request!, doors.Time, context.RequestAborted);
        await Answer.JsonAsync(context, result.IsDone ? 200 : 202, Fields.Of(
            ("engagement", invoice.Scope.Key), ("invoice", invoice.Key), ("invoices", result.Invoices.Select(InvoiceWords.ToFields)), ("says", result.Says.ToArray())));
    }

    private async Task<(CreditRequest? Request, Problem? Problem)> CreditAsync(HttpContext context, string invoice)
    {
        var (body, unread) = await BodyAsync(context);
        if (unread is not null)
        {
            return (null, unread);
        }

        var (by, reason) = (ByOf(body), body?.Text("reason")?.Trim() ?? "");
        var date = body?.Text("date") is { } given ? Day(given) : DateOnly.FromDateTime(doors.Time.GetUtcNow().UtcDateTime);
        var lines = LinesOf(body);
        var says = body is null ? "The body must be an object with 'by' and 'reason'."
            : WrongBy(by) is { } wrong ? wrong
            : reason.Length is 0 or > ReasonMax || reason.Any(char.IsControl) ? $"'reason' must say why, in at most {ReasonMax} characters on one line."
            : date is null ? "'date' must be the date of the credit note, such as 2026-06-30; without it that is today (UTC)."
            : lines is null ? $"'lines' must be a list of at most {LinesMax} numbers of its lines, from 1; without it all of them are taken back."
            : null;
        return says is null ? (new CreditRequest(invoice, lines!.Value, date!.Value, reason, by), null) : (null, Incomplete(says));
    }

    private static ImmutableArray<int>? LinesOf(Fields? body)
    {
        if (body?.Get("lines") is null)
        {
            return [];
        }

        var given = body.List("lines");
        return given.Count is > 0 and <= LinesMax && given.All(line => line is long and >= 1 and <= int.MaxValue) ? [.. given.Select(line => (int)(long)line!)] : null;
    }
}
