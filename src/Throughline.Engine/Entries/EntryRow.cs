using System.Collections.Immutable;
using System.Globalization;
using Throughline.Engine.Billing;
using Throughline.Engine.Delivery;
using Throughline.Engine.Ledger;
using Throughline.Engine.Partition;
using Throughline.Model;
using Throughline.Model.Ledger;

namespace Throughline.Engine.Entries;

/// <summary>How an entry stands.</summary>
public enum EntryStatus
{
    /// <summary>Known, and nothing of it is to stand in the target: not approved, or deleted in its system.</summary>
    Kept,

    /// <summary>In the batch that the row names; whether the target has taken it, the batch's command says.</summary>
    Sent,

    /// <summary>Waits for something that comes by itself; looked at again when <see cref="EntryRow.DueAt"/> has come.</summary>
    Waiting,

    /// <summary>A check, the map or the target refused it; it goes on when it is corrected in its system, or when a person has the case tried again.</summary>
    Held,
}

/// <summary>One entry (a line of time, an expense) as the firm knows it, and what of it stands in the target.</summary>
/// <param name="Entity">The canonical entity.</param>
/// <param name="SourceEntity">The system's own name of the kind of record.</param>
/// <param name="SentHash">Fingerprint of the line that was sent last; null where none was, or where that line takes back what stood.</param>
/// <param name="Batch">The command in which a line of it was sent last; null where none ever was.</param>
/// <param name="Place">Its line in that batch.</param>
/// <param name="Sends">Lines sent so far; makes the next line's key.</param>
/// <param name="Reason">Why it waits or is held, in one word: the check's name, or one of the words of <see cref="Landscape.EntryReasons"/>.</param>
/// <param name="Says">The same for people.</param>
/// <param name="Since">Since when it waits or is held.</param>
/// <param name="Envelope">What brought it to this state.</param>
public sealed record EntryRow(
    EntryId Id,
    Scope Scope,
    string System,
    string Entity,
    string SourceEntity,
    string ExternalId,
    string? Version,
    EntryStatus Status,
    Fields Attributes,
    string? SentHash,
    CommandId? Batch,
    int Place,
    int Sends,
    string? Reason,
    string? Says,
    DateTimeOffset? Since,
    DateTimeOffset? DueAt,
    EnvelopeId Envelope,
    DateTimeOffset At)
{
    /// <summary>Deleted in its system.</summary>
    public bool Deleted { get; init; }

    /// <summary>A person is to be told of it: it is held, or has waited for longer than it may.</summary>
    public bool IsTrouble { get; init; }

    /// <summary>Where all of it stands in the value ledger, as the last transaction has left it.</summary>
    public LineValue Value { get; init; } = LineValue.Nothing;

    /// <summary>How its worth came about, or why it has none; null where nobody has asked yet.</summary>
    public string? ValueSays { get; init; }

    /// <summary>The day of the work; null where the entry does not say.</summary>
    public DateOnly? WorkDate =>
        DateOnly.TryParseExact(Attributes.Text("date"), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;

    /// <summary>Transactions of the ledger about it so far.</summary>
    public int Transactions { get; init; }

    /// <summary>
    /// The day of the work where something of it may come on an invoice: what is unbilled, and what was beyond a cap, which is held although the entry itself is sound.
    /// Nothing of an entry that is held comes on one.
    /// </summary>
    public DateOnly? BillDate => Status != EntryStatus.Held && Value.Portions.Any(MayBeBilled) ? WorkDate : null;

    private bool MayBeBilled(Portion portion) => portion.Account == LedgerAccount.Unbilled || (portion.Account == LedgerAccount.Held && Status == EntryStatus.Sent);
}

/// <summary>What is to be worked in some partitions.</summary>
/// <param name="Envelopes">Behind the cursors, in order.</param>
/// <param name="Due">Entries that wait and whose time to be looked at has come.</param>
public sealed record EntryWork(ImmutableArray<Envelope> Envelopes, ImmutableArray<EntryRow> Due);

/// <summary>Asks for the engagement that a record of a system stands for.</summary>
public sealed record HomeLookup(string System, string Entity, string ExternalId);

/// <summary>Everything that one batch of entries of one partition changes, in one transaction.</summary>
public sealed record EntryCommit
{
    public required int Partition { get; init; }

    public required long Epoch { get; init; }

    /// <summary>The highest number done; null where the stream did not move.</summary>
    public long? Cursor { get; init; }

    /// <summary>Among them those that go on to another scope, whose partition they are from this commit on.</summary>
    public ImmutableArray<EntryRow> Rows { get; init; } = [];

    /// <summary>What changed in the ledger by the new rows.</summary>
    public ImmutableArray<LedgerTransaction> Ledger { get; init; } = [];

    /// <summary>New ones, and known ones that have become something else.</summary>
    public ImmutableArray<Invoice> Invoices { get; init; } = [];

    /// <summary>Of the new invoices.</summary>
    public ImmutableArray<InvoiceLine> InvoiceLines { get; init; } = [];

    public ImmutableArray<Command> Commands { get; init; } = [];

    public ImmutableArray<NewEnvelope> Messages { get; init; } = [];

    public ImmutableArray<ParkedEnvelope> Parked { get; init; } = [];
}

/// <summary>
/// Entries: many small records that are decided and delivered in batches. They have a stream of their own in each partition, so that neither a
/// receipt nor a deal queues behind them; the partition's one writer, fenced by its epoch, is the same.
/// </summary>
public interface IEntryStore
{
    /// <summary>Partitions in which an envelope waits behind the cursor, or an entry that waits is to be looked at.</summary>
    Task<ImmutableArray<int>> PartitionsWithEntriesAsync(DateTimeOffset now, CancellationToken cancellation);

    /// <summary>The next work of each partition, at most <paramref name="maxEach"/> envelopes and as many entries of each. Changes nothing.</summary>
    Task<EntryWork> ReadEntryWorkAsync(ImmutableArray<int> partitions, DateTimeOffset now, int maxEach, CancellationToken cancellation);

    Task<ImmutableArray<EntryRow>> LoadEntriesAsync(ImmutableArray<EntryId> ids, CancellationToken cancellation);

    /// <summary>Entries of the scopes that wait or are held, by id, at most <paramref name="maxEach"/> of each scope.</summary>
    Task<ImmutableArray<EntryRow>> LoadOpenEntriesAsync(ImmutableArray<Scope> scopes, int maxEach, CancellationToken cancellation);

    /// <summary>Entries of a scope with a <see cref="EntryRow.BillDate"/> up to a day, in the order of that day and then their ids.</summary>
    Task<ImmutableArray<EntryRow>> LoadBillableAsync(Scope scope, DateOnly until, int max, CancellationToken cancellation);

    /// <summary>All invoices of some scopes, in the order of their references and counts.</summary>
    Task<ImmutableArray<Invoice>> LoadInvoicesAsync(ImmutableArray<Scope> scopes, CancellationToken cancellation);

    Task<ImmutableArray<EntryBatch>> LoadBatchesAsync(ImmutableArray<CommandId> ids, CancellationToken cancellation);

    /// <summary>The engagements that know the given ids; a look-up that finds nothing is not among the answers.</summary>
    Task<ImmutableArray<(HomeLookup Lookup, Scope Home)>> FindHomesAsync(ImmutableArray<HomeLookup> lookups, CancellationToken cancellation);

    /// <summary>Writes what was decided, in one transaction, all or nothing, with a fence for each partition inside.</summary>
    /// <exception cref="FencedException">Another writer has taken one of the partitions; nothing was written.</exception>
    /// <exception cref="InvalidOperationException">A transaction of the ledger is not balanced, or is there already; nothing was written.</exception>
    Task CommitEntriesAsync(ImmutableArray<EntryCommit> commits, CancellationToken cancellation);

    /// <summary>Entries of a scope by id, for people.</summary>
    Task<ImmutableArray<EntryRow>> ListEntriesAsync(Scope scope, EntryId? after, int max, CancellationToken cancellation);
}
