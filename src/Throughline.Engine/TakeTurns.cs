namespace Throughline.Engine;

/// <summary>One after the other, in the order of asking.</summary>
internal sealed class TakeTurns
{
    private readonly Lock _gate = new();
    private Task _last = Task.CompletedTask;

    public Task RunAsync(Func<Task> work)
    {
        lock (_gate)
        {
            return _last = AfterAsync(_last, work);
        }
    }

    private static async Task AfterAsync(Task before, Func<Task> work)
    {
        // On the caller's own scheduler, which the simulation depends on.
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        await work();
    }
}
