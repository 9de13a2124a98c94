using System.Collections.Immutable;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;
using Throughline.Engine.Delivery;
using Throughline.Engine.Process;
using Throughline.Model;

namespace Throughline.Engine.Partition;

/// <summary>
/// The thin shell around <see cref="Decider"/>: reads what waits in the partitions that rang, loads their units, decides in memory, commits
/// once with the fences inside. One worker of a hub holds a partition at a time; a stale hub is fenced by the store and stops.
/// </summary>
public sealed partial class PartitionWorker(
    IPartitionStore store, ReleaseHolder release, DecisionCatalog decisions, DefinitionLibrary definitions, IDoorbell doorbell, TimeProvider time,
    ILogger<PartitionWorker> log)
{
    public const int BatchMax = 500;
    private const int BatchMin = 16;

    private readonly PartitionTenure _tenure = new();
    private readonly UnitCache _units = new();
    private readonly TakeTurns _taking = new();

    /// <summary>The way to the lanes of this hub; null where everything goes by the store.</summary>
    internal ShortWay? ShortWay { get; set; }

    /// <summary>Called after each commit, with the systems that were given commands which nobody has claimed yet.</summary>
    public Action<IReadOnlyCollection<string>>? CommandsDecided { get; set; }

    /// <summary>Called after each commit that set timers, or may have, with the earliest due time.</summary>
    public Action<DateTimeOffset>? TimersSet { get; set; }

    /// <summary>Called with the partition and its new epoch when one was taken.</summary>
    public Action<int, long>? Taken { get; set; }

    /// <summary>Called when another hub turned out to have taken a partition: what was to be done there is still to be done.</summary>
    public Action<int>? Fenced { get; set; }

    /// <summary>This hub took the partition and knows of nobody who did so later.</summary>
    public bool Owns(int partition) => _tenure.Has(partition);

    /// <summary>Another hub has taken a partition; it is taken anew before it is worked here again.</summary>
    public void Lose(int partition, long toEpoch) => _tenure.Lose(partition, toEpoch);

    /// <summary>Works what waits in some partitions, in one transaction; returns how many envelopes were done. What is left rings again.</summary>
    /// <exception cref="FencedException">Another hub has taken one of the partitions; the others were worked.</exception>
    public async Task<int> WorkAsync(ImmutableArray<int> partitions, string owner, CancellationToken cancellation)
    {
        // Known before anything is read: entries are worked beside this and may take a partition anew, and what was read in one tenure must not be
        // committed in a later one, when another hub has done it meanwhile.
        var epochs = new Dictionary<int, long>(partitions.Length);
        foreach (var partition in partitions)
        {
            await HoldAsync(partition, owner, cancellation);
            epochs[partition] = EpochOf(partition);
        }

        var maxEach = Math.Max(BatchMin, BatchMax / partitions.Length);
        var envelopes = await store.ReadEnvelopesAsync(partitions, maxEach, cancellation);
        using var quick = new QuickCommit(ShortWay);
        quick.Take(partitions);
        if (envelopes.IsEmpty && quick.Handed.IsEmpty)
        {
            return 0;
        }

        ImmutableArray<ImmutableArray<Envelope>> groups = [.. envelopes.GroupBy(envelope => envelope.Scope.Partition, (_, group) => group.ToImmutableArray())];
        try
        {
            await WorkTogetherAsync(groups, epochs, quick, cancellation);
        }
        catch (FencedException)
        {
            // The others were worked all the same.
            RingForTheRest(groups, maxEach);
            throw;
        }

        RingForTheRest(groups, maxEach);
        return envelopes.Length + quick.Handed.Length;
    }

    private void RingForTheRest(ImmutableArray<ImmutableArray<Envelope>> groups, int maxEach)
    {
        foreach (var partition in groups.Where(group => group.Length == maxEach).Select(group => group[0].Scope.Partition).Where(Owns))
        {
            doorbell.Ring(partition);
        }
    }

    private static bool IsAboutContent(Exception e) =>
        e is not (FencedException or StoreUnavailableException or OperationCanceledException or OutOfMemoryException);

    private async Task WorkTogetherAsync(
        ImmutableArray<ImmutableArray<Envelope>> groups, Dictionary<int, long> epochs, QuickCommit quick, CancellationToken cancellation)
    {
        try
        {
            await RunAsync(groups, epochs, quick, cancellation);
        }
        catch (Exception e) when (e is FencedException || IsAboutContent(e))
        {
            // One partition is no longer ours, or one envelope cannot be stored (it claims an id that is taken, holds what no column can
            // keep ...): smaller and smaller, so that only the culprit is left behind.
            // The short way is not tried twice: what was handed over goes the long one.
            quick.Dispose();
            FencedException? fenced = null;
            foreach (var group in groups)
            {
                try
                {
                    await WorkAloneAsync(group, epochs, groups.Length == 1 && !quick.WasTried ? e : null, cancellation);
                }
                catch (FencedException other)
                {
                    _tenure.Forget(group[0].Scope.Partition);
                    Fenced?.Invoke(group[0].Scope.Partition);
                    fenced = other;
                }
            }

            if (fenced is not null)
            {
                throw fenced;
            }
        }
    }

    private async Task WorkAloneAsync(ImmutableArray<Envelope> group, Dictionary<int, long> epochs, Exception? failed, CancellationToken cancellation)
    {
        try
        {
            if (failed is not null)
            {
                ExceptionDispatchInfo.Throw(failed);
            }

            await RunAsync([group], epochs, null, cancellation);
        }
        catch (Exception e) when (IsAboutContent(e))
        {
            foreach (var envelope in group)
            {
                await WorkOneAsync(envelope, epochs[envelope.Scope.Partition], cancellation);
            }
        }
    }

    private async Task WorkOneAsync(Envelope envelope, long epoch, CancellationToken cancellation)
    {
        var (replayed, failed) = await TryOneAsync(envelope, epoch, _ => false, null, cancellation);
        // It may be one of those that it set free which cannot be stored. Then that one goes on waiting, and not what a person decided;
        // where it takes more than one of them out, all of them.
        for (var culprit = replayed - 1; culprit >= 0 && failed is not null; culprit--)
        {
            var place = culprit;
            failed = (await TryOneAsync(envelope, epoch, each => each == place, failed, cancellation)).Failed;
        }

        if (failed is not null && replayed > 1)
        {
            failed = (await TryOneAsync(envelope, epoch, _ => true, failed, cancellation)).Failed;
        }

        if (failed is not null)
        {
            var batch = NewBatch(envelope.Scope.Partition, epoch);
            batch.Include(envelope);
            await LoadUnitsAsync([batch], cancellation);
            batch.ParkAlone(envelope, failed);
            await CommitAsync([batch], cancellation);
        }
    }

    private async Task<(int Replayed, Exception? Failed)> TryOneAsync(
        Envelope envelope, long epoch, Func<int, bool> keepsWaiting, Exception? cause, CancellationToken cancellation)
    {
        var batch = NewBatch(envelope.Scope.Partition, epoch);
        var replayed = 0;
        try
        {
            batch.Prepare(envelope);
            await LoadUnitsAsync([batch], cancellation);
            Guarded(batch, envelope, () => batch.Decide(envelope));
            await ReadWhatWaitsAsync(batch, envelope, cancellation);
            for (var place = 0; batch.NextReleased(envelope) is { } released; place++)
            {
                if (keepsWaiting(place))
                {
                    batch.ParkAgain(released, cause!);
                }
                else
                {
                    Guarded(batch, released, () => batch.Replay(released));
                    replayed++;
                }
            }

            await CommitAsync([batch], cancellation);
            return (replayed, null);
        }
        catch (Exception e) when (IsAboutContent(e))
        {
            return (replayed, e);
        }
    }

    private async Task RunAsync(
        ImmutableArray<ImmutableArray<Envelope>> groups, Dictionary<int, long> epochs, QuickCommit? quick, CancellationToken cancellation)
    {
        ImmutableArray<(HandedOutcome Handed, Envelope Receipt)> handed = [.. quick?.Handed.Select(item => (item, new Envelope(item.Receipt, 0))) ?? []];
        var batches = groups.Select(group => group[0].Scope.Partition).Concat(handed.Select(item => item.Receipt.Scope.Partition)).Distinct()
            .ToDictionary(partition => partition, partition => NewBatch(partition, epochs[partition]));
        foreach (var envelope in groups.SelectMany(group => group).Concat(handed.Select(item => item.Receipt)))
        {
            batches[envelope.Scope.Partition].Prepare(envelope);
        }

        ImmutableArray<Batch> all = [.. batches.Values];
        await LoadUnitsAsync(all, cancellation);
        foreach (var envelope in groups.SelectMany(group => group))
        {
            await DecideAsync(batches[envelope.Scope.Partition], envelope, cancellation);
        }

        foreach (var (item, receipt) in handed)
        {
            if (await TryDecideAsync(batches[receipt.Scope.Partition], receipt, cancellation))
            {
                quick!.Decided(item);
            }
        }

        await CommitAsync(all, cancellation, quick);
    }

    // Where a receipt cannot be decided it becomes an envelope, and is set aside as one.
    private async Task<bool> TryDecideAsync(Batch batch, Envelope receipt, CancellationToken cancellation)
    {
        try
        {
            if (!batch.TryDecide(receipt))
            {
                return false;
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return false;
        }

        await ReplayWhatIsFreeAsync(batch, receipt, cancellation);
        return true;
    }

    private Batch NewBatch(int partition, long epoch) =>
        new(partition, epoch, new DecideContext(release.Landscape, decisions, definitions), time.GetUtcNow());

    // Only when a reason has gone away: as long as it holds, what waits is not looked at, however much it has become.
    private async Task ReadWhatWaitsAsync(Batch batch, Envelope envelope, CancellationToken cancellation)
    {
        if (batch.SetFree(envelope) is { } unit)
        {
            batch.Wait(unit, await store.ReadParkedAsync([unit], cancellation));
            await LoadUnitsAsync([batch], cancellation);
        }
    }

    private async Task LoadUnitsAsync(ImmutableArray<Batch> batches, CancellationToken cancellation)
    {
        ImmutableArray<UnitLookup> lookups = [.. batches.SelectMany(batch => batch.IdentityLookups())];
        if (!lookups.IsEmpty)
        {
            var found = (await store.FindUnitsAsync(lookups, cancellation)).ToLookup(item => item.Lookup.Scope.Partition);
            foreach (var batch in batches)
            {
                batch.Found(found[batch.Partition]);
            }
        }

        var missing = new List<UnitKey>();
        foreach (var batch in batches)
        {
            foreach (var key in batch.UnitsToLoad())
            {
                if (_units.TryGet(key, out var known))
                {
                    batch.Load(known);
                }
                else
                {
                    missing.Add(key);
                }
            }
        }

        if (missing.Count > 0)
        {
            var byPartition = batches.ToDictionary(batch => batch.Partition);
            var rows = (await store.LoadUnitsAsync([.. missing], cancellation)).ToLookup(row => row.Unit);
            foreach (var key in missing)
            {
                byPartition[key.Scope.Partition].Load(UnitRows.Read(key, rows[key]));
            }
        }
    }

    private async Task DecideAsync(Batch batch, Envelope envelope, CancellationToken cancellation)
    {
        Guarded(batch, envelope, () => batch.Decide(envelope));
        await ReplayWhatIsFreeAsync(batch, envelope, cancellation);
    }

    private async Task ReplayWhatIsFreeAsync(Batch batch, Envelope envelope, CancellationToken cancellation)
    {
        await ReadWhatWaitsAsync(batch, envelope, cancellation);
        while (batch.NextReleased(envelope) is { } released)
        {
            Guarded(batch, released, () => batch.Replay(released));
        }
    }

    private void Guarded(Batch batch, Envelope envelope, Action decide)
    {
        try
        {
            decide();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // A poison envelope must not stop the others; its own unit waits behind it, and a person is told.
            batch.Park(envelope, e);
        }
    }

    /// <summary>Makes this hub the writer of a partition, where it is not yet.</summary>
    internal async ValueTask HoldAsync(int partition, string owner, CancellationToken cancellation)
    {
        if (_tenure.Has(partition))
        {
            return;
        }

        // Its engagements and its entries are worked beside each other; taken twice, one of the two would fence the other.
        await _taking.RunAsync(() => _tenure.Has(partition) ? Task.CompletedTask : TakeAsync(partition, owner, cancellation));
    }

    internal long EpochOf(int partition) => _tenure.EpochOf(partition);

    /// <summary>A commit of this hub was fenced: it is taken anew before it is worked here again.</summary>
    internal void Release(int partition)
    {
        _tenure.Forget(partition);
        _units.Forget(partition);
        Fenced?.Invoke(partition);
    }

    /// <summary>A unit as this hub last committed it; null where it is not in memory.</summary>
    internal UnitState? InMemory(UnitKey key) => _units.TryGet(key, out var known) ? known : null;

    /// <summary>Units as they stand in the store, for whoever only looks at them.</summary>
    internal async Task<ImmutableArray<UnitState>> ReadUnitsAsync(ImmutableArray<UnitKey> keys, CancellationToken cancellation)
    {
        var rows = (await store.LoadUnitsAsync(keys, cancellation)).ToLookup(row => row.Unit);
        return [.. keys.Select(key => UnitRows.Read(key, rows[key]))];
    }

    private async Task TakeAsync(int partition, string owner, CancellationToken cancellation)
    {
        var epoch = await store.TakePartitionAsync(partition, owner, cancellation);
        // Another hub may have written since it was ours last.
        _units.Forget(partition);
        _tenure.Took(partition, epoch);
        Taken?.Invoke(partition, epoch);
    }
}
