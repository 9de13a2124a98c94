using System.Collections.Immutable;
using Throughline.Engine.Billing;
using Throughline.Engine.Entries;
using Throughline.Model;

namespace Throughline.Conformance.Store;

public sealed partial class MemoryHubStore
{
    public Task<ImmutableArray<EntryRow>> LoadBillableAsync(Scope scope, DateOnly until, int max, CancellationToken cancellation) => Do(() =>
        EntriesOf(scope).Where(row => row.BillDate <= until).OrderBy(row => row.BillDate).ThenBy(row => Order(row.Id.Value)).Take(max).ToImmutableArray());

    public Task<ImmutableArray<Invoice>> LoadInvoicesAsync(ImmutableArray<Scope> scopes, CancellationToken cancellation) => Do(() => scopes.Distinct()
        .SelectMany(scope => _data.Invoices.Values.Where(invoice => invoice.Scope == scope).OrderBy(invoice => invoice.Reference, StringComparer.Ordinal)
            .ThenBy(invoice => invoice.Count)).ToImmutableArray());

    public Task<ImmutableArray<Invoice>> ListInvoicesAsync(InvoiceFilter filter, CancellationToken cancellation) => Do(() =>
    {
        var after = filter.After is { } key ? _data.Invoices.GetValueOrDefault(key) : null;
        return _data.Invoices.Values
            .Where(invoice => (filter.Scope is not { } scope || invoice.Scope == scope) && (filter.Status is not { } status || invoice.Status == status)
                && (filter.IsOpen is not { } isOpen || (invoice.Status == InvoiceStatus.Posted && invoice.Receivable?.Open.Amount is not 0m == isOpen))
                && (filter.OverdueOn is not { } day || (invoice is { Status: InvoiceStatus.Posted, Receivable.Open.Amount: > 0m } && invoice.Receivable.DueDate < day))
                && (filter.After is null || (after is not null && (invoice.At, invoice.Key).CompareTo((after.At, after.Key)) < 0)))
            .OrderByDescending(invoice => invoice.At).ThenByDescending(invoice => invoice.Key, StringComparer.Ordinal).Take(filter.Max).ToImmutableArray();
    });

    public Task<Invoice?> FindInvoiceAsync(string key, CancellationToken cancellation) => Do(() => _data.Invoices.GetValueOrDefault(key));

    public Task<ImmutableArray<InvoiceLine>> ListInvoiceLinesAsync(string key, EntryId? after, int max, CancellationToken cancellation) => Do(() => _data.InvoiceLines.Values
        .Where(line => line.Invoice == key && (after is not { } last || string.CompareOrdinal(Order(line.Entry.Value), Order(last.Value)) > 0))
        .OrderBy(line => Order(line.Entry.Value), StringComparer.Ordinal).Take(max).ToImmutableArray());

    public Task<ImmutableArray<InvoiceLine>> FindInvoiceLinesAsync(InvoiceLineFilter filter, CancellationToken cancellation) => Do(() => _data.InvoiceLines.Values
        .Where(line => (filter.Invoice is not null || filter.Entry is not null) && (filter.Invoice is null || line.Invoice == filter.Invoice)
            && (filter.Entry is null || line.Entry == filter.Entry)
            && (filter.After is not { } last || string.CompareOrdinal(Order(line.Entry.Value), Order(last.Value)) > 0))
        .OrderBy(line => Order(line.Entry.Value), StringComparer.Ordinal).ThenBy(line => line.Invoice, StringComparer.Ordinal).Take(filter.Max).ToImmutableArray());

    private void CheckInvoices(EntryCommit commit)
    {
        if (commit.Invoices.FirstOrDefault(invoice => invoice.Status == InvoiceStatus.Drawn && _data.Invoices.ContainsKey(invoice.Key)) is { } known)
        {
            throw new InvalidOperationException($"there is an invoice {known.Key} already");
        }

        foreach (var line in commit.InvoiceLines)
        {
            if (_data.InvoiceLines.ContainsKey((line.Invoice, line.Entry)))
            {
                throw new InvalidOperationException($"entry {line.Entry} is on invoice {line.Invoice} already");
            }
        }
    }

    private void Keep(EntryCommit commit)
    {
        foreach (var invoice in commit.Invoices)
        {
            _data.Invoices[invoice.Key] = (_data.Invoices.GetValueOrDefault(invoice.Key) ?? invoice with { At = At(invoice.At), By = Prose(invoice.By)! }) with
            {
                Status = invoice.Status, Number = Prose(invoice.Number), Receivable = invoice.Receivable is { } said ? said with { State = Prose(said.State) } : null,
            };
        }

        foreach (var line in commit.InvoiceLines)
        {
            _data.InvoiceLines.Add((line.Invoice, line.Entry), line with { Text = Prose(line.Text)!, Why = Prose(line.Why)! });
        }
    }
}
