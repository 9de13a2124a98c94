using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Entries;
using Throughline.Simulation.Checkers;
using Throughline.Simulation.Faults;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Mutations;

/// <summary>The fence of entries is left out: a writer that was taken over commits what it decided of them all the same.</summary>
internal sealed class SkipEntryFence : Mutation
{
    public override Type FoundBy => typeof(ApprovedTimeStandsOnce);

    public override IHubStore Store(IHubStore inner, TheWorld world, Room room) => new Broken(inner);

    private sealed class Broken(IHubStore inner) : StoreDecorator(inner)
    {
        public override async Task CommitEntriesAsync(ImmutableArray<EntryCommit> commits, CancellationToken cancellation)
        {
            try
            {
                await Inner.CommitEntriesAsync(commits, cancellation);
            }
            catch (FencedException)
            {
                var own = new List<EntryCommit>();
                foreach (var commit in commits)
                {
                    own.Add(commit with { Epoch = await Inner.TakePartitionAsync(commit.Partition, "mutant", cancellation) });
                }

                await Inner.CommitEntriesAsync([.. own], cancellation);
            }
        }
    }
}
