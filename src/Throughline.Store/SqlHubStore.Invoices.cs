using System.Collections.Immutable;
using System.Globalization;
using Throughline.Engine.Billing;
using Throughline.Engine.Entries;
using Throughline.Model;

namespace Throughline.Store;

public abstract partial class SqlHubStore
{
    private const string InvoiceColumns = "scope, reference, count, until, status, quantity, amount, currency, entry_count, number, drawn_by, cause, at, "
        + "erp_state, gross, open, written_off, credited, due, paid_on, credits";

    private const string LineColumns = "scope, entry, quantity, amount, currency, text, why, place, invoice";

    public async Task<ImmutableArray<EntryRow>> LoadBillableAsync(Scope scope, DateOnly until, int max, CancellationToken cancellation) => await QueryAsync(
        $"select {Rows.EntryColumns} from entry where scope = $1 and bill_date is not null and bill_date <= $2 order by bill_date, id limit $3",
        Rows.Entry, cancellation, scope.ToString(), Day(until), max);

    public async Task<ImmutableArray<Invoice>> LoadInvoicesAsync(ImmutableArray<Scope> scopes, CancellationToken cancellation)
    {
        var all = ImmutableArray.CreateBuilder<Invoice>();
        foreach (var scope in scopes.Distinct())
        {
            all.AddRange(await QueryAsync(
                $"select {InvoiceColumns} from invoice where scope = $1 order by reference, count", Invoice, cancellation, scope.ToString()));
        }

        return all.ToImmutable();
    }

    public async Task<ImmutableArray<Invoice>> ListInvoicesAsync(InvoiceFilter filter, CancellationToken cancellation)
    {
        if (filter.After?.Contains('\0', StringComparison.Ordinal) == true)
        {
            return [];
        }

        var search = new Search();
        search.Where(filter.Scope, "scope = {0}", scope => scope.ToString());
        search.Where(filter.Status, "status = {0}", status => (int)status);
        search.Where(filter.IsOpen, "status = 1 and coalesce(open <> 0, true) = {0}", isOpen => isOpen);
        // Of a credit note nothing is overdue.
        search.Where(filter.OverdueOn, "status = 1 and open <> 0 and open > 0 and due < {0}", Day);
        search.Where(filter.After, "(at, key) < (select i.at, i.key from invoice i where i.key = {0})", key => key);
        return await QueryAsync(
            $"select {InvoiceColumns} from invoice {search.Text} order by at desc, key desc limit {search.Add(filter.Max)}", Invoice, cancellation, search.Values);
    }

    public async Task<Invoice?> FindInvoiceAsync(string key, CancellationToken cancellation) => key.Contains('\0', StringComparison.Ordinal) ? null
        : (await QueryAsync($"select {InvoiceColumns} from invoice where key = $1", Invoice, cancellation, key)).SingleOrDefault();

    public async Task<ImmutableArray<InvoiceLine>> ListInvoiceLinesAsync(string key, EntryId? after, int max, CancellationToken cancellation) => await QueryAsync(
        $"select {LineColumns} from invoice_line where invoice = $1 and entry > $2 order by entry limit $3", LineOf, cancellation, key, after?.Value ?? Guid.Empty, max);

    private protected static string? DayOrNull(DateOnly? day) => day is { } given ? Day(given) : null;

    private protected static long? AmountOrNull(Money? amount) => amount is { } given ? StoredPosting.Amount(given) : null;

    public async Task<ImmutableArray<InvoiceLine>> FindInvoiceLinesAsync(InvoiceLineFilter filter, CancellationToken cancellation)
    {
        if (filter is { Invoice: null, Entry: null } || filter.Invoice?.Contains('\0', StringComparison.Ordinal) == true)
        {
            return [];
        }

        var search = new Search();
        search.Where(filter.Invoice, "invoice = {0}", key => key);
        search.Where(filter.Entry, "entry = {0}", entry => entry.Value);
        search.Where(filter.After, "entry > {0}", entry => entry.Value);
        return await QueryAsync(
            $"select {LineColumns} from invoice_line {search.Text} order by entry, invoice limit {search.Add(filter.Max)}", LineOf, cancellation, search.Values);
    }

    private protected static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static InvoiceLine LineOf(Row row) => new(
        row.Text(8), row.Scope(0), new EntryId(row.Guid(1)), StoredPosting.Quantity(row.Long(2)), StoredPosting.Amount(row.Long(3), row.Text(4)), row.Text(5), row.Text(6))
    {
        Place = row.LongOrNull(7) is { } place ? (int)place : null,
    };

    private static Invoice Invoice(Row row) => new(
        row.Scope(0), row.Text(1), row.Int(2), DateOnly.ParseExact(row.Text(3), "yyyy-MM-dd", CultureInfo.InvariantCulture), (InvoiceStatus)row.Int(4),
        StoredPosting.Quantity(row.Long(5)), StoredPosting.Amount(row.Long(6), row.Text(7)), row.Int(8), row.TextOrNull(9), row.Text(10), new EnvelopeId(row.Guid(11)),
        row.Time(12))
    {
        Credits = row.TextOrNull(20),
        Receivable = row.LongOrNull(14) is { } gross ? new Receivable(
            row.TextOrNull(13), StoredPosting.Amount(gross, row.Text(7)), StoredPosting.Amount(row.Long(15), row.Text(7)), StoredPosting.Amount(row.Long(16), row.Text(7)),
            StoredPosting.Amount(row.Long(17), row.Text(7)), DayOrNull(row.TextOrNull(18)), DayOrNull(row.TextOrNull(19))) : null,
    };

    private static DateOnly? DayOrNull(string? day) => day is null ? null : DateOnly.ParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture);
}
