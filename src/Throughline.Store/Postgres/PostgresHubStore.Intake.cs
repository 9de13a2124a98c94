using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Intake;
using Throughline.Model;

namespace Throughline.Store.Postgres;

public sealed partial class PostgresHubStore
{
    private const string AppendEnvelopes = "select append_envelopes($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

    public override async Task<ImmutableArray<IntakeReceipt>> AppendAsync(ImmutableArray<IntakeItem> items, CancellationToken cancellation)
    {
        if (items.IsEmpty)
        {
            return [];
        }

        // Entries have a stream of their own; calls that bring both are rare.
        var isEntry = items.Select(item => item.Envelope.Stream == EnvelopeStream.Entries).ToArray();
        return isEntry.Distinct().Count() == 1
            ? await RunAsync(connection => AppendAsync(new PostgresBatch(connection), items, isEntry[0], cancellation), cancellation)
            : await InTransactionAsync(
                async (connection, transaction) =>
                {
                    var receipts = new IntakeReceipt[items.Length];
                    foreach (var kind in new[] { false, true })
                    {
                        int[] places = [.. Enumerable.Range(0, items.Length).Where(place => isEntry[place] == kind)];
                        var some = await AppendAsync(new PostgresBatch(connection, transaction), [.. places.Select(place => items[place])], kind, cancellation);
                        for (var i = 0; i < places.Length; i++)
                        {
                            receipts[places[i]] = some[i];
                        }
                    }

                    return receipts.ToImmutableArray();
                },
                cancellation);
    }

    private static async Task<ImmutableArray<IntakeReceipt>> AppendAsync(
        PostgresBatch batch, ImmutableArray<IntakeItem> items, bool areEntries, CancellationToken cancellation)
    {
        // A key that comes twice in one call goes to the database once; the later ones are answered from the first.
        var bytes = items.Select(IntakeKey.Of).ToArray();
        var keys = bytes.Select(key => new Guid(key)).ToArray();
        var places = new Dictionary<Guid, int>(items.Length);
        var sent = new List<int>(items.Length);
        for (var i = 0; i < items.Length; i++)
        {
            if (places.TryAdd(keys[i], i))
            {
                sent.Add(i);
            }
        }

        StoredEnvelope[] envelopes = [.. sent.Select(i => new StoredEnvelope(items[i].Envelope))];
        object[] keyed = [sent.Select(i => bytes[i]).ToArray(), sent.Select(i => items[i].Fingerprint).ToArray()];
        var known = await (areEntries
                ? batch.Add(
                    "select place, first_fingerprint, first_envelope from append_entry_intake($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                    [.. keyed, .. EntryColumns(envelopes)])
                : batch.Add(
                    "select place, first_fingerprint, first_envelope from append_intake($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
                    [.. keyed, .. Columns(envelopes)]))
            .QueryAsync(row => (Item: sent[(int)row.Long(0) - 1], Fingerprint: row.TextOrNull(1), Envelope: row.Guid(2)), cancellation);
        var receipts = new IntakeReceipt[items.Length];
        var earlier = known.ToDictionary(row => row.Item);
        for (var i = 0; i < items.Length; i++)
        {
            var first = places[keys[i]];
            receipts[i] = earlier.TryGetValue(first, out var stored) ? IntakeKey.Again(items[i], stored.Fingerprint, new EnvelopeId(stored.Envelope))
                : first != i ? IntakeKey.Again(items[i], items[first].Fingerprint, items[first].Envelope.Id)
                : new IntakeReceipt(items[i].Key, IntakeOutcome.Accepted, items[i].Envelope.Id, items[i].Envelope.Scope.Partition);
        }

        return [.. receipts];
    }

    public override async Task<int> ForgetKeysAsync(DateTimeOffset before, int max, CancellationToken cancellation) => (int)(await QueryAsync(
        """
        with old as (
            select key from intake_key where received_at < $1 order by received_at limit $2 for update skip locked
        ), gone as (
            delete from intake_key k using old where k.key = old.key returning 1
        )
        select count(*) from gone
        """,
        row => row.Long(0), cancellation, before, max))[0];

    private static object[] Columns(IReadOnlyCollection<StoredEnvelope> envelopes) =>
    [
        envelopes.Select(envelope => envelope.Id).ToArray(),
        envelopes.Select(envelope => envelope.Partition).ToArray(),
        envelopes.Select(envelope => envelope.Stream).ToArray(),
        envelopes.Select(envelope => envelope.Scope).ToArray(),
        envelopes.Select(envelope => envelope.Unit).ToArray(),
        envelopes.Select(envelope => envelope.Kind).ToArray(),
        envelopes.Select(envelope => envelope.Payload).ToArray(),
        envelopes.Select(envelope => envelope.CorrelationId).ToArray(),
        envelopes.Select(envelope => envelope.CausationId).ToArray(),
        envelopes.Select(envelope => envelope.OccurredAt).ToArray(),
        envelopes.Select(envelope => envelope.ReceivedAt).ToArray(),
    ];
}
