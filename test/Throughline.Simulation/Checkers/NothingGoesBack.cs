using System.Globalization;
using System.Text.RegularExpressions;
using Throughline.Simulation.Firm;

namespace Throughline.Simulation.Checkers;

/// <summary>What is decided for one engagement arrives in order: no record ever shows an older value after a newer one.</summary>
internal sealed partial class NothingGoesBack : IChecker
{
    public IEnumerable<string> WhenAtRest(SimulationRun run)
    {
        foreach (var system in new TargetSystem[] { run.Systems.Psa, run.Systems.Erp })
        {
            foreach (var effects in system.Journal.Where(effect => effect.Content is not null).GroupBy(effect => (effect.Entity, effect.Id)))
            {
                var revisions = effects.Select(effect => effect.Content!)
                    .Select(content => RevisionOf(content.Text("subject") ?? content.Text("name") ?? content.Text("description") ?? "")).ToArray();
                if (revisions.Zip(revisions.Skip(1)).Any(pair => pair.Second < pair.First))
                {
                    yield return $"{effects.Key.Entity} {effects.Key.Id} in {system.Name} went back: {string.Join(", ", revisions)}";
                }
            }
        }
    }

    private static int RevisionOf(string name) => Revision().Match(name) is { Success: true } match ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex(@" r(\d+)$")]
    private static partial Regex Revision();
}
