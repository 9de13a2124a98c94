using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Partition;
using Throughline.Simulation.Checkers;
using Throughline.Simulation.Faults;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Mutations;

/// <summary>Clocks that a decision sets are not stored.</summary>
internal sealed class ForgetTimers : Mutation
{
    public override Type FoundBy => typeof(NothingWaitsForEver);

    public override IHubStore Store(IHubStore inner, TheWorld world, Room room) => new Broken(inner);

    private sealed class Broken(IHubStore inner) : StoreDecorator(inner)
    {
        public override Task CommitAsync(ImmutableArray<PartitionCommit> commits, CancellationToken cancellation) =>
            Inner.CommitAsync([.. commits.Select(commit => commit with { Timers = [] })], cancellation);
    }
}
