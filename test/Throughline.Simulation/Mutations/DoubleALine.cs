using System.Collections.Immutable;
using Throughline.Connect;
using Throughline.Simulation.Checkers;
using Throughline.Simulation.Firm;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Mutations;

/// <summary>A batch of more than one line is sent with its first line twice.</summary>
internal sealed class DoubleALine : Mutation
{
    public override Type FoundBy => typeof(ApprovedTimeStandsOnce);

    public override IConnector Connector(IConnector inner, TheWorld world) => new Broken(inner);

    private sealed class Broken(IConnector inner) : ConnectorDecorator(inner)
    {
        public override async Task<ImmutableArray<Receipt>> WriteAsync(ImmutableArray<WriteItem> items, CancellationToken cancellation) =>
            items.Length > 1 && items[0] is { Entity: Erp.Line, Operation: WriteOperation.Create }
                ? (await Inner.WriteAsync(items.Add(items[0]), cancellation))[..items.Length]
                : await Inner.WriteAsync(items, cancellation);
    }
}
