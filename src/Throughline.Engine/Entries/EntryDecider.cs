using System.Collections.Immutable;
using System.Globalization;
using Throughline.Connect;
using Throughline.Engine.Delivery;
using Throughline.Landscape;
using Throughline.Landscape.Expressions;
using Throughline.Model;
using Throughline.Model.Canonical;

namespace Throughline.Engine.Entries;

/// <summary>One line that is to be sent.</summary>
internal sealed record EntryLine(EntryId Entry, string System, EntryDefinition Definition, WriteItem Item);

/// <summary>What was decided of one entry.</summary>
/// <param name="Line">What is to be sent for it; null where nothing is.</param>
internal sealed record EntryDecision(EntryRow Row, EntryLine? Line);

/// <summary>
/// What is to become of one entry: compares what should stand in the target with what was sent last. Pure; the time comes with the batch.
/// One line of an entry is under way at a time, so what changes meanwhile is compared again when the target has answered.
/// </summary>
internal sealed class EntryDecider(Landscape.Landscape landscape, DateTimeOffset now)
{
    public const string ForHome = "home";
    public const string ForId = "id";
    public const string ForAnswer = "under-way";
    public const string ByMap = "map";
    public const string ByTarget = "refused";

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Seldom = TimeSpan.FromMinutes(1);

    /// <summary>Null where the change says nothing new.</summary>
    public EntryRow? Apply(EntryRow? known, EntryChange change)
    {
        if (known is not null && (IsStale(known, change)
            || (change.Failure is null && known.Version == change.Version && known.Deleted == change.Deleted
                && known.Reason != ByMap && (change.Deleted || known.Attributes.Equals(change.Attributes!)))))
        {
            return null;
        }

        var row = known ?? new EntryRow(
            change.Id, change.Scope, change.System, change.Entity, change.SourceEntity, change.ExternalId, change.Version, EntryStatus.Kept, Fields.Empty, null, null, 0, 0,
            null, null, null, null, change.Envelope, now);
        row = row with { Scope = change.Scope, Version = change.Version, Deleted = change.Deleted, Envelope = change.Envelope, At = now };
        // What is deleted needs no map to be taken back.
        return change.Deleted ? row with { Reason = row.Reason == ByMap ? null : row.Reason }
            : change.Failure is { } failure ? Hold(row, ByMap, failure)
            : row with { Attributes = change.Attributes!, Reason = row.Reason == ByMap ? null : row.Reason };
    }

    /// <summary>The entry is known in a newer form.</summary>
    public static bool IsStale(EntryRow known, EntryChange change) => Partition.SourceDecider.IsNewer(known.Version, change.Version);

    /// <param name="scene">Null where it is not known which engagement the entry belongs to.</param>
    /// <param name="batch">The batch in which it was sent last; null where that is not concluded as far as is known.</param>
    public EntryDecision Decide(EntryRow row, EntryScene? scene, EntryBatch? batch)
    {
        var definition = landscape.Entries[row.Entity];
        if (row is { Status: EntryStatus.Held, Reason: ByMap })
        {
            return new EntryDecision(row, null);
        }

        if (scene is null && row.Deleted)
        {
            // Nobody has to know any more where it belongs.
            return TakeBack(row, definition, batch, null);
        }

        if (scene is null)
        {
            return new EntryDecision(Wait(row, definition, ForHome, $"{row.System} {row.SourceEntity} {row.ExternalId} belongs to no engagement that the hub knows"), null);
        }

        var schema = EntityCatalog.Find(row.Entity)!;
        var beside = scene.Beside(schema, row.System, row.Attributes);
        var legalEntity = (beside.GetValueOrDefault("workstream") as Fields)?.Text("legalEntity");
        var view = schema.Complete(row.Attributes).With("key", row.Id.ToString());
        var variables = Variables(row, view, scene, beside, legalEntity);
        if (!row.Deleted && NotTold(definition, variables) is { } unclear)
        {
            // To take back what may well be approved would lose it, and nobody would know.
            return new EntryDecision(Hold(row, ByMap + "-ready", unclear), null);
        }

        if (row.Deleted || definition.Ready.Evaluate(variables) is false)
        {
            return TakeBack(row, definition, batch, legalEntity);
        }

        if (Refused(definition, variables) is { } refused)
        {
            return new EntryDecision(Hold(row, refused.Reason, refused.Says), null);
        }

        var map = landscape.OutwardMaps[definition.Map];
        var wanted = MapRunner.Outward(
            map, view, scene.Context with { LegalEntity = legalEntity, Beside = beside }, landscape);
        if (wanted.Waits is not null)
        {
            return new EntryDecision(Wait(row, definition, ForId, wanted.Waits), null);
        }

        return wanted.Failure is { } failure ? new EntryDecision(Hold(row, ByMap + "-out", failure.Message), null)
            : Send(row, definition, map, wanted, batch, legalEntity);
    }

    /// <summary>What has come of an entry, without what was decided of it before in the same turn.</summary>
    public static EntryRow AsBefore(EntryRow row, EntryRow before)
    {
        var undecided = row with { SentHash = before.SentHash, Batch = before.Batch, Place = before.Place, Sends = before.Sends };
        return row is { Status: EntryStatus.Held, Reason: ByMap } ? undecided : undecided with
        {
            Status = before.Status, Reason = before.Reason, Says = before.Says, Since = before.Since, DueAt = before.DueAt, IsTrouble = before.IsTrouble,
        };
    }

    /// <summary>It goes on to another scope, with what of it stands in the target, and is decided there.</summary>
    public EntryRow MoveTo(EntryRow row, Scope home) => row is { Status: EntryStatus.Held, Reason: ByMap } ? row with { Scope = home } : row with
    {
        Scope = home, Status = EntryStatus.Waiting, Reason = ForHome, Says = "it goes on to the engagement that it belongs to", Since = now, DueAt = now, IsTrouble = false, At = now,
    };

    /// <summary>The target refused the line of this entry.</summary>
    /// <param name="stoodThere">It was to change or go, so it stands there in a form that is not known for sure.</param>
    public EntryRow Refuse(EntryRow row, string message, bool stoodThere) =>
        Hold(row with { SentHash = stoodThere ? "" : null, Batch = stoodThere ? row.Batch : null }, ByTarget, message);

    private EntryDecision Send(EntryRow row, EntryDefinition definition, OutwardMap map, OutwardResult wanted, EntryBatch? batch, string? legalEntity)
    {
        var hash = wanted.Fields.Fingerprint();
        if (row.Status == EntryStatus.Sent && row.SentHash == hash)
        {
            return new EntryDecision(row, null);
        }

        if (row.Batch is not null && batch is null)
        {
            return new EntryDecision(Wait(row, definition, ForAnswer, "an earlier form of it is being written"), null);
        }

        if (row.SentHash == hash)
        {
            return new EntryDecision(Clear(row) with { Status = EntryStatus.Sent }, null);
        }

        var id = IdIn(batch, row);
        var operation = row.SentHash is null || id is null ? WriteOperation.Create : WriteOperation.Update;
        var sends = row.Sends + 1;
        var item = new WriteItem(KeyOf(row, sends), map.Entity, operation, operation == WriteOperation.Create ? null : id, wanted.Find, wanted.Fields);
        return new EntryDecision(
            Clear(row) with { Status = EntryStatus.Sent, SentHash = hash, Sends = sends, At = now },
            new EntryLine(row.Id, landscape.SystemFor(map.Role, legalEntity), definition, item));
    }

    private EntryDecision TakeBack(EntryRow row, EntryDefinition definition, EntryBatch? batch, string? legalEntity)
    {
        if (row.SentHash is null)
        {
            return new EntryDecision(Clear(row) with { Status = EntryStatus.Kept }, null);
        }

        if (batch is null)
        {
            return new EntryDecision(Wait(row, definition, ForAnswer, "an earlier form of it is being written"), null);
        }

        var map = landscape.OutwardMaps[definition.Map];
        if (IdIn(batch, row) is not { } id)
        {
            return new EntryDecision(Clear(row) with { Status = EntryStatus.Kept, SentHash = null, Batch = null }, null);
        }

        var sends = row.Sends + 1;
        return new EntryDecision(
            Clear(row) with { Status = EntryStatus.Kept, SentHash = null, Sends = sends, At = now },
            new EntryLine(
                row.Id, landscape.SystemFor(map.Role, legalEntity), definition,
                new WriteItem(KeyOf(row, sends), map.Entity, WriteOperation.Undo, id, null, Fields.Empty)));
    }

    private static string? IdIn(EntryBatch? batch, EntryRow row) =>
        batch is not null && row.Place < batch.Ids.Length ? batch.Ids[row.Place] : null;

    private static string KeyOf(EntryRow row, int sends) => $"{row.Id}/{sends.ToString(CultureInfo.InvariantCulture)}";

    private Dictionary<string, object?> Variables(EntryRow row, Fields view, EntryScene scene, Dictionary<string, object?> beside, string? legalEntity) =>
        new(beside, StringComparer.Ordinal)
        {
            [VariableNames.Of(row.Entity)] = view,
            [VariableNames.Records] = scene.Context.Records,
            [VariableNames.Parameters] = landscape.Parameters,
            [VariableNames.LegalEntity] = legalEntity is { } code && landscape.LegalEntities.TryGetValue(code, out var found) ? found.View : null,
        };

    private static string? NotTold(EntryDefinition definition, Dictionary<string, object?> variables)
    {
        try
        {
            return definition.Ready.Evaluate(variables) is bool ? null : $"whether it is ready ({definition.Ready.Text}) is neither true nor false";
        }
        catch (EvaluationException e)
        {
            return $"it cannot be told whether it is ready ({definition.Place}): {e.Message}";
        }
    }

    private static (string Reason, string Says)? Refused(EntryDefinition definition, Dictionary<string, object?> variables)
    {
        foreach (var check in definition.Checks)
        {
            try
            {
                if (check.Require.Evaluate(variables) is not true)
                {
                    return (check.Name, check.Case.Says.Evaluate(variables)?.ToString() ?? "");
                }
            }
            catch (EvaluationException e)
            {
                return (check.Name, $"it cannot be told whether it may go on ({check.Place}): {e.Message}");
            }
        }

        return null;
    }

    private EntryRow Wait(EntryRow row, EntryDefinition definition, string reason, string says)
    {
        var since = row.Status == EntryStatus.Waiting && row.Reason == reason ? row.Since!.Value : now;
        var age = now - since;
        var isLate = age >= definition.Within;
        var again = TimeSpan.FromTicks(Math.Clamp(age.Ticks / 4, Soon.Ticks, Seldom.Ticks));
        return row with { Status = EntryStatus.Waiting, Reason = reason, Says = says, Since = since, DueAt = now + again, IsTrouble = isLate, At = now };
    }

    private EntryRow Hold(EntryRow row, string reason, string says) => row with
    {
        Status = EntryStatus.Held, Reason = reason, Says = says, DueAt = null, IsTrouble = true, At = now,
        Since = row.Status == EntryStatus.Held && row.Reason == reason ? row.Since : now,
    };

    private static EntryRow Clear(EntryRow row) => row with { Reason = null, Says = null, Since = null, DueAt = null, IsTrouble = false };
}
