using Throughline.Model;

namespace Throughline.Server.Cli;

/// <summary>What a command sees of the world around it.</summary>
internal sealed record Terminal(TextWriter Out, TextWriter Error, Func<string, string?> Environment, TimeProvider Time)
{
    private static readonly TimeSpan QuietFor = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DotEvery = TimeSpan.FromSeconds(2);

    /// <summary>A person sees the output on a screen, so columns are kept narrow; what goes to a file or another program is whole.</summary>
    public bool IsScreen { get; init; }

    public static Terminal OfProcess() => new(System.Console.Out, System.Console.Error, System.Environment.GetEnvironmentVariable, TimeProvider.System)
    {
        IsScreen = !System.Console.IsOutputRedirected,
    };

    public void Json(Fields document) => Out.WriteLine(document.ToJson());

    /// <summary>Says what is going on, on the error stream, where it takes longer than a second.</summary>
    public async Task<T> WithProgressAsync<T>(string what, Task<T> work)
    {
        if (await Task.WhenAny(work, Task.Delay(QuietFor, Time)) != work)
        {
            await Error.WriteAsync(what);
            while (await Task.WhenAny(work, Task.Delay(DotEvery, Time)) != work)
            {
                await Error.WriteAsync('.');
            }

            await Error.WriteLineAsync();
        }

        return await work;
    }
}

/// <summary>What a command's exit code means.</summary>
internal static class Exit
{
    public const int Ok = 0;

    /// <summary>It ran, and the answer is no: problems found, case unknown, action refused.</summary>
    public const int Negative = 1;

    public const int Usage = 2;

    public const int Unreachable = 3;

    /// <summary>The token is missing, damaged, or not the one of the hub that was asked.</summary>
    public const int Token = 4;

    /// <summary>Nothing changed: the case was closed before.</summary>
    public const int Unchanged = 5;
}

/// <summary>A command cannot go on: what happened, what to do.</summary>
internal sealed class CommandFailedException(string message, int exit = Exit.Negative) : Exception(message)
{
    public int ExitCode { get; } = exit;
}
