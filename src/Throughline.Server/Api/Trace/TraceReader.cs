using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Billing;
using Throughline.Engine.Cases;
using Throughline.Engine.Lineage;
using Throughline.Engine.Partition;
using Throughline.Engine.Process;
using Throughline.Landscape;
using Throughline.Model;
using Throughline.Server.Api.Cases;
using Throughline.Server.Api.Entries;
using Throughline.Server.Api.Invoices;

namespace Throughline.Server.Api.Trace;

/// <summary>Tells the story of whatever an id leads to: every engagement that knows it, with records in each system, instances, cases and
/// timeline.</summary>
internal sealed class TraceReader(IHubStore store, ReleaseHolder release)
{
    private const int EngagementsMax = 20;
    private const int LineageMax = 5_000;
    private const int LineagePage = 500;
    private const int CommandsMax = 5_000;
    private const int InvoicesMax = 100;

    private readonly EngagementFinder _finder = new(store, release);
    private readonly EntryTeller _entries = new(store, release);

    /// <summary>The trace; null where nobody knows the text, or, with what it may mean, where it means several things.</summary>
    public async Task<(Fields? Trace, ImmutableArray<string> Meant)> ReadAsync(string id, CancellationToken cancellation)
    {
        var rows = await store.FindEntryAsync(id, cancellation);
        var (scopes, meant) = await _finder.FindAsync(id, cancellation);
        if (!rows.IsEmpty)
        {
            // What bears the number of an entry is told as well; a number alone says not what is meant.
            scopes = [.. scopes.Union(rows.Select(row => row.Scope).Where(scope => scope.Kind == Scope.EngagementKind))];
        }

        var engagements = new List<Fields>();
        foreach (var scope in scopes.Take(EngagementsMax))
        {
            if (await ReadEngagementAsync(scope, cancellation) is { } engagement)
            {
                engagements.Add(engagement);
            }
        }

        var entries = new List<Fields>();
        foreach (var row in rows)
        {
            entries.Add(await _entries.WholeAsync(row, cancellation));
        }

        return (engagements.Count == 0 && entries.Count == 0 ? null : Fields.Of(
            ("id", id), ("entries", entries), ("engagements", engagements), ("more", Math.Max(0, scopes.Length - EngagementsMax))), meant);
    }

    private async Task<Fields?> ReadEngagementAsync(Scope scope, CancellationToken cancellation)
    {
        var key = new UnitKey(scope, "");
        var rows = await store.LoadScopeAsync(scope, cancellation);
        // The story last, so that it tells at least what the others say.
        var cases = await CasesAsync(scope, cancellation);
        var lineage = await LineageAsync(scope.ToString(), cancellation);
        if (rows.IsEmpty && lineage.Count == 0)
        {
            return null;
        }

        var unit = UnitRows.Read(key, rows.Where(row => row.Unit == key && row.Data is not null));
        var words = new PlainWords(release.Landscape, unit.Of("billing-account").Where(record => record.Attributes.Text("name") is { Length: > 0 })
            .ToDictionary(record => record.Id.Key, record => record.Attributes.Text("name")!, StringComparer.Ordinal));
        var places = new StoryPlaces(unit, release.Landscape);
        var shown = new ShownValues(await store.ListCommandsAsync(scope, CommandsMax, cancellation), words);
        var brief = BriefTimeline.Of(lineage);
        return Fields.Of(
            ("engagement", scope.Key),
            ("title", Title(unit) ?? scope.Key),
            ("sold", unit.Of("opportunity").Select(Sold)),
            ("standing", Standing.Of(unit, cases, release.Landscape, words)),
            ("instances", places.Instances.Select(instance => Instance(unit, instance, words))),
            ("records", EngagementRecords.Of(unit, release.Landscape, words)),
            ("time", await _entries.SectionAsync(unit, cancellation)),
            ("invoices", (await store.ListInvoicesAsync(new InvoiceFilter(scope, null, null, InvoicesMax), cancellation)).Select(InvoiceWords.ToFields)),
            ("openCases", cases.Where(item => item.Status == CaseStatus.Open).Select(CaseDoor.ToFields)),
            ("closedCases", cases.Where(item => item.Status != CaseStatus.Open).Select(item => Closed(item, words))),
            ("timeline", lineage.Select(entry => Entry(unit, entry, words, places.Of(entry), shown, brief)).ToArray()),
            ("timelineIsCut", lineage.Count >= LineageMax));
    }

    private async Task<ImmutableArray<Case>> CasesAsync(Scope scope, CancellationToken cancellation)
    {
        var byEngagement = await store.ListCasesAsync(new CaseFilter(CorrelationId: scope.ToString(), Max: 200), cancellation);
        return [.. byEngagement.OrderBy(item => item.OpenedAt)];
    }

    private async Task<List<LineageEntry>> LineageAsync(string correlationId, CancellationToken cancellation)
    {
        var all = new List<LineageEntry>();
        while (all.Count < LineageMax)
        {
            var page = await store.ReadLineageAsync(correlationId, all.Count == 0 ? 0 : all[^1].Number, LineagePage, cancellation);
            all.AddRange(page);
            if (page.Length < LineagePage)
            {
                break;
            }
        }

        return all;
    }

    private static Fields Closed(Case item, PlainWords words) => CaseDoor.ToFields(item) is var fields && item is { ClosedBy: null, Reason: { } reason }
        ? fields.With("reason", words.Led(reason)) : CaseDoor.ToFields(item);

    private Fields Entry(
        UnitState unit, LineageEntry entry, PlainWords words, (Instance? Instance, StepDefinition? Step) place, ShownValues shown, IReadOnlySet<long> brief)
    {
        // A status text is written again and again; what it says then tells more than that it was written.
        var isShown = words.OutwardMap(entry.System ?? "", entry.Entity ?? "", entry.Record?.Entity) is { UpdateOnly: true };
        var values = isShown ? shown.Of(entry) : null;
        var says = values is { Length: > 0 } ? words.Shown(entry, values) : words.Sentence(entry, place.Step?.Title);
        return Told(unit, entry, place).With("says", says).With("brief", values is null ? brief.Contains(entry.Number) : values.Length > 0);
    }

    private static Fields Told(UnitState unit, LineageEntry entry, (Instance? Instance, StepDefinition? Step) place) => Fields.Of(
        ("at", entry.At), ("kind", entry.Kind), ("text", entry.Text),
        ("instance", place.Instance?.Id.ToString()), ("step", place.Step?.Name),
        ("system", entry.System), ("entity", entry.Entity), ("externalId", entry.ExternalId), ("scope", entry.Scope.ToString()),
        ("record", entry.Record is { } record ? Fields.Of(
            ("entity", record.Entity), ("key", record.Key), ("name", unit.Records.GetValueOrDefault(record)?.Attributes.Text("name"))) : null));

    private Fields Instance(UnitState unit, Instance instance, PlainWords words)
    {
        var setUp = new SetUp(unit, instance, release.Landscape, words);
        var isBack = instance.Status is InstanceStatus.Undone or InstanceStatus.Undoing;
        var definition = release.Landscape.Processes.GetValueOrDefault(instance.Process);
        var steps = definition?.Steps.Select(step => (step.Name, step.Title, State: instance.Step(step.Name), Ended: isBack ? setUp.Ended(step)
                : (setUp.HadNothingToDo(step) ? "nothing" : "", null)))
            ?? instance.Steps.Select(step => (step.Key, step.Key, step.Value, ("", (string?)null)));
        return Fields.Of(
            ("id", instance.Id.ToString()), ("process", instance.Process), ("title", definition?.Title ?? instance.Process),
                ("about", ProcessRunner.NameOf(unit, instance.Subject)),
            ("status", instance.Held ? "held" : instance.Status.ToString().ToLowerInvariant()), ("startedAt", instance.StartedAt),
                ("changedAt", instance.ChangedAt),
            ("steps", steps.Select(step => Fields.Of(
                ("name", step.Name), ("title", step.Title), ("done", step.State.IsDone), ("reason", step.State.Reason), ("since", step.State.Since),
                ("outcome", step.Ended.Item1.Length > 0 ? step.Ended.Item1 : step.State.IsDone ? "done" : step.State.Reason is null ? "later" : "waits"),
                ("note", step.Ended.Item2)))));
    }

    private static Fields Sold(CanonicalRecord record) => Fields.Of(
        ("opportunity", record.Id.Key), ("name", record.Attributes.Text("name")), ("amount", record.Attributes.Nested("amount")),
            ("stage", record.Attributes.Text("stage")),
        ("won", record.Attributes.Flag("won")), ("closeDate", record.Attributes.Text("closeDate")), ("start", record.Attributes.Text("start")),
            ("end", record.Attributes.Text("end")),
        ("lines", record.Attributes.NestedList("lines").Select(line => Fields.Of(
            ("workstream", line.Text("workstreamName") ?? line.Text("workstream")), ("description", line.Text("description")),
                ("billing", line.Text("billing")), ("amount", line.Nested("amount"))))));

    private static string? Title(UnitState unit) => unit.Of("opportunity").Select(record => record.Attributes.Text("name"))
        .FirstOrDefault(name => name is { Length: > 0 });
}
