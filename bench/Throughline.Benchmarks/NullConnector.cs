using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;
using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Benchmarks;

/// <summary>
/// A target that answers at once, with ids of its own and a memory of its keys: what remains is the hub's own cost. It has the manifest of
/// the connector that it stands for, so that the hub treats it alike.
/// </summary>
internal sealed class NullConnector(Manifest manifest) : IConnector
{
    private readonly ConcurrentDictionary<(string Entity, string Key), SourceRecord> _byKey = new();
    private long _last;

    public Manifest Manifest => manifest;

    /// <summary>The target is away: every write fails in a way that is tried again later.</summary>
    public bool IsStopped { get; set; }

    public Task<ConnectionReport> TestAsync(CancellationToken cancellation) => Task.FromResult(new ConnectionReport("in memory", null));

    public async IAsyncEnumerable<SourcePage> ReadAsync(string entity, Cursor? from, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await Task.CompletedTask;
        yield break;
    }

    public Task<ImmutableArray<SourceRecord>> FindAsync(FindRequest request, CancellationToken cancellation) => Task.FromResult(
        _byKey.TryGetValue((request.Entity, request.Key.ToJson()), out var found) ? ImmutableArray.Create(found) : []);

    public Task<ImmutableArray<Receipt>> WriteAsync(ImmutableArray<WriteItem> items, CancellationToken cancellation) =>
        Task.FromResult(items.Select(item => IsStopped ? Refused : Write(item)).ToImmutableArray());

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static Receipt Refused => Receipt.Failed(new Failure.Transient("the target is stopped"));

    private Receipt Write(WriteItem item)
    {
        if (item.Operation != WriteOperation.Create)
        {
            return Receipt.Done(item.ExternalId!);
        }

        var id = Interlocked.Increment(ref _last).ToString(CultureInfo.InvariantCulture);
        if (item.Find is not null)
        {
            _byKey.TryAdd((item.Entity, item.Find.ToJson()), new SourceRecord(item.Entity, id, null, item.Fields));
        }

        return Receipt.Done(id);
    }
}
