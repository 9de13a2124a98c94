using Throughline.Model;

namespace Throughline.Server.Api.Trace;

/// <summary>
/// The timeline for people who want the story and not every move: without what is only intended (what came of it follows), without steps
/// that merely go on or wait for what a case says, and each repeated sentence once.
/// </summary>
internal static class BriefTimeline
{
    public static IEnumerable<Fields> Of(IReadOnlyCollection<Fields> timeline)
    {
        var cases = timeline.Where(entry => entry.Text("kind") == "case").Select(entry => entry.Text("text") ?? "").ToArray();
        var told = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in timeline)
        {
            var text = entry.Text("text") ?? "";
            var isIntention = entry.Text("kind") == "decided" && entry.Text("system") is not null;
            var isGoingOn = entry.Text("kind") == "released" && text.EndsWith(": goes on.", StringComparison.Ordinal);
            var isRepeated = entry.Text("kind") is "received" or "done" && !told.Add(text);
            var isCase = entry.Text("kind") == "waiting" && text.IndexOf(": ", StringComparison.Ordinal) is > 0 and var colon
                && cases.Any(said => said.Contains(text[(colon + 1)..], StringComparison.Ordinal));
            if (!isIntention && !isGoingOn && !isRepeated && !isCase)
            {
                yield return entry;
            }
        }
    }
}
