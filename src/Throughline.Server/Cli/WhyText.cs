using System.Text;
using Throughline.Model;
using Throughline.Server.Api.Invoices;
using Throughline.Server.Api.Ledger;

namespace Throughline.Server.Cli;

/// <summary>Why an invoice comes to its amount, as a page of text.</summary>
internal static class WhyText
{
    /// <param name="isNarrow">See <see cref="Table.Render"/>.</param>
    public static string Render(Fields why, bool isNarrow)
    {
        var text = new StringBuilder();
        Line(text, $"{InvoiceWords.Title(why)}{(why.Text("number") is { } number ? $", {number} in the ERP" : "")}: {why.Money("amount")} without tax, "
            + $"{InvoiceWords.Number(why.Number("quantity"))} h, {InvoiceWords.Number(why.Number("entryCount"))} entries");
        Onward(text, why);
        Agreed(text, why);
        Happened(text, why);
        Lines(text, why, isNarrow);
        Entries(text, why, isNarrow);
        Head(text, "What was not kept");
        foreach (var gap in why.List("notKept").OfType<string>())
        {
            Line(text, $"  - {gap}");
        }

        return text.ToString();
    }

    private static void Onward(StringBuilder text, Fields why)
    {
        var onward = why.Nested("onward")!;
        Head(text, "Where it stands");
        Line(text, $"  {onward.Text("says")}");
        if (why.Text("credits") is { } of)
        {
            Line(text, $"  Takes back what invoice {of} has. Reason: {why.Text("reason")}");
        }

        foreach (var note in why.NestedList("creditNotes"))
        {
            Line(text, $"  Credit note {InvoiceWords.CreditNote(note)}");
        }

        if (onward.Money("gross") is { } gross)
        {
            Line(text, $"  {onward.Money("amount")} and {onward.Money("tax")} tax are {gross}{(onward.Text("dueDate") is { } due ? $", due {due}" : "")}; "
                + $"dated {onward.Text("date")}, read back from the ERP {CaseText.Local(onward.Text("readBackAt"))}");
        }
    }

    private static void Agreed(StringBuilder text, Fields why)
    {
        Head(text, "For whom, and what was agreed (as it stands today)");
        Field(text, "Customer", WhyWords.Customer(why.Nested("customer")));
        Field(text, "Project", WhyWords.Project(why));
        Field(text, "Billing", WhyWords.Terms(why.Nested("workstream")));
        foreach (var sale in why.NestedList("sales"))
        {
            Field(text, "Sold", WhyWords.Sale(sale));
            foreach (var line in sale.NestedList("lines"))
            {
                Line(text, $"              - {WhyWords.SoldLine(line)}");
            }
        }

        foreach (var contract in why.NestedList("contracts"))
        {
            Field(text, "Contract", WhyWords.Contract(contract));
        }

        foreach (var card in why.NestedList("rateCards"))
        {
            Field(text, "Rate card", $"{card.Text("key")}: {string.Join("; ", card.NestedList("rates").Select(WhyWords.Rate))}");
        }
    }

    private static void Happened(StringBuilder text, Fields why)
    {
        Head(text, "How it came to be");
        Field(text, "Drawn for", $"{why.Text("by")}, {CaseText.Local(why.Text("at"))}: work until {why.Text("until")}");
        foreach (var approval in why.NestedList("approvals"))
        {
            Field(text, "Looked over", WhyWords.Approval(approval));
        }

        foreach (var item in why.NestedList("cases"))
        {
            Field(text, "Case", $"{item.Text("says")} {WhyWords.Approval(item)}");
        }

        foreach (var call in why.NestedList("calls"))
        {
            Field(text, "Call", WhyWords.Call(call));
            Line(text, $"              {WhyWords.CallMoments(call)}");
            Line(text, $"              command {call.Text("command")}; what was sent: --json");
        }

        if (why.Nested("process") is { } process)
        {
            Field(text, "Process", $"{process.Text("name")}, definition {process.Text("definition")}");
        }

        foreach (var told in why.NestedList("story"))
        {
            Line(text, $"    {CaseText.Local(told.Text("at"))}  {told.Text("says")}");
        }
    }

    private static void Lines(StringBuilder text, Fields why, bool isNarrow)
    {
        Head(text, "What it shows");
        text.Append(Table.Render(
            ["Line", "Entries", "Quantity x rate = amount", "Text"],
            [.. why.NestedList("lines").Select(line => new[]
            {
                InvoiceWords.Number(line.Number("line")), InvoiceWords.Number(line.Number("entryCount")), InvoiceWords.Sum(line), line.Text("text") ?? "",
            })],
            indent: 2, isNarrow));
    }

    private static void Entries(StringBuilder text, Fields why, bool isNarrow)
    {
        var entries = why.NestedList("entries");
        var of = why.Nested("of");
        Head(text, of?.Number("line") is { } line ? $"The entries of line {line:0}" : of is not null ? "The entry" : "The entries on it");
        if (WhyWords.Precedence(why) is { } order)
        {
            Line(text, $"  {order}");
        }

        foreach (var together in WhyWords.Together(entries))
        {
            Line(text, $"  {together}");
        }

        if (of is not null)
        {
            foreach (var entry in entries)
            {
                One(text, entry);
            }

            return;
        }

        text.Append(Table.Render(
            ["Line", "Day", "Entry", "Person", "Role", "Task", "Hours", "Amount", "How it came about"],
            [.. entries.Select(entry => new[]
            {
                entry.Number("line") is { } number ? InvoiceWords.Number(number) : "", entry.Text("date") ?? "", $"{entry.Text("system")} {entry.Text("id")}",
                entry.Text("person") ?? "", entry.Text("role") ?? "", entry.Text("task") ?? "", InvoiceWords.Number(entry.Number("quantity")),
                entry.Money("amount")?.ToString() ?? "", entry.Text("why") ?? "",
            })],
            indent: 2, isNarrow));
        Line(text, $"  More of one: throughline why {CommonOptions.Quoted(why.Text("key")!)}, and the number of a line or an entry such as "
            + $"{(entries.Count > 0 ? $"{entries[0].Text("system")}:{entries[0].Text("id")}" : "psa:1042")}");
    }

    private static void One(StringBuilder text, Fields entry)
    {
        Line(text, $"  {entry.Text("system")} {entry.Text("id")} of {entry.Text("date")}: {entry.Text("person")}{(entry.Text("role") is { } role ? $", {role}" : "")}, "
            + $"{InvoiceWords.Number(entry.Number("quantity"))} h, {entry.Money("amount")}"
            + (entry.Number("line") is { } line ? $", on line {line:0}" : ", on no line that can be told"));
        Line(text, $"      {entry.Text("task") ?? "no task"}{(entry.Text("note") is { Length: > 0 } note ? $" ({note})" : "")}; the invoice says '{entry.Text("text")}'");
        Line(text, $"      {WhyWords.Approved(entry)}");
        Line(text, $"      {WhyWords.Priced(entry)}");
        if (WhyWords.Since(entry) is { } since)
        {
            Line(text, $"      {since}");
        }

        if (entry.Nested("target") is { } target)
        {
            Line(text, $"      as a timesheet it is {target.Text("system")} {target.Text("entity")} {target.Text("id")}");
        }

        foreach (var posted in entry.NestedList("transactions"))
        {
            Line(text, $"      ledger {posted.Number("number"):0}, {CaseText.Local(posted.Text("at"))}: "
                + $"{string.Join("; ", posted.NestedList("postings").Select(part => $"{part.Text("account")} {LedgerWords.Line(part)}"))} "
                + $"({posted.Text("why")}; release {posted.Text("release")})");
        }
    }

    private static void Field(StringBuilder text, string name, string? value)
    {
        if (value is { Length: > 0 })
        {
            Line(text, $"  {name,-11} {value}");
        }
    }

    private static void Head(StringBuilder text, string head)
    {
        Line(text, "");
        Line(text, head);
    }

    private static void Line(StringBuilder text, string line) => text.Append(CaseText.Clean(line).TrimEnd()).Append('\n');
}
