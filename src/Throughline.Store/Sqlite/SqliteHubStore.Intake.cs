using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Intake;
using Throughline.Model;

namespace Throughline.Store.Sqlite;

public sealed partial class SqliteHubStore
{
    public override Task<ImmutableArray<IntakeReceipt>> AppendAsync(ImmutableArray<IntakeItem> items, CancellationToken cancellation)
    {
        if (items.IsEmpty)
        {
            return Task.FromResult(ImmutableArray<IntakeReceipt>.Empty);
        }

        // Hashes and texts are made before the writer's turn, which all callers share.
        var keys = items.Select(IntakeKey.Of).ToArray();
        var envelopes = items.Select(item => new StoredEnvelope(item.Envelope)).ToArray();
        return _writer.RunAsync(
            session =>
            {
                var receipts = ImmutableArray.CreateBuilder<IntakeReceipt>(items.Length);
                var fresh = new List<StoredEnvelope>(items.Length);
                for (var i = 0; i < items.Length; i++)
                {
                    receipts.Add(Take(session, items[i], keys[i]));
                    if (receipts[i].Outcome == IntakeOutcome.Accepted)
                    {
                        fresh.Add(envelopes[i]);
                    }
                }

                Append(session, fresh);
                return receipts.MoveToImmutable();
            },
            cancellation);
    }

    public override Task<int> ForgetKeysAsync(DateTimeOffset before, int max, CancellationToken cancellation) => _writer.RunAsync(
        session => session.Run(
            "delete from intake_key where key in (select key from intake_key where received_at < $1 order by received_at limit $2)",
            StoredTime.At(before), max),
        cancellation);

    private static IntakeReceipt Take(SqliteSession session, IntakeItem item, byte[] key)
    {
        var isNew = session.Run(
            "insert into intake_key (key, fingerprint, envelope_id, received_at) values ($1, $2, $3, $4) on conflict do nothing",
            key, item.Fingerprint, item.Envelope.Id.Value, item.Envelope.ReceivedAt) == 1;
        if (isNew)
        {
            return new IntakeReceipt(item.Key, IntakeOutcome.Accepted, item.Envelope.Id, item.Envelope.Scope.Partition);
        }

        var (fingerprint, first) = session.Query(
            "select fingerprint, envelope_id from intake_key where key = $1", row => (row.TextOrNull(0), row.Guid(1)), key)[0];
        return IntakeKey.Again(item, fingerprint, new EnvelopeId(first));
    }

    private static void Append(SqliteSession session, IReadOnlyCollection<StoredEnvelope> envelopes)
    {
        AppendEntries(session, [.. envelopes.Where(envelope => envelope.IsOfEntries)]);
        foreach (var group in envelopes.Where(envelope => !envelope.IsOfEntries).GroupBy(envelope => (envelope.Partition, envelope.Stream)))
        {
            var number = session.Query(
                "update tail set number = number + $3 where partition = $1 and stream = $2 returning number - $3",
                row => row.Long(0), group.Key.Partition, group.Key.Stream, group.Count())[0];
            foreach (var envelope in group)
            {
                session.Run(
                    """
                    insert into envelope (
                        partition, stream, number, id, scope, unit, kind, payload, correlation_id, causation_id, occurred_at, received_at)
                    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
                    """,
                    envelope.Partition, envelope.Stream, ++number, envelope.Id, envelope.Scope, envelope.Unit, envelope.Kind, envelope.Payload,
                    envelope.CorrelationId, envelope.CausationId, envelope.OccurredAt, envelope.ReceivedAt);
            }
        }
    }
}
