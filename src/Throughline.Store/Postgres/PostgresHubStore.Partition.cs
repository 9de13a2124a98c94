using System.Collections.Immutable;
using System.Globalization;
using Npgsql;
using Throughline.Engine;
using Throughline.Engine.Partition;
using Throughline.Model;

namespace Throughline.Store.Postgres;

public sealed partial class PostgresHubStore
{
    public override async Task<long> TakePartitionAsync(int partition, string owner, CancellationToken cancellation) => (await QueryAsync(
        "update head set epoch = epoch + 1, owner = $2 where partition = $1 returning epoch",
        row => row.Long(0), cancellation, partition, StoredText.Key(owner)))[0];

    public override async Task<ImmutableArray<FoundUnit>> FindUnitsAsync(ImmutableArray<UnitLookup> lookups, CancellationToken cancellation)
    {
        if (lookups.IsEmpty)
        {
            return [];
        }

        return await QueryAsync(
            """
            with l as (
                select * from unnest($1, $2, $3, $4, $5) with ordinality as x(kind, scope, system, entity, key, place))
            select l.place, c.unit from l join crosswalk c
                on c.scope_kind = l.kind and c.system = l.system and c.entity = l.entity and c.external_id = l.key and c.scope = l.scope
            union all
            select l.place, m.unit from l join match_key m on m.scope = l.scope and m.entity = l.entity and m.key = l.key where l.system = $6
            order by 1, 2
            """,
            row => new FoundUnit(lookups[(int)row.Long(0) - 1], row.Text(1)),
            cancellation,
            Column(lookups, lookup => lookup.Scope.Kind),
            Column(lookups, lookup => lookup.Scope.ToString()),
            Column(lookups, lookup => lookup.System),
            Column(lookups, lookup => lookup.Entity),
            Column(lookups, lookup => lookup.Key),
            UnitLookup.MatchSystem);
    }

    public override async Task<ImmutableArray<StateRow>> LoadUnitsAsync(ImmutableArray<UnitKey> units, CancellationToken cancellation)
    {
        ImmutableArray<UnitKey> asked = [.. units.Distinct()];
        return asked.IsEmpty
            ? []
            : await QueryAsync(
                $"""
                select {Rows.StateColumns} from unnest($1, $2) with ordinality as u(scope, unit, place)
                join state s on s.scope = u.scope and s.unit = u.unit order by u.place, s.kind, s.id
                """,
                Rows.State,
                cancellation,
                Column(asked, unit => unit.Scope.ToString()),
                Column(asked, unit => unit.Unit));
    }

    public override Task<ImmutableArray<ParkedEnvelope>> ReadParkedAsync(ImmutableArray<UnitKey> units, CancellationToken cancellation) => QueryAsync(
        $"""
        select {Rows.ParkedColumns} from parked where (scope, unit) in (select x.scope, x.unit from unnest($1, $2) as x(scope, unit)) order by position
        """,
        Rows.Parked, cancellation, Column(units, unit => unit.Scope.ToString()), Column(units, unit => unit.Unit));

    public override Task<ImmutableArray<Envelope>> ReadEnvelopesAsync(
        ImmutableArray<int> partitions, int maxEach, CancellationToken cancellation) => QueryAsync(
        $"""
        select {Rows.EnvelopeColumns}, e.stream from unnest($1) with ordinality as asked(part, place)
        cross join lateral (
            select w.* from (
                (select c.* from envelope c where c.partition = asked.part and c.stream = 0
                    and c.number > (select h.control from head h where h.partition = asked.part) order by c.number limit $2)
                union all
                (select i.* from envelope i where i.partition = asked.part and i.stream = 1
                    and i.number > (select h.intake from head h where h.partition = asked.part) order by i.number limit $2)
            ) as w order by w.stream, w.number limit $2) as e
        order by asked.place, e.stream, e.number
        """,
        row => Rows.Envelope(row) with { Stream = (EnvelopeStream)row.Int(10) },
        cancellation, Column(partitions, partition => (short)partition), maxEach);

    public override async Task CommitAsync(ImmutableArray<PartitionCommit> commits, CancellationToken cancellation)
    {
        // Everybody takes heads in ascending order, so that two writers that overlap wait for each other instead of dead-locking.
        ImmutableArray<PartitionCommit> ordered = [.. commits.OrderBy(commit => commit.Partition)];
        var crosswalk = All(ordered, commit => commit.Crosswalk);
        try
        {
            await RunAsync(
                async connection =>
                {
                    var batch = new PostgresBatch(connection);
                    Write(batch, ordered, crosswalk);
                    batch.Add(
                        "select fence_partitions($1, $2, $3, $4)",
                        Column(ordered, commit => commit.Partition),
                        Column(ordered, commit => commit.Epoch),
                        Column(ordered, commit => commit.ControlCursor),
                        Column(ordered, commit => commit.IntakeCursor));
                    Append(batch, [.. ordered.SelectMany(commit => commit.Messages).Select(message => new StoredEnvelope(message))]);
                    foreach (var lane in ordered.SelectMany(commit => commit.Lanes))
                    {
                        batch.Add(FenceLane, lane.System, lane.Epoch);
                    }

                    await batch.RunAsync(cancellation);
                    return true;
                },
                cancellation);
        }
        catch (PostgresException failure) when (failure.SqlState == PostgresFailure.Fenced)
        {
            throw new FencedException($"Another writer has taken {(failure.MessageText == "fenced" ? "a lane" : "partition " + failure.MessageText)}; nothing was written.");
        }
        catch (PostgresException failure) when (failure.SqlState == PostgresFailure.Disputed || failure.ConstraintName == "command_pkey")
        {
            throw Disputed();
        }
        catch (PostgresException failure) when (failure.SqlState == PostgresFailure.CrosswalkConflict)
        {
            throw new CrosswalkConflictException(crosswalk[int.Parse(failure.MessageText, CultureInfo.InvariantCulture) - 1]);
        }
        catch (PostgresException failure) when (failure.SqlState == PostgresFailure.CursorBeyondEnd)
        {
            throw CursorBeyondEnd(int.Parse(failure.MessageText, CultureInfo.InvariantCulture));
        }
    }

    private static ImmutableArray<T> All<T>(ImmutableArray<PartitionCommit> commits, Func<PartitionCommit, ImmutableArray<T>> rows) =>
        commits.Length == 1 ? rows(commits[0]) : [.. commits.SelectMany(commit => rows(commit))];

    private static T[] Column<TRow, T>(ImmutableArray<TRow> rows, Func<TRow, T> value)
    {
        var column = new T[rows.Length];
        for (var i = 0; i < column.Length; i++)
        {
            column[i] = value(rows[i]);
        }

        return column;
    }

    /// <summary>One statement cannot touch a row twice, so of several rows with one key only the last goes to the database.</summary>
    private static ImmutableArray<TRow> LastOf<TRow, TKey>(ImmutableArray<TRow> rows, Func<TRow, TKey> key)
        where TKey : notnull
    {
        if (rows.Length < 2)
        {
            return rows;
        }

        var last = new Dictionary<TKey, TRow>(rows.Length);
        foreach (var row in rows)
        {
            last[key(row)] = row;
        }

        return last.Count == rows.Length ? rows : [.. last.Values];
    }
}
