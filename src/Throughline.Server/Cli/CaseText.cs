using System.Globalization;
using System.Text;
using Throughline.Engine.Cases;
using Throughline.Model;

namespace Throughline.Server.Cli;

/// <summary>A case in words.</summary>
internal static class CaseText
{
    private const string EngagementPrefix = Scope.EngagementKind + ":";

    public static string Short(Fields item)
    {
        var text = new StringBuilder();
        var amount = item.Nested("amount")?.AsMoney() is { } money ? $", {money} at stake" : "";
        var state = item.Text("status") == "open" ? $"open since {Local(item.Text("openedAt"))}"
            : $"{item.Text("status")} by {Who(item) ?? "itself"}, {Local(item.Text("closedAt"))}";
        Line(text, $"{item.Text("id")}  {item.Text("queue")}: {item.Text("subject")}{amount}, {state}");
        Line(text, $"  {item.Text("says")}");
        if (item.Text("status") == "open")
        {
            Line(text, $"  To do: {item.Text("remedy")}");
        }

        return text.ToString();
    }

    /// <summary>What was decided, and what happens next.</summary>
    public static string Decided(Fields item, string action, string options = "")
    {
        var text = new StringBuilder();
        Line(text, $"{item.Text("subject")}: {item.Text("status")} by {Who(item) ?? "itself"}{(item.Text("reason") is { Length: > 0 } reason ? $": {reason.TrimEnd('.')}" : "")}.");
        Line(text, $"  It was about: {item.Text("says")}");
        Line(text, $"  Next: {Next(item, action)}");
        var engagement = item.Text("engagement") ?? "";
        var about = engagement.StartsWith(EngagementPrefix, StringComparison.Ordinal) ? engagement[EngagementPrefix.Length..] : item.Text("id")!;
        Line(text, $"  What becomes of it: throughline trace {CommonOptions.Quoted(about)}{options}");
        return text.ToString();
    }

    // What the engine does upon it, see PersonDecider.
    private static string Next(Fields item, string action) => (action, item.Text("kind")) switch
    {
        ("approve", _) => "the hub goes on by itself; nothing more is to do here.",
        ("retry", "orphan" or "definition") => "it counts as done by hand; nothing more is to do here.",
        ("retry", _) => "the hub tries again by itself. Where the reason is still there, it opens a case again.",
        (_, "undo") => "it counts as taken back by hand, and the hub goes on with the rest.",
        (_, Case.ParkedKind or Case.UnmappedKind) => "what could not be processed is dropped, and what waited behind it goes on.",
        (_, "changed") => $"as the case said: {item.Text("remedy")}",
        _ => "the hub takes back what it created for this in other systems, and then it is at rest. What remains and why, the trace tells.",
    };

    /// <param name="options">Options that a command needs here to reach the same hub, with a space before each; empty where none.</param>
    public static string Long(Fields item, string options = "")
    {
        var text = new StringBuilder(Short(item));
        Line(text, $"  Engagement: {item.Text("engagement")}{(item.Text("step") is { } step ? $", step {step}" : "")}");
        if (item.Text("status") == "open")
        {
            Line(text, "  You can:");
            foreach (var action in item.List("actions").OfType<string>())
            {
                Line(text, $"    {Command(action, item.Text("id")!)}{options}");
            }

            Line(text, $"  Overdue from {Local(item.Text("dueAt"))}");
        }
        else if (item.Text("reason") is { } reason)
        {
            Line(text, $"  Reason: {reason}");
        }

        return text.ToString();
    }

    /// <summary>Who closed it, and what that name is worth; null where it closed by itself.</summary>
    public static string? Who(Fields item) => item.Text("closedBy") is not { } name ? null : item.Text("closedByIs") is { } worth ? $"{name} ({worth})" : name;

    /// <summary>A command line that runs as it stands.</summary>
    public static string Command(string action, string id) => $"throughline cases {action} {id}{(action == "reject" ? " --reason \"say why here\"" : "")}";

    /// <summary>An instant in this machine's local time.</summary>
    public static string Local(string? iso, string format = "yyyy-MM-dd HH:mm:ss") =>
        DateTimeOffset.TryParse(iso, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            ? TimeZoneInfo.ConvertTime(at, TimeZoneInfo.Local).ToString(format, CultureInfo.InvariantCulture)
            : "";

    private static void Line(StringBuilder text, string line) => text.Append(Clean(line)).Append('\n');

    /// <summary>Texts come from outside; control characters could play with a terminal.</summary>
    public static string Clean(string text) => string.Concat(text.Select(c => char.IsControl(c) && c != '\n' ? ' ' : c));
}
