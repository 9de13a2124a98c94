using System.Collections.Immutable;
using Throughline.Connect;
using Throughline.Simulation.Checkers;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Mutations;

/// <summary>A connector throws what it should classify.</summary>
internal sealed class ThrowAtRandom : Mutation
{
    public override Type FoundBy => typeof(NothingIsDefective);

    public override IConnector Connector(IConnector inner, TheWorld world) => new Broken(inner, world);

    private sealed class Broken(IConnector inner, TheWorld world) : ConnectorDecorator(inner)
    {
        private readonly Random _chance = world.Chance("throws");

        public override Task<ImmutableArray<Receipt>> WriteAsync(ImmutableArray<WriteItem> items, CancellationToken cancellation) =>
            _chance.Next(20) == 0 ? throw new InvalidOperationException("a defect of the connector") : Inner.WriteAsync(items, cancellation);
    }
}
