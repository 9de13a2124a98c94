using Throughline.Conformance.Store;
using Throughline.Engine;
using Throughline.Store.Sqlite;

namespace Throughline.Tests.Store;

public sealed class SqliteConforms : StoreConformance
{
    private readonly TemporaryFolder _folder = new();

    protected override Task<IHubStore> OpenAsync() => Task.FromResult<IHubStore>(SqliteHubStore.Open(_folder.Path));

    protected override ValueTask CleanAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }
}
