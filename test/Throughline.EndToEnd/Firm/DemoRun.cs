using System.Diagnostics;
using System.Text;
using Throughline.Model;
using Xunit;

namespace Throughline.EndToEnd.Firm;

/// <summary>The built program, playing the demo of <c>landscapes/real</c> to its end.</summary>
/// <param name="Outcome">What it printed with <c>--json</c>.</param>
internal sealed record DemoRun(int ExitCode, Fields Outcome, string Story, DateOnly Began, DateOnly Ended)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    public IReadOnlyList<Fields> Deals => Outcome.NestedList("deals");

    public IEnumerable<Fields> Projects => Deals.Where(deal => deal.Text("project") is not null);

    public Fields Deal(string name) => Deals.Single(deal => deal.Text("name") == name);

    /// <param name="environment">Set over the environment of this process.</param>
    public static async Task<DemoRun> PlayAsync(params (string Name, string Value)[] environment)
    {
        // Beside the test's own folder, wherever the build put both; its landscapes are there as well.
        var folder = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "Throughline.Server", new DirectoryInfo(AppContext.BaseDirectory).Name));
        var start = new ProcessStartInfo(Path.Combine(folder, "throughline"))
        {
            ArgumentList = { "demo", "--landscape", Path.Combine(folder, "landscapes", "real"), "--once", "--json", "--port", "0" },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var began = Today();
        using var process = Process.Start(start)!;
        using var patience = new CancellationTokenSource(Patience, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, TestContext.Current.CancellationToken);
        var story = new StringBuilder();
        process.ErrorDataReceived += (_, line) => story.AppendLine(line.Data);
        process.BeginErrorReadLine();
        try
        {
            var output = await process.StandardOutput.ReadToEndAsync(either.Token);
            await process.WaitForExitAsync(either.Token);
            Assert.True(output.Length > 0, $"the demo ended with {process.ExitCode} and without an outcome:\n{story}");
            return new DemoRun(process.ExitCode, Fields.Parse(output), story.ToString(), began, Today());
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            throw new TimeoutException($"the demo on the real servers did not end within {Patience}:\n{story}");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private static DateOnly Today() => DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);
}
