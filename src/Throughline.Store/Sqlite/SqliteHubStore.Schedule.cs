using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Model;

namespace Throughline.Store.Sqlite;

public sealed partial class SqliteHubStore
{
    public override Task<ImmutableArray<int>> FireTimersAsync(
        DateTimeOffset now, int max, CancellationToken cancellation) => _writer.RunAsync<ImmutableArray<int>>(
        session =>
        {
            var timers = session.Query(
                $"select {Rows.TimerColumns} from timer where due_at <= $1 order by due_at, scope, unit, id limit $2",
                Rows.Timer, StoredTime.At(now), max);
            foreach (var timer in timers)
            {
                session.Run(
                    "delete from timer where scope = $1 and unit = $2 and id = $3", timer.Unit.Scope.ToString(), timer.Unit.Unit, timer.Id);
            }

            Append(session, [.. timers.Select(timer => new StoredEnvelope(DueTimer.Fire(timer, now)))]);
            return [.. timers.Select(timer => timer.Unit.Scope.Partition).Distinct().Order()];
        },
        cancellation);

    public override Task WriteCursorAsync(string system, string entity, string cursor, CancellationToken cancellation) => _writer.RunAsync(
        session =>
        {
            session.Run(
                "insert into cursor (system, entity, value) values ($1, $2, $3) on conflict (system, entity) do update set value = excluded.value",
                StoredText.Key(system), StoredText.Key(entity), StoredText.Key(cursor));
        },
        cancellation);
}
