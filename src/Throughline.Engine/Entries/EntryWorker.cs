using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Throughline.Connect;
using Throughline.Engine.Billing;
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
    private const int ToldMax = 1_000;
    private const int AgainMax = 10_000;
    private const string Defect = "it cannot be processed or stored, which is a defect of the hub (TL1103 in the log)";

    private readonly EntryScenes _scenes = new(partitions, time);

    /// <summary>Called after each commit, with the systems that were given batches.</summary>
    public Action<IReadOnlyCollection<string>>? CommandsDecided { get; set; }

    /// <summary>Works what waits in some partitions; returns how many entries moved. What is left rings again.</summary>
    /// <exception cref="FencedException">Another hub has taken one of the partitions.</exception>
    public async Task<int> WorkAsync(ImmutableArray<int> asked, string owner, CancellationToken cancellation)
    {
        // Known before anything is read: engagements are worked beside this and may take a partition anew, and what was read in one tenure must not be
        // committed in a later one, when another hub has done it meanwhile.
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
            await RunOrApartAsync(work, epochs, cancellation);
        }
        catch (Exception e) when (e is FencedException or StoreUnavailableException)
        {
            // Also where it is not known whether a commit has landed or will: what is read next must be behind it, and taking the partition anew waits for it or fences it.
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

    private static bool IsAboutContent(Exception e) =>
        e is not (FencedException or StoreUnavailableException or OperationCanceledException or OutOfMemoryException);

    // Where one of them cannot be decided or stored the halves are worked apart, until that one is alone and is set aside.
    private async Task RunOrApartAsync(EntryWork work, Dictionary<int, long> epochs, CancellationToken cancellation)
    {
        if (await TryAsync(work, epochs, cancellation) is not { } cause)
        {
            return;
        }

        var (due, envelopes) = (work.Due.Length / 2, work.Envelopes.Length / 2);
        if (work.Due.Length + work.Envelopes.Length == 1)
        {
            await SetAsideAsync(work, epochs, cause, cancellation);
        }
        else if (!work.Due.IsEmpty && !work.Envelopes.IsEmpty)
        {
            await RunOrApartAsync(work with { Envelopes = [] }, epochs, cancellation);
            await RunOrApartAsync(work with { Due = [] }, epochs, cancellation);
        }
        else
        {
            // In their order: the cursor of a partition goes behind the last one that is done.
            await RunOrApartAsync(new EntryWork(work.Envelopes[..envelopes], work.Due[..due]), epochs, cancellation);
            await RunOrApartAsync(new EntryWork(work.Envelopes[envelopes..], work.Due[due..]), epochs, cancellation);
        }
    }

    private async Task<Exception?> TryAsync(EntryWork work, Dictionary<int, long> epochs, CancellationToken cancellation)
    {
        try
        {
            await CommitAsync(work, epochs, turns => DecideAsync(work, turns, release.Landscape, cancellation), cancellation);
            return null;
        }
        catch (Exception e) when (IsAboutContent(e))
        {
            return e;
        }
    }

    // What is set aside has a case, or else nobody would know that an hour is missing.
    private async Task SetAsideAsync(EntryWork one, Dictionary<int, long> epochs, Exception cause, CancellationToken cancellation)
    {
        if (one.Due is [var seen])
        {
            // What has changed meanwhile is not what failed, and comes again.
            if (await store.LoadEntriesAsync([seen.Id], cancellation) is not [var row] || row != seen)
            {
                return;
            }

            LogHeld(cause, row.Id, row.Scope);
            await CommitAsync(one, epochs, turns => Do(() => turns[row.Scope.Partition].Hold(row, Defect)), cancellation);
            return;
        }

        var envelope = one.Envelopes[0];
        LogPoison(cause, envelope.Id, envelope.Scope);
        try
        {
            await CommitAsync(one, epochs, turns => HoldAsync(envelope, turns[envelope.Scope.Partition], cancellation), cancellation);
        }
        catch (Exception e) when (IsAboutContent(e))
        {
            await CommitAsync(one, epochs, turns => Do(() => turns[envelope.Scope.Partition].Park(envelope, Defect)), cancellation);
        }
    }

    private static Task Do(Action act)
    {
        act();
        return Task.CompletedTask;
    }

    private async Task HoldAsync(Envelope envelope, EntryTurn turn, CancellationToken cancellation)
    {
        var prepared = Prepare(envelope, release.Landscape);
        if (prepared.Change is { } change)
        {
            foreach (var row in await store.LoadEntriesAsync([change.Id], cancellation))
            {
                turn.Load(row);
            }

            turn.Take(change with { Attributes = null, Failure = Defect });
        }
        else if (prepared.Receipt is { } receipt && (await store.FindCommandsAsync([receipt.Command], cancellation)).FirstOrDefault() is { } batch)
        {
            foreach (var row in (await store.LoadEntriesAsync([.. batch.Lines.Select(EntryTurn.IdOf)], cancellation))
                .Where(row => row.Batch == batch.Id && row.Scope.Partition == envelope.Scope.Partition))
            {
                turn.Hold(row, Defect);
            }
        }

        if (prepared.IsAboutInvoices)
        {
            turn.TellOfDefect(envelope);
        }

        // Those that somebody wanted tried again are held already.
        turn.Done(envelope);
    }

    private async Task CommitAsync(EntryWork work, Dictionary<int, long> epochs, Func<Dictionary<int, EntryTurn>, Task> decide, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var turns = work.Envelopes.Select(envelope => envelope.Scope.Partition).Concat(work.Due.Select(row => row.Scope.Partition)).Distinct()
            .ToDictionary(partition => partition, partition => new EntryTurn(partition, epochs[partition], release.Landscape, now));
        await decide(turns);
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
        var open = again.IsEmpty ? [] : await store.LoadOpenEntriesAsync(again, AgainMax, cancellation);
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

        var invoices = await LoadInvoicesAsync(prepared, turns, cancellation);
        var homes = await PlaceAsync(work.Due, cancellation);
        await LoadBatchesAsync(known, turns, cancellation);
        await LoadScenesAsync(prepared.Select(item => item.Envelope.Scope).Concat(known.Select(row => row.Scope)), turns, cancellation);
        var waiting = open.ToLookup(row => row.Scope);
        LookAgain(work.Due, homes, turns);
        foreach (var item in prepared)
        {
            var turn = turns[item.Envelope.Scope.Partition];
            turn.Done(item.Envelope);
            if (item.Change is { } change)
            {
                // Two records of a new one, booked on different engagements: the first of them has it, and the other asks that one for it.
                if (!byId.ContainsKey(change.Id)
                    && turns.Values.Where(other => other != turn).Select(other => other.Current(change.Id)).FirstOrDefault(row => row is not null) is { } begun)
                {
                    turn.Load(begun);
                }

                turn.Take(change);
            }
            else if (item.Receipt is { } receipt && refused.TryGetValue(receipt.Command, out var batch))
            {
                turn.Take(batch);
            }
            else if (invoices.TryGetValue(item.Envelope.Id, out var asked))
            {
                Decide(turn, item, asked);
            }
            else if (item.IsAgain)
            {
                foreach (var row in waiting[item.Envelope.Scope].Where(row => EntryTrouble.IsAsked(item.Envelope.Payload, row)))
                {
                    turn.LookAgain(row);
                }

                turn.TellAgain(item.Envelope.Scope);
            }
        }
    }

    private static void LookAgain(ImmutableArray<EntryRow> due, Dictionary<EntryId, Scope> homes, Dictionary<int, EntryTurn> turns)
    {
        foreach (var row in due)
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

        var batches = (await store.LoadBatchesAsync(ids, cancellation)).Where(batch => batch.IsConcluded).ToDictionary(batch => batch.Id);
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

        var open = (await store.LoadOpenEntriesAsync(told, ToldMax, cancellation)).ToLookup(row => row.Scope);
        foreach (var scope in told)
        {
            turns[scope.Partition].Tell(scope, open[scope], isMore: open[scope].Count() == ToldMax);
        }
    }

    private async Task CommitAsync(IReadOnlyCollection<EntryTurn> turns, CancellationToken cancellation)
    {
        ImmutableArray<EntryCommit> commits = [.. turns.Select(turn => turn.ToCommit())];
        await store.CommitEntriesAsync(commits, cancellation);
        foreach (var home in turns.SelectMany(turn => turn.Homes).Distinct())
        {
            doorbell.Ring(Bell.OfEntries(home));
        }

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
            case EnvelopeKind.DrawInvoices:
                return new Prepared(envelope, null, null, false) { Draw = DrawRequest.From(envelope.Payload) };
            case EnvelopeKind.InvoiceLines or EnvelopeKind.CreditInvoice:
                return new Prepared(envelope, null, null, false);
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
            record.Version, inward.Failure is null ? inward.Attributes : null, record.Deleted, inward.Failure?.Message, envelope.Id);
        return new Prepared(envelope, inward.Applies ? change : null, null, false);
    }

    private sealed record Prepared(Envelope Envelope, EntryChange? Change, BatchReceipt? Receipt, bool IsAgain)
    {
        public DrawRequest? Draw { get; init; }

        public bool IsAboutInvoices => Envelope.Kind is EnvelopeKind.DrawInvoices or EnvelopeKind.InvoiceLines or EnvelopeKind.CreditInvoice;
    }

    [LoggerMessage(EventId = 1103, Level = LogLevel.Error, Message = "TL1103 the entry in envelope {Envelope} of {Scope} cannot be processed and was set aside")]
    private partial void LogPoison(Exception e, EnvelopeId envelope, Scope scope);

    [LoggerMessage(EventId = 1104, Level = LogLevel.Error, Message = "TL1104 the waiting entry {Entry} of {Scope} cannot be processed and is held")]
    private partial void LogHeld(Exception e, EntryId entry, Scope scope);
}
