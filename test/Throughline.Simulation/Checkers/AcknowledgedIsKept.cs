using Throughline.Conformance.Store;
using Throughline.Engine.Cases;
using Throughline.Engine.Entries;
using Throughline.Engine.Intake;
using Throughline.Engine.Partition;
using Throughline.Model;
using Throughline.Simulation.Firm;

namespace Throughline.Simulation.Checkers;

/// <summary>
/// Whatever a sender was told is taken in, and whatever stands in the CRM or as time in the PSA at the end, is known to the hub: in that version or a later one, or
/// set aside with a case. And no key is accepted twice.
/// </summary>
internal sealed class AcknowledgedIsKept : IChecker
{
    public IEnumerable<string> WhenAtRest(SimulationRun run)
    {
        var last = run.Systems.Crm.History.GroupBy(change => (change.Entity, change.Id)).Select(changes => changes.Last().Sent)
            .Concat(run.Systems.Time.All.Where(line => !line.IsDeleted || run.Plan.PsaTellsChanges).Select(line => line.Sent));
        foreach (var change in run.Senders.Acknowledged.Select(item => item.Change).Concat(last).Distinct())
        {
            if (change.Record.Entity == TimeBook.Entry)
            {
                if (!EntryIsKnown(run, change))
                {
                    yield return $"time {change.Record.ExternalId} of {change.Version} was taken in, and is not known";
                }

                continue;
            }

            var unit = UnitOf(change);
            var state = UnitRows.Read(unit, run.Store.LoadUnitsAsync([unit], CancellationToken.None).Result);
            var isSetAside = state.Cases.Values.Any(item => item.Kind is Case.ParkedKind or Case.UnmappedKind);
            if (state.MergedInto is null && !isSetAside && !IsKnown(state, change))
            {
                yield return $"{change.Record.Entity} {change.Record.ExternalId} of {change.Version} was taken in, and is not known";
            }
        }

        var twice = run.Senders.Acknowledged.Where(item => item.Receipt.Outcome == IntakeOutcome.Accepted).GroupBy(item => item.Key)
            .Where(items => items.Select(item => item.Receipt.Envelope).Distinct().Count() > 1);
        foreach (var items in twice)
        {
            yield return $"{items.Key} was accepted {items.Count()} times";
        }

        foreach (var item in run.Senders.Acknowledged.Where(item => item.Receipt.Outcome == IntakeOutcome.Conflict))
        {
            yield return $"{item.Key} was called a conflict, though it says the same";
        }
    }

    private static bool EntryIsKnown(SimulationRun run, SourceChange change) => run.Store.FindEntriesAsync(
        new EntryFilter(ExternalId: change.Record.ExternalId, Max: int.MaxValue), CancellationToken.None).Result is [{ Version: { } version }]
        && string.CompareOrdinal(version, change.Version) >= 0;

    private static UnitKey UnitOf(SourceChange change) => change.Record.Entity == Crm.Account
        ? new UnitKey(Scope.Master("customer"), change.Record.ExternalId) : new UnitKey(Scope.Engagement(change.Record.ExternalId), "");

    private static bool IsKnown(UnitState state, SourceChange change) => state.Records.Values.Any(record =>
        record.Id.Key == change.Record.ExternalId && record.Versions.Text("crm") is { } version && string.CompareOrdinal(version, change.Version) >= 0);
}
