using Throughline.Conformance.Store;
using Throughline.Engine;

namespace Throughline.Tests.Store;

public sealed class PostgresConformsForSeveralHubs : ClusterConformance
{
    private readonly PostgresSchema _schema = new();

    protected override Task<IHubStore> OpenAsync() => Task.FromResult<IHubStore>(_schema.Open());

    protected override ValueTask CleanAsync() => _schema.DisposeAsync();
}

public sealed class MemoryConformsForSeveralHubs : ClusterConformance
{
    protected override Task<IHubStore> OpenAsync() => Task.FromResult<IHubStore>(new MemoryHubStore());
}
