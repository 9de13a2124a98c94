using System.Collections.Immutable;
using Throughline.Connect;
using Throughline.Simulation.Checkers;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Mutations;

/// <summary>A change is answered before it is made, so the next one can overtake it.</summary>
internal sealed class AnswerBeforeWriting : Mutation
{
    public override Type FoundBy => typeof(NothingGoesBack);

    public override IConnector Connector(IConnector inner, TheWorld world) => new Broken(inner, world);

    private sealed class Broken(IConnector inner, TheWorld world) : ConnectorDecorator(inner)
    {
        private readonly Random _chance = world.Chance("write behind");

        public override Task<ImmutableArray<Receipt>> WriteAsync(ImmutableArray<WriteItem> items, CancellationToken cancellation)
        {
            if (items.Any(item => item.Operation != WriteOperation.Update))
            {
                return Inner.WriteAsync(items, cancellation);
            }

            world.Later(TimeSpan.FromSeconds(_chance.Next(60)), () => _ = world.Outside.Begin(() => Inner.WriteAsync(items, cancellation)));
            return Task.FromResult<ImmutableArray<Receipt>>([.. items.Select(item => Receipt.Done(item.ExternalId!))]);
        }
    }
}
