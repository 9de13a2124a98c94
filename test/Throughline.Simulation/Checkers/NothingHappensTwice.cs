using Throughline.Connect;
using Throughline.Model;
using Throughline.Simulation.Firm;

namespace Throughline.Simulation.Checkers;

/// <summary>At no time do two records stand in a system for one thing, and no event is published twice for one run of a process.</summary>
internal sealed class NothingHappensTwice : IChecker
{
    private static readonly string[] OncePerRun = ["demand.opened", "project.activated", "notice.project-active", "briefing.wanted"];

    public IEnumerable<string> WhenAtRest(SimulationRun run) => Records(run.Systems.Psa).Concat(Records(run.Systems.Erp)).Concat(Events(run));

    private static IEnumerable<string> Records(TargetSystem system)
    {
        var standing = new Dictionary<(string Entity, string Key), string>();
        foreach (var effect in system.Journal)
        {
            if (effect.Operation == WriteOperation.Create && KeyOf(effect.Entity, effect.Id, effect.Content!) is var key && !standing.TryAdd((effect.Entity, key), effect.Id))
            {
                yield return $"{effect.Entity} {effect.Id} was created in {system.Name} for {key}, where {standing[(effect.Entity, key)]} stood already";
            }
            else if (effect.Operation == WriteOperation.Undo)
            {
                foreach (var gone in standing.Where(item => item.Key.Entity == effect.Entity && item.Value == effect.Id).Select(item => item.Key).ToArray())
                {
                    standing.Remove(gone);
                }
            }
        }
    }

    private static string KeyOf(string entity, string id, Fields content) => entity switch
    {
        Psa.Project => content.Text("identifier")!,
        Psa.Issue => content.Nested("custom_fields")!.Text("Hub key")!,
        Psa.Version => content.Nested("custom_fields")!.Text("Hub key")!,
        Erp.Party => content.NestedList("identifiers")[0].Text("code")!,
        Erp.CostCentre => content.Text("code")!,
        Erp.Invoice => Erp.IsByHand(content) ? id : content.Text("reference")!,
        Erp.Line => content.Text("description")!.Split(' ')[0],
        _ => content.Text("name")!.Split(' ')[0],
    };

    private static IEnumerable<string> Events(SimulationRun run)
    {
        var events = run.Store.ReadEventsAsync(0, int.MaxValue, CancellationToken.None).Result;
        foreach (var group in events.Where(item => OncePerRun.Contains(item.Name)).GroupBy(item => (item.Name, item.CorrelationId)))
        {
            var story = run.Store.ReadLineageAsync(group.Key.CorrelationId, 0, int.MaxValue, CancellationToken.None).Result;
            var runs = story.Count(entry => entry.Kind == "started" && entry.Scope.ToString() == group.Key.CorrelationId);
            if (group.Count() > runs)
            {
                yield return $"{group.Key.Name} of {group.Key.CorrelationId} was published {group.Count()} times in {runs} runs";
            }
        }
    }
}
