using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Partition;
using Throughline.Simulation.Checkers;
using Throughline.Simulation.Faults;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Mutations;

/// <summary>What is paid of an invoice is not told to the writer of its entries.</summary>
internal sealed class LosePayments : Mutation
{
    public override Type FoundBy => typeof(PaymentsAreTrue);

    public override IHubStore Store(IHubStore inner, TheWorld world, Room room) => new Broken(inner);

    private sealed class Broken(IHubStore inner) : StoreDecorator(inner)
    {
        public override Task CommitAsync(ImmutableArray<PartitionCommit> commits, CancellationToken cancellation) => Inner.CommitAsync(
            [.. commits.Select(commit => commit with { Messages = [.. commit.Messages.Where(message => !IsPayment(message))] })], cancellation);

        private static bool IsPayment(NewEnvelope message) => message.Kind == EnvelopeKind.InvoiceLines && message.Payload.Text("to") == "paid";
    }
}
