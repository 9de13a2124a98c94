using System.Globalization;
using System.Text;
using Throughline.Model;

namespace Throughline.Server.Cli;

/// <summary>A case in words.</summary>
internal static class CaseText
{
    public static string Short(Fields item)
    {
        var text = new StringBuilder();
        var amount = item.Nested("amount")?.AsMoney() is { } money ? $", {money} at stake" : "";
        var state = item.Text("status") == "open" ? $"open since {Local(item.Text("openedAt"))}"
            : $"{item.Text("status")} by {Who(item) ?? "itself"}, {Local(item.Text("closedAt"))}";
        Line(text, $"{item.Text("id")}  {item.Text("queue")}: {item.Text("subject")}{amount}, {state}");
        Line(text, $"  {item.Text("says")}");
        Line(text, $"  To do: {item.Text("remedy")}");
        return text.ToString();
    }

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
