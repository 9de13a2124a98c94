namespace Throughline.Simulation.Checkers;

/// <summary>No envelope is poison, no connector throws, no loop fails for another reason than the store.</summary>
internal sealed class NothingIsDefective : IChecker
{
    public IEnumerable<string> WhenAtRest(SimulationRun run) => run.Hubs.Logs.Defects;
}
