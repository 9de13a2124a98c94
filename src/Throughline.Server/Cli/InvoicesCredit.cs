using System.CommandLine;
using System.Globalization;
using Throughline.Model;

namespace Throughline.Server.Cli;

/// <summary><c>throughline invoices credit</c>: takes a posted invoice back, as a whole or line by line, so that it can be billed anew.</summary>
internal static class InvoicesCredit
{
    public static Command Make(Terminal terminal)
    {
        var (data, url, json) = (CommonOptions.Data(terminal), CommonOptions.Url(terminal), CommonOptions.Json());
        var key = new Argument<string>("invoice") { Description = "The invoice: the hub's key of it, or the number that the ERP gave it." };
        var lines = new Option<string?>("--lines") { Description = "Which of its lines, from 1, such as 1,3. Without it: all of them.", HelpName = "LINES" };
        lines.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && Lines(token.Value) is null)
            {
                result.AddError($"--lines must be numbers of lines such as 1,3, and '{token.Value}' is not.");
            }
        });
        var reason = new Option<string>("--reason") { Description = "Why, for who looks it over and for the customer.", HelpName = "TEXT", Required = true };
        var date = CommonOptions.Day("--date", "Date of the credit note. Default: today (UTC).");
        var by = new Option<string>("--by")
        {
            Description = "Who asks, and so may not approve it; a name that was stated, not proved. Default: the name of this account.", HelpName = "WHO",
            DefaultValueFactory = _ => Environment.UserName,
        };
        var command = new Command("credit", """
            Take back a posted invoice, or some of its lines, by a credit note. Somebody else looks it over; once the ERP shows it posted, exactly those entries
            may be billed again, at the rates of then: draw as always. No line is credited twice, and nothing that is paid.

            Example:
              throughline invoices credit P-20001-DE/2 --lines 1,3 --reason "travel days were not agreed"
            """) { key, lines, reason, date, by, data, url, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var hub = HubClient.Open(parsed.GetValue(url)!, parsed.GetValue(data)!);
            var request = Fields.Of(
                ("by", parsed.GetValue(by)), ("reason", parsed.GetValue(reason)), ("date", parsed.GetValue(date)),
                ("lines", parsed.GetValue(lines) is { } text ? Lines(text)!.Select(line => (object)line).ToArray() : null));
            var asking = hub.PostAsync(InvoicesCommand.PathOf(parsed.GetValue(key)!) + "/credit", request, cancellation);
            var answer = await terminal.WithProgressAsync("Drawing the credit note", asking);
            var body = answer.Need();
            var isDrawn = body.NestedList("invoices").Count > 0;
            if (parsed.GetValue(json))
            {
                terminal.Json(body);
                return isDrawn || answer.Status == 202 ? Exit.Ok : Exit.Negative;
            }

            foreach (var says in body.List("says"))
            {
                (isDrawn ? terminal.Out : terminal.Error).WriteLine(says);
            }

            if (answer.Status == 202)
            {
                terminal.Error.WriteLine("What was asked for is recorded and not drawn yet; look again with 'throughline invoices list'.");
                return Exit.Ok;
            }

            if (isDrawn)
            {
                terminal.Out.WriteLine($"Somebody else looks it over now: throughline cases list --queue pmo{CommonOptions.Repeat(parsed, data, url)}");
            }

            return isDrawn ? Exit.Ok : Exit.Negative;
        });
        return command;
    }

    private static long[]? Lines(string text)
    {
        var lines = text.Split(',', StringSplitOptions.TrimEntries).Select(part =>
            int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var line) && line >= 1 ? line : 0L).ToArray();
        return lines.All(line => line > 0) ? lines : null;
    }
}
