using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Model;

namespace Throughline.Store.Postgres;

public sealed partial class PostgresHubStore
{
    private const string WriteCursor =
        "insert into cursor (system, entity, value) values ($1, $2, $3) on conflict (system, entity) do update set value = excluded.value";

    public override Task<ImmutableArray<int>> FireTimersAsync(
        DateTimeOffset now, int max, CancellationToken cancellation) => InTransactionAsync<ImmutableArray<int>>(
        async (connection, transaction) =>
        {
            // Two hubs that look at the same moment share the work; a timer that is being replaced is looked at again next time.
            var timers = await new PostgresBatch(connection, transaction)
                .Add(
                    $"""
                    with due as (
                        select scope as s, unit as u, id as i from timer where due_at <= $1 order by due_at, scope, unit, id limit $2 for update skip locked)
                    delete from timer using due where scope = due.s and unit = due.u and id = due.i returning {Rows.TimerColumns}
                    """,
                    StoredTime.At(now), max)
                .QueryAsync(Rows.Timer, cancellation);
            var batch = new PostgresBatch(connection, transaction);
            var ordered = timers.OrderBy(timer => timer.Due).ThenBy(timer => timer.Unit.Scope.ToString(), StringComparer.Ordinal)
                .ThenBy(timer => timer.Unit.Unit, StringComparer.Ordinal).ThenBy(timer => timer.Id, StringComparer.Ordinal);
            Append(batch, [.. ordered.Select(timer => new StoredEnvelope(DueTimer.Fire(timer, now)))]);
            await batch.RunAsync(cancellation);
            return [.. timers.Select(timer => timer.Unit.Scope.Partition).Distinct().Order()];
        },
        cancellation);

    public override Task WriteCursorAsync(string system, string entity, string cursor, CancellationToken cancellation) => QueryAsync(
        WriteCursor,
        row => row.Text(0), cancellation, StoredText.Key(system), StoredText.Key(entity), StoredText.Key(cursor));

    private static void Append(PostgresBatch batch, StoredEnvelope[] envelopes)
    {
        if (envelopes.Any(envelope => !envelope.IsOfEntries))
        {
            batch.Add(AppendEnvelopes, Columns([.. envelopes.Where(envelope => !envelope.IsOfEntries)]));
        }

        // After the others: everybody takes tails in this order.
        if (envelopes.Any(envelope => envelope.IsOfEntries))
        {
            batch.Add(AppendEntries, EntryColumns([.. envelopes.Where(envelope => envelope.IsOfEntries)]));
        }
    }
}
