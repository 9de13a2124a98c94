using System.Collections.Immutable;
using Throughline.Model;

namespace Throughline.Engine.Billing;

/// <summary>How far an invoice is. The order is that of the store and never changes.</summary>
public enum InvoiceStatus
{
    /// <summary>Its entries are on it and on no other; it is not posted in the ERP, as far as the hub has seen.</summary>
    Drawn = 0,

    /// <summary>Posted in the ERP and read back from it.</summary>
    Posted = 1,

    /// <summary>Given up before it was posted; its entries may be billed again, or stay invoiced where it was a credit note.</summary>
    Withdrawn = 2,
}

/// <summary>What a customer is billed: the part of the value ledger that went on it.</summary>
/// <param name="Scope">The engagement.</param>
/// <param name="Reference">What invoices are counted by, such as the code of a workstream.</param>
/// <param name="Count">1 for the first of its reference, then without a gap.</param>
/// <param name="Until">Work up to this day is on it.</param>
/// <param name="Amount">Without tax.</param>
/// <param name="EntryCount">How many entries it is made of.</param>
/// <param name="Number">What the ERP calls it; null until it is posted.</param>
/// <param name="By">Who had it drawn.</param>
/// <param name="Cause">What had it drawn.</param>
/// <param name="At">When it was drawn.</param>
public sealed record Invoice(
    Scope Scope, string Reference, int Count, DateOnly Until, InvoiceStatus Status, decimal Quantity, Money Amount, int EntryCount, string? Number, string By,
    EnvelopeId Cause, DateTimeOffset At)
{
    /// <summary>The hub's own name of it, which the ERP keeps as its reference.</summary>
    public string Key => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Reference}/{Count}");

    /// <summary>What the ERP says of it since it was posted; null where it has said nothing yet.</summary>
    public Receivable? Receivable { get; init; }

    /// <summary>Key of the invoice that it takes back, as a whole or some of its lines, with amounts that are less than nothing; null where it is no credit note.</summary>
    public string? Credits { get; init; }
}

/// <summary>The part of one entry that is on an invoice. Written once, never changed.</summary>
/// <param name="Invoice">Key of the invoice.</param>
/// <param name="Text">What the invoice says of it.</param>
/// <param name="Why">How its worth came about.</param>
public sealed record InvoiceLine(string Invoice, Scope Scope, EntryId Entry, decimal Quantity, Money Amount, string Text, string Why)
{
    /// <summary>The line of the invoice that it is part of, from 1; null where it is part of none, or was drawn before the hub kept that.</summary>
    public int? Place { get; init; }
}

/// <param name="After">The key of the last one of the page before, newest first.</param>
public sealed record InvoiceFilter(Scope? Scope, InvoiceStatus? Status, string? After, int Max)
{
    /// <summary>True for those of which something is still to be paid, false for those of which nothing is; both are posted.</summary>
    public bool? IsOpen { get; init; }

    /// <summary>Only those that were due before this day and are open.</summary>
    public DateOnly? OverdueOn { get; init; }
}

/// <summary>What people ask of invoices, which are written together with the entries (<see cref="Entries.EntryCommit.Invoices"/>).</summary>
public interface IInvoiceQueries
{
    /// <summary>Newest first.</summary>
    Task<ImmutableArray<Invoice>> ListInvoicesAsync(InvoiceFilter filter, CancellationToken cancellation);

    /// <summary>Null where there is none.</summary>
    Task<Invoice?> FindInvoiceAsync(string key, CancellationToken cancellation);

    /// <summary>Lines of an invoice in the order of their entries, from behind one on.</summary>
    Task<ImmutableArray<InvoiceLine>> ListInvoiceLinesAsync(string key, EntryId? after, int max, CancellationToken cancellation);
}
