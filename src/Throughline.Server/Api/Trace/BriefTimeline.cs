using Throughline.Engine.Lineage;
using Throughline.Engine.Process;
using Throughline.Model;

namespace Throughline.Server.Api.Trace;

/// <summary>
/// The timeline for people who want the story and not every move: without what is only intended (what came of it follows), each repeated
/// sentence once, and of each wait what was waited for last and what ended it, unless a case or an answer tells the same.
/// </summary>
internal static class BriefTimeline
{
    /// <summary>The numbers of the entries that belong to it.</summary>
    /// <param name="timeline">In the order in which it happened.</param>
    public static IReadOnlySet<long> Of(IReadOnlyCollection<LineageEntry> timeline)
    {
        var told = new HashSet<string>(StringComparer.Ordinal);
        var shown = timeline.Where(entry => !IsLeftOut(entry, told)).Select(entry => entry.Number).ToHashSet();
        foreach (var step in timeline.Where(entry => entry.Step is not null).GroupBy(entry => (entry.Scope, entry.Instance, entry.Step)))
        {
            shown.UnionWith(Waits([.. step]));
        }

        return shown;
    }

    private static bool IsLeftOut(LineageEntry entry, HashSet<string> told) => entry.Kind switch
    {
        // Waits are looked at step by step.
        "waiting" or InstanceRun.WentOn => entry.Step is not null,
        "decided" => entry.System is not null,
        // What a master record's own process derives for it (its number) is told when the number is.
        "changed" => entry.System is null && entry.Scope.Kind != Scope.EngagementKind,
        "received" or "done" or "merged" => !told.Add(entry.Text),
        _ => false,
    };

    private static IEnumerable<long> Waits(LineageEntry[] step)
    {
        // A case says what it waits for and what settled it; an answer says that it came.
        var says = step.Where(entry => entry.Kind == "case").Select(entry => entry.Text).ToArray();
        var isAnswered = step.Any(entry => entry.Kind == "answered");
        LineageEntry? wait = null;
        foreach (var entry in step.Where(entry => entry.Kind is "waiting" or InstanceRun.WentOn))
        {
            if (entry.Kind == "waiting")
            {
                wait = entry;
                continue;
            }

            if (wait is not null && IsTold(wait))
            {
                yield return wait.Number;
                yield return entry.Number;
            }

            wait = null;
        }

        if (wait is not null && IsTold(wait))
        {
            yield return wait.Number;
        }

        bool IsTold(LineageEntry waiting) =>
            !isAnswered && !says.Any(said => said.Contains(waiting.Text[(waiting.Text.IndexOf(": ", StringComparison.Ordinal) + 1)..].Trim(), StringComparison.Ordinal));
    }
}
