using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Partition;
using Throughline.Simulation.Checkers;
using Throughline.Simulation.Faults;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Mutations;

/// <summary>Cases are decided and not stored: nobody is ever asked.</summary>
internal sealed class ForgetCases : Mutation
{
    public override Type FoundBy => typeof(DivergenceHasACase);

    public override IHubStore Store(IHubStore inner, TheWorld world, Room room) => new Broken(inner);

    private sealed class Broken(IHubStore inner) : StoreDecorator(inner)
    {
        public override Task CommitAsync(ImmutableArray<PartitionCommit> commits, CancellationToken cancellation) => Inner.CommitAsync(
            [.. commits.Select(commit => commit with { Cases = [], State = [.. commit.State.Where(row => row.Kind != StateKind.Case)] })], cancellation);
    }
}
