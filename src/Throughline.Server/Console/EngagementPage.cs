using Throughline.Model;
using Throughline.Server.Api.Entries;
using Throughline.Server.Api.Invoices;
using Throughline.Server.Api.Ledger;
using Throughline.Server.Api.Trace;

namespace Throughline.Server.Console;

/// <summary>The story of one engagement.</summary>
internal static class EngagementPage
{
    public static string Render(Fields trace)
    {
        var page = new Html();
        foreach (var engagement in trace.NestedList("engagements"))
        {
            One(page, engagement);
        }

        return Html.Page(trace.NestedList("engagements")[0].Text("title") ?? "Engagement", page.ToString(), refreshes: true);
    }

    public static string RenderUnknown(string id) =>
        Html.Page("Unknown", new Html().Tag("h1", "Nothing is known by this id")
            .Tag("p", $"The hub knows nothing by '{id}', or more than one thing. {TraceDoor.Kinds}").ToString(), refreshes: false);

    private static void One(Html page, Fields engagement)
    {
        var standing = engagement.Nested("standing")!;
        page.Tag("h1", engagement.Text("title")).Tag("p", standing.Text("says"),
            standing.Text("state") switch { "active" => "good", "running" or "not-won" => "wait", _ => "bad" });
        foreach (var sold in engagement.NestedList("sold"))
        {
            page.Raw("<p>").Text($"Sold: {sold.Text("name")}, {Html.Amount(sold.Nested("amount"))}, {sold.Text("stage")}, closed "
                + $"{sold.Text("closeDate")}, delivery {sold.Text("start")} to {sold.Text("end")}.").Raw("</p>");
        }

        foreach (var item in engagement.NestedList("openCases"))
        {
            var atStake = item.Nested("amount") is { } amount ? Html.Amount(amount) + " at stake; " : "";
            page.Raw("<h2>").Text($"Open case for {item.Text("queue")}").Raw("</h2>").Tag("p", item.Text("says"), "bad").Tag("p", item.Text("remedy"))
                .Raw("<p class=\"note\">").Text($"{atStake}case {item.Text("id")}; open since {Html.Local(item.Text("openedAt"))}.").Raw("</p>");
        }

        Timeline(page, engagement);
        Steps(page, engagement);
        Time(page, engagement.Nested("time"));
        Invoices(page, engagement.NestedList("invoices"));
        Records(page, engagement);
    }

    private static void Timeline(Html page, Fields engagement)
    {
        var steps = engagement.NestedList("instances").SelectMany(instance => instance.NestedList("steps")).DistinctBy(step => step.Text("name"))
            .ToDictionary(step => step.Text("name")!, step => step.Text("title"), StringComparer.Ordinal);
        page.Tag("h2", "What happened").Raw("<div class=\"wide\"><table>");
        foreach (var entry in engagement.NestedList("timeline").Where(entry => entry.Flag("brief") == true))
        {
            page.Raw("<tr>").Cell("", Html.Local(entry.Text("at")), "when").Cell("", entry.Text("says"))
                .Cell("Step", entry.Text("step") is { } step ? steps.GetValueOrDefault(step) : null, "note").Raw("</tr>");
        }

        page.Raw("</table></div>");
    }

    private static void Steps(Html page, Fields engagement)
    {
        var instances = engagement.NestedList("instances");
        foreach (var instance in instances)
        {
            var about = instances.Count > 1 ? $" for {instance.Text("about")}" : "";
            page.Raw("<h2>").Text($"{instance.Text("title")}{about}: {StatusWords.Of(instance.Text("status"))}").Raw("</h2><div class=\"wide\"><table>");
            foreach (var step in instance.NestedList("steps"))
            {
                var outcome = step.Text("outcome") ?? "later";
                var color = outcome is "done" or "remains" ? "good" : outcome is "taken-back" or "rejected" ? "bad" : outcome == "nothing" ? "note" : "wait";
                page.Raw("<tr>").Cell("", outcome == "not-written" ? "nothing written" : outcome == "nothing" ? "nothing to do" : outcome.Replace('-', ' '), "word " + color)
                    .Cell("", step.Text("title")).Cell("", step.Text("note") ?? (outcome == "waits" ? step.Text("reason") : null), "note").Raw("</tr>");
            }

            page.Raw("</table></div>");
        }
    }

    private static void Time(Html page, Fields? time)
    {
        if (time is null)
        {
            return;
        }

        page.Raw("<h2>").Text($"Time: {EntryCounts.Line(time)}").Raw("</h2><ul>");
        foreach (var stand in time.NestedList("stands").Where(stand => stand.Number("count") > 0))
        {
            page.Raw("<li>").Text($"{EntryCounts.Number(stand.Number("count"))} {stand.Text("words")}, {EntryCounts.Number(stand.Number("hours"))} h").Raw("</li>");
        }

        page.Raw("</ul>");
        foreach (var reason in time.NestedList("reasons"))
        {
            page.Tag("p", $"{EntryCounts.Number(reason.Number("count"))} {reason.Text("status")}, {EntryCounts.Number(reason.Number("hours"))} h: "
                + string.Join("; ", reason.List("says")), reason.Text("status") == "held" ? "bad" : "wait");
        }

        if (time.NestedList("value") is { Count: > 0 } value)
        {
            page.Raw("<p>").Text("Worth to the customer: ").Text(string.Join("; ", value.Select(row => $"{row.Text("words")} {LedgerWords.Line(row)}"))).Raw(".</p>");
        }

        page.Raw("<div class=\"wide\"><table><tr><th>Date</th><th>Who</th><th>Hours</th><th>Task</th><th>How it stands</th><th>Worth</th>")
            .Raw("<th>Id</th><th>Id in the target</th></tr>");
        foreach (var line in time.NestedList("newest"))
        {
            page.Raw("<tr>").Cell("Date", line.Text("date"), "when").Cell("Who", line.Text("person")).Cell("Hours", EntryCounts.Number(line.Number("hours")), "amount")
                .Cell("Task", line.Text("taskName") ?? line.Text("task")).Cell("How it stands", line.Text("says"))
                .Cell("Worth", string.Join("; ", line.NestedList("value").Select(LedgerWords.Worth))).Cell("Id", $"{line.Text("system")} {line.Text("externalId")}")
                .Cell("Id in the target", line.Nested("target")?.Text("id")).Raw("</tr>");
        }

        page.Raw("</table></div>");
    }

    private static void Invoices(Html page, IReadOnlyList<Fields> invoices)
    {
        if (invoices.Count == 0)
        {
            return;
        }

        page.Tag("h2", "Invoices").Raw("<div class=\"wide\"><table><tr><th>Invoice</th><th>In the ERP</th><th>Work until</th><th class=\"amount\">Hours</th>")
            .Raw("<th class=\"amount\">Amount without tax</th><th>Status</th><th>Drawn for</th></tr>");
        foreach (var invoice in invoices)
        {
            var status = invoice.Text("status");
            page.Raw("<tr>").Begin("Invoice", "word").Link(InvoiceWords.Path(invoice.Text("key")!), invoice.Text("key")!).Raw("</td>")
                .Cell("In the ERP", invoice.Text("number"), "word").Cell("Work until", invoice.Text("until"), "when")
                .Cell("Hours", InvoiceWords.Number(invoice.Number("quantity")), "amount").Cell("Amount without tax", invoice.Money("amount")?.ToString(), "amount")
                .Cell("Status", status, status switch { "posted" => "good", "drawn" => "wait", _ => "bad" }).Cell("Drawn for", invoice.Text("by")).Raw("</tr>");
        }

        page.Raw("</table></div>").Tag("p", "Each leads to why it comes to its amount, down to the hour.", "note");
    }

    private static void Records(Html page, Fields engagement)
    {
        page.Tag("h2", "In each system")
            .Raw("<div class=\"wide\"><table><tr><th>System</th><th>What</th><th>Number</th><th>Name</th><th>State</th><th>Id there</th></tr>");
        foreach (var record in engagement.NestedList("records"))
        {
            page.Raw("<tr>").Cell("System", record.Text("systemTitle")).Cell("What", record.Text("title"))
                .Cell("Number", record.Text("number")).Cell("Name", record.Text("name"))
                .Cell("State", record.Text("state")).Cell("Id there", record.Text("externalId")).Raw("</tr>");
        }

        page.Raw("</table></div>");
    }
}
