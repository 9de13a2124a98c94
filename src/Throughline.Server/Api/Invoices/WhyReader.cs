using Throughline.Engine.Billing;
using Throughline.Engine.Lineage;
using Throughline.Engine.Partition;
using Throughline.Model;
using Throughline.Server.Api.Answers;
using Throughline.Server.Api.Entries;
using Throughline.Server.Hosting;

namespace Throughline.Server.Api.Invoices;

/// <summary>
/// Why an invoice comes to its amount (H2, X12): from its lines to the entries, the rates, who decided, what was agreed and sold, and on to what the ERP answered. All of it is
/// read from what was stored; nothing is worked out anew, and what was not stored is named.
/// </summary>
internal sealed class WhyReader(Doors doors)
{
    private readonly EntryTeller _teller = new(doors.Store, doors.Hub.Release);

    /// <summary>Whom it is for and who decided about it.</summary>
    public static async Task<Fields> HeadAsync(Invoice invoice, InvoiceTerms terms, InvoiceStory story, CancellationToken cancellation)
    {
        var cases = await story.CasesAsync(cancellation);
        return InvoiceWords.ToFields(invoice).With("customer", terms.Customer).With("project", terms.Project).With("workstream", terms.Workstream)
            .With("reason", terms.Shows?.Text("reason"))
            .With("creditNotes", await story.CreditNotesAsync(cancellation))
            .With("approvals", cases.Where(item => item.Text("kind") == "approval")).With("cases", cases.Where(item => item.Text("kind") != "approval"));
    }

    /// <param name="of">See <see cref="WhyEntries.FindAsync"/>.</param>
    public async Task<(Fields? Why, Problem? Problem)> ReadAsync(Invoice invoice, string? of, EntryId? after, int max, CancellationToken cancellation)
    {
        var unit = await doors.Store.EngagementAsync(invoice.Scope, cancellation);
        var terms = new InvoiceTerms(invoice, unit);
        var lines = new ShownLines(terms.Shows);
        var entries = new WhyEntries(doors.Store, _teller, doors.Landscape.Release, invoice, unit, lines);
        var (what, problem) = await entries.FindAsync(of, cancellation);
        if (what is null)
        {
            return (null, problem);
        }

        var story = new InvoiceStory(doors.Store, doors.Landscape, invoice, unit);
        var head = await HeadAsync(invoice, terms, story, cancellation);
        var (told, isWhole) = await story.ReadAsync(cancellation);
        var (page, next) = await entries.PageAsync(what, after, max, cancellation);
        return (head
            .With("onward", Onward(invoice, terms.Shows, story, told)).With("sales", terms.Sales).With("contracts", terms.Contracts).With("rateCards", terms.RateCards)
            .With("precedence", Precedence(page)).With("release", doors.Landscape.Release)
            .With("process", story.Instance is not { } instance ? null : Fields.Of(
                ("name", instance.Process), ("instance", instance.Id.ToString()), ("definition", instance.Definition), ("status", instance.Status.ToString().ToLowerInvariant())))
            .With("story", story.Told(told)).With("calls", await story.CallsAsync(told, cancellation)).With("lines", lines.All)
            .With("of", what == WhyOf.All ? null : Fields.Of(("line", what.Line), ("entry", what.Entry?.ToString())))
            .With("entries", page).With("next", next?.ToString()).With("notKept", NotKept(isWhole)), null);
    }

    private static Fields Onward(Invoice invoice, Fields? shows, InvoiceStory story, IEnumerable<LineageEntry> told)
    {
        var readBack = told.LastOrDefault(entry => entry.Kind == "invoiced");
        var waits = story.Instance?.Steps.Values.Where(step => !step.IsDone && step.Reason is not null).OrderBy(step => step.Since).FirstOrDefault()?.Reason;
        var (state, says) = invoice.Status switch
        {
            InvoiceStatus.Posted when invoice.Credits is { } of => (invoice.Receivable is { Open.Amount: 0 } ? "set-off" : "open", $"Credited: what it took back of invoice {of} "
                + $"may be billed again; {(invoice.Receivable is { } said ? InvoiceWords.Paid(InvoiceWords.ToFields(said)) : "the ERP has not said whether it is set off")}."),
            InvoiceStatus.Withdrawn when invoice.Credits is { } kept => ("withdrawn", $"Given up before it counted as posted; what it was to take back stays on invoice {kept}."),
            InvoiceStatus.Posted => (invoice.Receivable is { Open.Amount: 0 } ? "paid" : "open", $"Invoiced; "
                + $"{(invoice.Receivable is { } said ? InvoiceWords.Paid(InvoiceWords.ToFields(said)) : "the ERP has said nothing of payments yet")}."),
            InvoiceStatus.Withdrawn => ("withdrawn", "Given up before it counted as posted; its entries may be billed again."),
            _ => ("drawn", $"Drawn; not seen in the ERP as posted yet{(waits is null ? "" : $": {waits}")}".TrimEnd('.') + "."),
        };
        return Fields.Of(
            ("state", state), ("says", says), ("receivable", invoice.Receivable is { } paid ? InvoiceWords.ToFields(paid) : null),
            ("number", invoice.Number ?? shows?.Text("number")), ("date", shows?.Text("date")), ("dueDate", shows?.Text("dueDate")),
            ("amount", invoice.Amount), ("tax", shows?.Money("tax")), ("gross", shows?.Money("gross")), ("readBackAt", readBack?.At));
    }

    private IEnumerable<IEnumerable<string>>? Precedence(IReadOnlyList<Fields> page) => page.All(entry => entry.Flag("isReleaseOfToday") != true) ? null
        : doors.Landscape.Entries.Values.Select(entries => entries.Value).FirstOrDefault(value => value is not null)?.Precedence
            .Select(facts => facts.AsEnumerable());

    private static IEnumerable<string> NotKept(bool isWhole)
    {
        yield return "Who approved the time in the system where it was entered, and when: the hub is told only that it is approved.";
        yield return "The version of an entry that was billed. Hours, amount, rate and rule are those of the invoice; person, role, task, note and approval are as known today.";
        yield return "Of invoices drawn before the hub kept it, which line an entry is part of: its words and its rate lead to it. Where they do not, no line is named.";
        yield return "The versions of the maps by which it was sent. Kept are their names, what was sent to the letter, and the release of the landscape by which it was drawn.";
        yield return "The moment of a call: it lies between when it was decided and when it was answered.";
        yield return "Sale, contract, workstream and rate card as they were: they are those of today, and the order in which rates win is that of today's release; "
            + "'throughline trace' tells what was changed.";
        yield return "Each payment by itself: what is paid, given up, credited and open is what the ERP said last; 'throughline trace' tells what it said before.";
        if (!isWhole)
        {
            yield return $"Here: what the story of the engagement tells of the invoice behind its first {InvoiceStory.LookedAtMax:N0} lines.";
        }
    }
}
