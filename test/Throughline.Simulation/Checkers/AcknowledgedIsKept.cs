using Throughline.Conformance.Store;
using Throughline.Engine.Cases;
using Throughline.Engine.Intake;
using Throughline.Engine.Partition;
using Throughline.Model;
using Throughline.Simulation.Firm;

namespace Throughline.Simulation.Checkers;

/// <summary>
/// Whatever a sender was told is taken in, and whatever stands in the CRM at the end, is known to the hub: in that version or a later one, or
/// set aside with a case. And no key is accepted twice.
/// </summary>
internal sealed class AcknowledgedIsKept : IChecker
{
    public IEnumerable<string> WhenAtRest(SimulationRun run)
    {
        var last = run.Systems.Crm.History.GroupBy(change => (change.Entity, change.Id)).Select(changes => changes.Last());
        foreach (var change in run.Senders.Acknowledged.Select(item => item.Change).Concat(last).Distinct())
        {
            var unit = UnitOf(change);
            var state = UnitRows.Read(unit, run.Store.LoadUnitsAsync([unit], CancellationToken.None).Result);
            var isSetAside = state.Cases.Values.Any(item => item.Kind is Case.ParkedKind or Case.UnmappedKind);
            if (state.MergedInto is null && !isSetAside && !IsKnown(state, change))
            {
                yield return $"{change.Entity} {change.Id} of {change.Version} was taken in, and is not known";
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

    private static UnitKey UnitOf(CrmChange change) =>
        change.Entity == Crm.Account ? new UnitKey(Scope.Master("customer"), change.Id) : new UnitKey(Scope.Engagement(change.Id), "");

    private static bool IsKnown(UnitState state, CrmChange change) => state.Records.Values.Any(record =>
        record.Id.Key == change.Id && record.Versions.Text("crm") is { } version && string.CompareOrdinal(version, change.Version) >= 0);
}
