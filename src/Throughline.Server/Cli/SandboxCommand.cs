using System.CommandLine;
using Throughline.Connectors;
using Throughline.Sandbox;
using Throughline.Sandbox.Redmine;
using Throughline.Sandbox.Salesforce;
using Throughline.Sandbox.Tryton;

namespace Throughline.Server.Cli;

/// <summary><c>throughline sandbox</c>: stand-ins of the systems, to try things on.</summary>
internal static class SandboxCommand
{
    public const int SalesforcePort = 18400;
    private const string All = "all";

    /// <summary>The ports that the shipped landscapes expect.</summary>
    private static readonly (string Name, int Port)[] Known = [("salesforce", SalesforcePort), ("redmine", 18300), ("tryton", 18069)];

    /// <summary>Begins the names of the environment variables that the demo landscape reads and this command prints.</summary>
    public const string VariablePrefix = "DEMO_";

    /// <summary>Signs the webhooks of the sandboxes' CRM; as public as their passwords.</summary>
    public const string HookSecret = "whsec_dGhyb3VnaGxpbmUtZGVtby1ob29rLXNlY3JldC0wMDE=";

    public static Command Make(Terminal terminal)
    {
        var command = new Command("sandbox", """
            Stand-ins that speak the systems' own protocols on loopback, with faults at will, until Ctrl-C; and deals to try a hub with.

            Example:
              throughline sandbox all
              throughline sandbox salesforce --port 18400
              throughline sandbox deal --amount 300000
            """) { SandboxDeal.Make(terminal) };
        command.Subcommands.Insert(0, Run(terminal, All, "Run the three stand-ins.", "The first of three ports"));
        foreach (var (name, port) in Known)
        {
            command.Subcommands.Add(Run(terminal, name, $"Run the stand-in of {ConnectorCatalog.Find(name)!.Manifest.Title}.", $"The port. Default: {port}"));
        }

        return command;
    }

    private static Command Run(Terminal terminal, string name, string what, string whichPort)
    {
        var port = new Option<int?>("--port") { Description = $"{whichPort}{(name == All ? ". Default: those that the landscapes expect" : ", which the landscapes expect")}; "
            + "0 takes a free one.", HelpName = "PORT" };
        var firstId = new Option<int?>("--first-id") { Description = "The least id of the records made there. Default: one derived from the start time, so that no id comes "
            + "again after a restart.", HelpName = "NUMBER" };
        var command = new Command(name, $"""
            {what} Paste what it prints into the window where you start a hub on landscapes/demo: it tells that hub addresses and made-up passwords.

            Example:
              throughline sandbox {name}
            """) { port, firstId };
        command.SetAction((parsed, cancellation) => RunAsync(terminal, name, parsed.GetValue(port), parsed.GetValue(firstId), cancellation));
        return command;
    }

    public static SandboxServer Create(string name, int firstId) => name switch
    {
        "salesforce" => new SalesforceSandbox(firstId: firstId),
        "redmine" => new RedmineSandbox(firstId: firstId),
        _ => new TrytonSandbox(firstId: firstId),
    };

    /// <summary>What a landscape needs to reach it, as environment variables of the demo landscape.</summary>
    public static IEnumerable<(string Name, string Value)> Variables(SandboxServer sandbox) => sandbox switch
    {
        SalesforceSandbox salesforce =>
            [("SALESFORCE_URL", Address(sandbox)), ("SALESFORCE_CLIENT_ID", salesforce.ClientId), ("SALESFORCE_SECRET", salesforce.ClientSecret),
                ("SALESFORCE_CLIENT_SECRET", salesforce.ClientSecret), ("SALESFORCE_HOOK_SECRET", HookSecret)],
        RedmineSandbox redmine => [("REDMINE_URL", Address(sandbox)), ("REDMINE_KEY", redmine.AdminKey), ("REDMINE_API_KEY", redmine.AdminKey)],
        _ =>
        [
            ("TRYTON_URL", Address(sandbox)), ("TRYTON_DATABASE", TrytonSandbox.Database), ("TRYTON_USER", TrytonSandbox.User),
                ("TRYTON_PASSWORD", TrytonSandbox.Password),
        ],
    };

    private static string Address(SandboxServer sandbox) => sandbox.Address.ToString().TrimEnd('/');

    private static async Task StartAsync(SandboxServer sandbox, string kind, int port, CancellationToken cancellation)
    {
        try
        {
            await sandbox.StartAsync(port, cancellation);
        }
        catch (IOException e)
        {
            throw new CommandFailedException($"The {kind} stand-in cannot listen on port {port}: {e.InnerException?.Message ?? e.Message}. Perhaps other stand-ins run already; "
                + "give these other ports with --port (0 takes free ones).");
        }
    }

    private static async Task<int> RunAsync(Terminal terminal, string name, int? port, int? firstId, CancellationToken cancellation)
    {
        var last = ushort.MaxValue - (name == All ? Known.Length - 1 : 0);
        if (port < 0 || port > last)
        {
            throw new CommandFailedException($"--port must be from 0 to {last}.", Exit.Usage);
        }

        if (firstId is < 1 or > FirstIds.Max)
        {
            throw new CommandFailedException($"--first-id must be from 1 to {FirstIds.Max}.", Exit.Usage);
        }

        var first = firstId ?? FirstIds.At(terminal.Time.GetUtcNow());
        var running = new List<SandboxServer>();
        try
        {
            foreach (var (kind, usual) in Known.Where(entry => name == All || entry.Name == name))
            {
                var sandbox = Create(kind, first);
                running.Add(sandbox);
                await StartAsync(sandbox, kind, port is null ? usual : port == 0 ? 0 : port.Value + running.Count - 1, cancellation);
                // All of it is pasted into a shell, so what is only for people is a comment there.
                terminal.Out.WriteLine($"# {kind}: {Address(sandbox)}");
                foreach (var (variable, value) in Variables(sandbox))
                {
                    terminal.Out.WriteLine($"export {VariablePrefix}{variable}={value}");
                }

                terminal.Out.WriteLine($"#   fault:    curl -d '{{\"kind\":\"CutAfter\",\"method\":\"POST\",\"times\":1}}' "
                    + $"{Address(sandbox)}{Faults.ControlPath}   (Latency, Answer, CutBefore, CutAfter, AnswerAfter, LateAnswer)");
                terminal.Out.WriteLine($"#   no fault: curl -X DELETE {Address(sandbox)}{Faults.ControlPath}     requests: curl "
                    + $"{Address(sandbox)}{Faults.RequestsPath}");
            }

            terminal.Out.WriteLine("# Running until Ctrl-C; then all in them is forgotten.");
            terminal.Out.WriteLine("# With a hub on them, win a deal: throughline sandbox deal");
            await ServeCommand.UntilStoppedAsync(cancellation);
            return Exit.Ok;
        }
        finally
        {
            foreach (var sandbox in running)
            {
                await sandbox.DisposeAsync();
            }
        }
    }
}
