using System.Diagnostics;
using System.Globalization;

namespace Throughline.Benchmarks;

/// <summary>All measurements, alternating, each in a process of its own; then the report.</summary>
internal static class Series
{
    private const int OpenRate = 20;
    private const int OpenSeconds = 30;

    public static async Task RunAsync(Options options)
    {
        var before = Machine.Load;
        var results = new List<DealsResult>();
        var machine = await Machine.DescribeAsync();
        for (var round = 0; round < options.Rounds; round++)
        {
            foreach (var targets in new[] { "sandboxes", "null" })
            {
                foreach (var store in new[] { "postgres", "sqlite" })
                {
                    results.Add(await MeasureAsync(
                        "--store", store, "--targets", targets, "--deals", Text(options.Deals), "--warm-up", Text(options.WarmUp),
                        "--window", Text(options.Window)));
                }
            }

            results.Add(await MeasureAsync(
                "--store", "postgres", "--targets", "sandboxes", "--deals", Text(OpenRate * OpenSeconds), "--warm-up", Text(options.WarmUp),
                "--rate", Text(OpenRate)));

            // After every round, so that a series that is broken off leaves what it has.
            var report = Report.Write(results, machine, before, Machine.Load);
            await (options.Out is { } file ? File.WriteAllTextAsync(file, report) : Console.Out.WriteLineAsync(report));
        }
    }

    // A process of its own: no measurement inherits compiled code, memory or pools of another.
    private static async Task<DealsResult> MeasureAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["deals", .. arguments]) { RedirectStandardOutput = true })!;
        var line = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new BenchException("a measurement failed: " + string.Join(' ', arguments));
        }

        var result = DealsResult.From(line);
        await Console.Error.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture, $"{result.Name}: {result.DealsPerSecond:0.0} deals/s, p50 {result.P50:0} ms, p99 {result.P99:0} ms, load {result.Load}"));
        return result;
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
