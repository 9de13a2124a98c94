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
    /// <summary>By which invoices may be listed: the last three are those of posted ones, as the ERP says.</summary>
    public static readonly string[] Statuses = ["all", "drawn", "posted", "withdrawn", "open", "paid", "overdue"];

    public static Fields ToFields(Invoice invoice) => Fields.Of(
        ("key", invoice.Key), ("credits", invoice.Credits), ("status", invoice.Status.ToString().ToLowerInvariant()), ("number", invoice.Number), ("engagement", invoice.Scope.Key),
        ("until", Day(invoice.Until)), ("quantity", invoice.Quantity), ("amount", invoice.Amount),
        ("entryCount", (long)invoice.EntryCount), ("by", invoice.By), ("at", invoice.At),
        ("receivable", invoice.Receivable is { } said ? ToFields(said) : null));

    public static Fields ToFields(Receivable said) => Fields.Of(
        ("state", said.State), ("gross", said.Gross), ("paid", said.Paid), ("open", said.Open), ("writtenOff", said.WrittenOff), ("credited", said.Credited),
        ("dueDate", said.DueDate is { } due ? Day(due) : null), ("lastPaidOn", said.LastPaidOn is { } paid ? Day(paid) : null));

    /// <summary>"1,341.00 EUR of 2,541.00 EUR open, due 2026-07-30"; null where the ERP has said nothing of it.</summary>
    public static string? Paid(Fields? receivable) => receivable?.Money("open") is not { } open || receivable.Money("gross") is not { } gross ? null
        : gross.Amount < 0 ? open.Amount == 0 ? "set off, or paid out" : $"{open} of {gross} not set off yet"
        : (open.Amount == 0 ? $"nothing of {gross} open" : $"{open} of {gross} open{(receivable.Text("dueDate") is { } due ? $", due {due}" : "")}")
            + Part("written off", receivable.Money("writtenOff")) + Part("credited", receivable.Money("credited"))
            + (receivable.Text("lastPaidOn") is { } day ? $", last paid on {day}" : "");

    private static string Part(string what, Money? amount) => amount is { Amount: not 0 } part ? $", {part} {what}" : "";

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

    /// <summary>"Credit note P-1-DE/3" or "Invoice P-1-DE/2".</summary>
    public static string Title(Fields invoice) => $"{(invoice.Text("credits") is null ? "Invoice" : "Credit note")} {invoice.Text("key")}";

    /// <summary>"P-1-DE/3 of -1,200.00 EUR, posted, 2026-00007 in the ERP".</summary>
    public static string CreditNote(Fields note) =>
        $"{note.Text("key")} of {note.Money("amount")}, {note.Text("status")}{(note.Text("number") is { } number ? $", {number} in the ERP" : "")}";

    /// <summary>"14 x 150.00 EUR = 2,100.00 EUR".</summary>
    public static string Sum(Fields line) => $"{Number(line.Number("quantity"))} x {line.Money("rate")} = {line.Money("amount")}";

    public static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    public static string Number(decimal? number) => (number ?? 0).ToString("#,##0.######", CultureInfo.InvariantCulture);

    /// <summary>An invoice's page of this hub.</summary>
    public static string Path(string key) => "/invoices/" + string.Join('/', key.Split('/').Select(Uri.EscapeDataString));
}
