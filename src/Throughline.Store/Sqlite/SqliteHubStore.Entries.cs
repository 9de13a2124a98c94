using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Delivery;
using Throughline.Engine.Entries;
using Throughline.Model;

namespace Throughline.Store.Sqlite;

public sealed partial class SqliteHubStore
{
    protected override string EntriesWaiting => "(select coalesce(sum(tail - done), 0) from entry_stream)";

    public override Task<ImmutableArray<int>> PartitionsWithEntriesAsync(DateTimeOffset now, CancellationToken cancellation) => Read(
        session => session.Query(
            """
            select partition from entry_stream where tail > done
            union select partition from entry where status = 2 and due_at <= $1
            order by 1
            """,
            row => row.Int(0), StoredTime.At(now)),
        cancellation);

    public override Task<EntryWork> ReadEntryWorkAsync(ImmutableArray<int> partitions, DateTimeOffset now, int maxEach, CancellationToken cancellation) => Read(
        session => new EntryWork(
            [
                .. partitions.SelectMany(partition => session.Query(
                    $"""
                    select {Rows.EntryEnvelopeColumns} from entry_inbox
                    where partition = $1 and number > (select done from entry_stream where partition = $1) order by number limit $2
                    """,
                    Rows.EntryEnvelope, partition, maxEach)),
            ],
            [
                .. partitions.SelectMany(partition => session.Query(
                    $"select {Rows.EntryColumns} from entry where partition = $1 and status = 2 and due_at <= $3 order by due_at limit $2",
                    Rows.Entry, partition, maxEach, StoredTime.At(now))).OrderBy(row => row.Id.Value),
            ]),
        cancellation);

    public override Task<ImmutableArray<EntryRow>> LoadEntriesAsync(ImmutableArray<EntryId> ids, CancellationToken cancellation) => Read(
        session => ids.Distinct().SelectMany(id => session.Query($"select {Rows.EntryColumns} from entry where id = $1", Rows.Entry, id.Value)).ToImmutableArray(),
        cancellation);

    public override Task<ImmutableArray<EntryRow>> LoadOpenEntriesAsync(ImmutableArray<Scope> scopes, int maxEach, CancellationToken cancellation) => Read(
        session => scopes.Distinct()
            .SelectMany(scope => session.Query(
                $"select {Rows.EntryColumns} from entry where scope = $1 and status in (2, 3) order by id limit $2", Rows.Entry, scope.ToString(), maxEach))
            .ToImmutableArray(),
        cancellation);

    public override Task<ImmutableArray<EntryBatch>> LoadBatchesAsync(ImmutableArray<CommandId> ids, CancellationToken cancellation) => Read(
        session => ids.Distinct()
            .SelectMany(id => session.Query($"select {Rows.EntryBatchColumns} from command where id = $1", Rows.EntryBatch, id.Value)).ToImmutableArray(),
        cancellation);

    public override Task<ImmutableArray<(HomeLookup Lookup, Scope Home)>> FindHomesAsync(ImmutableArray<HomeLookup> lookups, CancellationToken cancellation) => Read(
        session => lookups
            .SelectMany(lookup => session.Query(
                "select scope from crosswalk where scope_kind = $1 and system = $2 and entity = $3 and external_id = $4",
                row => (lookup, row.Scope(0)), Scope.EngagementKind, lookup.System, lookup.Entity, lookup.ExternalId))
            .ToImmutableArray(),
        cancellation);

    public override Task CommitEntriesAsync(ImmutableArray<EntryCommit> commits, CancellationToken cancellation) => _writer.RunAsync(
        session =>
        {
            foreach (var commit in commits)
            {
                foreach (var row in commit.Rows)
                {
                    Write(session, row);
                }

                Write(session, commit.Commands, []);
                Write(session, commit.Parked);
                Fence(session, commit);
            }

            Write(session, [.. commits.SelectMany(commit => commit.Ledger)]);
            foreach (var commit in commits)
            {
                WriteInvoices(session, commit);
            }

            Append(session, [.. commits.SelectMany(commit => commit.Messages).Select(message => new StoredEnvelope(message))]);
        },
        cancellation);

    private static void Fence(SqliteSession session, EntryCommit commit)
    {
        if (session.Query("select epoch from head where partition = $1", row => row.Long(0), commit.Partition)[0] != commit.Epoch)
        {
            throw new FencedException($"Another writer has taken partition {commit.Partition}; nothing was written.");
        }

        if (commit.Cursor is { } done
            && session.Run("update entry_stream set done = max(done, $2) where partition = $1 and tail >= $2", commit.Partition, done) == 0)
        {
            throw CursorBeyondEnd(commit.Partition);
        }
    }

    private static void Write(SqliteSession session, EntryRow row) => session.Run(
        """
        insert into entry (
            id, partition, scope, system, entity, source_entity, external_id, version, deleted, status, data, sent_hash, batch, place, sends, reason, says, trouble,
            since, due_at, envelope_id, at, value, value_says, transactions, bill_date)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26)
        on conflict (id) do update set
            partition = excluded.partition, scope = excluded.scope, version = excluded.version, deleted = excluded.deleted, status = excluded.status,
            data = excluded.data, sent_hash = excluded.sent_hash, batch = excluded.batch, place = excluded.place, sends = excluded.sends, reason = excluded.reason,
            says = excluded.says, trouble = excluded.trouble, since = excluded.since, due_at = excluded.due_at, envelope_id = excluded.envelope_id, at = excluded.at,
            value = excluded.value, value_says = excluded.value_says, transactions = excluded.transactions,
            bill_date = excluded.bill_date
        """,
        row.Id.Value, row.Scope.Partition, StoredText.Of(row.Scope), StoredText.Key(row.System), StoredText.Key(row.Entity), StoredText.Key(row.SourceEntity),
        StoredText.Key(row.ExternalId), StoredText.ProseOrNull(row.Version), row.Deleted ? 1 : 0, row.Status, row.Attributes.ToJson(), row.SentHash, row.Batch?.Value,
        row.Place, row.Sends, row.Reason, StoredText.ProseOrNull(row.Says), row.IsTrouble ? 1 : 0, StoredTime.At(row.Since),
        row.DueAt is { } due ? StoredTime.Due(due) : null, row.Envelope.Value, StoredTime.At(row.At),
        row.Value.ToFields()?.ToJson(), StoredText.ProseOrNull(row.ValueSays), row.Transactions, row.BillDate is { } day ? Day(day) : null);

    private static void AppendEntries(SqliteSession session, StoredEnvelope[] envelopes)
    {
        foreach (var group in envelopes.GroupBy(envelope => envelope.Partition))
        {
            var number = session.Query(
                "update entry_stream set tail = tail + $2 where partition = $1 returning tail - $2", row => row.Long(0), group.Key, group.Count())[0];
            foreach (var envelope in group)
            {
                session.Run(
                    """
                    insert into entry_inbox (partition, number, id, scope, kind, payload, causation_id, occurred_at, received_at)
                    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                    """,
                    envelope.Partition, ++number, envelope.Id, envelope.Scope, envelope.Kind, envelope.Payload, envelope.CausationId, envelope.OccurredAt,
                    envelope.ReceivedAt);
            }
        }
    }
}
