using System.Collections.Immutable;
using Throughline.Engine.Billing;
using Throughline.Engine.Entries;

namespace Throughline.Store.Postgres;

public sealed partial class PostgresHubStore
{
    private static void WriteInvoices(PostgresBatch batch, ImmutableArray<EntryCommit> commits)
    {
        // A new one is inserted and never taken for a known one: two engagements must not count their invoices alike.
        var invoices = commits.SelectMany(commit => commit.Invoices).Where(invoice => invoice.Status == InvoiceStatus.Drawn).ToImmutableArray();
        var settled = commits.SelectMany(commit => commit.Invoices).Where(invoice => invoice.Status != InvoiceStatus.Drawn).ToImmutableArray();
        ImmutableArray<InvoiceLine> lines = [.. commits.SelectMany(commit => commit.InvoiceLines)];
        if (!invoices.IsEmpty)
        {
            batch.Add(
                """
                insert into invoice (key, scope, reference, count, until, status, currency, quantity, amount, entry_count, number, drawn_by, cause, at, credits)
                select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
                """,
                Column(invoices, invoice => StoredText.Key(invoice.Key)),
                Column(invoices, invoice => StoredText.Of(invoice.Scope)),
                Column(invoices, invoice => StoredText.Key(invoice.Reference)),
                Column(invoices, invoice => invoice.Count),
                Column(invoices, invoice => Day(invoice.Until)),
                Column(invoices, invoice => (short)invoice.Status),
                Column(invoices, invoice => invoice.Amount.Currency.Code),
                Column(invoices, invoice => StoredPosting.Quantity(invoice.Quantity)),
                Column(invoices, invoice => StoredPosting.Amount(invoice.Amount)),
                Column(invoices, invoice => invoice.EntryCount),
                Column(invoices, invoice => StoredText.ProseOrNull(invoice.Number)),
                Column(invoices, invoice => StoredText.Prose(invoice.By)),
                Column(invoices, invoice => invoice.Cause.Value),
                Column(invoices, invoice => StoredTime.At(invoice.At)),
                Column(invoices, invoice => invoice.Credits is { } credits ? StoredText.Key(credits) : null));
        }

        if (!settled.IsEmpty)
        {
            batch.Add(
                """
                update invoice i set status = s.status, number = s.number, erp_state = s.erp_state, gross = s.gross, open = s.open, written_off = s.written_off,
                    credited = s.credited, due = s.due, paid_on = s.paid_on
                from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) as s(key, status, number, erp_state, gross, open, written_off, credited, due, paid_on)
                where i.key = s.key
                """,
                Column(settled, invoice => StoredText.Key(invoice.Key)), Column(settled, invoice => (short)invoice.Status),
                Column(settled, invoice => StoredText.ProseOrNull(invoice.Number)), Column(settled, invoice => StoredText.ProseOrNull(invoice.Receivable?.State)),
                Column(settled, invoice => AmountOrNull(invoice.Receivable?.Gross)), Column(settled, invoice => AmountOrNull(invoice.Receivable?.Open)),
                Column(settled, invoice => AmountOrNull(invoice.Receivable?.WrittenOff)),
                Column(settled, invoice => AmountOrNull(invoice.Receivable?.Credited)), Column(settled, invoice => DayOrNull(invoice.Receivable?.DueDate)),
                Column(settled, invoice => DayOrNull(invoice.Receivable?.LastPaidOn)));
        }

        if (!lines.IsEmpty)
        {
            batch.Add(
                """
                insert into invoice_line (invoice, entry, scope, currency, quantity, amount, text, why, place)
                select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)
                """,
                Column(lines, line => StoredText.Key(line.Invoice)),
                Column(lines, line => line.Entry.Value),
                Column(lines, line => StoredText.Of(line.Scope)),
                Column(lines, line => line.Amount.Currency.Code),
                Column(lines, line => StoredPosting.Quantity(line.Quantity)),
                Column(lines, line => StoredPosting.Amount(line.Amount)),
                Column(lines, line => StoredText.Prose(line.Text)),
                Column(lines, line => StoredText.Prose(line.Why)),
                Column(lines, line => line.Place));
        }
    }
}
