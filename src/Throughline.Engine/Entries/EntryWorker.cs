using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Throughline.Connect;
using Throughline.Engine.Delivery;
using Throughline.Engine.Intake;
using Throughline.Engine.Partition;
using Throughline.Engine.Process;
using Throughline.Landscape;
using Throughline.Model;

namespace Throughline.Engine.Entries;

/// <summary>
/// The thin shell around <see cref="EntryTurn"/>: reads what waits in some partitions, loads what it refers to, decides in memory and commits once
/// for all of them, with their fences inside. The partition worker holds the partitions; this only borrows them.
/// </summary>
public sealed partial class EntryWorker(
    IHubStore store, PartitionWorker partitions, ReleaseHolder release, IDoorbell doorbell, TimeProvider time, ILogger<EntryWorker> log)
{
    /// <summary>Envelopes of one transaction.</summary>
    public const int BatchMax = 2_000;
    private const int BatchMin = 100;
    private const int OpenMax = 1_000;

    private readonly EntryScenes _scenes = new(partitions, time);

    /// <summary>Called after each commit, with the systems that were given batches.</summary>
    public Action<IReadOnlyCollection<string>>? CommandsDecided { get; set; }

    /// <summary>Works what waits in some partitions; returns how many entries moved. What is left rings again.</summary>
    /// <exception cref="FencedException">Another hub has taken one of the partitions.</exception>
    public async Task<int> WorkAsync(ImmutableArray<int> asked, string owner, CancellationToken cancellation)
    {
        // Known before anything is read: what was read in one tenure must not be committed in a later one, when another hub has done it meanwhile.
        var epochs = new Dictionary<int, long>(asked.Length);
        foreach (var partition in asked)
        {
            await partitions.HoldAsync(partition, owner, cancellation);
            epochs[partition] = partitions.EpochOf(partition);
        }

        var maxEach = Math.Max(BatchMin, BatchMax / asked.Length);
        var work = await store.ReadEntryWorkAsync(asked, time.GetUtcNow(), maxEach, cancellation);
        if (work.Envelopes.IsEmpty && work.Due.IsEmpty)
        {
            return 0;
        }

        try
        {
            await RunOrPartAsync(work, epochs, cancellation);
        }
        catch (FencedException)
        {
            foreach (var partition in asked)
            {
                partitions.Release(partition);
            }

            throw;
        }

        foreach (var group in work.Envelopes.GroupBy(envelope => envelope.Scope.Partition).Where(group => group.Count() == maxEach))
        {
            doorbell.Ring(Bell.OfEntries(group.Key));
        }

        return work.Envelopes.Length + work.Due.Length;
    }

    private async Task RunOrPartAsync(EntryWork work, Dictionary<int, long> epochs, CancellationToken cancellation)
    {
        try
        {
            await RunAsync(work, epochs, null, cancellation);
        }
        catch (Exception e) when (e is not (FencedException or StoreUnavailableException or OperationCanceledException or OutOfMemoryException))
        {
            await ApartAsync(work, epochs, e, cancellation);
        }
    }

    // One of them cannot be decided or stored: each alone, so that only that one is set aside.
    private async Task ApartAsync(EntryWork work, Dictionary<int, long> epochs, Exception cause, CancellationToken cancellation)
    {
        if (work.Envelopes.IsEmpty)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(cause);
        }

        foreach (var envelope in work.Envelopes)
        {
            try
            {
                await RunAsync(new EntryWork([envelope], []), epochs, null, cancellation);
            }
            catch (Exception e) when (e is not (FencedException or StoreUnavailableException or OperationCanceledException or OutOfMemoryException))
            {
                LogPoison(e, envelope.Id, envelope.Scope);
                await RunAsync(new EntryWork([envelope], []), epochs, e, cancellation);
            }
        }
    }

    private async Task RunAsync(EntryWork work, Dictionary<int, long> epochs, Exception? parks, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var landscape = release.Landscape;
        var turns = work.Envelopes.Select(envelope => envelope.Scope.Partition).Concat(work.Due.Select(row => row.Scope.Partition)).Distinct()
            .ToDictionary(partition => partition, partition => new EntryTurn(partition, epochs[partition], landscape, now));
        if (parks is not null)
        {
            var turn = turns[work.Envelopes[0].Scope.Partition];
            turn.Done(work.Envelopes[0]);
            turn.Park(work.Envelopes[0], "the entry cannot be processed or stored, which is a defect of the hub (TL1103 in the log)");
        }
        else
        {
            await DecideAsync(work, turns, landscape, cancellation);
        }

        await TellAsync(turns, cancellation);
        await CommitAsync(turns.Values, cancellation);
    }

    private async Task DecideAsync(EntryWork work, Dictionary<int, EntryTurn> turns, Landscape.Landscape landscape, CancellationToken cancellation)
    {
        var prepared = work.Envelopes.Select(envelope => Prepare(envelope, landscape)).ToImmutableArray();
        var receipts = prepared.Select(item => item.Receipt).OfType<BatchReceipt>().ToImmutableArray();
        var refused = receipts.IsEmpty ? [] : (await store.FindCommandsAsync([.. receipts.Select(receipt => receipt.Command)], cancellation)).ToDictionary(command => command.Id);
        var again = prepared.Where(item => item.IsAgain).Select(item => item.Envelope.Scope).Distinct().ToImmutableArray();
        ImmutableArray<EntryId> ids =
        [
            .. prepared.Select(item => item.Change?.Id).OfType<EntryId>().Concat(refused.Values.SelectMany(command => command.Lines).Select(EntryTurn.IdOf)).Distinct(),
        ];
        var open = again.IsEmpty ? [] : await store.LoadOpenEntriesAsync(again, OpenMax, cancellation);
        ImmutableArray<EntryRow> known = [.. await LoadAsync(ids, cancellation), .. work.Due, .. open];
        var byId = known.DistinctBy(row => row.Id).ToDictionary(row => row.Id);
        foreach (var row in byId.Values.Where(row => turns.ContainsKey(row.Scope.Partition)))
        {
            turns[row.Scope.Partition].Load(row);
        }

        // One that is booked anew is still held by another partition.
        foreach (var change in prepared.Select(item => item.Change).OfType<EntryChange>().Where(change => byId.ContainsKey(change.Id)))
        {
            turns[change.Scope.Partition].Load(byId[change.Id]);
        }

        var homes = await PlaceAsync(work.Due, cancellation);
        await LoadBatchesAsync(
            [.. known, .. prepared.Select(item => item.Change?.Before).OfType<EntryRow>()], turns, cancellation);
        await LoadScenesAsync(prepared.Select(item => item.Envelope.Scope).Concat(known.Select(row => row.Scope)), turns, cancellation);
        var waiting = open.ToLookup(row => row.Scope);
        foreach (var row in work.Due)
        {
            if (homes.TryGetValue(row.Id, out var home))
            {
                turns[row.Scope.Partition].MoveHome(row, home);
            }
            else
            {
                turns[row.Scope.Partition].LookAgain(row);
            }
        }

        foreach (var item in prepared)
        {
            var turn = turns[item.Envelope.Scope.Partition];
            turn.Done(item.Envelope);
            if (item.Change is { } change)
            {
                // Two records of a new one, booked on different engagements: the first of them has it, and the other asks that one for it.
                if (!byId.ContainsKey(change.Id) && turns.Values.Select(other => other.Current(change.Id)).FirstOrDefault(row => row is not null) is { } begun)
                {
                    turn.Load(begun);
                }

                turn.Take(change);
            }
            else if (item.Receipt is { } receipt && refused.TryGetValue(receipt.Command, out var batch))
            {
                turn.Take(receipt, batch);
            }
            else if (item.IsAgain)
            {
                foreach (var row in waiting[item.Envelope.Scope])
                {
                    turn.LookAgain(row);
                }

                turn.TellAgain(item.Envelope.Scope);
            }
        }
    }

    private async Task<ImmutableArray<EntryRow>> LoadAsync(ImmutableArray<EntryId> ids, CancellationToken cancellation) =>
        ids.IsEmpty ? [] : await store.LoadEntriesAsync(ids, cancellation);

    // Only entries that were sent before and may be sent again ask for their batch; nearly all are new.
    private async Task LoadBatchesAsync(ImmutableArray<EntryRow> rows, Dictionary<int, EntryTurn> turns, CancellationToken cancellation)
    {
        ImmutableArray<CommandId> ids = [.. rows.Select(row => row.Batch).OfType<CommandId>().Distinct()];
        if (ids.IsEmpty)
        {
            return;
        }

        var batches = (await store.LoadBatchesAsync(ids, cancellation)).Where(batch => batch.Status is CommandStatus.Done or CommandStatus.Failed).ToDictionary(batch => batch.Id);
        foreach (var row in rows)
        {
            if (row.Batch is { } id && batches.TryGetValue(id, out var batch) && turns.TryGetValue(row.Scope.Partition, out var turn))
            {
                turn.Load(batch);
            }
        }
    }

    private async Task<Dictionary<EntryId, Scope>> PlaceAsync(ImmutableArray<EntryRow> due, CancellationToken cancellation)
    {
        var lookups = due.Where(row => row.Scope.Kind == Placement.UnplacedKind).ToDictionary(row => row.Id, row => Placement.HomeOf(row.Scope));
        if (lookups.Count == 0)
        {
            return [];
        }

        var found = (await store.FindHomesAsync([.. lookups.Values.Distinct()], cancellation)).ToDictionary(home => home.Lookup, home => home.Home);
        return lookups.Where(lookup => found.ContainsKey(lookup.Value)).ToDictionary(lookup => lookup.Key, lookup => found[lookup.Value]);
    }

    private async Task LoadScenesAsync(IEnumerable<Scope> scopes, Dictionary<int, EntryTurn> turns, CancellationToken cancellation)
    {
        ImmutableArray<Scope> asked = [.. scopes.Distinct().Where(scope => scope.Kind == Scope.EngagementKind && turns.ContainsKey(scope.Partition))];
        foreach (var (scope, scene) in await _scenes.OfAsync(asked, release.Landscape, cancellation))
        {
            turns[scope.Partition].Load(scope, scene);
        }
    }

    private async Task TellAsync(Dictionary<int, EntryTurn> turns, CancellationToken cancellation)
    {
        ImmutableArray<Scope> told = [.. turns.Values.SelectMany(turn => turn.Told)];
        if (told.IsEmpty)
        {
            return;
        }

        var open = (await store.LoadOpenEntriesAsync(told, OpenMax, cancellation)).ToLookup(row => row.Scope);
        foreach (var scope in told)
        {
            turns[scope.Partition].Tell(scope, open[scope]);
        }
    }

    private async Task CommitAsync(IEnumerable<EntryTurn> turns, CancellationToken cancellation)
    {
        ImmutableArray<EntryCommit> commits = [.. turns.Select(turn => turn.ToCommit())];
        await store.CommitEntriesAsync(commits, cancellation);
        foreach (var bell in commits.SelectMany(commit => commit.Messages).Select(Bell.Of).Distinct())
        {
            doorbell.Ring(bell);
        }

        string[] systems = [.. commits.SelectMany(commit => commit.Commands).Select(command => command.System).Distinct()];
        if (systems.Length > 0)
        {
            CommandsDecided?.Invoke(systems);
        }
    }

    private static Prepared Prepare(Envelope envelope, Landscape.Landscape landscape)
    {
        switch (envelope.Kind)
        {
            case EnvelopeKind.EntriesAgain:
                return new Prepared(envelope, null, null, true);
            case EnvelopeKind.BatchReceipt:
                return new Prepared(envelope, null, BatchReceipt.From(envelope.Payload), false);
            case EnvelopeKind.Entry when EntryPayload.IsMapped(envelope.Payload):
                return new Prepared(envelope, EntryPayload.Read(envelope), null, false);
        }

        var (system, record) = SourcePayload.Read(envelope.Payload);
        var map = landscape.InwardMap(system, record.Entity);
        if (map is null || !landscape.Entries.ContainsKey(map.To))
        {
            // The landscape has no place for such entries any more; what is known of them stays as it is.
            return new Prepared(envelope, null, null, false);
        }

        var inward = MapRunner.Inward(map, record, landscape);
        var change = new EntryChange(
            EntryId.Of(system, record.Entity, record.ExternalId, Placement.CreatedAt(map, record, landscape)), envelope.Scope, system, map.To, record.Entity, record.ExternalId,
            record.Version, inward.Attributes, record.Deleted, inward.Failure?.Message, envelope.Id);
        return new Prepared(envelope, inward.Applies ? change : null, null, false);
    }

    private sealed record Prepared(Envelope Envelope, EntryChange? Change, BatchReceipt? Receipt, bool IsAgain);

    [LoggerMessage(EventId = 1103, Level = LogLevel.Error, Message = "TL1103 the entry in envelope {Envelope} of {Scope} cannot be processed and was parked")]
    private partial void LogPoison(Exception e, EnvelopeId envelope, Scope scope);
}
