using Throughline.Connect;
using Throughline.Engine;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Mutations;

/// <summary>A deliberate defect, put around the store or a connector, that a named checker must find: the proof that the checker can fail.</summary>
internal abstract class Mutation
{
    public string Name => GetType().Name;

    /// <summary>Name of the checker that must find it.</summary>
    public abstract string FoundBy { get; }

    public virtual IHubStore Store(IHubStore inner, TheWorld world) => inner;

    public virtual IConnector Connector(IConnector inner, string system, TheWorld world) => inner;
}
