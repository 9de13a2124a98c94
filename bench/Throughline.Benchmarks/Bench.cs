using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Throughline.Benchmarks.Measurements;

namespace Throughline.Benchmarks;

/// <summary>The whole table, or some of it: rounds in turns, each measurement in a process of its own; then one table and the raw findings.</summary>
internal static class Bench
{
    private static readonly TimeSpan QuickLook = TimeSpan.FromMilliseconds(60);

    public static string Help { get; } =
        "throughline bench [names...] [--quick] [--rounds 5] [--store postgres|sqlite] [--json] [--out FILE]\n\n"
        + "Measures what the hub does on this machine, each kind of work in turns with its limit, and prints one table. Takes long; an idle machine\n"
        + "is needed for figures that mean anything. --quick only shows that it works. Without THROUGHLINE_POSTGRES it starts a\n"
        + "PostgreSQL of its own. Raw findings go to FILE (Markdown where it ends in .md, else JSON; default: artifacts/bench/<time>.md).\n"
        + "--looks N looks N times at the work and its limit within one run. --worse MS makes each write of the hub take so much processor time more: a figure that\n"
        + "does not show it would be worth nothing.\n\nMeasurements:\n"
        + string.Concat(MeasurementCatalog.All.Select(measurement => $"  {measurement.Name,-12}{measurement.About}\n"))
        + "\nHow each is done: docs/benchmarks/method.md";

    public static async Task RunAsync(Options options)
    {
        if (options.IsHelp)
        {
            Console.WriteLine(Help);
            return;
        }

        Measurement[] asked = options.Names.Count > 0 ? [.. options.Names.Select(MeasurementCatalog.Find)]
            : [.. MeasurementCatalog.All.Where(measurement => options.IsQuick || !measurement.IsOnlyWhenNamed)];
        // Who breaks it off ends the measurement under way, and what follows cleans up.
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Cancel = true);
        await using var server = await BenchPostgres.StartAsync(options.Stores.Contains("postgres"));
        var report = new BenchReport(await Machine.DescribeAsync(), Machine.Load, options);
        var rounds = options.Given("rounds") is null && options.IsQuick ? 1 : options.Rounds;
        (Measurement Measurement, string Store, int Round)[] all =
        [
            .. Enumerable.Range(0, rounds).SelectMany(round => asked.Where(measurement => round < measurement.RoundsMax)
                .SelectMany(measurement => options.Stores.Select(store => (measurement, store, round)))),
        ];
        foreach (var (index, (measurement, store, round)) in all.Index())
        {
            await Console.Error.WriteLineAsync($"[{index + 1}/{all.Length}] {measurement.Name}, {store}, round {round + 1}");
            try
            {
                foreach (var finding in options.IsQuick ? await QuicklyAsync(measurement, store, options) : await ApartAsync(measurement, store, options))
                {
                    report.Add(round, finding);
                    await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                        $"    {finding.Work}: {finding.Measured:#,0.##} {finding.Unit}, {finding.Limit:#,0.##} {finding.LimitIs}: {finding.Ratio:0.000}"));
                }
            }
            catch (BenchException problem)
            {
                // The others are worth having all the same; the table says which are missing.
                report.Failed(round, measurement.Name, store, problem.Message);
                await Console.Error.WriteLineAsync("    not measured: " + problem.Message);
            }

            // After each, so that a series that is broken off leaves what it has.
            await report.SaveAsync();
        }

        Console.WriteLine(options.IsJson ? report.Json() : report.Table());
        await Console.Error.WriteLineAsync("Raw findings: " + report.File);
        if (report.HasFailures)
        {
            throw new BenchException("not everything could be measured, see above");
        }
    }

    /// <summary>One measurement on one store, once; its findings as one line of JSON.</summary>
    public static async Task MeasureAsync(Options options) =>
        Console.WriteLine(JsonSerializer.Serialize(await QuicklyAsync(MeasurementCatalog.Find(options.Names[0]), options.Store, options)));

    private static Task<IReadOnlyList<Finding>> QuicklyAsync(Measurement measurement, string store, Options options)
    {
        BenchStore.Each = options.IsQuick ? QuickLook : BenchStore.Each;
        MeasuredStore.Worse = TimeSpan.FromMilliseconds(options.Size("worse", 0, 0));
        return measurement.MeasureAsync(store, options);
    }

    // No measurement inherits compiled code, memory or pools of another.
    private static async Task<IReadOnlyList<Finding>> ApartAsync(Measurement measurement, string store, Options options)
    {
        using var process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, options.For(measurement.Name, store)) { RedirectStandardOutput = true })!;
        var text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? JsonSerializer.Deserialize<Finding[]>(text)! : throw new BenchException("it ended before its end; what it said stands above");
    }
}

/// <summary>A PostgreSQL of the benchmark's own, where none was named.</summary>
internal sealed class BenchPostgres : IAsyncDisposable
{
    public const string Variable = "THROUGHLINE_POSTGRES";

    private readonly string? _folder;

    private BenchPostgres(string? folder) => _folder = folder;

    public static async Task<BenchPostgres> StartAsync(bool isNeeded)
    {
        if (!isNeeded || Environment.GetEnvironmentVariable(Variable) is { Length: > 0 })
        {
            return new BenchPostgres(null);
        }

        // The account that runs PostgreSQL has to reach it.
        var folder = Directory.CreateTempSubdirectory("throughline-bench-postgres-").FullName;
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        }

        var server = new BenchPostgres(folder);
        var said = await RunAsync("postgres-up.sh", folder);
        Environment.SetEnvironmentVariable(Variable, said.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1]);
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        if (_folder is not null)
        {
            await RunAsync("postgres-down.sh", _folder, "--purge");
        }
    }

    private static async Task<string> RunAsync(string script, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Repository.Folder("scripts", script), arguments) { RedirectStandardOutput = true })!;
        var said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? said : throw new BenchException($"{script} failed; what it said stands above");
    }
}
