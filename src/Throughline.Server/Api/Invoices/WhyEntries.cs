using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Billing;
using Throughline.Engine.Entries;
using Throughline.Engine.Ledger;
using Throughline.Engine.Partition;
using Throughline.Model;
using Throughline.Model.Ledger;
using Throughline.Server.Api.Answers;
using Throughline.Server.Api.Entries;
using Throughline.Server.Api.Ledger;

namespace Throughline.Server.Api.Invoices;

/// <summary>What of an invoice is asked for: a line, an entry, or neither for all of it.</summary>
internal sealed record WhyOf(int? Line, EntryId? Entry)
{
    public static readonly WhyOf All = new(null, null);
}

/// <summary>The entries on an invoice, each with the rule and the rate that priced it and where it went on.</summary>
internal sealed class WhyEntries(IHubStore store, EntryTeller teller, string release, Invoice invoice, UnitState unit, ShownLines lines)
{
    /// <summary>So many entries are looked at for one page of those of a line.</summary>
    private const int LookedAtMax = 5_000;
    private const int SameIdMax = 20;

    /// <param name="text">
    /// The number of a line, or an entry: the hub's id of it, or that of its own system (with the system's name and a colon before it, where it could be a line).
    /// </param>
    public async Task<(WhyOf? Of, Problem? Problem)> FindAsync(string? text, CancellationToken cancellation)
    {
        if (text is null)
        {
            return (WhyOf.All, null);
        }

        if (int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var line) && line >= 1 && line <= lines.Count)
        {
            return (new WhyOf(line, null), null);
        }

        var on = new List<(EntryRow Row, InvoiceLine Line)>();
        foreach (var row in await RowsAsync(text, cancellation))
        {
            on.AddRange((await store.FindInvoiceLinesAsync(new InvoiceLineFilter(invoice.Key, row.Id, Max: 1), cancellation)).Select(found => (row, found)));
        }

        return on switch
        {
            [var one] => (new WhyOf(null, one.Line.Entry), null),
            [] => (null, Problem.NotFound("unknown-line", $"Invoice {invoice.Key} has no line and no entry '{(text.Length > 40 ? text[..40] + "..." : text)}'. "
                + (lines.Count switch { 0 => "It shows no lines yet. ", 1 => "Its one line is 1. ", var count => $"Its lines are 1 to {count}. " })
                + "An entry is given by its id in its own system, or by the hub's own.")),
            _ => (null, Problem.NotFound("several-match", $"'{text}' is the id of several entries on invoice {invoice.Key}; give the hub's own id of one of them:\n  "
                + string.Join("\n  ", on.Select(each => $"{each.Row.Id}  {each.Row.System} {each.Row.ExternalId}, {each.Row.Attributes.Text("date")}")))),
        };
    }

    /// <summary>A page of them in the order of their ids; the last id looked at where there are more.</summary>
    public async Task<(IReadOnlyList<Fields> Entries, EntryId? Next)> PageAsync(WhyOf of, EntryId? after, int max, CancellationToken cancellation)
    {
        var found = new List<InvoiceLine>();
        var next = after;
        var isMore = true;
        for (var looked = 0; isMore && found.Count < max && looked < LookedAtMax;)
        {
            var most = of.Line is null ? max - found.Count : RouteText.PageMax;
            var page = await store.FindInvoiceLinesAsync(new InvoiceLineFilter(invoice.Key, of.Entry, next, most), cancellation);
            var place = 0;
            for (; place < page.Length && found.Count < max; place++)
            {
                next = page[place].Entry;
                if (of.Line is null || lines.LineOf(page[place]) == of.Line)
                {
                    found.Add(page[place]);
                }
            }

            looked += place;
            isMore = of.Entry is null && (page.Length == most || place < page.Length);
        }

        return (await TellAsync([.. found], of.Entry is not null, cancellation), isMore ? next : null);
    }

    private async Task<IReadOnlyList<Fields>> TellAsync(ImmutableArray<InvoiceLine> found, bool isWhole, CancellationToken cancellation)
    {
        ImmutableArray<EntryId> ids = [.. found.Select(line => line.Entry)];
        var rows = found.IsEmpty ? [] : await store.LoadEntriesAsync(ids, cancellation);
        var told = (await teller.LinesAsync(rows, unit, cancellation)).ToDictionary(entry => entry.Text("id")!, StringComparer.Ordinal);
        var byId = rows.ToDictionary(row => row.Id);
        var posted = (found.IsEmpty ? [] : await store.ListPostedAsync(ids, cancellation)).ToLookup(transaction => transaction.Line);
        return [.. found.Select(line => Tell(line, byId.GetValueOrDefault(line.Entry), told.GetValueOrDefault(line.Entry.ToString()), [.. posted[line.Entry]], isWhole))];
    }

    private Fields Tell(InvoiceLine line, EntryRow? row, Fields? told, LedgerTransaction[] posted, bool isWhole)
    {
        // A credit note is drawn first and read back later, both under its key; an invoice is drawn last where an entry was given back and drawn again.
        var drawn = invoice.Credits is null
            ? posted.LastOrDefault(transaction => transaction.Why.EndsWith($"on invoice {invoice.Key}", StringComparison.Ordinal)
                && transaction.Postings.Any(posting => posting.Account == LedgerAccount.InBatch))
            : posted.FirstOrDefault(transaction => transaction.Why.StartsWith($"credit note {invoice.Key} ", StringComparison.Ordinal));
        var since = drawn is null ? [] : posted.Where(transaction => transaction.Number > drawn.Number
            && !transaction.Why.StartsWith($"invoice {invoice.Key} ", StringComparison.Ordinal)
            && !transaction.Why.StartsWith($"credit note {invoice.Key} ", StringComparison.Ordinal)).ToArray();
        var entry = InvoiceWords.ToFields(line, row, unit).With("line", lines.LineOf(line)).With("task", told?.Text("taskName") ?? row?.Attributes.Text("task"))
            .With("version", row?.Version).With("changedAt", row?.At).With("approved", row?.Attributes.Flag("approved")).With("hoursToday", row?.Attributes.Number("hours"))
            .With("release", drawn?.Release).With("isReleaseOfToday", drawn is null ? null : drawn.Release == release)
            .With("transaction", drawn?.Number).With("drawnAt", drawn?.At).With("postedSince", (long)since.Length)
            .With("stands", told?.Get("value")).With("target", told?.Get("target"));
        return isWhole ? entry.With("transactions", posted.Select(LedgerWords.ToFields)) : entry;
    }

    private async Task<ImmutableArray<EntryRow>> RowsAsync(string text, CancellationToken cancellation)
    {
        if (Guid.TryParse(text, out var id))
        {
            return await store.LoadEntriesAsync([new EntryId(id)], cancellation);
        }

        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var rows = await store.FindEntriesAsync(new EntryFilter(invoice.Scope, ExternalId: text[(colon + 1)..], Max: SameIdMax), cancellation);
        return colon < 0 ? rows : [.. rows.Where(row => row.System == text[..colon])];
    }
}
