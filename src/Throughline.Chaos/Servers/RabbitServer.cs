namespace Throughline.Chaos.Servers;

/// <summary>A RabbitMQ of its own, which may be stopped, killed, frozen and started, by the scripts of the repository.</summary>
/// <param name="scripts">The folder of <c>rabbitmq-up.sh</c>.</param>
internal sealed class RabbitServer(string scripts) : IAsyncDisposable
{
    // Its parents must let the broker's account pass; the folder for temporary files does.
    private readonly string _folder = Path.Combine(Path.GetTempPath(), "throughline-broker-" + Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString("N"));

    /// <summary>Starts it, at its old address where there was one; returns the address with the password.</summary>
    public async Task<string> UpAsync() => (await RunAsync("rabbitmq-up.sh")).Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault() ?? "";

    public Task DownAsync() => RunAsync("rabbitmq-down.sh");

    /// <summary>SIGKILL, as if its machine had gone; its port mapper goes with it.</summary>
    public async Task KillAsync()
    {
        foreach (var process in new[] { "pid", "epmd.pid" }.Select(Pid).OfType<string>())
        {
            await Tool.RunAsync("sh", "-c", $"kill -9 {process}; while kill -0 {process} 2>/dev/null; do sleep 0.02; done");
        }
    }

    /// <summary>
    /// Leaves it with queues that it has and cannot serve, as a kill while it makes them does now and then. Where hubs make some anew just then, RabbitMQ may give no
    /// answer for minutes, or find nothing to stop; then it is left at what was broken by then.
    /// </summary>
    public Task BreakQueuesAsync() => Tool.EndAsync("timeout",
    [
        "-k", "1", "15", Path.Combine(scripts, "rabbitmq-ctl.sh"), _folder, "eval",
        "[ra:stop_server(quorum_queues, amqqueue:get_pid(Q)) || Q <- rabbit_amqqueue:list(), amqqueue:get_type(Q) == rabbit_quorum_queue].",
    ]);

    /// <param name="name">STOP or CONT.</param>
    public Task SignalAsync(string name) => Tool.SignalAsync(name, Pid("pid")!);

    public async ValueTask DisposeAsync()
    {
        if (Pid("pid") is { } process)
        {
            // A frozen one does not hear that it is to stop.
            await Tool.EndAsync("sh", ["-c", $"kill -CONT {process}"]);
        }

        await RunAsync("rabbitmq-down.sh", "--purge");
    }

    private string? Pid(string file) => Path.Combine(_folder, file) is var path && File.Exists(path) && File.ReadAllText(path).Trim() is { Length: > 0 } pid ? pid : null;

    private Task<string> RunAsync(string script, params string[] more) => Tool.RunAsync(Path.Combine(scripts, script), [_folder, .. more]);
}
