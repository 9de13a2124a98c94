using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Delivery;
using Throughline.Simulation.Checkers;
using Throughline.Simulation.Faults;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Mutations;

/// <summary>What a target refused of a batch is not handed to its entries.</summary>
internal sealed class LoseBatchReceipts : Mutation
{
    public override Type FoundBy => typeof(HeldTimeIsTold);

    public override IHubStore Store(IHubStore inner, TheWorld world, Room room) => new Broken(inner);

    private sealed class Broken(IHubStore inner) : StoreDecorator(inner)
    {
        public override Task<ImmutableArray<int>> ConcludeAsync(string system, long epoch, ImmutableArray<CommandOutcome> outcomes, CancellationToken cancellation) =>
            Inner.ConcludeAsync(
                system, epoch, [.. outcomes.Select(outcome => outcome.Receipt?.Kind == EnvelopeKind.BatchReceipt ? outcome with { Receipt = null } : outcome)], cancellation);
    }
}
