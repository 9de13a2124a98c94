using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Delivery;
using Throughline.Engine.Entries;
using Throughline.Engine.Intake;
using Throughline.Engine.Partition;
using Throughline.Model;

namespace Throughline.Store;

/// <summary>
/// What both SQL stores share: every read whose text both dialects understand. Parameters are written <c>$1</c>, <c>$2</c> ...
/// What only one of them can say, and everything that writes, stands in the folder of its dialect.
/// </summary>
public abstract partial class SqlHubStore : IHubStore
{
    private protected SqlHubStore()
    {
    }

    public abstract string Description { get; }

    public abstract Task MigrateAsync(CancellationToken cancellation);

    public abstract ValueTask DisposeAsync();

    public abstract Task<ImmutableArray<IntakeReceipt>> AppendAsync(ImmutableArray<IntakeItem> items, CancellationToken cancellation);

    public abstract Task<int> ForgetKeysAsync(DateTimeOffset before, int max, CancellationToken cancellation);

    public abstract Task<long> TakePartitionAsync(int partition, string owner, CancellationToken cancellation);

    public abstract Task<ImmutableArray<FoundUnit>> FindUnitsAsync(ImmutableArray<UnitLookup> lookups, CancellationToken cancellation);

    public abstract Task<ImmutableArray<StateRow>> LoadUnitsAsync(ImmutableArray<UnitKey> units, CancellationToken cancellation);

    public abstract Task CommitAsync(ImmutableArray<PartitionCommit> commits, CancellationToken cancellation);

    public abstract Task<ImmutableArray<ParkedEnvelope>> ReadParkedAsync(ImmutableArray<UnitKey> units, CancellationToken cancellation);

    /// <summary>A query in brackets: how many messages about entries stand behind their cursors.</summary>
    protected abstract string EntriesWaiting { get; }

    public abstract Task<ImmutableArray<int>> PartitionsWithEntriesAsync(DateTimeOffset now, CancellationToken cancellation);

    public abstract Task<EntryWork> ReadEntryWorkAsync(ImmutableArray<int> partitions, DateTimeOffset now, int maxEach, CancellationToken cancellation);

    public abstract Task<ImmutableArray<EntryRow>> LoadEntriesAsync(ImmutableArray<EntryId> ids, CancellationToken cancellation);

    public abstract Task<ImmutableArray<EntryRow>> LoadOpenEntriesAsync(ImmutableArray<Scope> scopes, int maxEach, CancellationToken cancellation);

    public abstract Task<ImmutableArray<EntryBatch>> LoadBatchesAsync(ImmutableArray<CommandId> ids, CancellationToken cancellation);

    public abstract Task<ImmutableArray<(HomeLookup Lookup, Scope Home)>> FindHomesAsync(ImmutableArray<HomeLookup> lookups, CancellationToken cancellation);

    public abstract Task CommitEntriesAsync(ImmutableArray<EntryCommit> commits, CancellationToken cancellation);

    public async Task<ImmutableArray<EntryRow>> ListEntriesAsync(Scope scope, EntryId? after, int max, CancellationToken cancellation) => await QueryAsync(
        $"select {Rows.EntryColumns} from entry where scope = $1 and id > $2 order by id limit $3",
        Rows.Entry, cancellation, scope.ToString(), after?.Value ?? Guid.Empty, max);

    public async Task<ImmutableArray<Command>> FindCommandsAsync(ImmutableArray<CommandId> ids, CancellationToken cancellation)
    {
        var found = ImmutableArray.CreateBuilder<Command>(ids.Length);
        foreach (var id in ids)
        {
            found.AddRange(await QueryAsync($"select {Rows.CommandColumns} from command where id = $1", Rows.Command, cancellation, id.Value));
        }

        return found.ToImmutable();
    }

    public abstract Task<long> TakeLaneAsync(string system, string owner, CancellationToken cancellation);

    public abstract Task<ImmutableArray<Command>> ClaimCommandsAsync(
        string system, long epoch, DateTimeOffset now, DateTimeOffset sendBefore, int max, CancellationToken cancellation);

    public abstract Task<ImmutableArray<Command>> ClaimInDoubtAsync(
        string system, long epoch, DateTimeOffset now, DateTimeOffset abandonedBefore, DateTimeOffset probeAgainAt, int max, CancellationToken cancellation);

    public abstract Task<ImmutableArray<int>> ConcludeAsync(
        string system, long epoch, ImmutableArray<CommandOutcome> outcomes, CancellationToken cancellation);

    public abstract Task<ImmutableArray<int>> FireTimersAsync(DateTimeOffset now, int max, CancellationToken cancellation);

    public abstract Task WriteCursorAsync(string system, string entity, string cursor, CancellationToken cancellation);

    public async Task<ImmutableArray<int>> PartitionsWithWorkAsync(CancellationToken cancellation) => await QueryAsync(
        """
        select distinct h.partition from head h join tail t on t.partition = h.partition
        where t.number > case t.stream when 0 then h.control else h.intake end order by h.partition
        """,
        row => row.Int(0), cancellation);

    public abstract Task<ImmutableArray<Envelope>> ReadEnvelopesAsync(ImmutableArray<int> partitions, int maxEach, CancellationToken cancellation);

    public async Task<DateTimeOffset?> NextTimerAsync(CancellationToken cancellation) =>
        (await QueryAsync("select min(due_at) from timer", row => row.TimeOrNull(0), cancellation))[0];

    public async Task<string?> ReadCursorAsync(string system, string entity, CancellationToken cancellation) =>
        (await QueryAsync("select value from cursor where system = $1 and entity = $2", row => row.Text(0), cancellation, system, entity)).SingleOrDefault();

    /// <summary>Refused, because it would pass over what arrives next; an envelope was counted in the wrong stream.</summary>
    private protected static InvalidOperationException CursorBeyondEnd(int partition) =>
        new($"A cursor of partition {partition} points beyond the end of its stream; nothing was written.");

    /// <summary>Refused, because somebody else has written the command, or has concluded it already.</summary>
    private protected static InvalidOperationException Disputed() =>
        new("A command that was to be claimed or concluded is there already or has its outcome already; nothing was written.");

    private protected abstract Task<ImmutableArray<T>> QueryAsync<T>(
        string sql, Func<Row, T> read, CancellationToken cancellation, params object[] values);

    /// <summary>The highest number of a feed up to which nothing can still appear.</summary>
    /// <param name="feed"><c>event</c> or <c>lineage</c>.</param>
    private protected abstract Task<long> HorizonAsync(string feed, CancellationToken cancellation);
}
