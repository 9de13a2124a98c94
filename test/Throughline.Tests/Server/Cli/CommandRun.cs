using System.Text;
using Throughline.Server.Cli;
using Xunit;

namespace Throughline.Tests.Server.Cli;

/// <summary>Runs the program in this process, with an environment of its own.</summary>
internal sealed class CommandRun : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly CancellationTokenSource _stop = new(Patience, TimeProvider.System);
    private readonly LiveWriter _output = new();
    private readonly LiveWriter _error = new();
    private readonly Task<int> _exit;

    private CommandRun(string[] words, IReadOnlyDictionary<string, string>? environment, TimeProvider? time = null)
    {
        var terminal = new Terminal(_output, _error, name => environment?.GetValueOrDefault(name), time ?? TimeProvider.System);
        _exit = Task.Run(() => CommandLine.RunAsync(words, terminal, _stop.Token));
    }

    /// <summary>A command that stays up, until it has printed a text.</summary>
    public static async Task<CommandRun> UpAsync(string line, string until, IReadOnlyDictionary<string, string>? environment = null, TimeProvider? time = null)
    {
        var run = new CommandRun(line.Split(' '), environment, time);
        await Task.WhenAny(run._output.UntilAsync(until), run._exit).WaitAsync(Patience, TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.True(run.Output.Contains(until, StringComparison.Ordinal), $"'{line}' was to print '{until}' and ended with:\n{run.Output}{run._error}");
        return run;
    }

    public static Task<(int Exit, string Output, string Error)> RunAsync(string line, IReadOnlyDictionary<string, string>? environment = null) =>
        RunAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries), environment);

    public static async Task<(int Exit, string Output, string Error)> RunAsync(string[] words, IReadOnlyDictionary<string, string>? environment = null)
    {
        using var run = new CommandRun(words, environment);
        return (await run._exit, run.Output, run._error.ToString());
    }

    public string Output => _output.ToString();

    /// <summary>Asks it to end, as Ctrl-C does.</summary>
    public async Task<int> StopAsync()
    {
        await _stop.CancelAsync();
        return await _exit;
    }

    public void Dispose()
    {
        _stop.Cancel();
        _exit.GetAwaiter().GetResult();
        _stop.Dispose();
        _output.Dispose();
        _error.Dispose();
    }

    private sealed class LiveWriter : TextWriter
    {
        private readonly StringBuilder _text = new();
        private readonly List<(string Text, TaskCompletionSource Seen)> _awaited = [];

        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value) => Write(value.ToString());

        public override void Write(string? value)
        {
            lock (_text)
            {
                _text.Append(value);
                var text = _text.ToString();
                _awaited.Where(each => text.Contains(each.Text, StringComparison.Ordinal)).ToList().ForEach(each => each.Seen.TrySetResult());
            }
        }

        public Task UntilAsync(string text)
        {
            lock (_text)
            {
                var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _awaited.Add((text, seen));
                Write("");
                return seen.Task;
            }
        }

        public override string ToString()
        {
            lock (_text)
            {
                return _text.ToString();
            }
        }
    }
}
