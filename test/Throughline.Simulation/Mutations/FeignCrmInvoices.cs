using System.Collections.Immutable;
using Throughline.Connect;
using Throughline.Simulation.Checkers;
using Throughline.Simulation.Firm;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Mutations;

/// <summary>That the CRM has changed what it shows of an invoice is answered without a change.</summary>
internal sealed class FeignCrmInvoices : Mutation
{
    public override Type FoundBy => typeof(PaymentsAreTrue);

    public override IConnector Connector(IConnector inner, TheWorld world) => new Broken(inner);

    private sealed class Broken(IConnector inner) : ConnectorDecorator(inner)
    {
        public override Task<ImmutableArray<Receipt>> WriteAsync(ImmutableArray<WriteItem> items, CancellationToken cancellation) =>
            items.All(item => item is { Entity: CrmInvoices.Entity, ExternalId: not null })
                ? Task.FromResult<ImmutableArray<Receipt>>([.. items.Select(item => Receipt.Done(item.ExternalId!))]) : Inner.WriteAsync(items, cancellation);
    }
}
