using Throughline.Conformance.Store;
using Throughline.Engine;
using Throughline.Store.Postgres;

namespace Throughline.Tests.Store;

public sealed class PostgresConforms : StoreConformance
{
    private readonly PostgresSchema _schema = new();

    protected override Task<IHubStore> OpenAsync() => Task.FromResult<IHubStore>(_schema.Open());

    protected override ValueTask CleanAsync() => _schema.DisposeAsync();
}
