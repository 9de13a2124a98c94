using System.Text;
using Throughline.Model;
using Throughline.Server.Api.Entries;
using Throughline.Server.Api.Trace;

namespace Throughline.Server.Cli;

/// <summary>A trace as a page of text.</summary>
internal static class TraceText
{
    private const int WidthMax = 110;
    private const int NamedMax = 4;

    /// <param name="isWhole">Every move of the hub as well.</param>
    /// <param name="isNarrow">See <see cref="Table.Render"/>.</param>
    public static string Render(Fields trace, bool isWhole = false, bool isNarrow = false)
    {
        var text = new StringBuilder();
        foreach (var entry in trace.NestedList("entries"))
        {
            text.Append(EntryText.Long(entry)).Append('\n');
        }

        foreach (var engagement in trace.NestedList("engagements"))
        {
            One(text, engagement, isWhole, isNarrow);
        }

        if (trace.Number("more") is > 0 and var more)
        {
            Line(text, $"{more} more engagements know this id; ask for one of them by its opportunity.");
        }

        return text.ToString();
    }

    private static void One(StringBuilder text, Fields engagement, bool isWhole, bool isNarrow)
    {
        var title = engagement.Text("title") ?? "";
        Line(text, title);
        Line(text, new string('=', Math.Min(title.Length, WidthMax)));
        Line(text, engagement.Nested("standing")?.Text("says") ?? "");
        Sold(text, engagement);
        Cases(text, engagement);
        Decisions(text, engagement);
        Story(text, engagement);
        Time(text, engagement.Nested("time"), isNarrow);
        Invoices(text, engagement.NestedList("invoices"), isNarrow);
        Records(text, engagement, isNarrow);
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
        var story = engagement.NestedList("timeline").Where(entry => entry.Flag("brief") == true).ToList();
        var instances = engagement.NestedList("instances");
        var isOne = instances.Count == 1;
        Head(text, $"The deal itself (times of {TimeZoneInfo.Local.Id})");
        Happened(text, story.Where(entry => entry.Text("instance") is null || (isOne && !IsOfStep(entry, instances[0]))));
        foreach (var instance in instances)
        {
            Head(text, $"{instance.Text("title")}{(isOne ? "" : $" for {instance.Text("about")}")}: {StatusWords.Of(instance.Text("status"))}");
            var mine = story.Where(entry => entry.Text("instance") == instance.Text("id")).ToArray();
            if (!isOne)
            {
                Happened(text, mine.Where(entry => !IsOfStep(entry, instance)));
            }

            foreach (var step in instance.NestedList("steps"))
            {
                Line(text, $"  {Mark(step)} {step.Text("title")}{Outcome(step)}");
                Happened(text, mine.Where(entry => entry.Text("step") == step.Text("name")));
            }
        }
    }

    private static string Mark(Fields step) => step.Text("outcome") switch
    {
        "done" or "remains" => "[x]", "waits" => "[~]", "nothing" => "[-]", "taken-back" => "[<]", _ => "[ ]",
    };

    private static string Outcome(Fields step) => step.Text("outcome") switch
    {
        "nothing" => ": nothing to do",
        "taken-back" => ": taken back",
        "remains" => $": remains ({step.Text("note")})",
        "rejected" => ": rejected",
        "not-reached" => ": not reached",
        "not-written" => ": nothing was written",
        "waits" when step.Text("reason") is { } reason => $": {reason}",
        _ => "",
    };

    private static bool IsOfStep(Fields entry, Fields instance) =>
        entry.Text("step") is { } name && instance.NestedList("steps").Any(step => step.Text("name") == name);

    private static void Happened(StringBuilder text, IEnumerable<Fields> entries)
    {
        var planned = new List<Fields>();
        foreach (var entry in entries)
        {
            var at = CaseText.Local(entry.Text("at"), "d MMM HH:mm:ss");
            if (entry.Text("kind") == "decided" && entry.Text("system") is null && entry.Nested("record") is not null)
            {
                planned.Add(entry);
                continue;
            }

            Plan(text, planned);
            var says = entry.Text("says") ?? "";
            var hasId = entry.Text("system") is not null && entry.Text("externalId") is { } external && !says.Contains($"({external})", StringComparison.Ordinal);
            Line(text, $"        {at}  {says}{(hasId ? $"  [{entry.Text("externalId")}]" : "")}");
        }

        Plan(text, planned);
    }

    // A large sale plans a hundred records; a few of a kind are named, more are counted.
    private static void Plan(StringBuilder text, List<Fields> planned)
    {
        if (planned.Count == 0)
        {
            return;
        }

        var kinds = planned.Select(PlannedRecord).GroupBy(record => record.Kind, record => record.Name, StringComparer.Ordinal)
            .Select(kind => (kind.Key, Names: kind.ToArray()))
            .Select(kind => kind.Names.Length == 1 ? $"{kind.Key} {kind.Names[0]}"
                : $"{kind.Names.Length} {kind.Key}s{(kind.Names.Length <= NamedMax ? $" ({string.Join(", ", kind.Names)})" : "")}");
        Line(text, $"        {CaseText.Local(planned[0].Text("at"), "d MMM HH:mm:ss")}  Planned: {string.Join("; ", kinds)}.");
        planned.Clear();
    }

    private static (string Kind, string Name) PlannedRecord(Fields entry) => entry.Nested("record") is { } record
        ? (record.Text("entity")!.Replace('-', ' '), (record.Text("name") ?? record.Text("key")!).Replace('|', ' ')) : ("", "");

    private static void Decisions(StringBuilder text, Fields engagement)
    {
        var closed = engagement.NestedList("closedCases");
        if (closed.Count > 0)
        {
            Head(text, "Who decided what");
        }

        foreach (var item in closed)
        {
            var how = CaseText.Who(item) is { } person
                ? $"{char.ToUpperInvariant(item.Text("status")![0])}{item.Text("status")![1..]} by {person}"
                    + (item.Text("reason") is { Length: > 0 } why ? $": {why.TrimEnd('.')}" : "")
                : item.Text("reason") is { Length: > 0 } what ? $"Settled by itself: {char.ToLowerInvariant(what[0])}{what[1..].TrimEnd('.')}"
                : "Settled by itself, when its reason was gone";
            Line(text, $"  {CaseText.Local(item.Text("closedAt"), "d MMM HH:mm:ss")}  {item.Text("says")} {how}.  [case {item.Text("id")}]");
        }
    }

    private static void Time(StringBuilder text, Fields? time, bool isNarrow)
    {
        if (time is not null)
        {
            Head(text, $"Time: {EntryCounts.Line(time)}");
            text.Append(EntryText.Section(time, isNarrow));
        }
    }

    private static void Invoices(StringBuilder text, IReadOnlyList<Fields> invoices, bool isNarrow)
    {
        if (invoices.Count > 0)
        {
            Head(text, "Invoices (why one comes to its amount: throughline why, and its key)");
            text.Append(InvoicesCommand.Table(invoices, indent: 2, isNarrow));
        }
    }

    private static void Records(StringBuilder text, Fields engagement, bool isNarrow)
    {
        Head(text, "In each system");
        var rows = engagement.NestedList("records").Select(record => new[]
        {
            record.Text("systemTitle") ?? "", record.Text("title") ?? "", record.Text("number") ?? "", record.Text("name") ?? "",
            record.Text("externalId") ?? "", record.Text("state") is "there" or "source" ? "" : record.Text("state") ?? "",
        }).ToList();
        text.Append(Table.Render(["System", "What", "Number", "Name", "Id there", ""], rows, indent: 2, isNarrow));
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
