using Throughline.Engine.Lineage;
using Throughline.Model;

namespace Throughline.Simulation.Checkers;

/// <summary>
/// From a sale to each record that stands for it the trace has every link: received, started, done with system and id; each id leads back to
/// the sale, and the customers that are billed are named with theirs.
/// </summary>
internal sealed class TheStoryHasNoGap : IChecker
{
    public IEnumerable<string> WhenAtRest(SimulationRun run)
    {
        foreach (var deal in run.Sellers.Deals)
        {
            var expected = new Expectation(run, deal);
            var standing = expected.Standing().ToArray();
            if (standing.Length == 0)
            {
                continue;
            }

            var scope = Scope.Engagement(deal.Id);
            var story = run.Store.ReadLineageAsync(scope.ToString(), 0, int.MaxValue, CancellationToken.None).Result;
            if (!story.Any(entry => entry.Kind == "received" && entry.ExternalId == deal.Id) || !story.Any(entry => entry.Kind == "started"))
            {
                yield return $"the story of {deal.Id} does not say that it came in, or that its set-up began";
            }

            foreach (var record in standing.Where(record => !story.Any(entry => IsDone(entry, record))))
            {
                yield return $"the story of {deal.Id} does not tell of {record.Entity} {record.Id} in {record.System}";
            }

            foreach (var record in standing.Where(record => !run.Store.FindScopesAsync(record.Id, CancellationToken.None).Result.Contains(scope)))
            {
                yield return $"{record.Entity} {record.Id} in {record.System} does not lead to {deal.Id}";
            }
        }
    }

    private static bool IsDone(LineageEntry entry, (string System, string Entity, string Id) record) =>
        entry.Kind == "done" && entry.System == record.System && entry.Entity == record.Entity && entry.ExternalId == record.Id;
}
