using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Entries;
using Throughline.Simulation.Checkers;
using Throughline.Simulation.Faults;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Mutations;

/// <summary>Now and then an entry is written without what changed in the ledger by it.</summary>
internal sealed class LosePostings : Mutation
{
    public override Type FoundBy => typeof(MoneyIsConserved);

    public override IHubStore Store(IHubStore inner, TheWorld world, Room room) => new Broken(inner);

    private sealed class Broken(IHubStore inner) : StoreDecorator(inner)
    {
        private int _commits;

        public override Task CommitEntriesAsync(ImmutableArray<EntryCommit> commits, CancellationToken cancellation) => Inner.CommitEntriesAsync(
            [.. commits.Select(commit => ++_commits % 3 == 0 ? commit with { Ledger = [] } : commit)], cancellation);
    }
}
