using Throughline.Conformance.Store;
using Throughline.Engine;

namespace Throughline.Tests.Store;

public sealed class MemoryConforms : StoreConformance
{
    private MemoryHubStore? _store;

    protected override Task<IHubStore> OpenAsync() => Task.FromResult<IHubStore>(_store = _store?.Reopen() ?? new MemoryHubStore());
}
