using Throughline.Connect;
using Throughline.Engine;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Mutations;

/// <summary>A deliberate defect, put around the store or a connector, that a named checker must find: the proof that the checker can fail.</summary>
internal abstract class Mutation
{
    public string Name => GetType().Name;

    /// <summary>The checker that must find it.</summary>
    public abstract Type FoundBy { get; }

    public virtual IHubStore Store(IHubStore inner, TheWorld world, Room room) => inner;

    public virtual IConnector Connector(IConnector inner, TheWorld world) => inner;
}
