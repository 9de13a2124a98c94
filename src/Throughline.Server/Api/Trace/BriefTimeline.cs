using Throughline.Model;

namespace Throughline.Server.Api.Trace;

/// <summary>
/// The timeline for people who want the story and not every move: without what is only intended (what came of it follows), without steps
/// that merely go on, and each repeated sentence once.
/// </summary>
internal static class BriefTimeline
{
    public static IEnumerable<Fields> Of(IEnumerable<Fields> timeline)
    {
        var told = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in timeline)
        {
            var text = entry.Text("text") ?? "";
            var isIntention = entry.Text("kind") == "decided" && entry.Text("system") is not null;
            var isGoingOn = entry.Text("kind") == "released" && text.EndsWith(": goes on.", StringComparison.Ordinal);
            var isRepeated = entry.Text("kind") is "received" or "done" && !told.Add(text);
            if (!isIntention && !isGoingOn && !isRepeated)
            {
                yield return entry;
            }
        }
    }
}
