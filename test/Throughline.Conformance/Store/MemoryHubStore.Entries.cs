using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Delivery;
using Throughline.Engine.Entries;
using Throughline.Engine.Partition;
using Throughline.Model;

namespace Throughline.Conformance.Store;

public sealed partial class MemoryHubStore
{
    public Task<ImmutableArray<int>> PartitionsWithEntriesAsync(DateTimeOffset now, CancellationToken cancellation) => Do(() =>
        Enumerable.Range(0, Scope.PartitionCount)
            .Where(partition => WaitingEntries(partition).Any() || DueEntries(partition, now).Any()).ToImmutableArray());

    public Task<EntryWork> ReadEntryWorkAsync(ImmutableArray<int> partitions, DateTimeOffset now, int maxEach, CancellationToken cancellation) => Do(() => new EntryWork(
        [.. partitions.SelectMany(partition => WaitingEntries(partition).Take(maxEach))],
        [.. partitions.SelectMany(partition => DueEntries(partition, now).Take(maxEach)).OrderBy(row => row.Id.Value)]));

    public Task<ImmutableArray<EntryRow>> LoadEntriesAsync(ImmutableArray<EntryId> ids, CancellationToken cancellation) => Do(() =>
        ids.Distinct().Where(_data.Entries.ContainsKey).Select(id => _data.Entries[id]).ToImmutableArray());

    public Task<ImmutableArray<EntryRow>> LoadOpenEntriesAsync(ImmutableArray<Scope> scopes, int maxEach, CancellationToken cancellation) => Do(() =>
        scopes.Distinct()
            .SelectMany(scope => EntriesOf(scope).Where(row => row.Status is EntryStatus.Waiting or EntryStatus.Held).Take(maxEach))
            .ToImmutableArray());

    public Task<ImmutableArray<EntryBatch>> LoadBatchesAsync(ImmutableArray<CommandId> ids, CancellationToken cancellation) => Do(() =>
        ids.Distinct().Where(_data.CommandsById.ContainsKey).Select(id => _data.CommandsById[id]).Select(held => EntryBatch.Of(
            held.Content.Id, held.Content.System, held.Content.Status, held.Content.LastFailure,
            held.Content.Status == CommandStatus.Done ? Fields.Parse(held.Answer!["Done ".Length..]) : null, () => (held.Content.Item, held.Content.Lines))).ToImmutableArray());

    public Task<ImmutableArray<(HomeLookup Lookup, Scope Home)>> FindHomesAsync(ImmutableArray<HomeLookup> lookups, CancellationToken cancellation) => Do(() =>
        lookups.Where(lookup => _data.Crosswalk.ContainsKey(KeyOf(lookup))).Select(lookup => (lookup, _data.Crosswalk[KeyOf(lookup)].Unit.Scope)).ToImmutableArray());

    public Task CommitEntriesAsync(ImmutableArray<EntryCommit> commits, CancellationToken cancellation) => Do(() =>
    {
        foreach (var commit in commits)
        {
            Check(commit);
            if (_data.Heads[commit.Partition].Epoch != commit.Epoch)
            {
                throw new FencedException($"partition {commit.Partition} has another writer");
            }

            if (commit.Cursor > _data.Streams[commit.Partition, (int)EnvelopeStream.Entries].Count)
            {
                throw new InvalidOperationException("a cursor points beyond the end of its stream");
            }

            CheckLedger(commit.Ledger);
            CheckInvoices(commit);
        }

        foreach (var commit in commits)
        {
            foreach (var row in commit.Rows)
            {
                _data.Entries[row.Id] = row with
                {
                    Version = Prose(row.Version), Says = Prose(row.Says), ValueSays = Prose(row.ValueSays),
                    Since = row.Since is { } since ? At(since) : null, DueAt = row.DueAt is { } due ? Due(due) : null,
                    At = At(row.At),
                };
            }

            Post(commit.Ledger);
            Keep(commit);
            Decide(commit.Commands);
            Park(commit.Parked);
            _data.Heads[commit.Partition].Entries = Math.Max(_data.Heads[commit.Partition].Entries, commit.Cursor ?? 0);
        }

        foreach (var message in commits.SelectMany(commit => commit.Messages))
        {
            Append(message, message.Stream);
        }

        return true;
    });

    public Task<ImmutableArray<EntryRow>> ListEntriesAsync(Scope scope, EntryId? after, int max, CancellationToken cancellation) => Do(() =>
        EntriesOf(scope).Where(row => after is not { } last || Order(row.Id.Value).CompareTo(Order(last.Value)) > 0).Take(max).ToImmutableArray());

    public Task<ImmutableArray<Command>> FindCommandsAsync(ImmutableArray<CommandId> ids, CancellationToken cancellation) => Do(() =>
        ids.Where(_data.CommandsById.ContainsKey).Select(id => _data.CommandsById[id].Content).ToImmutableArray());

    private IEnumerable<Envelope> WaitingEntries(int partition) =>
        _data.Streams[partition, (int)EnvelopeStream.Entries].Skip((int)_data.Heads[partition].Entries);

    private IEnumerable<EntryRow> DueEntries(int partition, DateTimeOffset now) => _data.Entries.Values
        .Where(row => row.Scope.Partition == partition && row.Status == EntryStatus.Waiting && row.DueAt <= At(now)).OrderBy(row => row.DueAt);

    private IEnumerable<EntryRow> EntriesOf(Scope scope) => _data.Entries.Values.Where(row => row.Scope == scope).OrderBy(row => Order(row.Id.Value));

    private static (string, string, string, string) KeyOf(HomeLookup lookup) => (Scope.EngagementKind, lookup.System, lookup.Entity, lookup.ExternalId);

    // As the bytes of an id sort.
    private static string Order(Guid id) => id.ToString("N");

    private static void Check(EntryCommit commit)
    {
        foreach (var row in commit.Rows)
        {
            Check(row.Scope.ToString(), row.System, row.Entity, row.SourceEntity, row.ExternalId);
        }

        foreach (var message in commit.Messages)
        {
            Check(message);
        }
    }
}
