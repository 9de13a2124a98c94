using System.Text;
using Throughline.Model;
using Throughline.Server.Api.Trace;

namespace Throughline.Server.Cli;

/// <summary>A trace as a page of text.</summary>
internal static class TraceText
{
    private const int WidthMax = 110;

    /// <param name="isWhole">Every move of the hub as well.</param>
    public static string Render(Fields trace, bool isWhole = false)
    {
        var text = new StringBuilder();
        foreach (var engagement in trace.NestedList("engagements"))
        {
            One(text, engagement, isWhole);
        }

        if (trace.Number("more") is > 0 and var more)
        {
            Line(text, $"{more} more engagements know this id; ask for one of them by its opportunity.");
        }

        return text.ToString();
    }

    private static void One(StringBuilder text, Fields engagement, bool isWhole)
    {
        var title = engagement.Text("title") ?? "";
        Line(text, title);
        Line(text, new string('=', Math.Min(title.Length, WidthMax)));
        Line(text, engagement.Nested("standing")?.Text("says") ?? "");
        Sold(text, engagement);
        Cases(text, engagement);
        Decisions(text, engagement);
        Story(text, engagement);
        Records(text, engagement);
        if (isWhole)
        {
            Timeline(text, engagement);
        }

        Line(text, "");
    }

    private static void Sold(StringBuilder text, Fields engagement)
    {
        Head(text, "Sold");
        foreach (var sold in engagement.NestedList("sold"))
        {
            Line(text, $"  {sold.Text("name")}: {Amount(sold)}, {sold.Text("stage")}, closed {sold.Text("closeDate")}");
            if (sold.Text("start") is { } start)
            {
                Line(text, $"  Delivery from {start} to {sold.Text("end")}");
            }

            foreach (var line in sold.NestedList("lines"))
            {
                Line(text, $"    - {line.Text("workstream")}: {line.Text("description")}, {Amount(line)}, billed by {line.Text("billing")}");
            }
        }
    }

    private static void Cases(StringBuilder text, Fields engagement)
    {
        var open = engagement.NestedList("openCases");
        Head(text, open.Count == 0 ? "To do: nothing" : "To do");
        foreach (var item in open)
        {
            Line(text, $"  {item.Text("queue")}: {item.Text("says")}");
            Line(text, $"    {item.Text("remedy")}");
            Line(text, $"    {(item.Nested("amount") is null ? "" : Amount(item) + " at stake; ")}throughline cases show {item.Text("id")}");
        }
    }

    // Each step with what happened in it; an entry that belongs to none of them is about the deal as a whole.
    private static void Story(StringBuilder text, Fields engagement)
    {
        var story = BriefTimeline.Of(engagement.NestedList("timeline")).ToList();
        var instances = engagement.NestedList("instances");
        var steps = instances.SelectMany(instance => instance.NestedList("steps")).Select(step => step.Text("name")).ToHashSet();
        Head(text, $"The deal itself (times of {TimeZoneInfo.Local.Id})");
        Happened(text, story.Where(entry => entry.Text("step") is not { } name || !steps.Contains(name)));
        foreach (var instance in instances)
        {
            Head(text, $"{instance.Text("title")}: {instance.Text("status")}");
            foreach (var step in instance.NestedList("steps"))
            {
                var mark = step.Flag("done") == true ? "[x]" : step.Text("reason") is null ? "[ ]" : "[~]";
                Line(text, $"  {mark} {step.Text("title")}{(step.Flag("done") != true && step.Text("reason") is { } reason ? $": {reason}" : "")}");
                // Sales that extend one another share their steps' names; the story is told with the first.
                if (instance.Text("id") == instances[0].Text("id"))
                {
                    Happened(text, story.Where(entry => entry.Text("step") == step.Text("name")));
                }
            }
        }
    }

    private static void Happened(StringBuilder text, IEnumerable<Fields> entries)
    {
        const string planned = "Planned: ";
        var lines = new List<(string At, string Says)>();
        foreach (var entry in entries)
        {
            var (at, says) = (CaseText.Local(entry.Text("at"), "d MMM HH:mm:ss"), entry.Text("says") ?? "");
            if (lines.Count > 0 && says.StartsWith(planned, StringComparison.Ordinal) && lines[^1].Says.StartsWith(planned, StringComparison.Ordinal))
            {
                lines[^1] = (lines[^1].At, $"{lines[^1].Says.TrimEnd('.')}; {says[planned.Length..]}");
            }
            else
            {
                lines.Add((at, says + (entry.Text("externalId") is { } id ? $"  [{id}]" : "")));
            }
        }

        foreach (var (at, says) in lines)
        {
            Line(text, $"        {at}  {says}");
        }
    }

    private static void Decisions(StringBuilder text, Fields engagement)
    {
        var closed = engagement.NestedList("closedCases");
        if (closed.Count > 0)
        {
            Head(text, "Who decided what");
        }

        foreach (var item in closed)
        {
            var how = item.Text("closedBy") is { } person
                ? $"{char.ToUpperInvariant(item.Text("status")![0])}{item.Text("status")![1..]} by {person}"
                    + (item.Text("reason") is { Length: > 0 } why ? $": {why.TrimEnd('.')}" : "")
                : "Settled by itself, when its reason was gone";
            Line(text, $"  {CaseText.Local(item.Text("closedAt"), "d MMM HH:mm:ss")}  {item.Text("says")} {how}.  [case {item.Text("id")}]");
        }
    }

    private static void Records(StringBuilder text, Fields engagement)
    {
        Head(text, "In each system");
        var rows = engagement.NestedList("records").Select(record => new[]
        {
            record.Text("systemTitle") ?? "", record.Text("title") ?? "", record.Text("number") ?? "", record.Text("name") ?? "",
            record.Text("externalId") ?? "", record.Text("state") is "there" or "source" ? "" : record.Text("state") ?? "",
        }).ToList();
        text.Append(Table.Render(["System", "What", "Number", "Name", "Id there", ""], rows, indent: 2));
    }

    private static void Timeline(StringBuilder text, Fields engagement)
    {
        Head(text, $"Every move (times of {TimeZoneInfo.Local.Id})");
        foreach (var entry in engagement.NestedList("timeline"))
        {
            Line(text, $"    {CaseText.Local(entry.Text("at"))}  {entry.Text("text")}");
        }
    }

    private static string Amount(Fields of) => of.Nested("amount")?.AsMoney()?.ToString() ?? "no amount";

    private static void Head(StringBuilder text, string head)
    {
        Line(text, "");
        Line(text, head);
    }

    private static void Line(StringBuilder text, string line) => text.Append(CaseText.Clean(line).TrimEnd()).Append('\n');
}
