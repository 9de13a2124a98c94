using System.Collections.Immutable;
using Throughline.Connect;

namespace Throughline.Simulation.Mutations;

/// <summary>A connector in front of another one; what is to behave otherwise is overridden.</summary>
internal abstract class ConnectorDecorator(IConnector inner) : IConnector
{
    public Manifest Manifest => inner.Manifest;

    protected IConnector Inner => inner;

    public Task<ConnectionReport> TestAsync(CancellationToken cancellation) => inner.TestAsync(cancellation);

    public IAsyncEnumerable<SourcePage> ReadAsync(string entity, Cursor? from, CancellationToken cancellation) => inner.ReadAsync(entity, from, cancellation);

    public virtual Task<ImmutableArray<SourceRecord>> FindAsync(FindRequest request, CancellationToken cancellation) => inner.FindAsync(request, cancellation);

    public virtual Task<ImmutableArray<Receipt>> WriteAsync(ImmutableArray<WriteItem> items, CancellationToken cancellation) => inner.WriteAsync(items, cancellation);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
