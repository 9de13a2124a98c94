using Throughline.Model;

namespace Throughline.Server.Api.Trace;

/// <summary>
/// The timeline for people who want the story and not every move: without what is only intended (what came of it follows), without steps
/// that merely go on, wait for what a case says or waited for an answer that came, and each repeated sentence once.
/// </summary>
internal static class BriefTimeline
{
    public static IEnumerable<Fields> Of(IReadOnlyCollection<Fields> timeline)
    {
        var cases = timeline.Where(entry => entry.Text("kind") == "case").Select(entry => entry.Text("text") ?? "").ToArray();
        var gone = timeline.Where(entry => IsGoingOn(entry)).Select(StepOf).ToHashSet();
        var told = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in timeline)
        {
            var text = entry.Text("text") ?? "";
            var isIntention = entry.Text("kind") == "decided" && entry.Text("system") is not null;
            var isRepeated = entry.Text("kind") is "received" or "done" or "merged" && !told.Add(text);
            var isCase = entry.Text("kind") == "waiting" && text.IndexOf(": ", StringComparison.Ordinal) is > 0 and var colon
                && cases.Any(said => said.Contains(text[(colon + 1)..], StringComparison.Ordinal));
            var isAnswered = entry.Text("kind") == "waiting" && text.Contains(": waits for ", StringComparison.Ordinal) && gone.Contains(StepOf(entry));
            // What a master record's own process derives for it (its number) is told when the number is.
            var isDerived = entry.Text("kind") == "changed" && entry.Text("system") is null && entry.Text("scope")?.StartsWith("engagement:", StringComparison.Ordinal) != true;
            if (!isIntention && !IsGoingOn(entry) && !isRepeated && !isCase && !isAnswered && !isDerived)
            {
                yield return entry;
            }
        }
    }

    private static bool IsGoingOn(Fields entry) => entry.Text("kind") == "released" && entry.Text("text")?.EndsWith(": goes on.", StringComparison.Ordinal) == true;

    // The step as its own sentences begin, of whatever it is about.
    private static (string? Scope, string? About, string Title) StepOf(Fields entry)
    {
        var text = entry.Text("text") ?? "";
        return (entry.Text("scope"), entry.Text("externalId"), text.IndexOf(": ", StringComparison.Ordinal) is > 0 and var colon ? text[..colon] : text);
    }
}
