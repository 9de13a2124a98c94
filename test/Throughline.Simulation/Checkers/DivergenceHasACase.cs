using Throughline.Engine.Cases;
using Throughline.Simulation.Firm;

namespace Throughline.Simulation.Checkers;

/// <summary>
/// Where what stands in the systems is not what the CRM says, a person knows: there is an open case of the sale, or of a customer that it
/// waits for. A sale that a person rejected, and of which nothing stands, is no divergence.
/// </summary>
internal sealed class DivergenceHasACase : IChecker
{
    public IEnumerable<string> WhenDeadlinesHavePassed(SimulationRun run)
    {
        var open = run.Store.ListCasesAsync(new CaseFilter(CaseStatus.Open, Max: 500), CancellationToken.None).Result
            .Where(item => item is not { Kind: "check", Step: PaymentsAreTrue.OverdueStep }).ToArray();
        foreach (var deal in run.Sellers.Deals)
        {
            var expected = new Expectation(run, deal);
            var names = expected.Accounts.SelectMany(expected.Twins).Append(deal.Id).ToHashSet();
            if (!open.Any(item => names.Contains(item.Unit.Unit) || names.Contains(item.Unit.Scope.Key)) && Divergence(run, deal, expected) is { } difference)
            {
                yield return $"no case is open, but {difference}";
            }
        }
    }

    private static string? Divergence(SimulationRun run, Deal deal, Expectation expected)
    {
        var standing = expected.Standing().ToArray();
        return run.People.GivenUp.Contains(deal.Id) ? null
            : standing.Length == 0 && (!expected.IsWon || run.People.Rejected.Contains(deal.Id)) ? null
            // Who rejects a change of a customer wants it to stay as it is.
            : expected.Accounts.SelectMany(expected.Twins).Any(run.People.Rejected.Contains) ? null
            : !expected.IsWon ? $"{deal.Id} is not won and {standing.Length} records stand in the systems"
            : expected.Differences().FirstOrDefault();
    }
}
