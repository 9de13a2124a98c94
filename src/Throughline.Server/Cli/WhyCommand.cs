using System.CommandLine;
using Throughline.Model;

namespace Throughline.Server.Cli;

/// <summary><c>throughline why</c>: where the amount of an invoice comes from, down to the hour, and on to the ERP.</summary>
internal static class WhyCommand
{
    private const int ShownMax = 100;

    public static Command Make(Terminal terminal)
    {
        var (data, url, json) = (CommonOptions.Data(terminal), CommonOptions.Url(terminal), CommonOptions.Json());
        var invoice = new Argument<string>("invoice") { Description = "The invoice: the hub's key of it, or the number that the ERP gave it." };
        var of = new Argument<string?>("line or entry")
        {
            Arity = ArgumentArity.ZeroOrOne,
            Description = "Only a line of it (1 for the first), or an entry on it: its id in its own system (psa:1042 where 1042 is a line too), or the hub's own.",
        };
        var max = new Option<int>("--max") { Description = "Entries to show at once, up to 500.", HelpName = "COUNT", DefaultValueFactory = _ => ShownMax };
        var after = new Option<string?>("--after") { Description = "Those behind this entry: the next page.", HelpName = "ENTRY" };
        var command = new Command("why", """
            Say why an invoice comes to its amount: for whom it is and what was sold, who had it drawn and who approved it, what was sent to the ERP and what that answered, and for
            each entry the person, the day, the hours, and the rule and the rate that priced it. All of it is what was stored; what was not stored is named.

            Example:
              throughline why P-20001-DE/1
              throughline why 2026-00001 1
              throughline why 2026-00001 psa:1042
            """) { invoice, of, max, after, data, url, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var hub = HubClient.Open(parsed.GetValue(url)!, parsed.GetValue(data)!);
            var query = $"{InvoicesCommand.PathOf(parsed.GetValue(invoice)!)}/why?max={parsed.GetValue(max)}"
                + HubClient.Query("of", parsed.GetValue(of)) + HubClient.Query("after", parsed.GetValue(after));
            var body = (await terminal.WithProgressAsync("Asking the hub", hub.GetAsync(query, cancellation))).Need();
            if (parsed.GetValue(json))
            {
                terminal.Json(body);
                return Exit.Ok;
            }

            terminal.Out.Write(WhyText.Render(body, terminal.IsScreen));
            if (body.Text("next") is { } next)
            {
                terminal.Out.WriteLine($"There are more entries, add --after {next}");
            }

            return Exit.Ok;
        });
        return command;
    }
}
