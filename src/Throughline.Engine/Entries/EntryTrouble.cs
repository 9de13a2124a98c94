using System.Collections.Immutable;
using System.Globalization;
using Throughline.Engine.Cases;
using Throughline.Engine.Partition;
using Throughline.Landscape;
using Throughline.Landscape.Expressions;
using Throughline.Model;
using Throughline.Model.Ledger;

namespace Throughline.Engine.Entries;

/// <summary>
/// Cases about entries: one for all entries of an engagement that are held for the same reason, with their number and hours, and no case for
/// each. It closes by itself when none is left.
/// </summary>
internal static class EntryTrouble
{
    public const string CaseKind = "entries";
    private const string Reasons = "reasons";
    private const string AgainOf = "case";
    private const int Examples = 3;

    /// <summary>How the entries of one scope stand that people are to know of.</summary>
    /// <param name="isMore">There are more than these.</param>
    public static Fields Of(IEnumerable<EntryRow> troubled, bool isMore) => Fields.Of((Reasons, troubled
        .GroupBy(row => (row.Entity, row.Reason))
        .OrderBy(group => group.Key.Reason, StringComparer.Ordinal)
        .Select(group => (object?)Fields.Of(
            ("entity", group.Key.Entity),
            ("reason", group.Key.Reason),
            ("count", group.Count()),
            ("isMore", isMore),
            ("hours", group.Sum(row => row.Attributes.Number("hours") ?? 0)),
            ("amount", AtStake(group)),
            ("says", group.OrderBy(row => row.Id.Value).Select(row => row.Says).Distinct().Take(Examples).ToArray()),
            ("examples", group.OrderBy(row => row.Id.Value).Take(Examples).Select(row => $"{row.System} {row.SourceEntity} {row.ExternalId}").ToArray())))
        .ToArray()));

    // What is held at a price; one amount only, so null where it is in several currencies.
    private static Money? AtStake(IEnumerable<EntryRow> rows)
    {
        var held = rows.SelectMany(row => row.Value.Portions).Where(portion => portion.Account == LedgerAccount.Held && portion.Amount.Currency != LineValue.NoCurrency);
        return held.GroupBy(portion => portion.Amount.Currency).ToArray() is [var alike] ? new Money(alike.Sum(portion => portion.Amount.Amount), alike.Key) : null;
    }

    public static void Apply(Turn turn)
    {
        var reasons = turn.Envelope.Payload.NestedList(Reasons);
        var open = reasons.ToDictionary(reason => IdOf(turn.State.Key.Scope, reason.Text("entity")!, reason.Text("reason")!), reason => reason);
        foreach (var gone in turn.State.Cases.Values.Where(item => item.Kind == CaseKind && !open.ContainsKey(item.Id)).ToArray())
        {
            turn.Occasion = "none of its entries is held any more";
            turn.Close(gone.Id, CaseStatus.Settled, null, null);
        }

        foreach (var (id, reason) in open)
        {
            turn.Open(id, CaseKind, SubjectOf(turn), [CaseAction.Retry], Words(turn, reason) with { Amount = reason.Money("amount") });
        }
    }

    /// <summary>A person has corrected what was wrong: the entries that a case is about are looked at once more, and no others, of which that person may not know.</summary>
    public static void Retry(Turn turn, CaseId id) => turn.Send(EnvelopeKind.EntriesAgain, turn.State.Key.Scope, "", Again(id));

    public static Fields Again(CaseId id) => Fields.Of((AgainOf, id.ToString()));

    /// <summary>The entries are looked at once more that such an envelope asks for.</summary>
    public static bool IsAsked(Fields again, EntryRow row) => row.Reason is { } reason && again.Text(AgainOf) == IdOf(row.Scope, row.Entity, reason).ToString();

    public static CaseId IdOf(Scope scope, string entity, string reason) => CaseId.Derive(scope.ToString(), CaseKind, entity, reason);

    private static string SubjectOf(Turn turn) =>
        turn.State.Of("project").FirstOrDefault() is { } project ? $"{project.Attributes.Text("code")} {project.Attributes.Text("name")}".Trim()
            : turn.State.Key.Scope.Key;

    private static CaseWords Words(Turn turn, Fields reason)
    {
        var name = reason.Text("reason")!;
        var check = turn.Landscape.Entries.GetValueOrDefault(reason.Text("entity")!)?.Checks.FirstOrDefault(known => known.Name == name);
        var count = (long)reason.Number("count")!;
        var hours = (reason.Number("hours") ?? 0).ToString("0.##", CultureInfo.InvariantCulture);
        var says = string.Join("; ", reason.List("says"));
        var examples = string.Join(", ", reason.List("examples"));
        var atLeast = reason.Flag("isMore") == true ? "at least " : "";
        var isWaiting = name is EntryReasons.ForHome or EntryReasons.ForId or EntryReasons.ForReference or EntryReasons.ForAnswer;
        var held = $"{atLeast}{count} {(count == 1 ? "entry" : "entries")}, {hours} h, {(isWaiting ? "waiting too long" : "held")}: {says}"
            + $" ({examples}{(count > Examples ? " ..." : "")}).";
        return check is not null
            ? new CaseWords(check.Case.Queue, held, Remedy(check, turn))
            : name switch
            {
                EntryReasons.ForHome => new CaseWords("pmo", held, "Book them on a project that the hub has set up, in the system where they were entered; or win the sale that the"
                    + " project belongs to. They go on by themselves."),
                EntryReasons.ForReference => new CaseWords("pmo", held, "Book them on what the hub has set up for this engagement, in the system where they were entered."
                    + " They go on by themselves."),
                EntryReasons.ForId or EntryReasons.ForAnswer => new CaseWords("integration-ops", held, "See what holds up the engagement; they go on by themselves."),
                EntryReasons.ByPrice => new CaseWords("finance-ops", held, "Book them where a rate holds, in the system where they were entered; or see to it that"
                    + " the rate card of the engagement has one, then try again."),
                EntryReasons.ByTarget => new CaseWords("finance-ops", held, "Correct it where the target says what is wrong, then try again; or correct the entries"
                    + " in the system where they were entered."),
                EntryReasons.ByDoubt => new CaseWords("finance-ops", held, "Look in the target whether they stand there, then try again: the hub asks the target once"
                    + " more before it sends anything."),
                EntryReasons.ByMap => new CaseWords("integration-ops", held, "Correct the entries in the system where they were entered; or correct the map, and save the entries"
                    + " there once more, so that they come again."),
                EntryReasons.ByDefect => new CaseWords("integration-ops", held, "Tell the makers of the hub what the log says; then try again."),
                _ => new CaseWords("integration-ops", held, "Correct the entries in the system where they were entered, or the landscape; then try again."),
            };
    }

    private static string Remedy(EntryCheck check, Turn turn)
    {
        try
        {
            return check.Case.Remedy.Evaluate(new Dictionary<string, object?> { [VariableNames.Parameters] = turn.Landscape.Parameters }) as string ?? "";
        }
        catch (EvaluationException)
        {
            return "Correct the entries in the system where they were entered; they go on by themselves.";
        }
    }
}
