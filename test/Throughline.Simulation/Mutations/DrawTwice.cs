using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Entries;
using Throughline.Simulation.Checkers;
using Throughline.Simulation.Faults;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Mutations;

/// <summary>An invoice is drawn, and its entries do not know it: the next one takes them again.</summary>
internal sealed class DrawTwice : Mutation
{
    public override Type FoundBy => typeof(InvoicesAreTrue);

    public override IHubStore Store(IHubStore inner, TheWorld world, Room room) => new Broken(inner);

    private sealed class Broken(IHubStore inner) : StoreDecorator(inner)
    {
        public override Task CommitEntriesAsync(ImmutableArray<EntryCommit> commits, CancellationToken cancellation) =>
            Inner.CommitEntriesAsync([.. commits.Select(Forget)], cancellation);

        private static EntryCommit Forget(EntryCommit commit)
        {
            var drawn = commit.InvoiceLines.Select(line => line.Entry).ToHashSet();
            return commit with { Rows = [.. commit.Rows.Where(row => !drawn.Contains(row.Id))], Ledger = [.. commit.Ledger.Where(item => !drawn.Contains(item.Line))] };
        }
    }
}
