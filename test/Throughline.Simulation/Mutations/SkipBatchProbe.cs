using System.Collections.Immutable;
using Throughline.Connect;
using Throughline.Simulation.Checkers;
using Throughline.Simulation.Firm;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Mutations;

/// <summary>After the answer to a batch is lost nobody asks for its lines: what was written is taken for not written.</summary>
internal sealed class SkipBatchProbe : Mutation
{
    public override Type FoundBy => typeof(ApprovedTimeStandsOnce);

    public override IConnector Connector(IConnector inner, TheWorld world) => new Broken(inner, world);

    private sealed class Broken(IConnector inner, TheWorld world) : ConnectorDecorator(inner)
    {
        public override Task<ImmutableArray<SourceRecord>> FindAsync(FindRequest request, CancellationToken cancellation)
        {
            if (request.Entity != Erp.Line)
            {
                return Inner.FindAsync(request, cancellation);
            }

            world.Trace.Note("mutant", "does not ask");
            return Task.FromResult<ImmutableArray<SourceRecord>>([]);
        }
    }
}
