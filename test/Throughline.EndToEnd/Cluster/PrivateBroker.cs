using System.Diagnostics;
using Throughline.Conformance;
using Xunit;

namespace Throughline.EndToEnd.Cluster;

/// <summary>A RabbitMQ of one test, which it may stop and start.</summary>
internal sealed class PrivateBroker : IAsyncDisposable
{
    // Its parents must let the broker's account pass; the folder for temporary files does.
    private readonly string _folder = Path.Combine(Path.GetTempPath(), "throughline-broker-" + Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString("N"));

    /// <summary>Starts it, at its old address where there was one; returns the address with the password.</summary>
    public Task<string> UpAsync() => RunAsync("rabbitmq-up.sh");

    public Task DownAsync() => RunAsync("rabbitmq-down.sh");

    public async ValueTask DisposeAsync() => await RunAsync("rabbitmq-down.sh", "--purge");

    private async Task<string> RunAsync(string script, params string[] more)
    {
        var start = new ProcessStartInfo(Path.Combine(RepositoryFolder.Find(), "scripts", script), [_folder, .. more]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault() ?? "";
    }
}
