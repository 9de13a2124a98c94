using Throughline.Simulation.Firm;

namespace Throughline.Simulation.Checkers;

/// <summary>
/// Every approved hour that has a place stands in the ERP exactly once, as the PSA has it last; what is not approved or was deleted does not stand
/// there; and nothing stands there that nobody booked.
/// </summary>
internal sealed class ApprovedTimeStandsOnce : IChecker
{
    public IEnumerable<string> WhenAtRest(SimulationRun run)
    {
        foreach (var line in run.Systems.Time.All)
        {
            var expected = new TimeExpectation(run, line);
            if (expected.IsPlaceable && expected.Difference is { } difference)
            {
                yield return $"time {line.Id} ({line.Name}) is approved, but in the ERP: {difference}";
            }
            else if (!expected.IsApproved && expected.Standing.Count > 0)
            {
                yield return $"time {line.Id} ({line.Name}) is {(line.IsDeleted ? "deleted" : "not approved")}, and {expected.Standing.Count} lines stand in the ERP";
            }
            else if (expected.Standing.Count > 1)
            {
                yield return $"time {line.Id} ({line.Name}) stands in the ERP {expected.Standing.Count} times";
            }
        }

        var booked = run.Systems.Time.All.Select(line => line.Name).ToHashSet();
        foreach (var row in run.Systems.Erp.All(Erp.Line).Where(row => !booked.Contains(row.Fields.Text("description")!.Split(' ')[0])))
        {
            yield return $"line {row.Id} stands in the ERP, and nobody booked it";
        }
    }
}
