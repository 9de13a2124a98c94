namespace Throughline.Engine;

/// <summary>
/// Begins what goes on beside its caller: on the thread pool, unless the caller itself runs on a scheduler of its own. That is the one seam
/// by which the simulation runs a whole hub on one thread, in an order that follows from a seed.
/// </summary>
internal static class Background
{
    public static Task Run(Func<Task> work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.DenyChildAttach, TaskScheduler.Current).Unwrap();
}
