using System.CommandLine;
using System.Globalization;
using Throughline.Server.Cli.Demo;

namespace Throughline.Server.Cli;

/// <summary><c>throughline sandbox deal</c>: one sale, won in the CRM stand-in that runs, for a hub to find.</summary>
internal static class SandboxDeal
{
    private const string AddressVariable = SandboxCommand.VariablePrefix + "SALESFORCE_URL";
    private const decimal AmountMax = 1_000_000_000m;

    public static Command Make(Terminal terminal)
    {
        var port = new Option<int?>("--port")
        {
            Description = $"Where the CRM stand-in listens. Default: as {AddressVariable} says, else {SandboxCommand.SalesforcePort}.", HelpName = "PORT",
        };
        var amount = new Option<decimal>("--amount")
        {
            Description = "What it is worth, in EUR. Above 250000 the demo landscape asks for an approval.", HelpName = "EUR", DefaultValueFactory = _ => 90_000m,
        };
        var command = new Command("deal", """
            Win a deal of a made-up customer in the CRM stand-in that runs, for a hub to find, and print how to trace it.

            Example:
              throughline sandbox deal                    90,000 EUR, which nobody has to approve
              throughline sandbox deal --amount 300000    one that somebody has to approve
            """) { port, amount };
        command.SetAction((parsed, cancellation) => EnterAsync(terminal, parsed.GetValue(port), parsed.GetValue(amount), cancellation));
        return command;
    }

    private static async Task<int> EnterAsync(Terminal terminal, int? port, decimal amount, CancellationToken cancellation)
    {
        if (amount is < 1 or > AmountMax)
        {
            throw new CommandFailedException($"--amount must be from 1 to {AmountMax.ToString(CultureInfo.InvariantCulture)}, in EUR.", Exit.Usage);
        }

        if (port is < 1 or > ushort.MaxValue)
        {
            throw new CommandFailedException($"--port must be from 1 to {ushort.MaxValue}: the one where the CRM stand-in listens, as 'throughline sandbox all' printed it.",
                Exit.Usage);
        }

        // As the shell knows it, unless a port is given.
        var crm = port is null && Uri.TryCreate(terminal.Environment(AddressVariable), UriKind.Absolute, out var known) ? known
            : new Uri($"http://127.0.0.1:{port ?? SandboxCommand.SalesforcePort}");
        using var door = DemoCrm.At(crm, terminal.Time);
        await door.CheckAsync(cancellation);
        var now = terminal.Time.GetUtcNow();
        var firm = new DemoFirm(door, DateOnly.FromDateTime(now.UtcDateTime), DemoFirm.RunAt(now));
        var deal = await firm.AddTrialAsync(now.ToString("HHmmss", CultureInfo.InvariantCulture), amount, cancellation);
        terminal.Out.WriteLine($"'{deal.Name}' ({amount.ToString("N2", CultureInfo.InvariantCulture)} EUR) is won in the CRM stand-in at {crm}. "
            + "A hub finds it when it next reads the CRM.");
        terminal.Out.WriteLine("What becomes of it, from a few seconds on:");
        terminal.Out.WriteLine($"  throughline trace {deal.Id}");
        return Exit.Ok;
    }
}
