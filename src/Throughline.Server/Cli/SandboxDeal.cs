using System.Globalization;
using Throughline.Server.Cli.Demo;

namespace Throughline.Server.Cli;

/// <summary><c>throughline sandbox deal</c>: one sale, won in the CRM stand-in that runs, for a hub to find.</summary>
internal static class SandboxDeal
{
    // Demo customers have tax ids of nine digits, the last two within one firm.
    private const int RunsMax = 8_000_000;

    public static async Task<int> EnterAsync(Terminal terminal, Uri crm, decimal amount, CancellationToken cancellation)
    {
        if (amount <= 0)
        {
            throw new CommandFailedException("--amount must be above 0.", Exit.Usage);
        }

        using var door = DemoCrm.At(crm, terminal.Time);
        await door.CheckAsync(cancellation);
        var now = terminal.Time.GetUtcNow();
        var firm = new DemoFirm(door, DateOnly.FromDateTime(now.UtcDateTime), (int)(now.ToUnixTimeSeconds() % RunsMax));
        var deal = await firm.AddTrialAsync(now.ToString("HHmmss", CultureInfo.InvariantCulture), amount, cancellation);
        terminal.Out.WriteLine($"'{deal.Name}' ({amount.ToString("N2", CultureInfo.InvariantCulture)} EUR) is won in the CRM stand-in at {crm}. "
            + "A hub finds it when it next reads the CRM.");
        terminal.Out.WriteLine("What becomes of it:");
        terminal.Out.WriteLine($"  throughline trace {deal.Id}");
        return Exit.Ok;
    }
}
