using System.CommandLine;
using Throughline.Model;

namespace Throughline.Server.Cli;

/// <summary><c>throughline cases</c>: what waits for a person, and the person's decision.</summary>
internal static class CasesCommand
{
    public static Command Make(Terminal terminal)
    {
        var command = new Command("cases", """
            What waits for a person: list, show, retry, approve, reject.

            Example:
              throughline cases list --queue finance-ops
            """);
        command.Subcommands.Add(List(terminal));
        command.Subcommands.Add(Show(terminal));
        command.Subcommands.Add(Act(terminal, "retry", "Try again after the reason was corrected.", needsReason: false));
        command.Subcommands.Add(Act(terminal, "approve", "Give the approval that the case asks for.", needsReason: false));
        command.Subcommands.Add(Act(terminal, "reject", "Reject it with a reason; what was created is taken back.", needsReason: true));
        return command;
    }

    private static Command List(Terminal terminal)
    {
        var (data, url, json) = (CommonOptions.Data(terminal), CommonOptions.Url(terminal), CommonOptions.Json());
        var status = CommonOptions.Choice("--status", "open (default), settled, approved, rejected or all.", "open", "settled", "approved", "rejected", "all");
        var queue = new Option<string?>("--queue") { Description = "Only of one queue, such as finance-ops or pmo.", HelpName = "QUEUE" };
        var command = new Command("list", """
            List cases, the open ones unless told otherwise.

            Example:
              throughline cases list --status all --queue pmo
            """) { status, queue, data, url, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var hub = HubClient.Open(parsed.GetValue(url)!, parsed.GetValue(data)!);
            var (state, inQueue) = (Uri.EscapeDataString(parsed.GetValue(status) ?? "open"), Uri.EscapeDataString(parsed.GetValue(queue) ?? ""));
            var query = $"/api/v1/cases?max=500&status={state}&queue={inQueue}";
            var body = (await terminal.WithProgressAsync("Asking the hub", hub.GetAsync(query, cancellation))).Need();
            if (parsed.GetValue(json))
            {
                terminal.Json(body);
                return Exit.Ok;
            }

            var cases = body.NestedList("cases");
            terminal.Out.WriteLine(cases.Count == 0 ? "No cases."
                : $"{cases.Count} case{(cases.Count == 1 ? "" : "s")}{(body.Text("next") is null ? "" : " (the first; narrow the list with --queue)")}:");
            foreach (var item in cases)
            {
                terminal.Out.WriteLine();
                terminal.Out.Write(CaseText.Short(item));
            }

            return Exit.Ok;
        });
        return command;
    }

    private static Command Show(Terminal terminal)
    {
        var (data, url, json) = (CommonOptions.Data(terminal), CommonOptions.Url(terminal), CommonOptions.Json());
        var id = new Argument<string>("id") { Description = "The case's id, or its first characters (6 or more)." };
        var command = new Command("show", """
            Show one case.

            Example:
              throughline cases show 0b51f0a7c2d94a8f9f0e3d2c1b0a9f8e
            """) { id, data, url, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var hub = HubClient.Open(parsed.GetValue(url)!, parsed.GetValue(data)!);
            var body = (await terminal.WithProgressAsync("Asking the hub",
                ShowAsync(hub, parsed.GetValue(id)!, cancellation))).Need();
            Print(terminal, body, parsed.GetValue(json), CommonOptions.Repeat(parsed, data, url));
            return Exit.Ok;
        });
        return command;
    }

    private static Command Act(Terminal terminal, string action, string summary, bool needsReason)
    {
        var (data, url, json) = (CommonOptions.Data(terminal), CommonOptions.Url(terminal), CommonOptions.Json());
        var id = new Argument<string>("id") { Description = "The case's id, or its first characters (6 or more)." };
        var by = new Option<string>("--by")
        {
            Description = "Who decides; recorded as a name that was stated, not proved. Default: the name of this account.", HelpName = "WHO",
            DefaultValueFactory = _ => Environment.UserName,
        };
        var reason = new Option<string?>("--reason")
        {
            Description = needsReason ? "Why; needed, and kept with the case." : "Why; kept with the case. May be left out.", HelpName = "TEXT", Required = needsReason,
        };
        var example = needsReason ? "not our business" : "checked with the customer";
        var command = new Command(action, $"""
            {summary}

            Example:
              throughline cases {action} 0b51f0a7c2d94a8f9f0e3d2c1b0a9f8e --by dana --reason "{example}"
            """) { id, by, reason, data, url, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var hub = HubClient.Open(parsed.GetValue(url)!, parsed.GetValue(data)!);
            var decision = Fields.Of(("by", parsed.GetValue(by)), ("reason", parsed.GetValue(reason)));
            var answer = await terminal.WithProgressAsync("Waiting for the hub", ActAsync(hub, parsed.GetValue(id)!, action, decision, cancellation));
            if (answer.Body.Text("code") == "case-closed")
            {
                throw new CommandFailedException(answer.Body.Text("detail")!, Exit.Unchanged);
            }

            Print(terminal, answer.Need(), parsed.GetValue(json), CommonOptions.Repeat(parsed, data, url), action);
            if (answer.Body.Text("unchanged") is { } unchanged)
            {
                terminal.Error.WriteLine(unchanged);
                return Exit.Unchanged;
            }

            if (answer.Status == 202)
            {
                terminal.Error.WriteLine(answer.Body.Text("kind") == "entries"
                    ? "The entries are looked at once more. The case stays open as long as one of them is held; 'throughline cases show' says how it stands."
                    : "The hub has recorded it and has not come to it yet; look again with 'throughline cases show'.");
            }

            return Exit.Ok;
        });
        return command;
    }

    private static Task<HubAnswer> ShowAsync(HubClient hub, string id, CancellationToken cancellation) =>
        hub.GetAsync($"/api/v1/cases/{Uri.EscapeDataString(id)}", cancellation);

    private static Task<HubAnswer> ActAsync(HubClient hub, string id, string action, Fields decision, CancellationToken cancellation) =>
        hub.PostAsync($"/api/v1/cases/{Uri.EscapeDataString(id)}/{action}", decision, cancellation);

    /// <param name="action">What was just decided; null where it is only looked at.</param>
    private static void Print(Terminal terminal, Fields item, bool asJson, string options, string? action = null)
    {
        if (asJson)
        {
            terminal.Json(item);
        }
        else
        {
            terminal.Out.Write(action is null || item.Text("status") == "open" ? CaseText.Long(item, options) : CaseText.Decided(item, action, options));
        }
    }
}
