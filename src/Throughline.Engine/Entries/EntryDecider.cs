using System.Collections.Immutable;
using System.Globalization;
using Throughline.Connect;
using Throughline.Engine.Billing;
using Throughline.Engine.Delivery;
using Throughline.Landscape;
using Throughline.Landscape.Expressions;
using Throughline.Model;
using Throughline.Model.Canonical;

namespace Throughline.Engine.Entries;

/// <summary>One line that is to be sent.</summary>
/// <param name="IsAskedFirst">The target may have it already.</param>
internal sealed record EntryLine(EntryId Entry, string System, EntryDefinition Definition, WriteItem Item, bool IsAskedFirst = false);

/// <summary>Why an entry is looked at.</summary>
internal enum EntryOccasion
{
    /// <summary>What it waits for may be there, or its batch is answered: what was refused once stays refused.</summary>
    Answer,

    /// <summary>Its system sent it: what was refused once is sent again.</summary>
    Change,

    /// <summary>A person wants another try, and has looked into the target where the case asked for that.</summary>
    Retry,
}

/// <summary>What was decided of one entry.</summary>
/// <param name="Line">What is to be sent for it; null where nothing is.</param>
internal sealed record EntryDecision(EntryRow Row, EntryLine? Line);

/// <summary>
/// What is to become of one entry: compares what should stand in the target with what was sent last. Pure; the time comes with the batch.
/// One line of an entry is under way at a time, so what changes meanwhile is compared again when the target has answered.
/// </summary>
internal sealed class EntryDecider(Landscape.Landscape landscape, DateTimeOffset now)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Seldom = TimeSpan.FromMinutes(1);

    /// <summary>Null where the change says nothing new.</summary>
    public EntryRow? Apply(EntryRow? known, EntryChange change)
    {
        if (known is not null && (Partition.SourceDecider.IsNewer(known.Version, change.Version)
            || (change.Failure is null && known.Version == change.Version && known.Deleted == change.Deleted
                && known.Reason != EntryReasons.ByMap && (change.Deleted || known.Attributes.Equals(change.Attributes!)))))
        {
            return null;
        }

        var row = known ?? new EntryRow(
            change.Id, change.Scope, change.System, change.Entity, change.SourceEntity, change.ExternalId, change.Version, EntryStatus.Kept, Fields.Empty, null, null, 0, 0,
            null, null, null, null, change.Envelope, now);
        row = row with { Scope = change.Scope, Version = change.Version, Deleted = change.Deleted, Envelope = change.Envelope, At = now };
        return change.Deleted ? row
            : change.Failure is { } failure ? Hold(row, EntryReasons.ByMap, failure)
            : row with { Attributes = change.Attributes!, Reason = row.Reason == EntryReasons.ByMap ? null : row.Reason };
    }

    /// <param name="scene">Null where it is not known which engagement the entry belongs to.</param>
    /// <param name="batch">The batch in which it was sent last; null where that is not concluded as far as is known.</param>
    public EntryDecision Decide(EntryRow row, EntryScene? scene, EntryBatch? batch, EntryOccasion occasion)
    {
        if (!landscape.Entries.TryGetValue(row.Entity, out var definition))
        {
            var gone = $"the landscape says nothing any more of what becomes of {row.Entity}";
            return Held(EntryWorth.Hold(row, gone), EntryReasons.ByLandscape, gone);
        }

        var standing = EntryStanding.Of(row, batch);
        if (row.Deleted)
        {
            return TakeBack(EntryWorth.Withdraw(row, "it was deleted"), definition, batch, standing, occasion);
        }

        if (row.Reason == EntryReasons.ByMap)
        {
            return Held(EntryWorth.Hold(row, row.Says!), EntryReasons.ByMap, row.Says!);
        }

        if (scene is null)
        {
            var says = $"{row.System} {row.SourceEntity} {row.ExternalId} belongs to no engagement that the hub knows";
            row = EntryWorth.Hold(row, says);
            // Wherever it belongs, that is not where it stood before.
            return standing.Standing == Standing.Stands ? UndoAndWait(row, definition, batch!, standing, occasion, EntryReasons.ForHome, says)
                : Waits(row, definition, EntryReasons.ForHome, says);
        }

        var schema = EntityCatalog.Find(row.Entity)!;
        var beside = scene.Beside(schema, row.System, row.Attributes);
        var legalEntity = (beside.GetValueOrDefault("workstream") as Fields)?.Text("legalEntity");
        var view = schema.Complete(row.Attributes).With("key", row.Id.ToString());
        var variables = Variables(row, view, scene, beside, legalEntity);
        if (NotTold(definition, variables) is { } unclear)
        {
            // To take back what may well be approved would lose it, and nobody would know.
            return Held(EntryWorth.Hold(row, unclear), EntryReasons.ByReady, unclear);
        }

        if (definition.Ready.Evaluate(variables) is false)
        {
            return TakeBack(EntryWorth.Withdraw(row, "it is not approved"), definition, batch, standing, occasion);
        }

        if (scene.UnknownOf(schema, row.System, row.Attributes) is { } unknown)
        {
            var says = $"it is booked on {unknown.Entity} {unknown.Id} of {row.System}, which the hub does not know in this engagement";
            return Waits(EntryWorth.Hold(row, definition, variables, says), definition, EntryReasons.ForReference, says);
        }

        if (Refused(definition, variables) is { } refused)
        {
            return Held(EntryWorth.Hold(row, definition, variables, refused.Says), refused.Reason, refused.Says);
        }

        var valued = EntryWorth.Price(row, definition, variables);
        row = valued.Row;
        if (valued.Failure is { } unpriced)
        {
            return Held(row, EntryReasons.ByPrice, unpriced);
        }

        var map = landscape.OutwardMaps[definition.Map];
        var wanted = MapRunner.Outward(
            map, view, scene.Context with { LegalEntity = legalEntity, Beside = beside }, landscape);
        if (wanted.Waits is not null)
        {
            return Waits(row, definition, EntryReasons.ForId, wanted.Waits);
        }

        return wanted.Failure is { } failure ? Held(row, EntryReasons.ByOutwardMap, failure.Message)
            : Send(row, definition, new Wish(landscape.SystemFor(map.Role, legalEntity), map.Entity, wanted, wanted.Fields.Fingerprint()), batch, standing, occasion);
    }

    /// <summary>
    /// An entry at the worth of today, as it would come on an invoice; only the row, then held, where that cannot be told, and neither where such entries are never billed.
    /// </summary>
    public (EntryRow? Row, InvoiceEntry? Entry) ForInvoice(EntryRow row, EntryScene scene)
    {
        if (!landscape.Entries.TryGetValue(row.Entity, out var definition) || definition.Bill is not { } billing)
        {
            return (null, null);
        }

        var schema = EntityCatalog.Find(row.Entity)!;
        var beside = scene.Beside(schema, row.System, row.Attributes);
        var workstream = beside.GetValueOrDefault("workstream") as Fields ?? Fields.Empty;
        var variables = Variables(row, schema.Complete(row.Attributes).With("key", row.Id.ToString()), scene, beside, workstream.Text("legalEntity"));
        // What is no longer approved, or waits, has the worth that it was given for that.
        var valued = row.Status == EntryStatus.Sent ? EntryWorth.Price(row, definition, variables) : new Valued(row, null, null);
        if (valued.Failure is { } unpriced)
        {
            return (Hold(valued.Row, EntryReasons.ByPrice, unpriced), null);
        }

        try
        {
            var reference = billing.Reference.Evaluate(variables) as string;
            var cap = billing.Cap?.Evaluate(variables) switch { Money money => money, Fields fields => fields.AsMoney(), _ => null };
            return string.IsNullOrEmpty(reference) ? throw new EvaluationException("it has no reference")
                : (valued.Row, new InvoiceEntry(valued.Row, reference, billing.Text.Evaluate(variables) as string ?? "", valued.Rate, cap, workstream));
        }
        catch (EvaluationException e)
        {
            var says = $"it cannot be told how it is billed ({billing.Place}): {e.Message}";
            return (Hold(EntryWorth.Hold(valued.Row, says), EntryReasons.ByBilling, says), null);
        }
    }

    private EntryDecision Send(EntryRow row, EntryDefinition definition, Wish wish, EntryBatch? batch, EntryStanding standing, EntryOccasion occasion)
    {
        var isSame = row.SentHash == wish.Hash;
        switch (standing.Standing)
        {
            case Standing.UnderWay:
                return row.Status == EntryStatus.Sent && isSame ? new EntryDecision(row, null)
                    : Waits(row, definition, EntryReasons.ForAnswer, "an earlier form of it is being written");
            case Standing.Stands when standing.System == wish.System && standing.Hash == wish.Hash:
                return new EntryDecision(Clear(row) with { Status = EntryStatus.Sent }, null);
            case Standing.Unknown when batch!.Lines.Length == 1 && occasion == EntryOccasion.Answer:
                return Held(row, EntryReasons.ByDoubt, $"nobody knows whether {batch.System} has it, as it could not be asked ({batch.Lines[row.Place].Refusal})");
        }

        if (occasion == EntryOccasion.Answer && isSame && batch is not null && RefusalOf(row, batch) is { } refusal)
        {
            return Held(row, EntryReasons.ByTarget, refusal);
        }

        if (standing is { Standing: Standing.Stands } && standing.System != wish.System)
        {
            // It belongs to another system now, which gets it when it stands in the former one no more.
            return UndoAndWait(row, definition, batch!, standing, occasion, EntryReasons.ForAnswer, $"{standing.System} is to take it back first");
        }

        var stands = standing.Standing == Standing.Stands;
        var sends = row.Sends + 1;
        var item = new WriteItem(
            KeyOf(row, sends), wish.Entity, stands ? WriteOperation.Update : WriteOperation.Create, standing.ExternalId, wish.Content.Find, wish.Content.Fields);
        return new EntryDecision(
            Clear(row) with { Status = EntryStatus.Sent, SentHash = wish.Hash, Sends = sends, At = now },
            new EntryLine(row.Id, wish.System, definition, item, IsAskedFirst: standing.Standing == Standing.Unknown));
    }

    private EntryDecision TakeBack(EntryRow row, EntryDefinition definition, EntryBatch? batch, EntryStanding standing, EntryOccasion occasion)
    {
        switch (standing.Standing)
        {
            case Standing.Nothing:
                return new EntryDecision(Clear(row) with { Status = EntryStatus.Kept }, null);
            case Standing.UnderWay:
                return row is { Status: EntryStatus.Kept, SentHash: null } ? new EntryDecision(row, null)
                    : Waits(row, definition, EntryReasons.ForAnswer, "an earlier form of it is being written");
            case Standing.Unknown when occasion == EntryOccasion.Retry && row.Reason == EntryReasons.ByDoubt:
                // The case asked a person to see to it.
                return new EntryDecision(Clear(row) with { Status = EntryStatus.Kept, SentHash = null, Batch = null }, null);
            case Standing.Unknown:
                return Held(row, EntryReasons.ByDoubt, $"it is not to stand in {batch!.System}, and nobody knows whether it does: remove it there, then try again");
            default:
                return Undo(row, definition, batch!, standing, occasion);
        }
    }

    private EntryDecision UndoAndWait(
        EntryRow row, EntryDefinition definition, EntryBatch batch, EntryStanding standing, EntryOccasion occasion, string reason, string says)
    {
        var undone = Undo(row, definition, batch, standing, occasion);
        return undone.Line is null ? undone : undone with { Row = Waiting(undone.Row, definition, reason, says) };
    }

    private EntryDecision Undo(EntryRow row, EntryDefinition definition, EntryBatch batch, EntryStanding standing, EntryOccasion occasion)
    {
        if (occasion == EntryOccasion.Answer && batch.Operation == WriteOperation.Undo && RefusalOf(row, batch) is { } refusal)
        {
            return Held(row, EntryReasons.ByTarget, refusal);
        }

        var sends = row.Sends + 1;
        return new EntryDecision(
            Clear(row) with { Status = EntryStatus.Kept, SentHash = null, Sends = sends, At = now },
            new EntryLine(
                row.Id, standing.System!, definition,
                new WriteItem(KeyOf(row, sends), landscape.OutwardMaps[definition.Map].Entity, WriteOperation.Undo, standing.ExternalId, null, Fields.Empty)));
    }

    private static string? RefusalOf(EntryRow row, EntryBatch batch) => batch.Lines[row.Place] is { IsTaken: false, Refusal: { } said } ? said : null;

    private EntryDecision Held(EntryRow row, string reason, string says) => new(Hold(row, reason, says), null);

    private EntryDecision Waits(EntryRow row, EntryDefinition definition, string reason, string says) => new(Waiting(row, definition, reason, says), null);

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

    private EntryRow Waiting(EntryRow row, EntryDefinition definition, string reason, string says)
    {
        var since = row.Status == EntryStatus.Waiting && row.Reason == reason ? row.Since!.Value : now;
        var age = now - since;
        var isLate = age >= definition.Within;
        var again = TimeSpan.FromTicks(Math.Clamp(age.Ticks / 4, Soon.Ticks, Seldom.Ticks));
        return row with { Status = EntryStatus.Waiting, Reason = reason, Says = says, Since = since, DueAt = now + again, IsTrouble = isLate, At = now };
    }

    /// <summary>It goes on only when it is corrected, or when a person has it tried again.</summary>
    public EntryRow Hold(EntryRow row, string reason, string says) => row with
    {
        Status = EntryStatus.Held, Reason = reason, Says = says, DueAt = null, IsTrouble = true, At = now,
        Since = row.Status == EntryStatus.Held && row.Reason == reason ? row.Since : now,
    };

    /// <summary>What should stand in the target.</summary>
    private sealed record Wish(string System, string Entity, OutwardResult Content, string Hash);

    private static EntryRow Clear(EntryRow row) => row with { Reason = null, Says = null, Since = null, DueAt = null, IsTrouble = false };
}
