using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Delivery;
using Throughline.Simulation.Checkers;
using Throughline.Simulation.Faults;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Mutations;

/// <summary>One receipt in ten is not handed to the engagement that waits for it.</summary>
internal sealed class LoseReceipts : Mutation
{
    public override Type FoundBy => typeof(WonDealsStand);

    public override IHubStore Store(IHubStore inner, TheWorld world, Room room) => new Broken(inner, world);

    private sealed class Broken(IHubStore inner, TheWorld world) : StoreDecorator(inner)
    {
        private readonly Random _chance = world.Chance("lost receipts");

        public override Task<ImmutableArray<int>> ConcludeAsync(string system, long epoch, ImmutableArray<CommandOutcome> outcomes, CancellationToken cancellation) =>
            Inner.ConcludeAsync(system, epoch, [.. outcomes.Select(outcome => _chance.Next(10) == 0 ? outcome with { Receipt = null } : outcome)], cancellation);
    }
}
