using System.CommandLine;
using Throughline.Model;
using Throughline.Server.Api.Invoices;

namespace Throughline.Server.Cli;

/// <summary><c>throughline invoices</c>: what is billed, entry by entry, and what may be billed next.</summary>
internal static class InvoicesCommand
{
    private const int ShownMax = 100;
    private const int EngagementsMax = 500;

    public static Command Make(Terminal terminal)
    {
        var command = new Command("invoices", """
            Invoices: draw them from unbilled time, list them, show one with every entry on it, take one back.

            A drawn invoice or credit note is looked over by somebody else (a case), then stands in the ERP, is posted there and read back.

            Example:
              throughline invoices draw --engagement P-20001 --until 2026-06-30
            """);
        command.Subcommands.Add(Draw(terminal));
        command.Subcommands.Add(List(terminal));
        command.Subcommands.Add(Show(terminal));
        command.Subcommands.Add(InvoicesCredit.Make(terminal));
        return command;
    }

    private static Command Draw(Terminal terminal)
    {
        var (data, url, json) = (CommonOptions.Data(terminal), CommonOptions.Url(terminal), CommonOptions.Json());
        var engagement = new Option<string?>("--engagement") { Description = "Only of one engagement. Without it: of all in which something is unbilled.", HelpName = "ID" };
        var until = CommonOptions.Day("--until", "The last day of the work to be billed.");
        until.Required = true;
        var date = CommonOptions.Day("--date", "Date of the invoices. Default: today (UTC).");
        var by = new Option<string>("--by")
        {
            Description = "Who asks, and so may not approve them; a name that was stated, not proved. Default: the name of this account.", HelpName = "WHO",
            DefaultValueFactory = _ => Environment.UserName,
        };
        var command = new Command("draw", """
            Draw invoices of what is unbilled, one for each workstream, in the order of the work, up to its cap. What was drawn is on no other invoice; to ask
            again draws only what has become unbilled meanwhile.

            Example:
              throughline invoices draw --until 2026-06-30
              throughline invoices draw --engagement P-20001 --until 2026-06-30 --by ann
            """) { engagement, until, date, by, data, url, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(engagement) is { } text && string.IsNullOrWhiteSpace(text))
            {
                throw new CommandFailedException("--engagement is empty; leave it out to draw the invoices of all engagements.", Exit.Usage);
            }

            using var hub = HubClient.Open(parsed.GetValue(url)!, parsed.GetValue(data)!);
            var request = Fields.Of(("until", parsed.GetValue(until)), ("date", parsed.GetValue(date)), ("by", parsed.GetValue(by)));
            string[] engagements = parsed.GetValue(engagement) is { } one ? [one]
                : [.. await terminal.WithProgressAsync("Looking what is unbilled", UnbilledAsync(hub, cancellation))];
            var answers = new List<Fields>();
            var failed = 0;
            for (var place = 0; place < engagements.Length; place++)
            {
                var asking = hub.PostAsync("/api/v1/invoices?" + HubClient.Query("engagement", engagements[place])[1..], request, cancellation);
                var answer = await terminal.WithProgressAsync($"Drawing the invoices of {engagements[place]} ({place + 1} of {engagements.Length})", asking);
                if (!answer.IsOk && engagements.Length > 1)
                {
                    // The others are drawn all the same, and what was drawn is told.
                    terminal.Error.WriteLine($"{engagements[place]}: {answer.Body.Text("detail") ?? $"the hub answered {answer.Status}"}");
                    failed++;
                    continue;
                }

                answers.Add(answer.Need());
                Print(parsed.GetValue(json) ? terminal with { Out = TextWriter.Null } : terminal, answer, engagements.Length > 1 ? engagements[place] + ": " : "");
            }

            if (parsed.GetValue(json))
            {
                terminal.Json(Fields.Of(("engagements", answers)));
            }
            else if (engagements.Length == 0)
            {
                terminal.Out.WriteLine("Nothing is unbilled.");
            }
            else if (answers.Any(answer => answer.NestedList("invoices").Count > 0))
            {
                terminal.Out.WriteLine($"Somebody else looks them over now: throughline cases list --queue pmo{CommonOptions.Repeat(parsed, data, url)}");
            }

            return failed == 0 ? Exit.Ok : Exit.Negative;
        });
        return command;
    }

    private static void Print(Terminal terminal, HubAnswer answer, string which)
    {
        foreach (var says in answer.Body.List("says"))
        {
            terminal.Out.WriteLine(which + says);
        }

        if (answer.Status == 202)
        {
            terminal.Error.WriteLine($"What was asked for {answer.Body.Text("engagement")} is recorded and not drawn yet; look again with 'throughline invoices list'.");
        }
    }

    private static async Task<List<string>> UnbilledAsync(HubClient hub, CancellationToken cancellation)
    {
        var found = new List<string>();
        string? after = null;
        do
        {
            var page = (await hub.GetAsync($"/api/v1/ledger?max={EngagementsMax}" + HubClient.Query("after", after), cancellation)).Need();
            found.AddRange(page.NestedList("engagements")
                .Where(each => each.NestedList("balances").Any(row => row.Text("account") is "unbilled" or "held")).Select(each => each.Text("engagement")!));
            after = page.Text("next");
        }
        while (after is not null);
        return found;
    }

    private static Command List(Terminal terminal)
    {
        var (data, url, json) = (CommonOptions.Data(terminal), CommonOptions.Url(terminal), CommonOptions.Json());
        var engagement = new Option<string?>("--engagement") { Description = "Only of one engagement.", HelpName = "ID" };
        var status = CommonOptions.Choice("--status", "all (default), drawn, posted or withdrawn; of posted ones: open, paid or overdue.", InvoiceWords.Statuses);
        var after = new Option<string?>("--after") { Description = "Those behind this invoice: the next page.", HelpName = "INVOICE" };
        var command = new Command("list", $"""
            List invoices, the newest first, {ShownMax} at a time.

            drawn: not seen in the ERP yet as posted. posted: read back from the ERP. withdrawn: given up before, its entries may be billed again.
            open, paid and overdue (today, UTC) are what the ERP says of posted ones. A credit note names what it credits, and is open until it is set off.

            Example:
              throughline invoices list --status drawn
              throughline invoices list --status overdue
            """) { engagement, status, after, data, url, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var hub = HubClient.Open(parsed.GetValue(url)!, parsed.GetValue(data)!);
            var query = $"/api/v1/invoices?max={ShownMax}" + HubClient.Query("engagement", parsed.GetValue(engagement)) + HubClient.Query("status", parsed.GetValue(status))
                + HubClient.Query("after", parsed.GetValue(after));
            var body = (await terminal.WithProgressAsync("Asking the hub", hub.GetAsync(query, cancellation))).Need();
            if (parsed.GetValue(json))
            {
                terminal.Json(body);
                return Exit.Ok;
            }

            var invoices = body.NestedList("invoices");
            terminal.Out.Write(invoices.Count == 0 ? "No invoices.\n" : Table(invoices, indent: 0, terminal.IsScreen));
            if (body.Text("next") is { } next)
            {
                terminal.Out.WriteLine($"There are more, add --after {next}");
            }

            return Exit.Ok;
        });
        return command;
    }

    private static Command Show(Terminal terminal)
    {
        var (data, url, json) = (CommonOptions.Data(terminal), CommonOptions.Url(terminal), CommonOptions.Json());
        var key = new Argument<string>("invoice") { Description = "The invoice: the hub's key of it, or the number that the ERP gave it." };
        var csv = new Option<bool>("--csv") { Description = "The time report: every entry on it, as comma separated values." };
        var command = new Command("show", """
            Show one invoice: its lines, and every entry on it with the rate that led to its amount.

            Example:
              throughline invoices show P-20001-DE/1
              throughline invoices show 2026-00001
              throughline invoices show P-20001-DE/1 --csv > time-report.csv
            """) { key, csv, data, url, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var hub = HubClient.Open(parsed.GetValue(url)!, parsed.GetValue(data)!);
            var invoice = await terminal.WithProgressAsync("Asking the hub", WholeAsync(hub, parsed.GetValue(key)!, cancellation));
            if (parsed.GetValue(json))
            {
                terminal.Json(invoice);
            }
            else
            {
                terminal.Out.Write(parsed.GetValue(csv) ? InvoiceReport.Csv(invoice) : InvoiceReport.Long(invoice, terminal.IsScreen));
            }

            return Exit.Ok;
        });
        return command;
    }

    /// <summary>The address of an invoice at the hub's API.</summary>
    public static string PathOf(string key) => "/api/v1" + InvoiceWords.Path(key);

    private static async Task<Fields> WholeAsync(HubClient hub, string key, CancellationToken cancellation)
    {
        var path = PathOf(key);
        var invoice = (await hub.GetAsync(path, cancellation)).Need();
        var entries = invoice.NestedList("entries").ToList();
        for (var next = invoice.Text("next"); next is not null;)
        {
            var page = (await hub.GetAsync($"{path}?after={next}", cancellation)).Need();
            entries.AddRange(page.NestedList("entries"));
            next = page.Text("next");
        }

        return invoice.With("entries", entries.OrderBy(entry => entry.Text("date"), StringComparer.Ordinal)).Without("next");
    }

    public static string Table(IReadOnlyCollection<Fields> invoices, int indent, bool isNarrow)
    {
        // Most have none, and the table is wide.
        var hasCredits = invoices.Any(invoice => invoice.Text("credits") is not null);
        return Cli.Table.Render(
            ["Invoice", .. hasCredits ? ["Credits"] : Array.Empty<string>(), "Status", "In the ERP", "Work until", "Hours", "Amount without tax", "Open with tax", "Due"],
            [.. invoices.Select(invoice => new[]
            {
                invoice.Text("key")!, hasCredits ? invoice.Text("credits") ?? "" : null, invoice.Text("status")!, invoice.Text("number") ?? "", invoice.Text("until")!,
                InvoiceWords.Number(invoice.Number("quantity")), invoice.Money("amount")!.Value.ToString(), invoice.Nested("receivable")?.Money("open")?.ToString() ?? "",
                invoice.Nested("receivable")?.Text("dueDate") ?? "",
            }.OfType<string>().ToArray())],
            indent, isNarrow);
    }
}
