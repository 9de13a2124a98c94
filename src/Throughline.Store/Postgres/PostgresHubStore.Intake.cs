using System.Collections.Immutable;
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

        // A key that comes twice in one call goes to the database once; the later ones are answered from the first.
        var keys = items.Select(item => Convert.ToHexStringLower(IntakeKey.Of(item))).ToArray();
        var places = new Dictionary<string, int>(items.Length, StringComparer.Ordinal);
        var sent = new List<int>(items.Length);
        for (var i = 0; i < items.Length; i++)
        {
            if (places.TryAdd(keys[i], i))
            {
                sent.Add(i);
            }
        }

        var known = await RunAsync(
            connection => new PostgresBatch(connection)
                .Add(
                    "select place, first_fingerprint, first_envelope from append_intake($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
                    [
                        sent.Select(i => Convert.FromHexString(keys[i])).ToArray(),
                        sent.Select(i => items[i].Fingerprint).ToArray(),
                        .. Columns([.. sent.Select(i => new StoredEnvelope(items[i].Envelope))]),
                    ])
                .QueryAsync(row => (Item: sent[(int)row.Long(0) - 1], Fingerprint: row.TextOrNull(1), Envelope: row.Guid(2)), cancellation),
            cancellation);

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
