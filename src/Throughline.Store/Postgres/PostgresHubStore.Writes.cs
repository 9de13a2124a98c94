using System.Collections.Immutable;
using Throughline.Engine.Cases;
using Throughline.Engine.Delivery;
using Throughline.Engine.Lineage;
using Throughline.Engine.Partition;

namespace Throughline.Store.Postgres;

public sealed partial class PostgresHubStore
{
    // Locks are taken in this order by everybody: rows, the feed, heads (the fence), tails.
    private static void Write(PostgresBatch batch, ImmutableArray<PartitionCommit> commits, ImmutableArray<CrosswalkRow> crosswalk)
    {
        Write(batch, LastOf(All(commits, commit => commit.State), row => (row.Unit, row.Kind, row.Id)));
        Write(batch, All(commits, commit => commit.Matches));
        Write(batch, All(commits, commit => commit.Commands), All(commits, commit => commit.Lanes));
        Write(batch, LastOf(All(commits, commit => commit.Timers), timer => (timer.Unit, timer.Id)));
        Write(batch, LastOf(All(commits, commit => commit.Cases), item => item.Id));
        Write(batch, LastOf(All(commits, commit => commit.Instances), instance => instance.Id));
        Write(batch, LastOf(All(commits, commit => commit.Parked), item => item.Envelope.Id));
        var released = All(commits, commit => commit.Released);
        if (!released.IsEmpty)
        {
            batch.Add("delete from parked where id = any($1)", Column(released, id => id.Value));
        }

        if (Conclusion.Undisputed(All(commits, commit => commit.Outcomes)) is { Changes.Count: > 0 } conclusion)
        {
            batch.Add("select settle_commands($1, $2, $3, $4, $5, $6)", Columns(conclusion));
        }

        Claim(batch, crosswalk);
        var events = All(commits, commit => commit.Events);
        if (!events.IsEmpty)
        {
            batch.Add("select lock_feed()").Add(
                """
                insert into event (name, correlation_id, at, payload)
                select x.name, x.correlation_id, x.at, x.payload
                from unnest($1, $2, $3, $4) with ordinality as x(name, correlation_id, at, payload, place) order by x.place
                """,
                Column(events, item => StoredText.Prose(item.Name)),
                Column(events, item => StoredText.Key(item.CorrelationId)),
                Column(events, item => StoredTime.At(item.At)),
                Column(events, item => item.Payload.ToJson()));
        }

        Tell(batch, All(commits, commit => commit.Lineage));
    }

    private static void Write(PostgresBatch batch, ImmutableArray<StateRow> rows)
    {
        ImmutableArray<StateRow> gone = [.. rows.Where(row => row.Data is null)];
        ImmutableArray<StateRow> kept = gone.IsEmpty ? rows : [.. rows.Where(row => row.Data is not null)];
        if (!gone.IsEmpty)
        {
            batch.Add(
                """
                delete from state s using unnest($1, $2, $3, $4) as x(scope, unit, kind, id)
                where s.scope = x.scope and s.unit = x.unit and s.kind = x.kind and s.id = x.id
                """,
                Column(gone, row => StoredText.Of(row.Unit.Scope)),
                Column(gone, row => StoredText.Key(row.Unit.Unit)),
                Column(gone, row => (short)row.Kind),
                Column(gone, row => StoredText.Key(row.Id)));
        }

        if (!kept.IsEmpty)
        {
            batch.Add(
                """
                insert into state (scope, unit, kind, id, data) select * from unnest($1, $2, $3, $4, $5)
                on conflict (scope, unit, kind, id) do update set data = excluded.data
                """,
                Column(kept, row => StoredText.Of(row.Unit.Scope)),
                Column(kept, row => StoredText.Key(row.Unit.Unit)),
                Column(kept, row => (short)row.Kind),
                Column(kept, row => StoredText.Key(row.Id)),
                Column(kept, row => row.Data!.ToJson()));
        }
    }

    private static void Write(PostgresBatch batch, ImmutableArray<MatchRow> rows)
    {
        if (!rows.IsEmpty)
        {
            batch.Add(
                "insert into match_key (scope, entity, key, unit) select * from unnest($1, $2, $3, $4) on conflict do nothing",
                Column(rows, row => StoredText.Of(row.Scope)),
                Column(rows, row => StoredText.Key(row.Entity)),
                Column(rows, row => StoredText.Key(row.Key)),
                Column(rows, row => StoredText.Key(row.Unit)));
        }
    }

    private static void Write(PostgresBatch batch, ImmutableArray<Command> commands, ImmutableArray<LaneHold> lanes)
    {
        if (!commands.IsEmpty)
        {
            // The bytes of a command are frozen when it is first decided, so the same id again changes nothing; but then it is not claimed here.
            batch.Add(
                $"""
                insert into command (
                    id, system, scope, unit, target, correlation_id, item, adopt, priority, status, attempt, created_at, due_at, send_before, last_failure, epoch)
                select x.id, x.system, x.scope, x.unit, x.target, x.correlation_id, x.item, x.adopt, x.priority, x.status, x.attempt,
                    x.created_at, x.due_at, x.send_before, x.last_failure, x.epoch
                from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) with ordinality as x(
                    id, system, scope, unit, target, correlation_id, item, adopt, priority, status, attempt, created_at, due_at, send_before,
                    last_failure, epoch, place)
                order by x.place{(commands.Any(command => command.Status == CommandStatus.Sending) ? "" : " on conflict do nothing")}
                """,
                Column(commands, command => command.Id.Value),
                Column(commands, command => StoredText.Key(command.System)),
                Column(commands, command => StoredText.Of(command.Unit.Scope)),
                Column(commands, command => StoredText.Key(command.Unit.Unit)),
                Column(commands, command => StoredText.Key(command.Target)),
                Column(commands, command => StoredText.Key(command.CorrelationId)),
                Column(commands, command => StoredCommand.Item(command)),
                Column(commands, command => StoredCommand.Adopt(command.Adopt)),
                Column(commands, command => command.Priority),
                Column(commands, command => (short)command.Status),
                Column(commands, command => command.Attempt),
                Column(commands, command => StoredTime.At(command.CreatedAt)),
                Column(commands, command => StoredTime.Due(command.DueAt)),
                Column(commands, command => StoredTime.At(command.SendBefore)),
                Column(commands, command => StoredText.ProseOrNull(command.LastFailure)),
                Column(commands, command => command.Status == CommandStatus.Sending ? lanes.First(lane => lane.System == command.System).Epoch : 0L));
        }
    }

    private static void Write(PostgresBatch batch, ImmutableArray<TimerRow> timers)
    {
        ImmutableArray<TimerRow> gone = [.. timers.Where(timer => timer.Due is null)];
        ImmutableArray<TimerRow> set = gone.IsEmpty ? timers : [.. timers.Where(timer => timer.Due is not null)];
        if (!gone.IsEmpty)
        {
            batch.Add(
                "delete from timer t using unnest($1, $2, $3) as x(scope, unit, id) where t.scope = x.scope and t.unit = x.unit and t.id = x.id",
                Column(gone, timer => StoredText.Of(timer.Unit.Scope)),
                Column(gone, timer => StoredText.Key(timer.Unit.Unit)),
                Column(gone, timer => StoredText.Key(timer.Id)));
        }

        if (!set.IsEmpty)
        {
            batch.Add(
                """
                insert into timer (scope, unit, id, due_at, correlation_id, payload) select * from unnest($1, $2, $3, $4, $5, $6)
                on conflict (scope, unit, id) do update set
                    due_at = excluded.due_at, correlation_id = excluded.correlation_id, payload = excluded.payload
                """,
                Column(set, timer => StoredText.Of(timer.Unit.Scope)),
                Column(set, timer => StoredText.Key(timer.Unit.Unit)),
                Column(set, timer => StoredText.Key(timer.Id)),
                Column(set, timer => StoredTime.Due(timer.Due!.Value)),
                Column(set, timer => StoredText.Key(timer.CorrelationId)),
                Column(set, timer => timer.Payload.ToJson()));
        }
    }

    private static void Write(PostgresBatch batch, ImmutableArray<Case> cases)
    {
        if (!cases.IsEmpty)
        {
            batch.Add(
                $"""
                insert into case_file ({Rows.CaseColumns})
                select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
                on conflict (id) do update set
                    scope = excluded.scope, unit = excluded.unit, correlation_id = excluded.correlation_id, instance_id = excluded.instance_id,
                    step = excluded.step, kind = excluded.kind, queue = excluded.queue, subject = excluded.subject, says = excluded.says,
                    remedy = excluded.remedy, amount = excluded.amount, currency = excluded.currency, status = excluded.status,
                    actions = excluded.actions, not_by = excluded.not_by, opened_at = excluded.opened_at, due_at = excluded.due_at,
                    closed_at = excluded.closed_at, closed_by = excluded.closed_by, reason = excluded.reason
                """,
                Column(cases, item => item.Id.Value),
                Column(cases, item => StoredText.Of(item.Unit.Scope)),
                Column(cases, item => StoredText.Key(item.Unit.Unit)),
                Column(cases, item => StoredText.Key(item.CorrelationId)),
                Column(cases, item => item.Instance?.Value),
                Column(cases, item => StoredText.ProseOrNull(item.Step)),
                Column(cases, item => StoredText.Prose(item.Kind)),
                Column(cases, item => StoredText.Key(item.Queue)),
                Column(cases, item => StoredText.Prose(item.Subject)),
                Column(cases, item => StoredText.Prose(item.Says)),
                Column(cases, item => StoredText.Prose(item.Remedy)),
                Column(cases, item => item.Amount?.Amount),
                Column(cases, item => item.Amount?.Currency.Code),
                Column(cases, item => (short)item.Status),
                Column(cases, item => StoredCommand.Actions(item.Actions)),
                Column(cases, item => StoredText.ProseOrNull(item.NotBy)),
                Column(cases, item => StoredTime.At(item.OpenedAt)),
                Column(cases, item => StoredTime.Due(item.DueAt)),
                Column(cases, item => StoredTime.At(item.ClosedAt)),
                Column(cases, item => StoredText.ProseOrNull(item.ClosedBy)),
                Column(cases, item => StoredText.ProseOrNull(item.Reason)));
        }
    }

    private static void Write(PostgresBatch batch, ImmutableArray<InstanceRow> instances)
    {
        if (!instances.IsEmpty)
        {
            batch.Add(
                $"""
                insert into instance ({Rows.InstanceColumns}) select * from unnest($1, $2, $3, $4, $5, $6, $7, $8)
                on conflict (id) do update set
                    scope = excluded.scope, unit = excluded.unit, process = excluded.process, status = excluded.status,
                    summary = excluded.summary, started_at = excluded.started_at, changed_at = excluded.changed_at
                """,
                Column(instances, instance => instance.Id.Value),
                Column(instances, instance => StoredText.Of(instance.Unit.Scope)),
                Column(instances, instance => StoredText.Key(instance.Unit.Unit)),
                Column(instances, instance => StoredText.Key(instance.Process)),
                Column(instances, instance => StoredText.Key(instance.Status)),
                Column(instances, instance => StoredText.Prose(instance.Summary)),
                Column(instances, instance => StoredTime.At(instance.StartedAt)),
                Column(instances, instance => StoredTime.At(instance.ChangedAt)));
        }
    }

    private static void Write(PostgresBatch batch, ImmutableArray<ParkedEnvelope> parked)
    {
        if (!parked.IsEmpty)
        {
            ImmutableArray<StoredEnvelope> envelopes = [.. parked.Select(item => new StoredEnvelope(item.Envelope.Content))];
            batch.Add(
                """
                insert into parked (id, number, scope, unit, kind, payload, correlation_id, causation_id, occurred_at, received_at, reason, due_at)
                select x.id, x.number, x.scope, x.unit, x.kind, x.payload, x.correlation_id, x.causation_id, x.occurred_at, x.received_at, x.reason, x.due_at
                from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) with ordinality as x(
                    id, number, scope, unit, kind, payload, correlation_id, causation_id, occurred_at, received_at, reason, due_at, place)
                order by x.place on conflict (id) do update set reason = excluded.reason, due_at = excluded.due_at
                """,
                Column(envelopes, envelope => envelope.Id),
                Column(parked, item => item.Envelope.Number),
                Column(envelopes, envelope => envelope.Scope),
                Column(envelopes, envelope => envelope.Unit),
                Column(envelopes, envelope => (short)envelope.Kind),
                Column(envelopes, envelope => envelope.Payload),
                Column(envelopes, envelope => envelope.CorrelationId),
                Column(envelopes, envelope => envelope.CausationId),
                Column(envelopes, envelope => envelope.OccurredAt),
                Column(envelopes, envelope => envelope.ReceivedAt),
                Column(parked, item => StoredText.Prose(item.Reason)),
                Column(parked, item => StoredTime.Due(item.Due)));
        }
    }

    private static void Claim(PostgresBatch batch, ImmutableArray<CrosswalkRow> rows)
    {
        if (!rows.IsEmpty)
        {
            batch.Add(
                "select claim_crosswalk($1, $2, $3, $4, $5, $6, $7, $8)",
                Column(rows, row => row.Unit.Scope.Kind),
                Column(rows, row => StoredText.Key(row.System)),
                Column(rows, row => StoredText.Key(row.Entity)),
                Column(rows, row => StoredText.Key(row.ExternalId)),
                Column(rows, row => StoredText.Of(row.Unit.Scope)),
                Column(rows, row => StoredText.Key(row.Unit.Unit)),
                Column(rows, row => StoredText.Key(row.CanonicalEntity)),
                Column(rows, row => StoredText.Key(row.CanonicalKey)));
        }
    }

    private static void Tell(PostgresBatch batch, IReadOnlyCollection<LineageEntry> entries)
    {
        if (entries.Count > 0)
        {
            var stories = StoredStory.Of(entries);
            var rows = stories.Select(story => story.First).ToImmutableArray();
            batch.Add("select lock_feed()").Add(
                $"""
                insert into lineage ({Rows.LineageWritten})
                select {Rows.LineageWritten}
                from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) with ordinality as x({Rows.LineageWritten}, place)
                order by x.place
                """,
                Column(rows, entry => StoredTime.At(entry.At)),
                Column(rows, entry => StoredText.Key(entry.CorrelationId)),
                Column(rows, entry => StoredText.Of(entry.Scope)),
                Column(rows, entry => StoredText.Prose(entry.Kind)),
                Column(rows, entry => StoredText.Prose(entry.Text)),
                Column(rows, entry => StoredText.ProseOrNull(entry.System)),
                Column(rows, entry => StoredText.ProseOrNull(entry.Entity)),
                Column(rows, entry => StoredText.ProseOrNull(entry.ExternalId)),
                Column(rows, entry => StoredText.ProseOrNull(entry.Cause)),
                Column(rows, entry => entry.Instance?.Value),
                Column(rows, entry => StoredText.ProseOrNull(entry.Step)),
                Column(rows, entry => StoredText.ProseOrNull(entry.Record?.Entity)),
                Column(rows, entry => StoredText.ProseOrNull(entry.Record?.Key)),
                Column(stories, story => story.More));
        }
    }
}
