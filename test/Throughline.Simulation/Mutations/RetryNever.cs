using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Delivery;
using Throughline.Simulation.Checkers;
using Throughline.Simulation.Faults;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Mutations;

/// <summary>What is to be sent again is put off for a day.</summary>
internal sealed class RetryNever : Mutation
{
    public override Type FoundBy => typeof(EverythingComesToRest);

    public override IHubStore Store(IHubStore inner, TheWorld world, Room room) => new Broken(inner);

    private sealed class Broken(IHubStore inner) : StoreDecorator(inner)
    {
        public override Task<ImmutableArray<int>> ConcludeAsync(string system, long epoch, ImmutableArray<CommandOutcome> outcomes, CancellationToken cancellation) =>
            Inner.ConcludeAsync(system, epoch, [.. outcomes.Select(outcome => outcome with { DueAt = outcome.DueAt?.AddDays(1) })], cancellation);
    }
}
