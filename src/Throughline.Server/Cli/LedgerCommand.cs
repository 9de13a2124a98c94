using System.CommandLine;
using Throughline.Model;
using Throughline.Server.Api.Ledger;

namespace Throughline.Server.Cli;

/// <summary><c>throughline ledger</c>: where approved hours and amounts stand.</summary>
internal static class LedgerCommand
{
    private const int ShownMax = 100;

    public static Command Make(Terminal terminal)
    {
        var (data, url, json) = (CommonOptions.Data(terminal), CommonOptions.Url(terminal), CommonOptions.Json());
        var engagement = new Option<string?>("--engagement")
        {
            Description = "Only of one engagement: the id of its opportunity, its project code, or anything else that 'throughline trace' takes.", HelpName = "ID",
        };
        var after = new Option<string?>("--after") { Description = "Those behind this engagement: the next page.", HelpName = "ENGAGEMENT" };
        var command = new Command("ledger", $"""
            The value ledger: where approved hours and amounts stand on their way to the cash, of the whole firm and of {ShownMax} engagements at a time.

            Each unit of an approved line stands in exactly one account, and what was approved is the sum of the accounts. How one line came to its value:
            'throughline entries show'.

            Example:
              throughline ledger
              throughline ledger --engagement P-20001 --json
            """) { engagement, after, data, url, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var hub = HubClient.Open(parsed.GetValue(url)!, parsed.GetValue(data)!);
            var query = $"/api/v1/ledger?max={ShownMax}" + HubClient.Query("engagement", parsed.GetValue(engagement)) + HubClient.Query("after", parsed.GetValue(after));
            var body = (await terminal.WithProgressAsync("Asking the hub", hub.GetAsync(query, cancellation))).Need();
            if (parsed.GetValue(json))
            {
                terminal.Json(body);
                return Exit.Ok;
            }

            if (body.NestedList("totals").Count == 0)
            {
                terminal.Out.WriteLine("Nothing stands in the ledger: no line of time has been approved.");
                return Exit.Ok;
            }

            var rows = body.NestedList("engagements").SelectMany(each => each.NestedList("balances").Select(row => Cells(each.Text("engagement")!, row))).ToList();
            if (parsed.GetValue(engagement) is null)
            {
                rows.AddRange(body.NestedList("totals").Select(row => Cells("all together", row)));
            }

            terminal.Out.Write(Table.Render(["Engagement", "Account", "What it means", "Quantity and amount"], rows, indent: 0, terminal.IsScreen));
            if (body.Text("next") is { } next)
            {
                terminal.Out.WriteLine($"There are more, add --after {CommonOptions.Quoted(next)}");
            }

            return Exit.Ok;
        });
        return command;
    }

    private static string[] Cells(string engagement, Fields row) => [engagement, row.Text("account")!, row.Text("words")!, LedgerWords.Line(row)];
}
