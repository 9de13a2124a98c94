using System.Diagnostics;
using System.Globalization;
using Throughline.Conformance;
using Throughline.Model;
using Xunit;

namespace Throughline.EndToEnd.Benchmarks;

/// <summary>The instruments of <c>throughline bench</c>, in sizes of seconds: whether they work, not what they show.</summary>
public sealed class When_the_table_is_measured : IDisposable
{
    // One line each, of each store; the figures behind the names are those of the quick sizes.
    private static readonly string[] Works =
    [
        "durable intake, 64 connections", "approved time entry, target in memory", "approved time entry, ERP sandbox over HTTP", "won deal, targets in memory",
        "won deal, against a transaction per step", "won deal, HTTP sandboxes", "webhook to acknowledged command, 100/s, p50", "webhook to acknowledged command, 100/s, p99",
        "webhook to acknowledged command, 200/s, p99", "CPU an entry over a history of 2,000", "written an entry over a history of 2,000",
        "each 500th entry cannot be decided", "each 500th entry cannot be stored", "memory at rest", "memory with 2,000 entries queued", "memory after 2 s of steady load",
        "start with 5,000 open envelopes, 10 instances",
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("throughline-bench-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Should_have_a_line_for_every_work_on_both_stores_with_figures_that_are_numbers()
    {
        var (medians, report) = await BenchAsync("--quick");
        foreach (var store in new[] { "postgres", "sqlite" })
        {
            Assert.Equal(Works, medians.Where(line => line.Text("Store") == store).Select(line => line.Text("Work")));
        }

        foreach (var line in medians)
        {
            Assert.All(new[] { "Measured", "Limit", "Ratio" }, name => Assert.True(Number(line, name) is > 0 and < 1e12, $"{name} of {line.Text("Work")} is {line.Get(name)}"));
        }

        Assert.All(Works, work => Assert.Contains("| " + work, report, StringComparison.Ordinal));
        Assert.DoesNotContain("Not measured", report, StringComparison.Ordinal);
    }

    /// <summary>A commit takes a tenth of a second and answers at most 64 connections: more than 640 a second could not have been durable.</summary>
    [Fact]
    public async Task Should_show_a_hub_that_was_made_worse()
    {
        var (medians, _) = await BenchAsync("intake", "--quick", "--store", "sqlite", "--millis", "1000", "--warm-up", "64", "--worse", "100");
        Assert.InRange(Number(Assert.Single(medians), "Measured"), 1, 640 * 1.1);
    }

    private async Task<(IReadOnlyList<Fields> Medians, string Report)> BenchAsync(params string[] arguments)
    {
        var report = Path.Combine(_folder, "report.md");
        var root = RepositoryFolder.Find();
        using var process = Process.Start(new ProcessStartInfo(
            Path.Combine(root, "artifacts", "bin", "Throughline.Benchmarks", "debug", "throughline-bench"), ["bench", .. arguments, "--json", "--out", report])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = root,
        })!;
        var said = process.StandardError.ReadToEndAsync();
        var json = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await said);
        return (Fields.Parse(json).NestedList("Medians"), await File.ReadAllTextAsync(report));
    }

    private static double Number(Fields line, string name) => Convert.ToDouble(line.Get(name), CultureInfo.InvariantCulture);
}
