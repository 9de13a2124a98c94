using Throughline.Engine.Billing;
using Throughline.Engine.Entries;

namespace Throughline.Store.Sqlite;

public sealed partial class SqliteHubStore
{
    private static void WriteInvoices(SqliteSession session, EntryCommit commit)
    {
        // A new one is inserted and never taken for a known one: two engagements must not count their invoices alike.
        foreach (var invoice in commit.Invoices.Where(invoice => invoice.Status != InvoiceStatus.Drawn))
        {
            var said = invoice.Receivable;
            session.Run(
                """
                update invoice set status = $2, number = $3, erp_state = $4, gross = $5, open = $6, written_off = $7, credited = $8, due = $9, paid_on = $10 where key = $1
                """,
                StoredText.Key(invoice.Key), (int)invoice.Status, StoredText.ProseOrNull(invoice.Number), StoredText.ProseOrNull(said?.State),
                AmountOrNull(said?.Gross), AmountOrNull(said?.Open), AmountOrNull(said?.WrittenOff), AmountOrNull(said?.Credited),
                DayOrNull(said?.DueDate), DayOrNull(said?.LastPaidOn));
        }

        foreach (var invoice in commit.Invoices.Where(invoice => invoice.Status == InvoiceStatus.Drawn))
        {
            session.Run(
                """
                insert into invoice (key, scope, reference, count, until, status, currency, quantity, amount, entry_count, number, drawn_by, cause, at, credits)
                values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
                """,
                StoredText.Key(invoice.Key), StoredText.Of(invoice.Scope), StoredText.Key(invoice.Reference), invoice.Count, Day(invoice.Until), (int)invoice.Status,
                invoice.Amount.Currency.Code, StoredPosting.Quantity(invoice.Quantity), StoredPosting.Amount(invoice.Amount), invoice.EntryCount,
                StoredText.ProseOrNull(invoice.Number), StoredText.Prose(invoice.By), invoice.Cause.Value, StoredTime.At(invoice.At),
                invoice.Credits is { } credits ? StoredText.Key(credits) : null);
        }

        foreach (var line in commit.InvoiceLines)
        {
            session.Run(
                "insert into invoice_line (invoice, entry, scope, currency, quantity, amount, text, why, place) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                StoredText.Key(line.Invoice), line.Entry.Value, StoredText.Of(line.Scope), line.Amount.Currency.Code, StoredPosting.Quantity(line.Quantity),
                StoredPosting.Amount(line.Amount), StoredText.Prose(line.Text), StoredText.Prose(line.Why), line.Place);
        }
    }
}
