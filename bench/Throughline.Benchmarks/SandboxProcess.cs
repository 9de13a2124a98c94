using System.Diagnostics;
using System.Globalization;
using Throughline.Model;

namespace Throughline.Benchmarks;

/// <summary>The hub's side of <see cref="SandboxHost"/>.</summary>
internal sealed class SandboxProcess : IAsyncDisposable
{
    private readonly Process _process;

    private SandboxProcess(Process process, Fields where) => (_process, Where) = (process, where);

    /// <summary>Addresses and credentials.</summary>
    public Fields Where { get; }

    public TimeSpan Processor
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    public static async Task<SandboxProcess> StartAsync(int deals, int works = 0)
    {
        var process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!)
        {
            ArgumentList =
            {
                "sandboxes", "--deals", deals.ToString(CultureInfo.InvariantCulture), "--works", works.ToString(CultureInfo.InvariantCulture),
            },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        var line = await process.StandardOutput.ReadLineAsync() ?? throw new BenchException("the sandboxes did not start");
        return new SandboxProcess(process, Fields.Parse(line));
    }

    /// <summary>How much stands in the sandboxes, as they themselves count.</summary>
    public async Task<Fields> CountAsync()
    {
        await _process.StandardInput.WriteLineAsync("count");
        await _process.StandardInput.FlushAsync();
        return Fields.Parse((await _process.StandardOutput.ReadLineAsync())!);
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
