using System.Collections.Immutable;
using Npgsql;
using Throughline.Engine;
using Throughline.Engine.Cluster;

namespace Throughline.Store.Postgres;

public sealed partial class PostgresHubStore : IClusterStore
{
    public async Task<string> ClusterIdAsync(CancellationToken cancellation) =>
        (await QueryAsync("select id from cluster_id", row => row.Guid(0), cancellation))[0].ToString("N");

    public async Task<ImmutableArray<string>> StayAsync(string hub, string release, TimeSpan validFor, CancellationToken cancellation)
    {
        try
        {
            return await QueryAsync("select name from stay_hub($1, $2, $3)", row => row.Text(0), cancellation, StoredText.Key(hub), release, validFor.TotalSeconds);
        }
        catch (PostgresException failure) when (failure.SqlState == PostgresFailure.OtherRelease)
        {
            var (other, name) = failure.MessageText.Split(' ', 2) is [var first, var rest] ? (first, rest) : (failure.MessageText, "");
            throw new OtherReleaseException(other, name);
        }
    }

    public Task LeaveAsync(string hub, CancellationToken cancellation) =>
        QueryAsync("delete from hub where name = $1 returning name", row => row.Text(0), cancellation, StoredText.Key(hub));

    public Task<ImmutableArray<PartitionStand>> PartitionsStandingAsync(CancellationToken cancellation) => QueryAsync(
        """
        select h.partition, h.owner, h.epoch, h.control + h.intake from head h where exists (
            select 1 from tail t where t.partition = h.partition and t.number > case t.stream when 0 then h.control else h.intake end)
        order by h.partition
        """,
        row => new PartitionStand(row.Int(0), row.Text(1), row.Long(2), row.Long(3)), cancellation);

    public Task<ImmutableArray<string>> LapsedLanesAsync(IReadOnlyCollection<string> systems, CancellationToken cancellation) => QueryAsync(
        """
        select x.system from unnest($1) as x(system) where not exists (
            select 1 from lane l where l.system = x.system and l.valid_until > clock_timestamp()) order by x.system
        """,
        row => row.Text(0), cancellation, new object[] { systems.Select(StoredText.Key).ToArray() });

    public async Task<long?> MintTokenAsync(string system, TimeSpan validFor, CancellationToken cancellation) => First(await QueryAsync(
        """
        insert into lane as l (system, epoch, owner, valid_until, token) values ($1, 0, '', clock_timestamp() + make_interval(secs => $2), 1)
        on conflict (system) do update set token = l.token + 1, valid_until = excluded.valid_until
            where l.valid_until <= clock_timestamp() returning token
        """,
        row => row.Long(0), cancellation, StoredText.Key(system), validFor.TotalSeconds));

    public async Task<long?> TakeLaneAsync(string system, string hub, long? token, TimeSpan validFor, CancellationToken cancellation) => token is { } number
        ? First(await QueryAsync(
            """
            update lane set epoch = epoch + 1, owner = $2, valid_until = clock_timestamp() + make_interval(secs => $3)
            where system = $1 and token = $4 returning epoch
            """,
            row => row.Long(0), cancellation, StoredText.Key(system), StoredText.Key(hub), validFor.TotalSeconds, number))
        : First(await QueryAsync(
            """
            insert into lane as l (system, epoch, owner, valid_until, token) values ($1, 1, $2, clock_timestamp() + make_interval(secs => $3), 1)
            on conflict (system) do update set epoch = l.epoch + 1, owner = excluded.owner, valid_until = excluded.valid_until, token = l.token + 1
                where l.valid_until <= clock_timestamp() or l.owner = excluded.owner returning epoch
            """,
            row => row.Long(0), cancellation, StoredText.Key(system), StoredText.Key(hub), validFor.TotalSeconds));

    public async Task<bool> KeepLaneAsync(string system, long epoch, bool voidToken, TimeSpan validFor, CancellationToken cancellation) => !(await QueryAsync(
        """
        update lane set valid_until = clock_timestamp() + make_interval(secs => $3), token = token + $4 where system = $1 and epoch = $2 returning epoch
        """,
        row => row.Long(0), cancellation, StoredText.Key(system), epoch, validFor.TotalSeconds, voidToken ? 1L : 0L)).IsEmpty;

    public Task LeaveLaneAsync(string system, long epoch, CancellationToken cancellation) => QueryAsync(
        "update lane set valid_until = '-infinity' where system = $1 and epoch = $2 returning epoch",
        row => row.Long(0), cancellation, StoredText.Key(system), epoch);

    public Task WriteCursorAsync(string system, string entity, string cursor, long epoch, CancellationToken cancellation) => FencedLaneAsync(
        system,
        RunAsync(
            async connection =>
            {
                await new PostgresBatch(connection)
                    .Add(WriteCursor, StoredText.Key(system), StoredText.Key(entity), StoredText.Key(cursor))
                    .Add(FenceLane, system, epoch)
                    .RunAsync(cancellation);
                return true;
            },
            cancellation));

    private static long? First(ImmutableArray<long> rows) => rows.IsEmpty ? null : rows[0];
}
