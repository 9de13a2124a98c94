using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Cases;
using Throughline.Engine.Delivery;
using Throughline.Engine.Entries;
using Throughline.Engine.Lineage;
using Throughline.Engine.Partition;
using Throughline.Model;
using Throughline.Model.Ledger;

namespace Throughline.Store;

/// <summary>Columns of each table in the order in which its reader expects them; the same in both dialects.</summary>
internal static class Rows
{
    public const string EnvelopeColumns =
        "number, id, scope, unit, kind, payload, correlation_id, causation_id, occurred_at, received_at";

    public const string StateColumns = "s.scope, s.unit, s.kind, s.id, s.data";

    public const string CommandColumns =
        "id, system, scope, unit, target, correlation_id, item, adopt, priority, status, attempt, created_at, due_at, send_before, last_failure, number";

    public const string StandingColumns = "id, status, answer, system, scope, correlation_id, item, due_at";

    public const string TimerColumns = "scope, unit, id, due_at, correlation_id, payload";

    public const string CaseColumns =
        "id, scope, unit, correlation_id, instance_id, step, kind, queue, subject, says, remedy, amount, currency, status, actions, not_by, "
        + "opened_at, due_at, closed_at, closed_by, reason";

    public const string InstanceColumns = "id, scope, unit, process, status, summary, started_at, changed_at";

    public const string EventColumns = "number, name, correlation_id, at, payload";

    public const string LineageColumns = "number, " + LineageWritten;

    public const string LineageWritten =
        "at, correlation_id, scope, kind, text, system, entity, external_id, cause, instance_id, step, record_entity, record_key, more";

    public const string EntryEnvelopeColumns = "number, id, scope, kind, payload, causation_id, occurred_at, received_at";

    public const string EntryColumns =
        "id, scope, system, entity, source_entity, external_id, version, deleted, status, data, sent_hash, batch, place, sends, reason, says, trouble, since, due_at, "
        + "envelope_id, at, value, value_says, transactions";

    public const string ParkedColumns = EnvelopeColumns + ", reason, due_at";

    public static Envelope Envelope(Row row) => new(
        new NewEnvelope(
            new EnvelopeId(row.Guid(1)),
            row.Scope(2),
            row.Text(3),
            (EnvelopeKind)row.Int(4),
            row.Fields(5),
            row.Text(6),
            row.GuidOrNull(7) is { } cause ? new EnvelopeId(cause) : null,
            row.Time(8),
            row.Time(9)),
        row.Long(0));

    public static Envelope EntryEnvelope(Row row)
    {
        var scope = row.Scope(2);
        return new Envelope(
            new NewEnvelope(
                new EnvelopeId(row.Guid(1)), scope, "", (EnvelopeKind)row.Int(3), row.Fields(4), scope.ToString(),
                row.GuidOrNull(5) is { } cause ? new EnvelopeId(cause) : null, row.Time(6), row.Time(7)),
            row.Long(0));
    }

    public static EntryRow Entry(Row row) => new(
        new EntryId(row.Guid(0)),
        row.Scope(1),
        row.Text(2),
        row.Text(3),
        row.Text(4),
        row.Text(5),
        row.TextOrNull(6),
        (EntryStatus)row.Int(8),
        row.Fields(9),
        row.TextOrNull(10),
        row.GuidOrNull(11) is { } batch ? new CommandId(batch) : null,
        row.Int(12),
        row.Int(13),
        row.TextOrNull(14),
        row.TextOrNull(15),
        row.TimeOrNull(17),
        row.TimeOrNull(18),
        new EnvelopeId(row.Guid(19)),
        row.Time(20))
    {
        Deleted = row.Int(7) != 0,
        IsTrouble = row.Int(16) != 0,
        Value = LineValue.Of(row.IsNull(21) ? null : row.Fields(21)),
        ValueSays = row.TextOrNull(22),
        Transactions = row.Int(23),
    };

    public const string EntryBatchColumns = "id, system, status, last_failure, answer, item";

    public static EntryBatch EntryBatch(Row row)
    {
        var status = (CommandStatus)row.Int(2);
        return Engine.Entries.EntryBatch.Of(
            new CommandId(row.Guid(0)), row.Text(1), status, row.TextOrNull(3), status == CommandStatus.Done ? Fields.Parse(row.Text(4)["Done ".Length..]) : null,
            () => StoredCommand.Item(row.Text(5)));
    }

    public static StateRow State(Row row) => new(new UnitKey(row.Scope(0), row.Text(1)), (StateKind)row.Int(2), row.Text(3), row.Fields(4));

    public static Command Command(Row row)
    {
        var (item, lines) = StoredCommand.Item(row.Text(6));
        return new Command(
            new CommandId(row.Guid(0)),
            row.Text(1),
            new UnitKey(row.Scope(2), row.Text(3)),
            row.Text(4),
            row.Text(5),
            item,
            StoredCommand.Adopt(row.Text(7)),
            row.Int(8),
            (CommandStatus)row.Int(9),
            row.Int(10),
            row.Time(11),
            row.Time(12),
            row.TimeOrNull(13),
            row.TextOrNull(14))
        {
            Lines = lines,
        };
    }

    /// <summary>A claimed command with the number that gives the order among those decided at the same moment.</summary>
    public static (Command Command, long Number) NumberedCommand(Row row) => (Command(row), row.Long(15));

    public static StandingCommand Standing(Row row) => new(
        new CommandId(row.Guid(0)),
        (CommandStatus)row.Int(1),
        row.TextOrNull(2),
        row.Text(3),
        row.Scope(4),
        row.Text(5),
        row.Text(6),
        row.Time(7));

    public static TimerRow Timer(Row row) =>
        new(new UnitKey(row.Scope(0), row.Text(1)), row.Text(2), row.Time(3), row.Text(4), row.Fields(5));

    public static Case Case(Row row) => new(
        new CaseId(row.Guid(0)),
        new UnitKey(row.Scope(1), row.Text(2)),
        row.Text(3),
        row.GuidOrNull(4) is { } instance ? new InstanceId(instance) : null,
        row.TextOrNull(5),
        row.Text(6),
        row.Text(7),
        row.Text(8),
        row.Text(9),
        row.Text(10),
        row.IsNull(11) ? null : Money.Of(row.Decimal(11), row.Text(12)),
        (CaseStatus)row.Int(13),
        StoredCommand.Actions(row.Text(14)),
        row.TextOrNull(15),
        row.Time(16),
        row.Time(17),
        row.TimeOrNull(18),
        row.TextOrNull(19),
        row.TextOrNull(20));

    public static InstanceRow Instance(Row row) => new(
        new InstanceId(row.Guid(0)), new UnitKey(row.Scope(1), row.Text(2)), row.Text(3), row.Text(4), row.Text(5), row.Time(6), row.Time(7));

    public static PublishedEvent Event(Row row) => new(row.Long(0), row.Text(1), row.Text(2), row.Time(3), row.Fields(4));

    /// <summary>The lines of one row.</summary>
    public static ImmutableArray<LineageEntry> Lines(Row row) => StoredStory.Read(Lineage(row), row.TextOrNull(14));

    private static LineageEntry Lineage(Row row) => new(
        row.Long(0), row.Time(1), row.Text(2), row.Scope(3), row.Text(4), row.Text(5),
        row.TextOrNull(6), row.TextOrNull(7), row.TextOrNull(8), row.TextOrNull(9),
        row.GuidOrNull(10) is { } instance ? new InstanceId(instance) : null, row.TextOrNull(11),
        row.TextOrNull(12) is { } entity ? new RecordId(entity, row.Text(13)) : null);

    public static ParkedEnvelope Parked(Row row) => new(Envelope(row), row.Text(10), row.Time(11));
}
