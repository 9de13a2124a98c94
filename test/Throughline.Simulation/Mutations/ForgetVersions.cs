using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Intake;
using Throughline.Simulation.Checkers;
using Throughline.Simulation.Faults;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Mutations;

/// <summary>Records come in without their version, so an older one that comes later is taken for news.</summary>
internal sealed class ForgetVersions : Mutation
{
    public override Type FoundBy => typeof(WonDealsStand);

    public override IHubStore Store(IHubStore inner, TheWorld world, Room room) => new Broken(inner);

    private sealed class Broken(IHubStore inner) : StoreDecorator(inner)
    {
        public override Task<ImmutableArray<IntakeReceipt>> AppendAsync(ImmutableArray<IntakeItem> items, CancellationToken cancellation) =>
            Inner.AppendAsync([.. items.Select(Strip)], cancellation);

        private static IntakeItem Strip(IntakeItem item) =>
            item with { Envelope = item.Envelope with { Payload = item.Envelope.Payload.Without(PayloadNames.Version) } };
    }
}
