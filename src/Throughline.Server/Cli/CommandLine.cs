using System.CommandLine;
using System.CommandLine.Invocation;
using System.Runtime.InteropServices;
using Throughline.Engine;
using Throughline.Server.Hosting;

namespace Throughline.Server.Cli;

/// <summary>The program <c>throughline</c>.</summary>
internal static class CommandLine
{
    public static async Task<int> RunAsync(string[] args, Terminal terminal, CancellationToken cancellation = default)
    {
        var parsed = Root(terminal).Parse(args);
        if (parsed.Action is ParseErrorAction)
        {
            await terminal.Error.WriteLineAsync($"{Mistake.In(parsed)} See '{string.Join(' ', Path(parsed.CommandResult))} --help'.");
            return Exit.Usage;
        }

        // The library cancels the command's own token on these signals and does not say so here.
        var isAsked = false;
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => Volatile.Write(ref isAsked, true));
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, _ => Volatile.Write(ref isAsked, true));
        var configuration = new InvocationConfiguration { Output = terminal.Out, Error = terminal.Error, EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = ServeCommand.StopMax(parsed) };
        return await GuardAsync(terminal, () => parsed.InvokeAsync(configuration, cancellation),
            () => cancellation.IsCancellationRequested || Volatile.Read(ref isAsked));
    }

    /// <summary>Runs a command and turns what goes wrong into words and an exit code.</summary>
    /// <param name="isAskedToStop">A person or the system has asked the program to end.</param>
    public static async Task<int> GuardAsync(Terminal terminal, Func<Task<int>> command, Func<bool> isAskedToStop)
    {
        try
        {
            return await command();
        }
        catch (CommandFailedException e)
        {
            await terminal.Error.WriteLineAsync(e.Message);
            return e.ExitCode;
        }
        catch (TokenProblemException e)
        {
            await terminal.Error.WriteLineAsync(e.Message);
            return Exit.Token;
        }
        catch (StoreUnavailableException e)
        {
            // What a database says tells nobody what to do.
            var remedy = e.InnerException is System.Data.Common.DbException ? " Check that the folder (or the database server) is there and has space." : "";
            await terminal.Error.WriteLineAsync(e.Message + remedy);
            return Exit.Negative;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            await terminal.Error.WriteLineAsync($"{e.Message} Check the path or port and the rights of this account.");
            return Exit.Negative;
        }
        catch (OperationCanceledException) when (isAskedToStop())
        {
            return Exit.Ok;
        }
        catch (OperationCanceledException e)
        {
            await terminal.Error.WriteLineAsync(
                $"It was broken off before its end, and nobody asked for that ({e.Message.TrimEnd('.')}). Run it again; if it is broken off again, please report it "
                + "with what you did.");
            return Exit.Negative;
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
              throughline sandbox all             stand-ins to try a hub on; paste what it prints into another window, and there:
              throughline doctor --landscape landscapes/demo
              throughline serve --landscape landscapes/demo
              throughline sandbox deal            wins a deal in the CRM stand-in; prints how to trace it

            THROUGHLINE_URL and THROUGHLINE_DATA stand in for --url and --data. The token is read from the file 'token' of the data folder.

            Exit codes: 0 done, 1 the answer is no, 2 wrong usage, 3 the hub cannot be reached, 4 the token is missing, damaged or not this hub's,
            5 nothing changed, since the case was closed before.
            """);
        root.Subcommands.Add(ServeCommand.Make(terminal));
        root.Subcommands.Add(DemoCommand.Make(terminal));
        root.Subcommands.Add(SandboxCommand.Make(terminal));
        root.Subcommands.Add(ValidateCommand.Make(terminal));
        root.Subcommands.Add(CasesCommand.Make(terminal));
        root.Subcommands.Add(EntriesCommand.Make(terminal));
        root.Subcommands.Add(InvoicesCommand.Make(terminal));
        root.Subcommands.Add(WhyCommand.Make(terminal));
        root.Subcommands.Add(LedgerCommand.Make(terminal));
        root.Subcommands.Add(TraceCommand.Make(terminal));
        root.Subcommands.Add(ProcessesCommand.Make(terminal));
        root.Subcommands.Add(DoctorCommand.Make(terminal));
        root.Subcommands.Add(ChaosCommand.Make(terminal));
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
