using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Throughline.Chaos.Count;
using Throughline.Conformance;
using Throughline.EndToEnd.Firm;
using Xunit;

namespace Throughline.EndToEnd.Chaos;

/// <summary>The command itself, as anybody may run it: its exit code is the verdict.</summary>
public sealed class When_everything_is_struck
{
    private static readonly bool IsLong = Environment.GetEnvironmentVariable("THROUGHLINE_TEST_LONG") is not null;
    private static readonly string Minutes = IsLong ? "60" : "3";

    [Fact]
    public async Task Should_leave_every_deal_and_every_approved_hour_exactly_once()
    {
        var seed = Environment.GetEnvironmentVariable("THROUGHLINE_TEST_SEED") ?? "1";
        // The result of the long form is committed.
        var report = IsLong ? Path.Combine(RepositoryFolder.Find(), "docs", "proof", "chaos.md") : Path.Combine(Path.GetTempPath(), $"throughline-chaos-{seed}.md");
        var (exitCode, said) = await RunAsync("--minutes", Minutes, "--seed", seed, "--report", report);

        Assert.True(exitCode == 0, said);
        Assert.Contains("The count is right", said, StringComparison.Ordinal);
        Assert.Contains($"{Tampering.All.Count + 1} of {Tampering.All.Count + 1} mistakes made on purpose were seen by their checks.", said, StringComparison.Ordinal);
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', said.Split('\n').TakeLast(15)));
    }

    /// <summary>A count that cannot be wrong proves nothing.</summary>
    [Fact]
    public async Task Should_say_no_where_a_project_stands_there_twice()
    {
        var (exitCode, said) = await RunAsync("--minutes", "0.2", "--seed", "1", "--tamper", "a project stands in the PSA twice");

        Assert.True(exitCode == 1, said);
        Assert.Equal(["projects", "strange-projects"], Regex.Matches(said, @"wrong \(([\w-]+)\)").Select(match => match.Groups[1].Value).Distinct().Order(StringComparer.Ordinal));
    }

    private static async Task<(int ExitCode, string Said)> RunAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(BuiltProgram.Path, ["chaos", .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var said = new StringBuilder();
        process.OutputDataReceived += (_, line) => Note(line.Data);
        process.ErrorDataReceived += (_, line) => Note(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }

        lock (said)
        {
            return (process.ExitCode, said.ToString());
        }

        void Note(string? line)
        {
            lock (said)
            {
                said.Append(line).Append('\n');
            }
        }
    }
}
