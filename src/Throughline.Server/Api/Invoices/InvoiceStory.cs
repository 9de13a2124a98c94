using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Billing;
using Throughline.Engine.Cases;
using Throughline.Engine.Lineage;
using Throughline.Engine.Partition;
using Throughline.Engine.Process;
using Throughline.Model;
using Throughline.Server.Api.Cases;
using Throughline.Server.Api.Entries;
using Throughline.Server.Api.Trace;

namespace Throughline.Server.Api.Invoices;

/// <summary>What happened to an invoice: who decided about it, what was sent to the ERP and what that answered.</summary>
internal sealed class InvoiceStory(IHubStore store, Landscape.Landscape landscape, Invoice invoice, UnitState unit)
{
    /// <summary>The engagement's story is looked through for what is about the invoice.</summary>
    public const int LookedAtMax = 20_000;

    private const int StoryPage = 1_000;
    private const int CasesMax = 1_000;
    private const int CasesPage = 200;
    private const int CommandsShown = 20;

    // Clocks of hubs that share a store may differ a little.
    private static readonly TimeSpan Slack = TimeSpan.FromMinutes(5);

    private readonly RecordId _record = new("invoice", invoice.Key);
    private readonly PlainWords _words = new(landscape, new Dictionary<string, string>());

    public Instance? Instance { get; } = unit.Instances.Values.FirstOrDefault(each => each.Subject == new RecordId("invoice", invoice.Key));

    /// <summary>What takes it back, the first first; also what was given up.</summary>
    public async Task<IEnumerable<Fields>> CreditNotesAsync(CancellationToken cancellation) =>
        (await store.LoadInvoicesAsync([invoice.Scope], cancellation)).Where(each => each.Credits == invoice.Key).Select(InvoiceWords.ToFields);

    /// <summary>Cases about the invoice, the oldest first; those that asked for an approval are of the kind <c>approval</c>.</summary>
    public async Task<IReadOnlyList<Fields>> CasesAsync(CancellationToken cancellation)
    {
        var mine = new List<Case>();
        string? after = null;
        for (var looked = 0; Instance is not null && looked < CasesMax;)
        {
            var page = await store.ListCasesAsync(new CaseFilter(CorrelationId: invoice.Scope.ToString(), After: after, Max: CasesPage), cancellation);
            mine.AddRange(page.Where(item => item.Instance == Instance.Id));
            looked += page.Length;
            if (page.Length < CasesPage || page[^1].OpenedAt < invoice.At - Slack)
            {
                break;
            }

            after = page[^1].Id.ToString();
        }

        return [.. mine.OrderBy(item => item.OpenedAt).Select(CaseDoor.ToFields)];
    }

    /// <summary>What the engagement's story tells of the invoice, in order.</summary>
    /// <returns>Whether the story was looked through to its end.</returns>
    public async Task<(ImmutableArray<LineageEntry> Story, bool IsWhole)> ReadAsync(CancellationToken cancellation)
    {
        var mine = ImmutableArray.CreateBuilder<LineageEntry>();
        var after = 0L;
        for (var looked = 0; looked < LookedAtMax;)
        {
            var page = await store.ReadLineageAsync(invoice.Scope.ToString(), after, StoryPage, cancellation);
            mine.AddRange(page.Where(entry => entry.Record == _record));
            if (page.Length < StoryPage)
            {
                return (mine.ToImmutable(), true);
            }

            looked += page.Length;
            after = page[^1].Number;
        }

        return (mine.ToImmutable(), false);
    }

    public IEnumerable<Fields> Told(ImmutableArray<LineageEntry> story)
    {
        var brief = BriefTimeline.Of(story);
        return story.Where(entry => brief.Contains(entry.Number)).Select(entry => Fields.Of(
            ("at", entry.At), ("kind", entry.Kind), ("step", entry.Step), ("says", _words.Sentence(entry, TitleOf(entry.Step)))));
    }

    /// <summary>Each write of the invoice to a system: what was sent by which map, and what came back.</summary>
    public async Task<IReadOnlyList<Fields>> CallsAsync(ImmutableArray<LineageEntry> story, CancellationToken cancellation)
    {
        var targets = unit.Targets.Values.Where(target => target.Record == _record).ToArray();
        var asked = targets.SelectMany(target => Enumerable.Range(Math.Max(1, target.Occurrence - CommandsShown + 1), Math.Min(target.Occurrence, CommandsShown))
            .Select(occurrence => (Id: target.CommandOf(unit.Key, occurrence), Target: target))).ToDictionary(each => each.Id, each => each.Target);
        var answers = story.Where(entry => entry.Cause is not null && entry.Kind is "done" or "refused" or "undone").DistinctBy(entry => entry.Cause)
            .ToDictionary(entry => entry.Cause!, StringComparer.Ordinal);
        var commands = await store.FindCommandsAsync([.. asked.Keys], cancellation);
        return [.. commands.OrderBy(command => command.CreatedAt).Select(command =>
        {
            var (target, answer) = (asked[command.Id], answers.GetValueOrDefault(ShownValues.ReceiptOf(command.Id)));
            return Fields.Of(
                ("step", target.Step), ("title", TitleOf(target.Step)), ("map", target.Map), ("system", command.System), ("systemTitle", _words.System(command.System)),
                ("operation", command.Item.Operation.ToString().ToLowerInvariant()), ("entity", command.Item.Entity), ("command", command.Id.ToString()),
                ("status", CommandWords.Of(command.Status)), ("attempts", command.Attempt), ("decidedAt", command.CreatedAt), ("answeredAt", answer?.At),
                ("externalId", answer?.ExternalId ?? target.ExternalId), ("answer", answer is null ? null : _words.Sentence(answer, TitleOf(answer.Step))),
                ("failure", command.LastFailure), ("sent", command.Item.Fields));
        })];
    }

    private string? TitleOf(string? step) => step is null || Instance is null ? null
        : landscape.Processes.GetValueOrDefault(Instance.Process)?.Steps.FirstOrDefault(each => each.Name == step)?.Title;
}
