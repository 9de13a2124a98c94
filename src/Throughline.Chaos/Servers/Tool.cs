using System.Diagnostics;

namespace Throughline.Chaos.Servers;

/// <summary>Another program, run to its end.</summary>
internal static class Tool
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>What it printed.</summary>
    /// <exception cref="ToolFailedException">It ended with something else than 0.</exception>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        var (exitCode, said, errors) = await EndAsync(program, arguments);
        return exitCode == 0 ? said : throw new ToolFailedException($"{program} {string.Join(' ', arguments)} ended with {exitCode}: {said}{errors}");
    }

    public static async Task<(int ExitCode, string Said, string Errors)> EndAsync(string program, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, WorkingDirectory = "/",
        })!;
        process.StandardInput.Close();
        // A server that it leaves behind may hold its streams open; so both are read, and neither is waited for after its end for long.
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(Patience, TimeProvider.System);
        await Task.WhenAll(output, errors).WaitAsync(Patience, TimeProvider.System);
        return (process.ExitCode, await output, await errors);
    }

    /// <param name="name">Such as STOP, CONT, TERM, KILL.</param>
    public static Task SignalAsync(string name, params IEnumerable<string> processes) => RunAsync("sh", "-c", $"kill -{name} {string.Join(' ', processes)}");
}

/// <summary>A program that is needed did not do its work; says which and what it said.</summary>
internal sealed class ToolFailedException(string message) : Exception(message);
