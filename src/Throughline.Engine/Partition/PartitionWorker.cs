using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Throughline.Engine.Cases;
using Throughline.Engine.Process;
using Throughline.Landscape;
using Throughline.Model;
using Throughline.Model.Canonical;

namespace Throughline.Engine.Partition;

/// <summary>
/// The thin shell around <see cref="Decider"/>: reads a batch, loads its units, decides in memory, commits once with the fence inside.
/// One worker holds a partition at a time; a stale one is fenced by the store and simply stops.
/// </summary>
public sealed partial class PartitionWorker(
    IPartitionStore store, ReleaseHolder release, DecisionCatalog decisions, DefinitionLibrary definitions, IDoorbell doorbell, TimeProvider time,
    ILogger<PartitionWorker> log)
{
    public const int BatchMax = 500;

    private readonly Dictionary<int, long> _epochs = [];
    private readonly Lock _gate = new();

    /// <summary>Called after each commit, with the systems that were given commands.</summary>
    public Action<IReadOnlyCollection<string>>? CommandsDecided { get; set; }

    /// <summary>Called after each commit that set timers.</summary>
    public Action? TimersSet { get; set; }

    /// <summary>Works one batch of a partition; returns how many envelopes were done.</summary>
    public async Task<int> WorkAsync(int partition, string owner, CancellationToken cancellation)
    {
        var epoch = await EpochAsync(partition, owner, cancellation);
        var envelopes = await store.ReadEnvelopesAsync(partition, BatchMax, cancellation);
        if (envelopes.IsEmpty)
        {
            return 0;
        }

        try
        {
            await RunAsync(partition, epoch, envelopes, cancellation);
        }
        catch (FencedException)
        {
            Forget(partition);
            throw;
        }
        catch (Exception e) when (IsAboutContent(e))
        {
            // One envelope of the batch cannot be stored (it claims an id that is taken, holds what no column can keep ...); one by one,
            // so that only the culprit is parked.
            await WorkOneByOneAsync(partition, epoch, envelopes, cancellation);
        }

        return envelopes.Length;
    }

    private static bool IsAboutContent(Exception e) =>
        e is not (FencedException or StoreUnavailableException or OperationCanceledException or OutOfMemoryException);

    private async Task RunAsync(int partition, long epoch, ImmutableArray<Envelope> envelopes, CancellationToken cancellation)
    {
        var batch = NewBatch(partition, epoch);
        await LoadAsync(batch, envelopes, cancellation);
        foreach (var envelope in envelopes)
        {
            DecideOne(batch, envelope);
        }

        await CommitAsync(batch, cancellation);
    }

    private async Task WorkOneByOneAsync(int partition, long epoch, ImmutableArray<Envelope> envelopes, CancellationToken cancellation)
    {
        foreach (var envelope in envelopes)
        {
            try
            {
                await RunAsync(partition, epoch, [envelope], cancellation);
            }
            catch (Exception e) when (IsAboutContent(e))
            {
                LogPoison(e, envelope.Id, envelope.Scope);
                var batch = NewBatch(partition, epoch);
                batch.Include(envelope);
                batch.Load(await store.LoadUnitsAsync(batch.Units(), cancellation));
                batch.ParkAlone(envelope, e.Message);
                await CommitAsync(batch, cancellation);
            }
        }
    }

    private Batch NewBatch(int partition, long epoch) =>
        new(partition, epoch, new DecideContext(release.Landscape, decisions, definitions), time.GetUtcNow());

    private async Task LoadAsync(Batch batch, ImmutableArray<Envelope> envelopes, CancellationToken cancellation)
    {
        foreach (var envelope in envelopes)
        {
            batch.Prepare(envelope);
        }

        var lookups = batch.IdentityLookups();
        if (!lookups.IsEmpty)
        {
            batch.Found(await store.FindUnitsAsync(lookups, cancellation));
        }

        var rows = await store.LoadUnitsAsync(batch.Units(), cancellation);
        batch.Load(rows);
    }

    private void DecideOne(Batch batch, Envelope envelope)
    {
        try
        {
            batch.Decide(envelope);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // A poison envelope must not stop the others; its own scope waits behind it, and a person is told.
            LogPoison(e, envelope.Id, envelope.Scope);
            batch.Park(envelope, e.Message);
        }
    }

    private async Task CommitAsync(Batch batch, CancellationToken cancellation)
    {
        var commit = batch.ToCommit();
        await store.CommitAsync(commit, cancellation);
        foreach (var partition in commit.Messages.Select(message => message.Scope.Partition).Distinct())
        {
            doorbell.Ring(partition);
        }

        if (commit.Commands.Length > 0)
        {
            CommandsDecided?.Invoke([.. commit.Commands.Select(command => command.System).Distinct()]);
        }

        if (commit.Timers.Length > 0)
        {
            TimersSet?.Invoke();
        }
    }

    private async ValueTask<long> EpochAsync(int partition, string owner, CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (_epochs.TryGetValue(partition, out var known))
            {
                return known;
            }
        }

        var epoch = await store.TakePartitionAsync(partition, owner, cancellation);
        lock (_gate)
        {
            _epochs[partition] = epoch;
        }

        return epoch;
    }

    private void Forget(int partition)
    {
        lock (_gate)
        {
            _epochs.Remove(partition);
        }
    }

    [LoggerMessage(EventId = 1101, Level = LogLevel.Error, Message = "TL1101 envelope {Envelope} of {Scope} cannot be processed and was parked")]
    private partial void LogPoison(Exception e, EnvelopeId envelope, Scope scope);
}
