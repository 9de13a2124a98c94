using System.Globalization;
using Throughline.Engine.Cases;
using Throughline.Engine.Entries;
using Throughline.Model;
using Throughline.Simulation.Firm;

namespace Throughline.Simulation.Checkers;

/// <summary>
/// Time that does not stand in the ERP as it should waits for a reason and until a time, or is held and counted, with its hours, in the one open
/// case of its engagement and reason; when all deadlines have passed, it is counted in any case. What is as it should be is counted in none, unless it was billed and
/// nobody can say on which invoice that is to be set off.
/// </summary>
internal sealed class HeldTimeIsTold : IChecker
{
    public IEnumerable<string> WhenAtRest(SimulationRun run) => Untold(run, isLate: false).Concat(Counts(run));

    public IEnumerable<string> WhenDeadlinesHavePassed(SimulationRun run) => Untold(run, isLate: true).Concat(Counts(run));

    private static IEnumerable<string> Untold(SimulationRun run, bool isLate)
    {
        foreach (var line in run.Systems.Time.All)
        {
            var row = RowOf(run, line);
            var isRight = new TimeExpectation(run, line).IsRight;
            var isTold = row is { Status: EntryStatus.Held, IsTrouble: true }
                || (row is { Status: EntryStatus.Waiting, Reason: not null, DueAt: not null } && (!isLate || row.IsTrouble));
            if (!isRight && !isTold)
            {
                yield return $"time {line.Id} ({line.Name}) is not in the ERP as it should be, and nobody is told{(isLate ? " although every deadline has passed" : "")}: "
                    + (row is null ? "not known" : $"{row.Status} {row.Reason}");
            }
            else if (isRight && row is { IsTrouble: true, Value.IsBilled: false } && line.IsDeleted)
            {
                yield return $"time {line.Id} ({line.Name}) is deleted and nothing of it stands in the ERP, but a case still counts it: {row.Says}";
            }
        }
    }

    // What the rows say, against what people read.
    private static IEnumerable<string> Counts(SimulationRun run)
    {
        var open = run.Store.ListCasesAsync(new CaseFilter(CaseStatus.Open, Max: 1_000), CancellationToken.None).Result
            .Where(item => item.Kind == "entries").GroupBy(item => item.Unit.Scope).ToDictionary(cases => cases.Key, cases => cases.Select(item => item.Says).ToList());
        var troubled = run.Store.FindEntriesAsync(new EntryFilter(Max: int.MaxValue), CancellationToken.None).Result.Where(row => row.IsTrouble);
        foreach (var group in troubled.GroupBy(row => (row.Scope, row.Reason)))
        {
            var hours = group.Sum(row => row.Attributes.Number("hours") ?? 0).ToString("0.##", CultureInfo.InvariantCulture);
            var begins = $"{group.Count()} {(group.Count() == 1 ? "entry" : "entries")}, {hours} h, ";
            var says = open.GetValueOrDefault(group.Key.Scope)?.Find(text => text.StartsWith(begins, StringComparison.Ordinal));
            if (says is null)
            {
                yield return $"no open case of {group.Key.Scope} counts '{begins}...' for {group.Key.Reason}, but: "
                    + $"{string.Join(" / ", open.GetValueOrDefault(group.Key.Scope) ?? [])}";
            }
            else
            {
                open[group.Key.Scope].Remove(says);
            }
        }

        foreach (var (scope, left) in open.Where(item => item.Value.Count > 0))
        {
            yield return $"a case of {scope} counts entries that are not held: {string.Join(" / ", left)}";
        }
    }

    private static EntryRow? RowOf(SimulationRun run, TimeChange line) => run.Store.FindEntriesAsync(
        new EntryFilter(ExternalId: line.Id.ToString(CultureInfo.InvariantCulture), Max: 2), CancellationToken.None).Result is [var only] ? only : null;
}
