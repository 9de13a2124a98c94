using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Billing;
using Throughline.Engine.Delivery;
using Throughline.Engine.Entries;
using Throughline.Engine.Partition;
using Throughline.Engine.Process;
using Throughline.Landscape;
using Throughline.Model;
using Throughline.Server.Api.Ledger;

namespace Throughline.Server.Api.Entries;

/// <summary>Tells of entries: what their system said, how they stand, and what of them stands in the target.</summary>
internal sealed class EntryTeller(IHubStore store, ReleaseHolder release)
{
    private const int NewestShown = 20;
    private const int OpenMax = 1_000;
    private const int SaysShown = 3;
    private const int InvoicesShown = 50;

    /// <summary>Rows of a list, in their order.</summary>
    /// <param name="unit">The engagement that they belong to, for the names of tasks; null where they are of several.</param>
    public async Task<IReadOnlyList<Fields>> LinesAsync(ImmutableArray<EntryRow> rows, UnitState? unit, CancellationToken cancellation)
    {
        ImmutableArray<CommandId> ids = [.. rows.Select(row => row.Batch).OfType<CommandId>().Distinct()];
        var batches = ids.IsEmpty ? [] : (await store.LoadBatchesAsync(ids, cancellation)).ToDictionary(batch => batch.Id);
        return [.. rows.Select(row => Line(row, row.Batch is { } id ? batches.GetValueOrDefault(id) : null, unit))];
    }

    /// <summary>One entry with all that is known: its checks, and the batch in which it went last.</summary>
    public async Task<Fields> WholeAsync(EntryRow row, CancellationToken cancellation)
    {
        var unit = row.Scope.Kind == Scope.EngagementKind ? await store.EngagementAsync(row.Scope, cancellation) : null;
        var line = (await LinesAsync([row], unit, cancellation))[0];
        var command = row.Batch is { } id ? (await store.FindCommandsAsync([id], cancellation)).SingleOrDefault() : null;
        return line.With("engagementTitle", unit?.Of("opportunity").Select(record => record.Attributes.Text("name")).FirstOrDefault(name => name is { Length: > 0 }))
            .With("valueSays", row.ValueSays).With("transactions", (await store.PostedAsync(row.Id, cancellation)).Select(LedgerWords.ToFields))
            .With("invoices", await InvoicesAsync(row.Id, cancellation))
            .With("sends", row.Sends).With("checks", Checks(row)).With("batch", command is null ? null : Fields.Of(
                ("id", command.Id.ToString()), ("system", command.System), ("entity", command.Item.Entity), ("status", CommandWords.Of(command.Status)), ("line", row.Place + 1),
                ("lines", command.Lines.Length), ("decidedAt", command.CreatedAt), ("failure", command.LastFailure)));
    }

    /// <summary>The entries of an engagement for people: how many stand how, why those that are held are, and the newest; null where it has none.</summary>
    public async Task<Fields?> SectionAsync(UnitState unit, CancellationToken cancellation)
    {
        var scope = unit.Key.Scope;
        var counts = await store.CountEntriesAsync(scope, cancellation);
        if (counts.IsEmpty)
        {
            return null;
        }

        var open = await store.LoadOpenEntriesAsync([scope], OpenMax, cancellation);
        var newest = await store.FindEntriesAsync(new EntryFilter(scope, Max: NewestShown), cancellation);
        return EntryCounts.ToFields(counts).With("value", LedgerWords.ToFields(await store.BalancesAsync(scope, cancellation)))
            .With("reasons", open.GroupBy(row => (row.Status, row.Reason)).OrderByDescending(group => group.Key.Status).ThenBy(group => group.Key.Reason, StringComparer.Ordinal)
                .Select(group => Fields.Of(
                    ("status", EntryCounts.Word(group.Key.Status)), ("reason", group.Key.Reason), ("count", group.Count()),
                    ("hours", group.Sum(row => row.Attributes.Number("hours") ?? 0)),
                    ("says", group.OrderBy(row => row.Id.Value).Select(row => row.Says).Distinct().Take(SaysShown)))))
            .With("newest", await LinesAsync(newest, unit, cancellation));
    }

    // An entry is on a few invoices at the most: what was billed, and corrections of it.
    private async Task<IReadOnlyList<Fields>> InvoicesAsync(EntryId entry, CancellationToken cancellation)
    {
        var told = new List<Fields>();
        foreach (var line in await store.FindInvoiceLinesAsync(new InvoiceLineFilter(Entry: entry, Max: InvoicesShown), cancellation))
        {
            var invoice = await store.FindInvoiceAsync(line.Invoice, cancellation);
            told.Add(Fields.Of(
                ("key", line.Invoice), ("credits", invoice?.Credits), ("number", invoice?.Number), ("status", invoice?.Status.ToString().ToLowerInvariant()),
                ("quantity", line.Quantity), ("amount", line.Amount), ("at", invoice?.At)));
        }

        return [.. told.OrderBy(invoice => invoice.Text("at"), StringComparer.Ordinal)];
    }

    private Fields Line(EntryRow row, EntryBatch? batch, UnitState? unit)
    {
        var standing = EntryStanding.Of(row, batch);
        var isTaken = row.Status == EntryStatus.Sent && standing.Standing == Standing.Stands;
        return Fields.Of(
            ("id", row.Id.ToString()),
            ("engagement", row.Scope.Kind == Scope.EngagementKind ? row.Scope.Key : null),
            ("system", row.System), ("sourceEntity", row.SourceEntity), ("externalId", row.ExternalId), ("version", row.Version), ("entity", row.Entity),
            ("date", row.Attributes.Text("date")), ("person", row.Attributes.Text("person")), ("hours", row.Attributes.Number("hours")),
            ("task", row.Attributes.Text("task")), ("taskName", TaskName(row, unit)), ("note", row.Attributes.Text("note")),
            ("value", LedgerWords.ToFields(row.Value)),
            ("status", EntryCounts.Word(row.Status)), ("taken", isTaken), ("deleted", row.Deleted),
            ("reason", row.Reason), ("says", Says(row, batch, standing)), ("since", row.Since), ("lookedAtAgain", row.DueAt), ("changedAt", row.At),
            ("target", standing.Standing != Standing.Stands ? null : Fields.Of(
                ("system", standing.System), ("entity", EntityOf(row)), ("id", standing.ExternalId), ("isNewest", row.SentHash is not null && standing.Hash == row.SentHash))));
    }

    private string? EntityOf(EntryRow row) => release.Landscape.Entries.GetValueOrDefault(row.Entity) is { } definition
        ? release.Landscape.OutwardMaps.GetValueOrDefault(definition.Map)?.Entity : null;

    private static string? TaskName(EntryRow row, UnitState? unit)
    {
        if (row.Attributes.Text("task") is not { } id || unit is null)
        {
            return null;
        }

        var target = unit.Targets.Values.FirstOrDefault(each => each.System == row.System && each.ExternalId == id && each.Record.Entity is ("task" or "workstream"));
        var task = target is null ? null : unit.Records.GetValueOrDefault(target.Record)?.Attributes;
        return task is null ? null : $"{task.Text("code")} {task.Text("name")}".Trim();
    }

    private static string Says(EntryRow row, EntryBatch? batch, EntryStanding standing) => row.Status switch
    {
        EntryStatus.Kept when standing.Standing == Standing.UnderWay => "being taken back",
        EntryStatus.Kept when row.Deleted => $"deleted in {row.System}",
        EntryStatus.Kept => "not approved",
        EntryStatus.Sent when standing.Standing == Standing.Stands => "taken",
        EntryStatus.Sent when batch?.Status == CommandStatus.InDoubt => "sent, and the answer was lost: the hub asks whether it was taken",
        EntryStatus.Sent when batch?.Status == CommandStatus.Failed => "refused as part of a batch: the hub sends it apart from the others",
        EntryStatus.Sent => "on its way",
        _ => row.Says ?? "",
    };

    // They run in order and end with the first that does not hold.
    private IEnumerable<Fields> Checks(EntryRow row)
    {
        var checks = release.Landscape.Entries.GetValueOrDefault(row.Entity)?.Checks ?? [];
        var failed = checks.Select(check => check.Name).ToList().IndexOf(row.Reason ?? "");
        var isLooked = row.Status switch
        {
            EntryStatus.Kept => false,
            EntryStatus.Sent => true,
            EntryStatus.Waiting => row.Reason is EntryReasons.ForId,
            _ => failed >= 0 || row.Reason is EntryReasons.ByTarget or EntryReasons.ByDoubt or EntryReasons.ByOutwardMap or EntryReasons.ByPrice,
        };
        return checks.Select((check, place) => Fields.Of(
            ("check", check.Name),
            ("outcome", !isLooked || (failed >= 0 && place > failed) ? "not looked at" : place == failed ? "does not hold" : "holds"),
            ("says", place == failed ? row.Says : null)));
    }
}
