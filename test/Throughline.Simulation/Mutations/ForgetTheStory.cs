using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Partition;
using Throughline.Simulation.Checkers;
using Throughline.Simulation.Faults;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Mutations;

/// <summary>What was done is not told.</summary>
internal sealed class ForgetTheStory : Mutation
{
    public override Type FoundBy => typeof(TheStoryHasNoGap);

    public override IHubStore Store(IHubStore inner, TheWorld world, Room room) => new Broken(inner);

    private sealed class Broken(IHubStore inner) : StoreDecorator(inner)
    {
        public override Task CommitAsync(ImmutableArray<PartitionCommit> commits, CancellationToken cancellation) => Inner.CommitAsync(
            [.. commits.Select(commit => commit with { Lineage = [.. commit.Lineage.Where(entry => entry.Kind != "done")] })], cancellation);
    }
}
