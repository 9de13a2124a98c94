using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Intake;
using Throughline.Simulation.Checkers;
using Throughline.Simulation.Faults;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Mutations;

/// <summary>Intake of entries is acknowledged before it is durable; what a crash finds in between is lost.</summary>
internal sealed class AcknowledgeEntriesEarly : Mutation
{
    public override Type FoundBy => typeof(AcknowledgedIsKept);

    public override IHubStore Store(IHubStore inner, TheWorld world, Room room) => new Broken(inner, room);

    private sealed class Broken(IHubStore inner, Room room) : StoreDecorator(inner)
    {
        public override async Task<ImmutableArray<IntakeReceipt>> AppendAsync(ImmutableArray<IntakeItem> items, CancellationToken cancellation)
        {
            ImmutableArray<IntakeItem> entries = [.. items.Where(item => item.Envelope.Kind == EnvelopeKind.Entry)];
            var others = await Inner.AppendAsync([.. items.Except(entries)], cancellation);
            if (!entries.IsEmpty)
            {
                _ = room.Begin(async () =>
                {
                    await room.Wait(TimeSpan.FromSeconds(3));
                    await Inner.AppendAsync(entries, cancellation);
                });
            }

            var said = others.Concat(entries.Select(item => new IntakeReceipt(item.Key, IntakeOutcome.Accepted, item.Envelope.Id, item.Envelope.Scope.Partition)))
                .ToLookup(receipt => receipt.Key);
            return [.. items.Select(item => said[item.Key].First())];
        }
    }
}
