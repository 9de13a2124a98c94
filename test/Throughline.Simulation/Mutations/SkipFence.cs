using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Partition;
using Throughline.Simulation.Checkers;
using Throughline.Simulation.Faults;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Mutations;

/// <summary>The fence is left out: a writer that was taken over commits all the same.</summary>
internal sealed class SkipFence : Mutation
{
    public override Type FoundBy => typeof(WonDealsStand);

    public override IHubStore Store(IHubStore inner, TheWorld world, Room room) => new Broken(inner);

    private sealed class Broken(IHubStore inner) : StoreDecorator(inner)
    {
        public override async Task CommitAsync(ImmutableArray<PartitionCommit> commits, CancellationToken cancellation)
        {
            try
            {
                await Inner.CommitAsync(commits, cancellation);
            }
            catch (FencedException)
            {
                var own = new List<PartitionCommit>();
                foreach (var commit in commits)
                {
                    own.Add(commit with { Epoch = await Inner.TakePartitionAsync(commit.Partition, "mutant", cancellation) });
                }

                await Inner.CommitAsync([.. own], cancellation);
            }
        }
    }
}
