using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Intake;
using Throughline.Simulation.Checkers;
using Throughline.Simulation.Faults;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Mutations;

/// <summary>No idempotency key of an entry is recognised again.</summary>
internal sealed class DropEntryDedupe : Mutation
{
    public override Type FoundBy => typeof(AcknowledgedIsKept);

    public override IHubStore Store(IHubStore inner, TheWorld world, Room room) => new Broken(inner);

    private sealed class Broken(IHubStore inner) : StoreDecorator(inner)
    {
        public override async Task<ImmutableArray<IntakeReceipt>> AppendAsync(ImmutableArray<IntakeItem> items, CancellationToken cancellation)
        {
            var receipts = await Inner.AppendAsync([.. items.Select(Strip)], cancellation);
            return [.. receipts.Zip(items, (receipt, item) => receipt with { Key = item.Key })];
        }

        private static IntakeItem Strip(IntakeItem item) => item.Envelope.Kind == EnvelopeKind.Entry ? item with { Key = item.Key + item.Envelope.Id } : item;
    }
}
