using System.Collections.Immutable;
using Throughline.Connect;
using Throughline.Simulation.Checkers;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Mutations;

/// <summary>After a lost answer nobody asks: what was written is taken for not written.</summary>
internal sealed class SkipProbe : Mutation
{
    public override Type FoundBy => typeof(NothingHappensTwice);

    public override IConnector Connector(IConnector inner, TheWorld world) => new Broken(inner, world);

    private sealed class Broken(IConnector inner, TheWorld world) : ConnectorDecorator(inner)
    {
        public override Task<ImmutableArray<SourceRecord>> FindAsync(FindRequest request, CancellationToken cancellation)
        {
            world.Trace.Note("mutant", "does not ask");
            return Task.FromResult<ImmutableArray<SourceRecord>>([]);
        }
    }
}
