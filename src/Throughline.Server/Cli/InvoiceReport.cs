using System.Globalization;
using System.Text;
using Throughline.Model;
using Throughline.Server.Api.Invoices;

namespace Throughline.Server.Cli;

/// <summary>An invoice for people: on the terminal, and as the time report that goes with it.</summary>
internal static class InvoiceReport
{
    public static string Long(Fields invoice, bool isNarrow)
    {
        var shows = invoice.Nested("shows");
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{InvoiceWords.Title(invoice)}, {invoice.Text("status")}");
        text.Append(invoice.Text("number") is { } number ? $", {number} in the ERP\n" : "\n");
        Line(text, "Credits", invoice.Text("credits") is { } of ? $"invoice {of}" : null);
        Line(text, "Reason", invoice.Text("reason"));
        foreach (var note in invoice.NestedList("creditNotes"))
        {
            Line(text, "Credited by", InvoiceWords.CreditNote(note));
        }

        Line(text, "Customer", WhyWords.Customer(invoice.Nested("customer")));
        Line(text, "Project", WhyWords.Project(invoice));
        Line(text, "Engagement", invoice.Text("engagement"));
        Line(text, "Work until", invoice.Text("until"));
        Line(text, "Date", shows?.Text("date"));
        Line(text, "Drawn for", $"{invoice.Text("by")}, {CaseText.Local(invoice.Text("at"))}");
        foreach (var approval in invoice.NestedList("approvals"))
        {
            Line(text, "Looked over", WhyWords.Approval(approval));
        }

        Line(text, "Without tax", $"{invoice.Money("amount")}, {InvoiceWords.Number(invoice.Number("quantity"))} h, "
            + $"{InvoiceWords.Number(invoice.Number("entryCount"))} entries");
        Line(text, "Tax", shows?.Money("tax")?.ToString());
        Line(text, "With tax", shows?.Money("gross")?.ToString());
        Line(text, "Paid", InvoiceWords.Paid(invoice.Nested("receivable")));
        text.Append("\nWhat it shows\n");
        text.Append(Table.Render(
            ["Text", "Quantity", "Price", "Amount"],
            [.. (shows?.NestedList("lines") ?? []).Select(line => new[]
            {
                line.Text("text") ?? "", InvoiceWords.Number(line.Number("quantity")), line.Money("rate")?.ToString() ?? "", line.Money("amount")?.ToString() ?? "",
            })],
            indent: 2, isNarrow));
        text.Append(CultureInfo.InvariantCulture, $"\nWhat it is made of (why: throughline why {CommonOptions.Quoted(invoice.Text("key")!)})\n");
        text.Append(Table.Render(
            ["Day", "Entry", "Person", "Role", "Hours", "Amount", "How it came about"],
            [.. invoice.NestedList("entries").Select(entry => new[]
            {
                entry.Text("date") ?? "", $"{entry.Text("system")} {entry.Text("id")}", entry.Text("person") ?? "", entry.Text("role") ?? "",
                InvoiceWords.Number(entry.Number("quantity")), entry.Money("amount")?.ToString() ?? "", entry.Text("why") ?? "",
            })],
            indent: 2, isNarrow));
        return text.ToString();
    }

    /// <summary>RFC 4180, with a header; texts that a spreadsheet would take for a formula are marked as texts.</summary>
    public static string Csv(Fields invoice)
    {
        var text = new StringBuilder("invoice,date,person,role,task,hours,rate,amount,currency,note,entry\r\n");
        foreach (var entry in invoice.NestedList("entries"))
        {
            var amount = entry.Money("amount");
            text.AppendJoin(',', new[]
            {
                Cell(invoice.Text("number") ?? invoice.Text("key")), Cell(entry.Text("date")), Cell(entry.Text("person")), Cell(entry.Text("role")),
                Cell(entry.Text("text")), entry.Number("quantity")?.ToString("0.######", CultureInfo.InvariantCulture),
                entry.Money("rate")?.Amount.ToString("0.00##", CultureInfo.InvariantCulture),
                amount?.Amount.ToString("0.00##", CultureInfo.InvariantCulture), amount?.Currency.Code, Cell(entry.Text("note")),
                Cell($"{entry.Text("system")} {entry.Text("id")}"),
            }).Append("\r\n");
        }

        return text.ToString();
    }

    private static string Cell(string? value)
    {
        var text = value ?? "";
        text = text.Length > 0 && text[0] is '=' or '+' or '-' or '@' or '\t' or '\r' ? "'" + text : text;
        return text.AsSpan().ContainsAny(",\"\r\n") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
    }

    private static void Line(StringBuilder text, string name, string? value)
    {
        if (value is { Length: > 0 })
        {
            text.Append("  ").Append((name + ":").PadRight(13)).Append(value).Append('\n');
        }
    }
}
