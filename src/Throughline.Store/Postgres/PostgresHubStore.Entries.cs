using System.Collections.Immutable;
using System.Globalization;
using Npgsql;
using Throughline.Engine;
using Throughline.Engine.Delivery;
using Throughline.Engine.Entries;
using Throughline.Model;

namespace Throughline.Store.Postgres;

public sealed partial class PostgresHubStore
{
    private const string AppendEntries = "select append_entries($1, $2, $3, $4, $5, $6, $7, $8)";

    protected override string EntriesWaiting =>
        "(select cast(coalesce(sum(t.number - h.done), 0) as bigint) from entry_tail t join entry_head h on h.partition = t.partition)";

    public override Task<ImmutableArray<int>> PartitionsWithEntriesAsync(DateTimeOffset now, CancellationToken cancellation) => QueryAsync(
        """
        select t.partition from entry_tail t join entry_head h on h.partition = t.partition where t.number > h.done
        union select e.partition from entry e where e.status = 2 and e.due_at <= $1
        order by 1
        """,
        row => row.Int(0), cancellation, StoredTime.At(now));

    public override async Task<EntryWork> ReadEntryWorkAsync(ImmutableArray<int> partitions, DateTimeOffset now, int maxEach, CancellationToken cancellation)
    {
        var envelopes = await QueryAsync(
            $"""
            select {Rows.EntryEnvelopeColumns} from unnest($1) with ordinality as asked(part, place) cross join lateral (
                select i.* from entry_inbox i where i.partition = asked.part and i.number > (select h.done from entry_head h where h.partition = asked.part)
                order by i.number limit $2) as e
            order by asked.place, e.number
            """,
            Rows.EntryEnvelope, cancellation, Column(partitions, partition => (short)partition), maxEach);
        var due = await QueryAsync(
            $"""
            select {Rows.EntryColumns} from unnest($1) as asked(part) cross join lateral (
                select w.* from entry w where w.partition = asked.part and w.status = 2 and w.due_at <= $3 order by w.due_at limit $2) as e
            order by id
            """,
            Rows.Entry, cancellation, Column(partitions, partition => (short)partition), maxEach, StoredTime.At(now));
        return new EntryWork(envelopes, due);
    }

    public override Task<ImmutableArray<EntryRow>> LoadEntriesAsync(ImmutableArray<EntryId> ids, CancellationToken cancellation) => QueryAsync(
        $"select {Rows.EntryColumns} from entry where id = any($1)", Rows.Entry, cancellation, Column(ids, id => id.Value));

    public override Task<ImmutableArray<EntryRow>> LoadOpenEntriesAsync(ImmutableArray<Scope> scopes, int maxEach, CancellationToken cancellation) => QueryAsync(
        $"""
        select {Rows.EntryColumns} from unnest($1) as asked(its) cross join lateral (
            select o.* from entry o where o.scope = asked.its and o.status in (2, 3) order by o.id limit $2) as e
        """,
        Rows.Entry, cancellation, Column(scopes, scope => scope.ToString()), maxEach);

    public override Task<ImmutableArray<EntryBatch>> LoadBatchesAsync(ImmutableArray<CommandId> ids, CancellationToken cancellation) => QueryAsync(
        $"select {Rows.EntryBatchColumns} from command where id = any($1)", Rows.EntryBatch, cancellation, Column(ids, id => id.Value));

    public override Task<ImmutableArray<(HomeLookup Lookup, Scope Home)>> FindHomesAsync(ImmutableArray<HomeLookup> lookups, CancellationToken cancellation) => QueryAsync(
        """
        select l.place, c.scope from unnest($1, $2, $3) with ordinality as l(system, entity, external_id, place)
        join crosswalk c on c.scope_kind = $4 and c.system = l.system and c.entity = l.entity and c.external_id = l.external_id
        """,
        row => (lookups[(int)row.Long(0) - 1], row.Scope(1)), cancellation,
        Column(lookups, lookup => lookup.System), Column(lookups, lookup => lookup.Entity), Column(lookups, lookup => lookup.ExternalId), Scope.EngagementKind);

    public override async Task CommitEntriesAsync(ImmutableArray<EntryCommit> commits, CancellationToken cancellation)
    {
        ImmutableArray<EntryCommit> ordered = [.. commits.OrderBy(commit => commit.Partition)];
        try
        {
            await RunAsync(
                async connection =>
                {
                    var batch = new PostgresBatch(connection);
                    Write(batch, [.. ordered.SelectMany(commit => commit.Rows)]);
                    Write(batch, [.. ordered.SelectMany(commit => commit.Commands)], []);
                    Write(batch, [.. ordered.SelectMany(commit => commit.Parked)]);
                    batch.Add(
                        "select fence_entries($1, $2, $3)",
                        Column(ordered, commit => commit.Partition), Column(ordered, commit => commit.Epoch), Column(ordered, commit => commit.Cursor));
                    // Behind the fence: a writer whose time is over is to hear that, and not that a transaction is there already.
                    Write(batch, [.. ordered.SelectMany(commit => commit.Ledger)]);
                    WriteInvoices(batch, ordered);
                    Append(batch, [.. ordered.SelectMany(commit => commit.Messages).Select(message => new StoredEnvelope(message))]);
                    await batch.RunAsync(cancellation);
                    return true;
                },
                cancellation);
        }
        catch (PostgresException failure) when (failure.SqlState == PostgresFailure.Fenced)
        {
            throw new FencedException($"Another writer has taken partition {failure.MessageText}; nothing was written.");
        }
        catch (PostgresException failure) when (failure.SqlState == PostgresFailure.CursorBeyondEnd)
        {
            throw CursorBeyondEnd(int.Parse(failure.MessageText, CultureInfo.InvariantCulture));
        }
        catch (PostgresException failure) when (failure.SqlState == PostgresFailure.Unbalanced)
        {
            throw Unbalanced(failure.MessageText);
        }
        catch (PostgresException failure) when (failure is { SqlState: PostgresErrorCodes.UniqueViolation, TableName: "ledger_transaction" })
        {
            throw Unbalanced($"it is there already ({failure.Detail})");
        }
    }

    private static void Write(PostgresBatch batch, ImmutableArray<EntryRow> rows)
    {
        if (rows.IsEmpty)
        {
            return;
        }

        batch.Add(
            """
            insert into entry (
                id, partition, scope, system, entity, source_entity, external_id, version, deleted, status, data, sent_hash, batch, place, sends, reason, says, trouble,
                since, due_at, envelope_id, at, value, value_says, transactions, bill_date)
            select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26)
            on conflict (id) do update set
                partition = excluded.partition, scope = excluded.scope, version = excluded.version, deleted = excluded.deleted, status = excluded.status,
                data = excluded.data, sent_hash = excluded.sent_hash, batch = excluded.batch, place = excluded.place, sends = excluded.sends, reason = excluded.reason,
                says = excluded.says, trouble = excluded.trouble, since = excluded.since, due_at = excluded.due_at, envelope_id = excluded.envelope_id, at = excluded.at,
                value = excluded.value, value_says = excluded.value_says, transactions = excluded.transactions,
                bill_date = excluded.bill_date
            """,
            Column(rows, row => row.Id.Value),
            Column(rows, row => (short)row.Scope.Partition),
            Column(rows, row => StoredText.Of(row.Scope)),
            Column(rows, row => StoredText.Key(row.System)),
            Column(rows, row => StoredText.Key(row.Entity)),
            Column(rows, row => StoredText.Key(row.SourceEntity)),
            Column(rows, row => StoredText.Key(row.ExternalId)),
            Column(rows, row => StoredText.ProseOrNull(row.Version)),
            Column(rows, row => (short)(row.Deleted ? 1 : 0)),
            Column(rows, row => (short)row.Status),
            Column(rows, row => row.Attributes.ToJson()),
            Column(rows, row => row.SentHash),
            Column(rows, row => row.Batch?.Value),
            Column(rows, row => row.Place),
            Column(rows, row => row.Sends),
            Column(rows, row => row.Reason),
            Column(rows, row => StoredText.ProseOrNull(row.Says)),
            Column(rows, row => (short)(row.IsTrouble ? 1 : 0)),
            Column(rows, row => StoredTime.At(row.Since)),
            Column(rows, row => row.DueAt is { } due ? StoredTime.Due(due) : (DateTimeOffset?)null),
            Column(rows, row => row.Envelope.Value),
            Column(rows, row => StoredTime.At(row.At)),
            Column(rows, row => row.Value.ToFields()?.ToJson()),
            Column(rows, row => StoredText.ProseOrNull(row.ValueSays)),
            Column(rows, row => row.Transactions),
            Column(rows, row => row.BillDate is { } day ? Day(day) : null));
    }

    private static object[] EntryColumns(IReadOnlyCollection<StoredEnvelope> envelopes) =>
    [
        envelopes.Select(envelope => envelope.Id).ToArray(),
        envelopes.Select(envelope => envelope.Partition).ToArray(),
        envelopes.Select(envelope => envelope.Scope).ToArray(),
        envelopes.Select(envelope => envelope.Kind).ToArray(),
        envelopes.Select(envelope => envelope.Payload).ToArray(),
        envelopes.Select(envelope => envelope.CausationId).ToArray(),
        envelopes.Select(envelope => envelope.OccurredAt).ToArray(),
        envelopes.Select(envelope => envelope.ReceivedAt).ToArray(),
    ];
}
