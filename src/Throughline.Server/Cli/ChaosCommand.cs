using System.CommandLine;
using System.Globalization;
using System.Reflection;
using Throughline.Chaos;
using Throughline.Chaos.Count;
using Throughline.Chaos.Firm;
using Throughline.Chaos.Servers;

namespace Throughline.Server.Cli;

/// <summary><c>throughline chaos</c>: faults on real processes, and the count.</summary>
internal static class ChaosCommand
{
    private const int MinutesMax = 24 * 60;
    private const int SeedMax = 1_000_000;
    private const string Real = "real";

    public static Command Make(Terminal terminal)
    {
        var minutes = new Option<decimal>("--minutes")
        {
            Description = "How long faults strike. Start, rest and count come on top. Default: 3.", HelpName = "MINUTES", DefaultValueFactory = _ => 3m,
        };
        var seed = new Option<int?>("--seed") { Description = "Decides the order of faults and what people do. Default: by the clock; it is printed.", HelpName = "NUMBER" };
        var landscape = new Option<string>("--landscape")
        {
            Description = "demo: stand-ins of all systems. real: Redmine and Tryton of your own, which THROUGHLINE_REDMINE_URL and so on name; they are written to.",
            HelpName = "NAME", DefaultValueFactory = _ => "demo",
        };
        landscape.AcceptOnlyFromAmong("demo", Real);
        var report = new Option<string?>("--report") { Description = "Write what came of it to this file, as Markdown.", HelpName = "FILE" };
        var tamper = new Option<string?>("--tamper") { Description = "Make one mistake on purpose before the count, which must then be wrong.", Hidden = true };
        var command = new Command("chaos", """
            Run PostgreSQL, RabbitMQ and two hubs with people who sell, book and approve, let faults of many kinds strike at random, and count in the end: every deal
            one customer, one project, one financial project; every approved hour once in the ERP, read back without the hub. Exit code 0 only where the count is right.
            Everything is made for the run and removed after it. Needs PostgreSQL 15 and RabbitMQ on this machine, and the repository's scripts.

            Example:
              throughline chaos
              throughline chaos --minutes 60 --seed 7 --report docs/proof/chaos.md
            """) { minutes, seed, landscape, report, tamper };
        command.SetAction((parsed, cancellation) => RunAsync(
            terminal, parsed.GetValue(minutes), parsed.GetValue(seed), parsed.GetValue(landscape)!, parsed.GetValue(report), parsed.GetValue(tamper), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(
        Terminal terminal, decimal minutes, int? seed, string landscape, string? report, string? tamper, CancellationToken cancellation)
    {
        if (minutes is <= 0 or > MinutesMax)
        {
            throw new CommandFailedException($"--minutes must be above 0 and at most {MinutesMax}.", Exit.Usage);
        }

        if (tamper is not null && Tampering.All.All(each => each.Name != tamper))
        {
            throw new CommandFailedException($"There is no mistake '{tamper}'. There are: {string.Join("; ", Tampering.All.Select(each => each.Name))}.", Exit.Usage);
        }

        var choices = new ChaosChoices
        {
            Trouble = TimeSpan.FromMinutes((double)minutes),
            Seed = seed ?? (int)(terminal.Time.GetUtcNow().ToUnixTimeSeconds() % SeedMax),
            Program = Path.Combine(AppContext.BaseDirectory, "throughline"),
            Landscape = Path.Combine(AppContext.BaseDirectory, "landscapes", landscape),
            Scripts = Scripts(),
            Real = landscape == Real ? RealOnes(terminal.Environment) : null,
            Tamper = tamper,
            Commit = Commit(),
            Time = terminal.Time,
        };
        terminal.Out.WriteLine($"Seed {choices.Seed.ToString(CultureInfo.InvariantCulture)}.");
        ChaosOutcome outcome;
        try
        {
            outcome = await new ChaosRun(choices, terminal.Out.WriteLine).RunAsync(cancellation);
        }
        catch (Exception e) when (e is ChaosFailedException or ToolFailedException)
        {
            throw new CommandFailedException(e.Message);
        }

        foreach (var line in ChaosReport.Lines(outcome))
        {
            terminal.Out.WriteLine(line);
        }

        if (report is not null)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(report))!);
            await File.WriteAllTextAsync(report, ChaosReport.Markdown(outcome), CancellationToken.None);
            terminal.Out.WriteLine($"The report is in {report}.");
        }

        return outcome.IsRight ? Exit.Ok : Exit.Negative;
    }

    // Beside the program's own folder where it was built, or where it is called.
    private static string Scripts()
    {
        foreach (var start in new[] { AppContext.BaseDirectory, Environment.CurrentDirectory })
        {
            for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
            {
                var scripts = Path.Combine(folder.FullName, "scripts");
                if (File.Exists(Path.Combine(scripts, "rabbitmq-up.sh")))
                {
                    return scripts;
                }
            }
        }

        throw new CommandFailedException("The scripts that start a broker are not here (scripts/rabbitmq-up.sh). Run this from the repository's folder.");
    }

    private static RealSystems RealOnes(Func<string, string?> environment)
    {
        string[] names =
        [
            "THROUGHLINE_REDMINE_URL", "THROUGHLINE_REDMINE_KEY", "THROUGHLINE_TRYTON_URL", "THROUGHLINE_TRYTON_DATABASE", "THROUGHLINE_TRYTON_USER", "THROUGHLINE_TRYTON_PASSWORD",
        ];
        var missing = names.Where(name => string.IsNullOrEmpty(environment(name))).ToArray();
        if (missing.Length > 0)
        {
            throw new CommandFailedException($"Real systems are named by environment variables, and these are not set: {string.Join(", ", missing)}. "
                + "scripts/real/up.sh starts both and prints them.", Exit.Usage);
        }

        string Of(int number) => environment(names[number])!;
        return new RealSystems(new Uri(Of(0)), Of(1), new TrytonLogin(new Uri(Of(2)), Of(3), Of(4), Of(5)));
    }

    // The build notes the commit behind the version.
    private static string Commit() => typeof(ChaosCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+') is [_, var commit]
        ? commit[..Math.Min(commit.Length, 12)] : "unknown";
}
