using Throughline.Model;
using Throughline.Server.Api.Invoices;
using Throughline.Server.Api.Ledger;

namespace Throughline.Server.Console;

/// <summary>Why an invoice comes to its amount; made to be printed and given to whoever asks.</summary>
internal static class InvoicePage
{
    public static string Render(Fields why)
    {
        var page = new Html();
        page.Tag("h1", $"{InvoiceWords.Title(why)}{(why.Text("number") is { } number ? $", {number} in the ERP" : "")}").Raw("<p>")
            .Text($"{why.Money("amount")} without tax, {InvoiceWords.Number(why.Number("quantity"))} h, {InvoiceWords.Number(why.Number("entryCount"))} entries. ")
            .Link("/engagements/" + Uri.EscapeDataString(why.Text("engagement")!), "The deal that it belongs to").Text(".").Raw("</p>");
        Onward(page, why.Nested("onward")!);
        Credits(page, why);
        Agreed(page, why);
        Lines(page, why);
        Entries(page, why);
        Happened(page, why);
        Calls(page, why);
        page.Tag("h2", "What was not kept").Raw("<ul class=\"note\">");
        foreach (var gap in why.List("notKept").OfType<string>())
        {
            page.Tag("li", gap);
        }

        page.Raw("</ul>").Tag("p", $"All of this is what the hub stored. Times are of {TimeZoneInfo.Local.Id}.", "note");
        return Html.Page(InvoiceWords.Title(why), page.ToString(), refreshes: false);
    }

    public static string RenderUnknown(string detail) => Html.Page("Unknown", new Html().Tag("h1", "This is not known").Tag("p", detail).ToString(), refreshes: false);

    private static void Onward(Html page, Fields onward)
    {
        page.Tag("p", onward.Text("says"), onward.Text("state") switch { "withdrawn" => "bad", "drawn" => "wait", _ => "good" });
        if (onward.Money("gross") is { } gross)
        {
            page.Tag("p", $"{onward.Money("amount")} and {onward.Money("tax")} tax are {gross}{(onward.Text("dueDate") is { } due ? $", due {due}" : "")}; "
                + $"dated {onward.Text("date")}, read back from the ERP {Html.Local(onward.Text("readBackAt"))}.");
        }
    }

    private static void Credits(Html page, Fields why)
    {
        if (why.Text("credits") is { } of)
        {
            page.Raw("<p>").Text("It takes back what ").Link(InvoiceWords.Path(of), $"invoice {of}").Text($" has. Reason: {why.Text("reason")}").Raw("</p>");
        }

        foreach (var note in why.NestedList("creditNotes"))
        {
            page.Raw("<p>").Text("Credit note ").Link(InvoiceWords.Path(note.Text("key")!), InvoiceWords.CreditNote(note)).Raw("</p>");
        }
    }

    private static void Agreed(Html page, Fields why)
    {
        page.Tag("h2", "For whom, and what was agreed").Raw("<div class=\"wide\"><table class=\"facts\">");
        Fact(page, "Customer", WhyWords.Customer(why.Nested("customer")));
        Fact(page, "Project", WhyWords.Project(why));
        Fact(page, "Billing", WhyWords.Terms(why.Nested("workstream")));
        foreach (var sale in why.NestedList("sales"))
        {
            Fact(page, "Sold", WhyWords.Sale(sale));
            foreach (var line in sale.NestedList("lines"))
            {
                Fact(page, "Line of the sale", WhyWords.SoldLine(line));
            }
        }

        foreach (var contract in why.NestedList("contracts"))
        {
            Fact(page, "Contract", WhyWords.Contract(contract));
        }

        foreach (var card in why.NestedList("rateCards"))
        {
            Fact(page, "Rate card", $"{card.Text("key")}: {string.Join("; ", card.NestedList("rates").Select(WhyWords.Rate))}");
        }

        Fact(page, "Drawn for", $"{why.Text("by")}, {Html.Local(why.Text("at"))}: work until {why.Text("until")}");
        foreach (var approval in why.NestedList("approvals"))
        {
            Fact(page, "Looked over", WhyWords.Approval(approval));
        }

        foreach (var item in why.NestedList("cases"))
        {
            Fact(page, "Case", $"{item.Text("says")} {WhyWords.Approval(item)}");
        }

        page.Raw("</table></div>");
    }

    private static void Lines(Html page, Fields why)
    {
        page.Tag("h2", "What it shows").Raw("<div class=\"wide\"><table><tr><th>Line</th><th>Text</th><th class=\"amount\">Entries</th>")
            .Raw("<th class=\"amount\">Quantity x rate = amount</th></tr>");
        foreach (var line in why.NestedList("lines"))
        {
            var number = InvoiceWords.Number(line.Number("line"));
            page.Raw("<tr>").Begin("Line", "word").Link($"{InvoiceWords.Path(why.Text("key")!)}?of={number}", number).Raw("</td>").Cell("Text", line.Text("text"))
                .Cell("Entries", InvoiceWords.Number(line.Number("entryCount")), "amount").Cell("Sum", InvoiceWords.Sum(line), "amount").Raw("</tr>");
        }

        page.Raw("</table></div>");
    }

    private static void Entries(Html page, Fields why)
    {
        var of = why.Nested("of");
        var path = InvoiceWords.Path(why.Text("key")!);
        page.Tag("h2", of?.Number("line") is { } only ? $"The entries of line {only:0}" : of is not null ? "The entry" : "The entries on it");
        if (of is not null)
        {
            page.Raw("<p>").Link(path, "All entries of the invoice").Raw("</p>");
        }

        if (WhyWords.Precedence(why) is { } order)
        {
            page.Tag("p", order, "note");
        }

        foreach (var together in WhyWords.Together(why.NestedList("entries")))
        {
            page.Tag("p", together, "note");
        }

        page.Raw("<div class=\"wide\"><table><tr><th>Line</th><th>Day</th><th>Who</th><th>Task</th><th class=\"amount\">Hours</th><th class=\"amount\">Amount</th>")
            .Raw("<th>How it came about</th><th>Entry</th></tr>");
        foreach (var entry in why.NestedList("entries"))
        {
            Entry(page, path, entry);
        }

        page.Raw("</table></div>");
        if (why.Text("next") is { } next)
        {
            var part = of is null ? "" : $"&of={of.Number("line"):0}";
            page.Raw("<p>").Link($"{path}?after={next}{part}", "More entries").Raw("</p>");
        }
    }

    private static void Entry(Html page, string path, Fields entry)
    {
        page.Raw("<tr>").Cell("Line", entry.Number("line") is { } line ? InvoiceWords.Number(line) : null, "word").Cell("Day", entry.Text("date"), "when")
            .Begin("Who", "who").Text(entry.Text("person")).Raw("<br>").Tag("span", entry.Text("role"), "note").Raw("</td>")
            .Begin("Task").Text(entry.Text("task")).Raw("<br>").Tag("span", entry.Text("note"), "note").Raw("</td>")
            .Cell("Hours", InvoiceWords.Number(entry.Number("quantity")), "amount").Cell("Amount", entry.Money("amount")?.ToString(), "amount")
            .Begin("").Text(entry.Text("why")).Raw("<br>")
            .Tag("span", WhyWords.Approved(entry), "note");
        if (WhyWords.Since(entry) is { } since)
        {
            page.Raw("<br>").Tag("span", since, "wait");
        }

        foreach (var posted in entry.NestedList("transactions"))
        {
            page.Raw("<br>").Tag("span", $"Ledger {posted.Number("number"):0}, {Html.Local(posted.Text("at"))}: "
                + $"{string.Join("; ", posted.NestedList("postings").Select(part => $"{part.Text("account")} {LedgerWords.Line(part)}"))} ({posted.Text("why")})", "note");
        }

        page.Raw("</td>").Begin("Entry", "word").Link($"{path}?of={entry.Text("entry")}", $"{entry.Text("system")} {entry.Text("id")}").Raw("</td></tr>");
    }

    private static void Happened(Html page, Fields why)
    {
        page.Tag("h2", "What happened").Raw("<div class=\"wide\"><table>");
        foreach (var told in why.NestedList("story"))
        {
            page.Raw("<tr>").Cell("", Html.Local(told.Text("at")), "when").Cell("", told.Text("says")).Raw("</tr>");
        }

        page.Raw("</table></div>");
    }

    private static void Calls(Html page, Fields why)
    {
        page.Tag("h2", "What was sent");
        if (why.NestedList("calls").Count == 0)
        {
            page.Tag("p", "Nothing yet.", "note");
            return;
        }

        page.Raw("<div class=\"wide\"><table><tr><th>What</th><th>When, and what came back</th><th>Command</th></tr>");
        foreach (var call in why.NestedList("calls"))
        {
            page.Raw("<tr>").Cell("What", WhyWords.Call(call)).Cell("", WhyWords.CallMoments(call)).Cell("Command", call.Text("command"), "note").Raw("</tr>");
        }

        page.Raw("</table></div>");
        if (why.Nested("process") is { } process)
        {
            page.Tag("p", $"By the process {process.Text("name")}, definition {process.Text("definition")}.", "note");
        }
    }

    private static void Fact(Html page, string name, string? value)
    {
        if (value is { Length: > 0 })
        {
            page.Raw("<tr>").Tag("th", name).Tag("td", value).Raw("</tr>");
        }
    }
}
