using System.CommandLine;
using Throughline.Server.Cli.Demo;
using Throughline.Server.Hosting;

namespace Throughline.Server.Cli;

/// <summary><c>throughline demo</c>: a firm's deals go through the hub, told in plain words.</summary>
internal static class DemoCommand
{
    public static Command Make(Terminal terminal)
    {
        var once = new Option<bool>("--once") { Description = "End after the summary; exit code 0 only where every deal ended as expected." };
        var landscape = CommonOptions.Landscape();
        var data = new Option<string?>("--data") { Description = "The hub's data folder. Default: a temporary one.", HelpName = "DIR" };
        var json = new Option<bool>("--json") { Description = "Print what came of it as JSON; the story goes to the error stream." };
        var port = new Option<int?>("--port") { Description = "The hub's port. Default: 7070, or a free one where that is taken.", HelpName = "PORT" };
        var command = new Command("demo", """
            Start stand-ins of the CRM, the PSA and the ERP and a hub between them, and play a firm's deals: good ones, and some that
            wait or fail; then people book time on them. Stays up until Ctrl-C, with a read-only status page.

            Example:
              throughline demo
              throughline demo --once --landscape landscapes/real
            """) { once, landscape, data, port, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(port) is < 0 or > 65_535)
            {
                throw new CommandFailedException("--port must be from 0 to 65535.", Exit.Usage);
            }

            var told = parsed.GetValue(json) ? terminal with { Out = terminal.Error } : terminal;
            LandscapeFolders.Check(parsed.GetValue(landscape)!);
            told.Out.WriteLine($"Throughline demo: starting stand-ins and a hub on {parsed.GetValue(landscape)}.");
            await using var stage = await terminal.WithProgressAsync("Starting", DemoStage.OpenAsync(
                terminal, parsed.GetValue(landscape)!, parsed.GetValue(data), parsed.GetValue(port), cancellation));
            var play = new DemoPlay(stage, told);
            var outcome = await play.RunAsync(cancellation);
            if (parsed.GetValue(json))
            {
                terminal.Json(outcome.ToFields());
            }

            if (parsed.GetValue(once))
            {
                return outcome.IsAsExpected ? Exit.Ok : Exit.Negative;
            }

            await play.LeaveOneAsync($"export THROUGHLINE_URL={stage.Hub.Address.ToString().TrimEnd('/')} THROUGHLINE_DATA="
                + CommonOptions.Quoted(Path.GetDirectoryName(stage.Hub.Token.FilePath)!), cancellation);
            told.Out.WriteLine($"The hub stays up until Ctrl-C. Status page: {stage.Hub.Address}  (it asks once for the token, which stands in "
                + $"{stage.Hub.Token.FilePath})");
            await ServeCommand.UntilStoppedAsync(cancellation);
            told.Out.WriteLine(parsed.GetValue(data) is { } kept ? $"Stopped. The hub's data stays in {kept}; the stand-ins forget theirs."
                : "Stopped. The demo's data was in a temporary folder and is gone, as is what the stand-ins held; --data keeps the hub's.");
            return Exit.Ok;
        });
        return command;
    }
}
