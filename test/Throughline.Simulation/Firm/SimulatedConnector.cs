using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.CompilerServices;
using Throughline.Connect;
using Throughline.Model;
using Throughline.Simulation.Faults;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Firm;

/// <summary>What a system says by itself, page by page.</summary>
internal interface IFeed
{
    /// <summary>Where a reading begins, by the place that is kept.</summary>
    string? Begin(string? from) => from;

    /// <summary>The next page; null where there is no more.</summary>
    (ImmutableArray<SourceChange> Page, Cursor Next)? Read(string entity, string? from);
}

/// <summary>Changes in the order of their stamps. A page overlaps with the one before by the last record of it.</summary>
internal static class ChangePages
{
    private const int PageMax = 4;

    public static (ImmutableArray<SourceChange> Page, Cursor Next)? Next(ImmutableArray<SourceChange> changes, string? from) =>
        changes.IsEmpty || (changes.Length == 1 && changes[0].Version == from) ? null
            : ([.. changes.Take(PageMax)], new Cursor(changes[Math.Min(PageMax, changes.Length) - 1].Version));
}

/// <summary>The time of the PSA: what has changed, or, where it does not say that, the whole list in the order of ids.</summary>
internal sealed class TimeFeed(TimeBook time, bool tellsChanges) : IFeed
{
    private const int PageMax = 10;

    public string? Begin(string? from) => tellsChanges ? from : null;

    public (ImmutableArray<SourceChange> Page, Cursor Next)? Read(string entity, string? from)
    {
        if (tellsChanges)
        {
            return ChangePages.Next(time.Since(from), from);
        }

        ImmutableArray<SourceChange> page = [.. time.Listed(from is null ? 0 : int.Parse(from, CultureInfo.InvariantCulture)).Take(PageMax)];
        return page.IsEmpty ? null : (page, new Cursor(page[^1].Record.ExternalId));
    }
}

/// <summary>A hub's way to one of the systems in memory, with the protocol of a real connector and a network in between.</summary>
internal sealed class SimulatedConnector(
    string system, Manifest manifest, Network network, Room room, Func<ImmutableArray<WriteItem>, ImmutableArray<Receipt>> apply,
    Func<FindRequest, ImmutableArray<SourceRecord>> look, IFeed? feed)
    : IConnector
{
    public Manifest Manifest => manifest;

    public async Task<ConnectionReport> TestAsync(CancellationToken cancellation)
    {
        await room.Wait(network.Trip());
        return new ConnectionReport(system, network.StateOf(system));
    }

    public async IAsyncEnumerable<SourcePage> ReadAsync(string entity, Cursor? from, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var place = feed?.Begin(from?.Value);
        while (await network.AskAsync(system, room, () => feed?.Read(entity, place)) is { } read)
        {
            place = read.Next.Value;
            yield return new SourcePage([.. read.Page.Select(change => change.Record)], read.Next);
        }
    }

    public Task<ImmutableArray<SourceRecord>> FindAsync(FindRequest request, CancellationToken cancellation) =>
        network.AskAsync(system, room, () => look(request));

    public async Task<ImmutableArray<Receipt>> WriteAsync(ImmutableArray<WriteItem> items, CancellationToken cancellation)
    {
        if (manifest.BatchIsAtomic || network.Tears(items.Length) is not { } torn)
        {
            return await network.WriteAsync(system, items, room, () => apply(items));
        }

        var arrives = items[..torn.Lines];
        var receipts = arrives.IsEmpty ? [] : await network.WriteAsync(system, arrives, room, () => apply(arrives));
        return [.. receipts, .. items[torn.Lines..].Select(_ => Receipt.Failed(torn.Failure))];
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
