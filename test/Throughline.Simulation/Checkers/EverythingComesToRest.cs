namespace Throughline.Simulation.Checkers;

/// <summary>Once the faults are over everything comes to rest in bounded time: nothing waits, nothing is sent, nothing is in doubt.</summary>
internal sealed class EverythingComesToRest : IChecker
{
    public IEnumerable<string> WhenAtRest(SimulationRun run) =>
        run.RestedAfter is null ? [$"after two hours something still moves or waits: {run.Store.CountAsync(CancellationToken.None).Result}"] : [];
}
