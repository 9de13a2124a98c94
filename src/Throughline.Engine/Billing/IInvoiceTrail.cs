using System.Collections.Immutable;
using Throughline.Engine.Ledger;
using Throughline.Model;

namespace Throughline.Engine.Billing;

/// <summary>Which lines of invoices people ask for: those of an invoice, or those that an entry is on.</summary>
/// <param name="Invoice">Key of the invoice; null for those of any, where <paramref name="Entry"/> is given.</param>
/// <param name="After">The entry of the last one of the page before.</param>
public sealed record InvoiceLineFilter(string? Invoice = null, EntryId? Entry = null, EntryId? After = null, int Max = 100);

/// <summary>What leads from an invoice to the entries on it and back (X12).</summary>
public interface IInvoiceTrail
{
    /// <summary>In the order of their entries, then of the invoices' keys. Empty where neither an invoice nor an entry is asked for.</summary>
    Task<ImmutableArray<InvoiceLine>> FindInvoiceLinesAsync(InvoiceLineFilter filter, CancellationToken cancellation);

    /// <summary>All that was posted for some entries, in the order of the entries, of each the oldest first.</summary>
    Task<ImmutableArray<LedgerTransaction>> ListPostedAsync(ImmutableArray<EntryId> entries, CancellationToken cancellation);
}
