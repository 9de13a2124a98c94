using System.Globalization;
using System.Text;
using Throughline.Model;

namespace Throughline.Server.Cli;

/// <summary>An invoice for people: on the terminal, and as the time report that goes with it.</summary>
internal static class InvoiceReport
{
    public static string Long(Fields invoice)
    {
        var shows = invoice.Nested("shows");
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Invoice {invoice.Text("key")}, {invoice.Text("status")}");
        text.Append(invoice.Text("number") is { } number ? $", {number} in the ERP\n" : "\n");
        Line(text, "Engagement", invoice.Text("engagement"));
        Line(text, "Work until", invoice.Text("until"));
        Line(text, "Date", shows?.Text("date"));
        Line(text, "Drawn by", $"{invoice.Text("by")} at {invoice.Text("at")}");
        Line(text, "Without tax", $"{invoice.Money("amount")}, {InvoicesCommand.Number(invoice.Number("quantity"))} h, "
            + $"{InvoicesCommand.Number(invoice.Number("entryCount"))} entries");
        Line(text, "Tax", shows?.Money("tax")?.ToString());
        Line(text, "With tax", shows?.Money("gross")?.ToString());
        Line(text, "To be paid", shows?.Money("open")?.ToString());
        text.Append("\nWhat it shows\n");
        text.Append(Table.Render(
            ["Text", "Quantity", "Price", "Amount"],
            [.. (shows?.NestedList("lines") ?? []).Select(line => new[]
            {
                line.Text("text") ?? "", InvoicesCommand.Number(line.Number("quantity")), line.Money("rate")?.ToString() ?? "", line.Money("amount")?.ToString() ?? "",
            })],
            indent: 2));
        text.Append("\nWhat it is made of\n");
        text.Append(Table.Render(
            ["Day", "Entry", "Person", "Hours", "Amount", "How it came about"],
            [.. invoice.NestedList("entries").Select(entry => new[]
            {
                entry.Text("date") ?? "", $"{entry.Text("system")} {entry.Text("id")}", entry.Text("person") ?? "", InvoicesCommand.Number(entry.Number("quantity")),
                entry.Money("amount")?.ToString() ?? "", entry.Text("why") ?? "",
            })],
            indent: 2));
        return text.ToString();
    }

    /// <summary>RFC 4180, with a header; texts that a spreadsheet would take for a formula are marked as texts.</summary>
    public static string Csv(Fields invoice)
    {
        var text = new StringBuilder("invoice,date,person,task,hours,amount,currency,note,entry\r\n");
        foreach (var entry in invoice.NestedList("entries"))
        {
            var amount = entry.Money("amount");
            text.AppendJoin(',', new[]
            {
                Cell(invoice.Text("number") ?? invoice.Text("key")), Cell(entry.Text("date")), Cell(entry.Text("person")), Cell(entry.Text("text")),
                entry.Number("quantity")?.ToString("0.######", CultureInfo.InvariantCulture), amount?.Amount.ToString("0.00##", CultureInfo.InvariantCulture),
                amount?.Currency.Code, Cell(entry.Text("note")), Cell($"{entry.Text("system")} {entry.Text("id")}"),
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
