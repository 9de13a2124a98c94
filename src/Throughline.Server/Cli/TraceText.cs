using System.Text;
using Throughline.Model;
using Throughline.Server.Api.Trace;

namespace Throughline.Server.Cli;

/// <summary>A trace as a page of text.</summary>
internal static class TraceText
{
    private const int WidthMax = 110;

    /// <param name="isWhole">Every move of the hub, rather than the story.</param>
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
        Progress(text, engagement);
        Records(text, engagement);
        Timeline(text, engagement, isWhole);
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
            Line(text, $"    ({(item.Nested("amount") is null ? "" : Amount(item) + " at stake; ")}case {item.Text("id")})");
        }
    }

    private static void Progress(StringBuilder text, Fields engagement)
    {
        foreach (var instance in engagement.NestedList("instances"))
        {
            Head(text, $"{instance.Text("title")}: {instance.Text("status")}");
            foreach (var step in instance.NestedList("steps"))
            {
                var mark = step.Flag("done") == true ? "[x]" : step.Text("reason") is null ? "[ ]" : "[~]";
                Line(text, $"  {mark} {step.Text("title")}{(step.Flag("done") != true && step.Text("reason") is { } reason ? $": {reason}" : "")}");
            }
        }
    }

    private static void Records(StringBuilder text, Fields engagement)
    {
        Head(text, "In each system");
        var rows = engagement.NestedList("records").Select(record => new[]
        {
            record.Text("system") ?? "", record.Text("what") ?? "", record.Text("entity") ?? "", record.Text("number") ?? "", record.Text("name")
                ?? "", record.Text("externalId") ?? "",
            record.Text("state") is "there" or "source" ? "" : record.Text("state") ?? "",
        }).ToList();
        text.Append(Table.Render(["System", "What", "There", "Number", "Name", "Id", ""], rows, indent: 2));
    }

    private static void Timeline(StringBuilder text, Fields engagement, bool isWhole)
    {
        Head(text, $"What happened (times of {TimeZoneInfo.Local.Id})");
        string? day = null;
        var all = engagement.NestedList("timeline");
        foreach (var entry in isWhole ? all : BriefTimeline.Of(all))
        {
            var today = CaseText.Local(entry.Text("at"), "dddd, d MMMM yyyy");
            if (today != day)
            {
                Line(text, $"  {today}");
                day = today;
            }

            Line(text, $"    {CaseText.Local(entry.Text("at"), "HH:mm:ss")}  {entry.Text("text")}");
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
