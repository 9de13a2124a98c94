using System.Collections.Immutable;
using Throughline.Engine.Billing;
using Throughline.Engine.Cases;
using Throughline.Engine.Delivery;
using Throughline.Engine.Entries;
using Throughline.Engine.Intake;
using Throughline.Engine.Ledger;
using Throughline.Engine.Lineage;
using Throughline.Engine.Partition;
using Throughline.Model;

namespace Throughline.Engine;

/// <summary>
/// The durable state of a hub. Every method is one transaction, durable when it returns. Implementations: PostgreSQL, SQLite and,
/// for tests, memory; all pass the same conformance suite. A store that cannot commit throws <see cref="StoreUnavailableException"/>
/// and has changed nothing, or does not know: callers repeat only what is idempotent.
/// </summary>
public interface IHubStore
    : IIntakeStore, IPartitionStore, IEntryStore, IEntryQueries, ILedgerQueries, IInvoiceQueries, IInvoiceTrail, ILaneStore, IScheduleStore, IHubQueries, IAsyncDisposable
{
    /// <summary>For the health page and the log: product, version, where it is (without credentials).</summary>
    string Description { get; }

    /// <summary>Brings the schema to this version under a lock; refuses a schema that is newer than this program.</summary>
    Task MigrateAsync(CancellationToken cancellation);
}

/// <summary>Durable intake.</summary>
public interface IIntakeStore
{
    /// <summary>
    /// Appends all items in one transaction, each to the end of its partition's stream in the order given. An item whose key is already
    /// there appends nothing: same fingerprint gives the first receipt again with <see cref="IntakeOutcome.Duplicate"/>, another gives
    /// <see cref="IntakeOutcome.Conflict"/> with both fingerprints. Two items of one call with the same key behave like two calls.
    /// Numbers within a stream grow in commit order: a reader that has seen number n never later finds one below it.
    /// </summary>
    Task<ImmutableArray<IntakeReceipt>> AppendAsync(ImmutableArray<IntakeItem> items, CancellationToken cancellation);

    /// <summary>
    /// Forgets at most <paramref name="max"/> keys whose envelope was received before a time, oldest first; returns how many. What comes again
    /// under such a key is new.
    /// </summary>
    Task<int> ForgetKeysAsync(DateTimeOffset before, int max, CancellationToken cancellation);
}

/// <summary>Work of the single writers.</summary>
public interface IPartitionStore
{
    /// <summary>Makes the caller the writer of a partition: its epoch grows by one, and every commit under an older one will be fenced.</summary>
    Task<long> TakePartitionAsync(int partition, string owner, CancellationToken cancellation);

    /// <summary>Partitions in which an envelope waits behind a cursor.</summary>
    Task<ImmutableArray<int>> PartitionsWithWorkAsync(CancellationToken cancellation);

    /// <summary>
    /// The next envelopes behind the cursors of each partition, control first, at most <paramref name="maxEach"/> of a partition; partitions
    /// in the order asked for. Changes nothing.
    /// </summary>
    Task<ImmutableArray<Envelope>> ReadEnvelopesAsync(ImmutableArray<int> partitions, int maxEach, CancellationToken cancellation);

    /// <summary>Resolves crosswalk ids and match keys to units of a scope.</summary>
    Task<ImmutableArray<FoundUnit>> FindUnitsAsync(ImmutableArray<UnitLookup> lookups, CancellationToken cancellation);

    /// <summary>All state rows of the given units.</summary>
    Task<ImmutableArray<StateRow>> LoadUnitsAsync(ImmutableArray<UnitKey> units, CancellationToken cancellation);

    /// <summary>
    /// Writes everything that the batches of one or several partitions decided, in one transaction, all or nothing: state, crosswalk, match
    /// keys, commands, timers, cases, events, lineage, messages to other scopes, parked envelopes, and the cursors, with a fence for each
    /// partition inside the transaction. No partition comes twice; a cursor points at what was there before.
    /// </summary>
    /// <remarks>
    /// With <see cref="PartitionCommit.Lanes"/> it also claims and concludes commands; there it is strict. A command that is there already, or has a
    /// terminal outcome already, makes the whole commit fail, and the caller does without.
    /// </remarks>
    /// <exception cref="FencedException">Another writer has taken one of the partitions or lanes; nothing was written.</exception>
    /// <exception cref="CrosswalkConflictException">An external id already belongs to another record; nothing was written.</exception>
    Task CommitAsync(ImmutableArray<PartitionCommit> commits, CancellationToken cancellation);

    /// <summary>Envelopes of the given units that were set aside, in the order in which that happened.</summary>
    Task<ImmutableArray<ParkedEnvelope>> ReadParkedAsync(ImmutableArray<UnitKey> units, CancellationToken cancellation);
}

/// <summary>The same for one partition alone.</summary>
public static class OnePartition
{
    public static Task<ImmutableArray<Envelope>> ReadEnvelopesAsync(this IPartitionStore store, int partition, int max, CancellationToken cancellation) =>
        store.ReadEnvelopesAsync([partition], max, cancellation);

    public static Task CommitAsync(this IPartitionStore store, PartitionCommit commit, CancellationToken cancellation) =>
        store.CommitAsync([commit], cancellation);
}

/// <summary>Work of the lanes.</summary>
public interface ILaneStore
{
    /// <summary>Makes the caller the driver of a system's lane: its epoch grows by one.</summary>
    Task<long> TakeLaneAsync(string system, string owner, CancellationToken cancellation);

    /// <summary>
    /// Commands that may be sent now, most important first (<see cref="Command.Priority"/>, then oldest), marked as being sent: attempt + 1,
    /// <paramref name="sendBefore"/>, the epoch. The mark is durable before the call is made (invariant 2).
    /// </summary>
    /// <exception cref="FencedException">Another hub drives the lane.</exception>
    Task<ImmutableArray<Command>> ClaimCommandsAsync(string system, long epoch, DateTimeOffset now, DateTimeOffset sendBefore, int max, CancellationToken cancellation);

    /// <summary>
    /// Commands whose outcome must be read in the target: in doubt with their probe due, or marked as being sent under an older epoch with
    /// <see cref="Command.SendBefore"/> older than <paramref name="abandonedBefore"/>. They are marked in doubt under this epoch, with the next
    /// probe due at <paramref name="probeAgainAt"/> should this driver die.
    /// </summary>
    /// <exception cref="FencedException">Another hub drives the lane.</exception>
    Task<ImmutableArray<Command>> ClaimInDoubtAsync(
        string system, long epoch, DateTimeOffset now, DateTimeOffset abandonedBefore, DateTimeOffset probeAgainAt, int max, CancellationToken cancellation);

    /// <summary>
    /// Records what became of commands. A terminal outcome is taken only once (compare-and-set); with it the receipt is appended to the
    /// stream of the command's scope in the same transaction. Returns the bells of the streams that have new work (<see cref="Bell"/>).
    /// </summary>
    /// <exception cref="FencedException">Another hub drives the lane.</exception>
    Task<ImmutableArray<int>> ConcludeAsync(string system, long epoch, ImmutableArray<CommandOutcome> outcomes, CancellationToken cancellation);
}

/// <summary>Durable clocks and cursors.</summary>
public interface IScheduleStore : ICursorStore
{
    /// <summary>Turns due timers into envelopes of their scopes, in one transaction; returns the partitions that have new work.</summary>
    Task<ImmutableArray<int>> FireTimersAsync(DateTimeOffset now, int max, CancellationToken cancellation);

    /// <summary>The due time of the next timer.</summary>
    Task<DateTimeOffset?> NextTimerAsync(CancellationToken cancellation);
}

/// <summary>How far each source was read.</summary>
public interface ICursorStore
{
    Task<string?> ReadCursorAsync(string system, string entity, CancellationToken cancellation);

    Task WriteCursorAsync(string system, string entity, string cursor, CancellationToken cancellation);
}

/// <summary>What people and interfaces ask. Lists are paged by key: <c>after</c> is the last item's key of the page before.</summary>
public interface IHubQueries
{
    Task<ImmutableArray<Case>> ListCasesAsync(CaseFilter filter, CancellationToken cancellation);

    Task<Case?> FindCaseAsync(CaseId id, CancellationToken cancellation);

    /// <summary>Cases whose ids lie in a range, by id.</summary>
    Task<ImmutableArray<Case>> FindCasesAsync(IdRange ids, int max, CancellationToken cancellation);

    /// <summary>Instances whose ids lie in a range, by id.</summary>
    Task<ImmutableArray<InstanceRow>> FindInstancesAsync(IdRange ids, int max, CancellationToken cancellation);

    /// <summary>Scopes that know an id: an external id of any system, a match key (customer number, project code), or a scope text.</summary>
    Task<ImmutableArray<Scope>> FindScopesAsync(string id, CancellationToken cancellation);

    /// <summary>Everything told under a correlation id or in a scope, in order.</summary>
    Task<ImmutableArray<LineageEntry>> ReadLineageAsync(string correlationId, long after, int max, CancellationToken cancellation);

    Task<ImmutableArray<StateRow>> LoadScopeAsync(Scope scope, CancellationToken cancellation);

    /// <summary>Commands by their ids; what is not there is not among the answers.</summary>
    Task<ImmutableArray<Command>> FindCommandsAsync(ImmutableArray<CommandId> ids, CancellationToken cancellation);

    /// <summary>Instances, newest first, optionally of one process or status.</summary>
    Task<ImmutableArray<InstanceRow>> ListInstancesAsync(string? process, string? status, string? after, int max, CancellationToken cancellation);

    /// <summary>The newest commands of a scope, oldest of them first.</summary>
    Task<ImmutableArray<Command>> ListCommandsAsync(Scope scope, int max, CancellationToken cancellation);

    Task<ImmutableArray<PublishedEvent>> ReadEventsAsync(long after, int max, CancellationToken cancellation);

    Task<ImmutableArray<ParkedEnvelope>> ListParkedAsync(Scope? scope, int max, CancellationToken cancellation);

    /// <summary>Counts for the status page and the health endpoint.</summary>
    Task<HubCounts> CountAsync(CancellationToken cancellation);
}

/// <summary>The store cannot commit now (connection lost, disk full, too many connections). Nothing was acknowledged.</summary>
public sealed class StoreUnavailableException(string message, Exception inner) : Exception(message, inner);

/// <summary>A newer owner has taken over what the caller thought it owned; the caller stops without retrying.</summary>
public sealed class FencedException(string message) : Exception(message);

/// <summary>Two records claim one external id; the later one becomes a case.</summary>
public sealed class CrosswalkConflictException(CrosswalkRow row) : Exception($"{row.System} {row.Entity} {row.ExternalId} already belongs to another record")
{
    public CrosswalkRow Row { get; } = row;
}
