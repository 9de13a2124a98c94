using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Throughline.Model;

namespace Throughline.Chaos.Servers;

/// <summary>The built program, running <c>serve</c>. What it says is kept in a file.</summary>
internal sealed partial class HubProcess : IDisposable
{
    private readonly Process _process;
    private readonly string _log;
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource<Uri> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private HubProcess(Process process, string log) => (_process, _log) = (process, log);

    /// <summary>Completed when it listens.</summary>
    public Task<Uri> Address => _address.Task;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    public IReadOnlyList<string> Log
    {
        get
        {
            lock (_gate)
            {
                return File.Exists(_log) ? File.ReadAllLines(_log) : [];
            }
        }
    }

    /// <param name="program">The built <c>throughline</c>.</param>
    /// <param name="log">The file; what stands there is kept.</param>
    public static HubProcess Start(string program, string log, IEnumerable<string> arguments, IEnumerable<(string Name, string Value)> environment)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add("serve");
        foreach (var argument in arguments.Concat(["--urls", "http://127.0.0.1:0"]))
        {
            start.ArgumentList.Add(argument);
        }

        // What this process was told about stores is not meant for the hub.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("THROUGHLINE_", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException("the hub did not start");
        var hub = new HubProcess(process, log);
        process.OutputDataReceived += (_, line) => hub.Note(line.Data);
        process.ErrorDataReceived += (_, line) => hub.Note(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return hub;
    }

    /// <summary>SIGKILL.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    /// <param name="name">Such as STOP, CONT, TERM.</param>
    public Task SignalAsync(string name) => Tool.SignalAsync(name, _process.Id.ToString(CultureInfo.InvariantCulture));

    public Task WaitForExitAsync() => _process.WaitForExitAsync();

    public async Task<Fields> HealthAsync()
    {
        using var client = new HttpClient { BaseAddress = await Address, Timeout = TimeSpan.FromSeconds(10) };
        return Fields.Parse(await client.GetStringAsync(new Uri("/health", UriKind.Relative)));
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            Kill();
        }

        _process.Dispose();
    }

    private void Note(string? line)
    {
        if (line is null)
        {
            return;
        }

        if (StatusPage().Match(line) is { Success: true } match)
        {
            _address.TrySetResult(new Uri(match.Groups[1].Value));
        }

        lock (_gate)
        {
            File.AppendAllText(_log, line + "\n");
        }
    }

    [GeneratedRegex(@"^Status page:\s+(\S+)")]
    private static partial Regex StatusPage();
}
