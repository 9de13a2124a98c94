using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Intake;
using Throughline.Simulation.Checkers;
using Throughline.Simulation.Faults;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Mutations;

/// <summary>Intake is acknowledged before it is durable; what a crash finds in between is lost.</summary>
internal sealed class AcknowledgeEarly : Mutation
{
    public override Type FoundBy => typeof(AcknowledgedIsKept);

    public override IHubStore Store(IHubStore inner, TheWorld world, Room room) => new Broken(inner, room);

    private sealed class Broken(IHubStore inner, Room room) : StoreDecorator(inner)
    {
        public override Task<ImmutableArray<IntakeReceipt>> AppendAsync(ImmutableArray<IntakeItem> items, CancellationToken cancellation)
        {
            _ = room.Begin(async () =>
            {
                await room.Wait(TimeSpan.FromSeconds(3));
                await Inner.AppendAsync(items, cancellation);
            });
            return Task.FromResult<ImmutableArray<IntakeReceipt>>(
                [.. items.Select(item => new IntakeReceipt(item.Key, IntakeOutcome.Accepted, item.Envelope.Id, item.Envelope.Scope.Partition))]);
        }
    }
}
