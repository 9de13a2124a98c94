namespace Throughline.Simulation.Checkers;

/// <summary>
/// Every sale that is won and complete, and of which nobody rejected anything, has exactly one customer, one project with its work breakdown
/// and one financial project for each workstream, with the last values. One that was never won has nothing.
/// </summary>
internal sealed class WonDealsStand : IChecker
{
    public IEnumerable<string> WhenAtRest(SimulationRun run)
    {
        foreach (var deal in run.Sellers.Deals)
        {
            var expected = new Expectation(run, deal);
            if (expected.IsValid && !expected.IsTouchedByRejection)
            {
                foreach (var difference in expected.Differences())
                {
                    yield return difference;
                }
            }
            else if (run.Systems.Crm.History.All(change => change.Id != deal.Id || change.Fields.Flag("IsWon") != true) && expected.Standing().Any())
            {
                yield return $"{deal.Id} was never won, and something stands in the systems";
            }
        }
    }
}
