using System.CommandLine;
using Throughline.Server.Api.Entries;

namespace Throughline.Server.Cli;

/// <summary><c>throughline entries</c>: lines of time and what became of them.</summary>
internal static class EntriesCommand
{
    private const int ShownMax = 100;

    public static Command Make(Terminal terminal)
    {
        var command = new Command("entries", """
            Entries of time and what became of them: list, show.

            Example:
              throughline entries list --engagement P-20001 --status held
            """);
        command.Subcommands.Add(List(terminal));
        command.Subcommands.Add(Show(terminal));
        return command;
    }

    private static Command List(Terminal terminal)
    {
        var (data, url, json) = (CommonOptions.Data(terminal), CommonOptions.Url(terminal), CommonOptions.Json());
        var engagement = new Option<string?>("--engagement")
        {
            Description = "Only of one engagement: the id of its opportunity, its project code, or anything else that 'throughline trace' takes.", HelpName = "ID",
        };
        var status = CommonOptions.Choice("--status", "all (default), kept, sent, waiting or held.", "all", "kept", "sent", "waiting", "held");
        var after = new Option<string?>("--after") { Description = "Those behind the entry with this id: the next page.", HelpName = "ENTRY" };
        var command = new Command("list", $"""
            List entries, the newest first, {ShownMax} at a time.

            kept: not approved or deleted. waiting: for something that comes by itself. held: a case says why. sent: in a batch, or taken.

            Example:
              throughline entries list --engagement P-20001
              throughline entries list --status held --json
            """) { engagement, status, after, data, url, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var hub = HubClient.Open(parsed.GetValue(url)!, parsed.GetValue(data)!);
            var query = $"/api/v1/entries?max={ShownMax}" + HubClient.Query("engagement", parsed.GetValue(engagement)) + HubClient.Query("status", parsed.GetValue(status))
                + HubClient.Query("after", parsed.GetValue(after));
            var body = (await terminal.WithProgressAsync("Asking the hub", hub.GetAsync(query, cancellation))).Need();
            if (parsed.GetValue(json))
            {
                terminal.Json(body);
                return Exit.Ok;
            }

            var entries = body.NestedList("entries");
            if (entries.Count == 0)
            {
                terminal.Out.WriteLine("No entries.");
                return Exit.Ok;
            }

            terminal.Out.Write(EntryText.Table(entries, indent: 0, terminal.IsScreen));
            terminal.Out.WriteLine($"{entries.Count} {(entries.Count == 1 ? "entry" : "entries")}, {EntryCounts.Number(entries.Sum(entry => entry.Number("hours") ?? 0))} h"
                + (body.Text("next") is { } next ? $"; there are more, add --after {next}" : ""));
            return Exit.Ok;
        });
        return command;
    }

    private static Command Show(Terminal terminal)
    {
        var (data, url, json) = (CommonOptions.Data(terminal), CommonOptions.Url(terminal), CommonOptions.Json());
        var id = new Argument<string>("id") { Description = "The entry's id, or its id in the system where it was entered (of one of the newest)." };
        var command = new Command("show", """
            Show one entry: where it came from, its checks, in which batch it went, which record of the target it is.

            Example:
              throughline entries show 0197b2c4-9a10-4b1e-8c55-0d4f3f1b2a66
              throughline entries show 1042
            """) { id, data, url, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var hub = HubClient.Open(parsed.GetValue(url)!, parsed.GetValue(data)!);
            var body = (await terminal.WithProgressAsync("Asking the hub",
                hub.GetAsync($"/api/v1/entries/{Uri.EscapeDataString(parsed.GetValue(id)!)}", cancellation))).Need();
            if (parsed.GetValue(json))
            {
                terminal.Json(body);
            }
            else
            {
                terminal.Out.Write(EntryText.Long(body));
            }

            return Exit.Ok;
        });
        return command;
    }
}
