using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Partition;
using Throughline.Simulation.Checkers;
using Throughline.Simulation.Faults;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Mutations;

/// <summary>What became of an invoice in the ERP is not told to the writer of its entries.</summary>
internal sealed class LoseInvoiceLines : Mutation
{
    public override Type FoundBy => typeof(InvoicesAreTrue);

    public override IHubStore Store(IHubStore inner, TheWorld world, Room room) => new Broken(inner);

    private sealed class Broken(IHubStore inner) : StoreDecorator(inner)
    {
        public override Task CommitAsync(ImmutableArray<PartitionCommit> commits, CancellationToken cancellation) => Inner.CommitAsync(
            [.. commits.Select(commit => commit with { Messages = [.. commit.Messages.Where(message => message.Kind != EnvelopeKind.InvoiceLines)] })], cancellation);
    }
}
