namespace Throughline.Simulation.Checkers;

/// <summary>
/// Looks at what a run came to, without the hub's help: what the systems hold, what senders and people did, what the store holds. A new
/// checker is a class in this folder and a line in <see cref="Checks"/>.
/// </summary>
internal interface IChecker
{
    /// <summary>What is wrong when the faults are over, people have done what was asked, and nothing moves any more.</summary>
    IEnumerable<string> WhenAtRest(SimulationRun run) => [];

    /// <summary>What is wrong when every deadline has passed as well.</summary>
    IEnumerable<string> WhenDeadlinesHavePassed(SimulationRun run) => [];
}
