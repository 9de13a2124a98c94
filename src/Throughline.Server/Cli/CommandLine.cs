using System.CommandLine;
using System.CommandLine.Invocation;
using Throughline.Engine;

namespace Throughline.Server.Cli;

/// <summary>The program <c>throughline</c>.</summary>
internal static class CommandLine
{
    private static readonly TimeSpan DrainMax = TimeSpan.FromSeconds(45);

    public static async Task<int> RunAsync(string[] args, Terminal terminal, CancellationToken cancellation = default)
    {
        var parsed = Root(terminal).Parse(args);
        if (parsed.Action is ParseErrorAction)
        {
            foreach (var error in parsed.Errors)
            {
                await terminal.Error.WriteLineAsync(error.Message);
            }

            var path = string.Join(' ', Path(parsed.CommandResult));
            await terminal.Error.WriteLineAsync($"See '{path} --help'.");
            return Exit.Usage;
        }

        try
        {
            var configuration = new InvocationConfiguration { Output = terminal.Out, Error = terminal.Error, EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = DrainMax };
            return await parsed.InvokeAsync(configuration, cancellation);
        }
        catch (CommandFailedException e)
        {
            await terminal.Error.WriteLineAsync(e.Message);
            return e.ExitCode;
        }
        catch (StoreUnavailableException e)
        {
            await terminal.Error.WriteLineAsync(
                $"{e.Message} Check that the folder (or the database server) is there, has space and is not used by another hub.");
            return Exit.Negative;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            await terminal.Error.WriteLineAsync($"{e.Message} Check the path or port and the rights of this account.");
            return Exit.Negative;
        }
        catch (OperationCanceledException)
        {
            return Exit.Ok;
        }
        catch (Exception e)
        {
            await terminal.Error.WriteLineAsync($"A defect of Throughline ({e.GetType().Name}): {e.Message} Please report it with what you did.");
            return Exit.Negative;
        }
    }

    private static RootCommand Root(Terminal terminal)
    {
        var root = new RootCommand("""
            Throughline: connects CRM, PSA and ERP of a services firm, and says at any time where a deal is.

            Start here:
              throughline demo                    watch deals go through, on stand-ins of all systems
              throughline validate landscapes/demo
              throughline serve --landscape landscapes/demo

            Exit codes: 0 done, 1 the answer is no, 2 wrong usage, 3 the hub cannot be reached.
            """);
        root.Subcommands.Add(ServeCommand.Make(terminal));
        root.Subcommands.Add(DemoCommand.Make(terminal));
        root.Subcommands.Add(SandboxCommand.Make(terminal));
        root.Subcommands.Add(ValidateCommand.Make(terminal));
        root.Subcommands.Add(CasesCommand.Make(terminal));
        root.Subcommands.Add(TraceCommand.Make(terminal));
        root.Subcommands.Add(ProcessesCommand.Make(terminal));
        root.Subcommands.Add(DoctorCommand.Make(terminal));
        return root;
    }

    private static Stack<string> Path(System.CommandLine.Parsing.CommandResult? result)
    {
        var names = new Stack<string>();
        for (; result is not null; result = result.Parent as System.CommandLine.Parsing.CommandResult)
        {
            names.Push(result.Parent is null ? "throughline" : result.Command.Name);
        }

        return names;
    }
}
