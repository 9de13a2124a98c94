using System.CommandLine;

namespace Throughline.Server.Cli;

/// <summary><c>throughline trace</c>: the whole story of a deal.</summary>
internal static class TraceCommand
{
    public static Command Make(Terminal terminal)
    {
        var (data, url, json) = (CommonOptions.Data(terminal), CommonOptions.Url(terminal), CommonOptions.Json());
        var id = new Argument<string>("id") { Description = "The id of an opportunity, a contract or a record in any system, a project code, a customer "
            + "number, an entry of time, a case or process instance (its first 6 characters are enough), or the name of a deal or customer." };
        var all = new Option<bool>("--all") { Description = "Every move of the hub as well." };
        var command = new Command("trace", """
            Tell what became of a deal: what was sold, where it stands, what happened when, its record in each system, what is to do.

            Example:
              throughline trace 0065g0000000001AAA
              throughline trace P-20001
              throughline trace "Northwind rollout"
            """) { id, all, data, url, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var hub = HubClient.Open(parsed.GetValue(url)!, parsed.GetValue(data)!);
            var body = (await terminal.WithProgressAsync("Asking the hub", 
                hub.GetAsync($"/api/v1/trace/{Uri.EscapeDataString(parsed.GetValue(id)!)}", cancellation))).Need();
            if (parsed.GetValue(json))
            {
                terminal.Json(body);
            }
            else
            {
                terminal.Out.Write(TraceText.Render(body, parsed.GetValue(all), terminal.IsScreen));
            }

            return Exit.Ok;
        });
        return command;
    }
}
