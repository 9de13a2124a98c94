using System.Globalization;
using Throughline.Engine.Billing;
using Throughline.Engine.Entries;
using Throughline.Model;

namespace Throughline.Server.Api.Invoices;

/// <summary>Invoices in the words that the API and the terminal share.</summary>
internal static class InvoiceWords
{
    public static Fields ToFields(Invoice invoice) => Fields.Of(
        ("key", invoice.Key), ("status", invoice.Status.ToString().ToLowerInvariant()), ("number", invoice.Number), ("engagement", invoice.Scope.Key),
        ("until", invoice.Until.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)), ("quantity", invoice.Quantity), ("amount", invoice.Amount),
        ("entryCount", (long)invoice.EntryCount), ("by", invoice.By), ("at", invoice.At));

    /// <param name="row">The entry as it stands today.</param>
    public static Fields ToFields(InvoiceLine line, EntryRow? row) => Fields.Of(
        ("entry", line.Entry.ToString()), ("system", row?.System), ("id", row?.ExternalId), ("date", row?.Attributes.Text("date")), ("person", row?.Attributes.Text("person")),
        ("note", row?.Attributes.Text("note")), ("text", line.Text), ("quantity", line.Quantity), ("amount", line.Amount), ("why", line.Why));
}
