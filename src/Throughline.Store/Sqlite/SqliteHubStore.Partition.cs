using System.Collections.Immutable;
using System.Globalization;
using Throughline.Engine;
using Throughline.Engine.Cases;
using Throughline.Engine.Delivery;
using Throughline.Engine.Lineage;
using Throughline.Engine.Partition;

namespace Throughline.Store.Sqlite;

public sealed partial class SqliteHubStore
{
    public override Task<long> TakePartitionAsync(int partition, string owner, CancellationToken cancellation) => _writer.RunAsync(
        session => session.Query(
            "update head set epoch = epoch + 1, owner = $2 where partition = $1 returning epoch", row => row.Long(0), partition, StoredText.Key(owner))[0],
        cancellation);

    public override Task<ImmutableArray<FoundUnit>> FindUnitsAsync(ImmutableArray<UnitLookup> lookups, CancellationToken cancellation) => Read(
        session => lookups.SelectMany(lookup => Find(session, lookup).Select(unit => new FoundUnit(lookup, unit))).ToImmutableArray(), cancellation);

    public override Task<ImmutableArray<StateRow>> LoadUnitsAsync(ImmutableArray<UnitKey> units, CancellationToken cancellation) => Read(
        session => units.Distinct()
            .SelectMany(unit => session.Query(
                $"select {Rows.StateColumns} from state s where s.scope = $1 and s.unit = $2 order by s.kind, s.id",
                Rows.State, unit.Scope.ToString(), unit.Unit))
            .ToImmutableArray(),
        cancellation);

    public override Task<ImmutableArray<ParkedEnvelope>> ReadParkedAsync(ImmutableArray<UnitKey> units, CancellationToken cancellation) => Read(
        session => units.Distinct()
            .SelectMany(unit => session.Query(
                $"select {Rows.ParkedColumns}, position from parked where scope = $1 and unit = $2",
                row => (Parked: Rows.Parked(row), Position: row.Long(12)), unit.Scope.ToString(), unit.Unit))
            .OrderBy(item => item.Position)
            .Select(item => item.Parked)
            .ToImmutableArray(),
        cancellation);

    public override Task<ImmutableArray<Envelope>> ReadEnvelopesAsync(
        ImmutableArray<int> partitions, int maxEach, CancellationToken cancellation) => Read(
        session => partitions
            .SelectMany(partition => session.Query(
                $"""
                select {Rows.EnvelopeColumns}, stream from (
                    select * from (
                        select * from envelope where partition = $1 and stream = 0 and number > (select control from head where partition = $1)
                        order by number limit $2) as c
                    union all
                    select * from (
                        select * from envelope where partition = $1 and stream = 1 and number > (select intake from head where partition = $1)
                        order by number limit $2) as i
                ) as e order by stream, number limit $2
                """,
                row => Rows.Envelope(row) with { Stream = (EnvelopeStream)row.Int(10) }, partition, maxEach))
            .ToImmutableArray(),
        cancellation);

    public override Task CommitAsync(ImmutableArray<PartitionCommit> commits, CancellationToken cancellation) => _writer.RunAsync(
        session =>
        {
            ImmutableArray<LaneHold> lanes = [.. commits.SelectMany(commit => commit.Lanes)];
            foreach (var commit in commits)
            {
                Write(session, commit, lanes);
                Fence(session, commit);
            }

            Append(session, [.. commits.SelectMany(commit => commit.Messages).Select(message => new StoredEnvelope(message))]);
            foreach (var lane in commits.SelectMany(commit => commit.Lanes))
            {
                FenceLane(session, lane.System, lane.Epoch);
            }
        },
        cancellation);

    private static void Write(SqliteSession session, PartitionCommit commit, ImmutableArray<LaneHold> lanes)
    {
        Write(session, commit.State);
        Write(session, commit.Matches);
        Write(session, commit.Commands, lanes);
        Settle(session, commit.Outcomes);
        Claim(session, commit.Crosswalk);
        Write(session, commit.Timers);
        Write(session, commit.Cases);
        Write(session, commit.Instances);
        Write(session, commit.Parked);
        foreach (var id in commit.Released)
        {
            session.Run("delete from parked where id = $1", id.Value);
        }

        foreach (var item in commit.Events)
        {
            session.Run(
                "insert into event (name, correlation_id, at, payload) values ($1, $2, $3, $4)",
                StoredText.Prose(item.Name), StoredText.Key(item.CorrelationId), StoredTime.At(item.At), item.Payload.ToJson());
        }

        Tell(session, commit.Lineage);
    }

    private static void Fence(SqliteSession session, PartitionCommit commit)
    {
        var isOwner = session.Run(
            """
            update head set control = max(control, coalesce($3, control)), intake = max(intake, coalesce($4, intake))
            where partition = $1 and epoch = $2
            """,
            commit.Partition, commit.Epoch, commit.ControlCursor, commit.IntakeCursor) == 1;
        if (!isOwner)
        {
            throw new FencedException($"Another writer has taken partition {commit.Partition}; nothing was written.");
        }

        var isBeyondEnd = !session.Query(
            "select 1 from tail where partition = $1 and number < case stream when 0 then $2 else $3 end",
            row => row.Int(0), commit.Partition, commit.ControlCursor, commit.IntakeCursor).IsEmpty;
        if (isBeyondEnd)
        {
            throw CursorBeyondEnd(commit.Partition);
        }
    }

    private static ImmutableArray<string> Find(SqliteSession session, UnitLookup lookup) => lookup.System == UnitLookup.MatchSystem
        ? session.Query(
            "select unit from match_key where scope = $1 and entity = $2 and key = $3 order by unit",
            row => row.Text(0), lookup.Scope.ToString(), lookup.Entity, lookup.Key)
        : session.Query(
            "select unit from crosswalk where scope_kind = $1 and system = $2 and entity = $3 and external_id = $4 and scope = $5",
            row => row.Text(0), lookup.Scope.Kind, lookup.System, lookup.Entity, lookup.Key, lookup.Scope.ToString());

    private static void Write(SqliteSession session, ImmutableArray<StateRow> rows)
    {
        foreach (var row in rows)
        {
            var scope = StoredText.Of(row.Unit.Scope);
            if (row.Data is null)
            {
                session.Run(
                    "delete from state where scope = $1 and unit = $2 and kind = $3 and id = $4", scope, row.Unit.Unit, row.Kind, row.Id);
            }
            else
            {
                session.Run(
                    """
                    insert into state (scope, unit, kind, id, data) values ($1, $2, $3, $4, $5)
                    on conflict (scope, unit, kind, id) do update set data = excluded.data
                    """,
                    scope, StoredText.Key(row.Unit.Unit), row.Kind, StoredText.Key(row.Id), row.Data.ToJson());
            }
        }
    }

    private static void Claim(SqliteSession session, ImmutableArray<CrosswalkRow> rows)
    {
        foreach (var row in rows)
        {
            var scope = StoredText.Of(row.Unit.Scope);
            var isNew = session.Run(
                """
                insert into crosswalk (scope_kind, system, entity, external_id, scope, unit, canonical_entity, canonical_key)
                values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing
                """,
                row.Unit.Scope.Kind, StoredText.Key(row.System), StoredText.Key(row.Entity), StoredText.Key(row.ExternalId),
                scope, StoredText.Key(row.Unit.Unit), StoredText.Key(row.CanonicalEntity), StoredText.Key(row.CanonicalKey)) == 1;
            if (!isNew && session.Query(
                    """
                    select 1 from crosswalk where scope_kind = $1 and system = $2 and entity = $3 and external_id = $4
                        and scope = $5 and unit = $6 and canonical_entity = $7 and canonical_key = $8
                    """,
                    found => found.Int(0), row.Unit.Scope.Kind, row.System, row.Entity, row.ExternalId,
                    scope, row.Unit.Unit, row.CanonicalEntity, row.CanonicalKey).IsEmpty)
            {
                throw new CrosswalkConflictException(row);
            }
        }
    }

    private static void Write(SqliteSession session, ImmutableArray<MatchRow> rows)
    {
        foreach (var row in rows)
        {
            session.Run(
                "insert into match_key (scope, entity, key, unit) values ($1, $2, $3, $4) on conflict do nothing",
                StoredText.Of(row.Scope), StoredText.Key(row.Entity), StoredText.Key(row.Key), StoredText.Key(row.Unit));
        }
    }

    private static void Write(SqliteSession session, ImmutableArray<Command> commands, ImmutableArray<LaneHold> lanes)
    {
        var isClaim = commands.Any(command => command.Status == CommandStatus.Sending);
        foreach (var command in commands)
        {
            // The bytes of a command are frozen when it is first decided, so the same id again changes nothing; but then it is not claimed here.
            var isNew = session.Run(
                """
                insert into command (
                    id, system, scope, unit, target, correlation_id, item, adopt, priority, status, attempt, created_at, due_at, send_before, last_failure, epoch)
                values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) on conflict do nothing
                """,
                command.Id.Value, StoredText.Key(command.System), StoredText.Of(command.Unit.Scope), StoredText.Key(command.Unit.Unit),
                StoredText.Key(command.Target), StoredText.Key(command.CorrelationId), StoredCommand.Item(command), StoredCommand.Adopt(command.Adopt),
                command.Priority, command.Status, command.Attempt, StoredTime.At(command.CreatedAt), StoredTime.Due(command.DueAt),
                StoredTime.At(command.SendBefore), StoredText.ProseOrNull(command.LastFailure),
                command.Status == CommandStatus.Sending ? lanes.First(lane => lane.System == command.System).Epoch : 0L) == 1;
            if (isClaim && !isNew)
            {
                throw Disputed();
            }
        }
    }

    private static void Write(SqliteSession session, ImmutableArray<TimerRow> timers)
    {
        foreach (var timer in timers)
        {
            var scope = StoredText.Of(timer.Unit.Scope);
            if (timer.Due is { } due)
            {
                session.Run(
                    """
                    insert into timer (scope, unit, id, due_at, correlation_id, payload) values ($1, $2, $3, $4, $5, $6)
                    on conflict (scope, unit, id) do update set
                        due_at = excluded.due_at, correlation_id = excluded.correlation_id, payload = excluded.payload
                    """,
                    scope, StoredText.Key(timer.Unit.Unit), StoredText.Key(timer.Id), StoredTime.Due(due), StoredText.Key(timer.CorrelationId),
                    timer.Payload.ToJson());
            }
            else
            {
                session.Run("delete from timer where scope = $1 and unit = $2 and id = $3", scope, timer.Unit.Unit, timer.Id);
            }
        }
    }

    private static void Write(SqliteSession session, ImmutableArray<Case> cases)
    {
        foreach (var item in cases)
        {
            session.Run(
                $"""
                insert or replace into case_file ({Rows.CaseColumns})
                values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
                """,
                item.Id.Value, StoredText.Of(item.Unit.Scope), StoredText.Key(item.Unit.Unit), StoredText.Key(item.CorrelationId), item.Instance?.Value,
                StoredText.ProseOrNull(item.Step), StoredText.Prose(item.Kind), StoredText.Key(item.Queue), StoredText.Prose(item.Subject),
                StoredText.Prose(item.Says), StoredText.Prose(item.Remedy), item.Amount?.Amount.ToString(CultureInfo.InvariantCulture),
                item.Amount?.Currency.Code, item.Status, StoredCommand.Actions(item.Actions), StoredText.ProseOrNull(item.NotBy),
                StoredTime.At(item.OpenedAt), StoredTime.Due(item.DueAt), StoredTime.At(item.ClosedAt), StoredText.ProseOrNull(item.ClosedBy),
                StoredText.ProseOrNull(item.Reason));
        }
    }

    private static void Write(SqliteSession session, ImmutableArray<InstanceRow> instances)
    {
        foreach (var instance in instances)
        {
            session.Run(
                $"insert or replace into instance ({Rows.InstanceColumns}) values ($1, $2, $3, $4, $5, $6, $7, $8)",
                instance.Id.Value, StoredText.Of(instance.Unit.Scope), StoredText.Key(instance.Unit.Unit), StoredText.Key(instance.Process),
                StoredText.Key(instance.Status), StoredText.Prose(instance.Summary), StoredTime.At(instance.StartedAt), StoredTime.At(instance.ChangedAt));
        }
    }

    private static void Write(SqliteSession session, ImmutableArray<ParkedEnvelope> parked)
    {
        foreach (var item in parked)
        {
            var envelope = new StoredEnvelope(item.Envelope.Content);
            session.Run(
                """
                insert into parked (
                    id, number, scope, unit, kind, payload, correlation_id, causation_id, occurred_at, received_at, reason, due_at)
                values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
                on conflict (id) do update set reason = excluded.reason, due_at = excluded.due_at
                """,
                envelope.Id, item.Envelope.Number, envelope.Scope, envelope.Unit, envelope.Kind, envelope.Payload, envelope.CorrelationId,
                envelope.CausationId, envelope.OccurredAt, envelope.ReceivedAt, StoredText.Prose(item.Reason), StoredTime.Due(item.Due));
        }
    }

    private static void Tell(SqliteSession session, IReadOnlyCollection<LineageEntry> entries)
    {
        foreach (var (entry, more) in StoredStory.Of(entries))
        {
            session.Run(
                $"insert into lineage ({Rows.LineageWritten}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
                StoredTime.At(entry.At), StoredText.Key(entry.CorrelationId), StoredText.Of(entry.Scope), StoredText.Prose(entry.Kind),
                StoredText.Prose(entry.Text), StoredText.ProseOrNull(entry.System), StoredText.ProseOrNull(entry.Entity),
                StoredText.ProseOrNull(entry.ExternalId), StoredText.ProseOrNull(entry.Cause), entry.Instance?.Value,
                StoredText.ProseOrNull(entry.Step), StoredText.ProseOrNull(entry.Record?.Entity), StoredText.ProseOrNull(entry.Record?.Key), more);
        }
    }
}
