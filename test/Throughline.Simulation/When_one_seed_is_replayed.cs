using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace Throughline.Simulation;

/// <summary>One run with its whole log: <c>THROUGHLINE_SIM_SEED</c> says which; without it, one in which no fault happens.</summary>
public sealed partial class When_one_seed_is_replayed(ITestOutputHelper output)
{
    private const string Variable = "THROUGHLINE_SIM_SEED";
    private const int Calm = 20;

    [Fact]
    public void Should_keep_every_promise()
    {
        var seed = Campaign.Number(Variable, Calm);
        var run = new SimulationRun(seed, keepsLog: true).Run();
        foreach (var line in run.World.Trace.Lines)
        {
            output.WriteLine(line);
        }

        // Not the standard output: that belongs to the test runner.
        Console.Error.WriteLine($"Seed {seed}: trace {run.World.Trace.Hash:x16} after {run.World.Steps} steps.");
        Assert.True(run.Wrong.Count == 0, string.Join('\n', run.Wrong.Select(wrong => $"{wrong.Checker}: {wrong.Says}")));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(11)]
    public void Should_happen_the_same_way_again(int seed)
    {
        var first = new SimulationRun(seed).Run();
        var second = new SimulationRun(seed, keepsLog: true).Run();

        Assert.Equal(first.World.Trace.Hash, second.World.Trace.Hash);
        Assert.Equal(first.World.Steps, second.World.Steps);
    }

    /// <summary>Hash codes of texts differ from process to process; nothing that the hub decides may depend on them.</summary>
    [Theory]
    [InlineData(5)]
    [InlineData(13)]
    [InlineData(42)]
    public async Task Should_happen_the_same_way_in_another_process(int seed)
    {
        var here = new SimulationRun(seed).Run();
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            ArgumentList = { "-noColor", "-method", $"{typeof(When_one_seed_is_replayed).FullName}.{nameof(Should_keep_every_promise)}" },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { [Variable] = seed.ToString(CultureInfo.InvariantCulture) },
        };
        using var there = Process.Start(start) ?? throw new InvalidOperationException("the other process did not start");
        var told = there.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = await there.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await there.WaitForExitAsync(TestContext.Current.CancellationToken);

        var match = TraceNumber().Match(errors);
        Assert.True(match.Success, await told + errors);
        Assert.Equal($"{here.World.Trace.Hash:x16} after {here.World.Steps}", $"{match.Groups[1].Value} after {match.Groups[2].Value}");
    }

    [GeneratedRegex(@"trace ([0-9a-f]{16}) after (\d+) steps")]
    private static partial Regex TraceNumber();
}
