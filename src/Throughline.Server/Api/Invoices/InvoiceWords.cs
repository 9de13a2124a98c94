using System.Globalization;
using Throughline.Engine.Billing;
using Throughline.Engine.Entries;
using Throughline.Engine.Partition;
using Throughline.Engine.Pricing;
using Throughline.Model;

namespace Throughline.Server.Api.Invoices;

/// <summary>Invoices in the words that the API, the pages and the terminal share.</summary>
internal static class InvoiceWords
{
    public static Fields ToFields(Invoice invoice) => Fields.Of(
        ("key", invoice.Key), ("status", invoice.Status.ToString().ToLowerInvariant()), ("number", invoice.Number), ("engagement", invoice.Scope.Key),
        ("until", Day(invoice.Until)), ("quantity", invoice.Quantity), ("amount", invoice.Amount),
        ("entryCount", (long)invoice.EntryCount), ("by", invoice.By), ("at", invoice.At));

    /// <param name="row">The entry as it stands today.</param>
    /// <param name="unit">The engagement as it stands today.</param>
    public static Fields ToFields(InvoiceLine line, EntryRow? row, UnitState unit) => Fields.Of(
        ("entry", line.Entry.ToString()), ("system", row?.System), ("id", row?.ExternalId), ("date", row?.Attributes.Text("date")), ("person", row?.Attributes.Text("person")),
        ("role", row is null ? null : TaskOf(row, unit)?.Text("role")), ("note", row?.Attributes.Text("note")), ("text", line.Text), ("quantity", line.Quantity),
        ("rate", PriceText.RateIn(line.Why)), ("amount", line.Amount), ("why", line.Why));

    /// <summary>The task on which an entry is booked; null where the engagement has none of that id.</summary>
    public static Fields? TaskOf(EntryRow row, UnitState unit) => row.Attributes.Text("task") is not { } id ? null
        : unit.Targets.Values.Where(target => target.System == row.System && target.ExternalId == id && target.Record.Entity == "task")
            .Select(target => unit.Records.GetValueOrDefault(target.Record)?.Attributes).FirstOrDefault(task => task is not null);

    /// <summary>"14 x 150.00 EUR = 2,100.00 EUR".</summary>
    public static string Sum(Fields line) => $"{Number(line.Number("quantity"))} x {line.Money("rate")} = {line.Money("amount")}";

    public static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    public static string Number(decimal? number) => (number ?? 0).ToString("#,##0.######", CultureInfo.InvariantCulture);

    /// <summary>An invoice's page of this hub.</summary>
    public static string Path(string key) => "/invoices/" + string.Join('/', key.Split('/').Select(Uri.EscapeDataString));
}
