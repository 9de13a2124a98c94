using System.Globalization;
using System.Text;
using Throughline.Landscape;

namespace Throughline.Server.Api.Processes;

/// <summary>A process definition as a page for people, made from the definition that runs; <c>docs/processes.md</c> is this text.</summary>
internal static class ProcessText
{
    public static string Markdown(ProcessDefinition definition)
    {
        var text = new StringBuilder();
        Line(text, $"## {definition.Title}");
        Line(text, "");
        Line(text, $"{definition.Purpose.Trim()}");
        Line(text, "");
        Line(text, $"- Name: `{definition.Name}`, version {definition.Version}; owner: {definition.Owner}");
        Line(text, definition.StartsWhen is { } when
            ? $"- Starts, once per {definition.Subject}, when `{OneLine(when.Text)}`"
            : $"- Starts when another process asks for a {definition.Subject}");
        if (definition.Withdrawn is { } withdrawn)
        {
            Line(text, $"- Holds when `{OneLine(withdrawn.When.Text)}`, with a case for {withdrawn.Case.Queue}");
        }

        Line(text, "");
        Line(text, "```mermaid");
        text.Append(ProcessDiagram.Mermaid(definition));
        Line(text, "```");
        Line(text, "");
        foreach (var step in definition.Steps)
        {
            WriteStep(text, definition, step);
        }

        return text.ToString();
    }

    private static void WriteStep(StringBuilder text, ProcessDefinition definition, StepDefinition step)
    {
        Line(text, $"### {step.Title}");
        Line(text, "");
        Line(text, $"Step `{step.Name}` ({step.Kind}): {OneLine(ProcessDiagram.Note(step))}. "
            + $"{(step.After.IsEmpty ? "Begins at once." : $"After {string.Join(", ", step.After.Select(name => $"`{name}`"))}.")}");
        Line(text, "");
        switch (step)
        {
            case StepDefinition.Check check:
                foreach (var item in check.Checks)
                {
                    Line(text, $"- **{item.Name}** holds when `{OneLine(item.Holds.Text)}`; "
                        + $"{(item.Waits ? $"waits for it {UpTo(item)}, then a case" : "otherwise a case at once")} for {item.Case.Queue}.");
                }

                break;
            case StepDefinition.Approval approval:
                Line(text, $"- Needed when `{OneLine(approval.When.Text)}`; covers `{OneLine(approval.Covers.Text)}`: another value needs another "
                    + $"approval. Overdue after {Span(approval.Within)}.");
                Line(text, $"- Not by `{OneLine(approval.NotBy.Text)}`. The case is for {approval.Case.Queue}.");
                break;
            case StepDefinition.Request request:
                Line(text, $"- One request to `{request.Process}` for each of `{OneLine(request.Each.Text)}`; answers become `{request.Into}`. After "
                    + $"{Span(request.Within)} a case for {request.Case.Queue}.");
                break;
            case StepDefinition.Write write:
                Line(text, $"- {(write.When is { } only ? $"For records with `{OneLine(only.Text)}`. " : "")}If refused, a case for {write.Case.Queue}.");
                var kept = write.KeepReason is { } reason ? $"kept. {reason}" : "kept.";
                Line(text, $"- Taking back: {(write.Undo ? "what was created is taken back." : kept)}");
                Line(text, $"- Waits up to {Span(definition.DeadlineOf(write))}, then a case for {write.Case.Queue}.");
                break;
            case StepDefinition.Lines lines:
                Line(text, $"- What `{lines.Answer}` was answered must be what the invoice says: otherwise a case for {lines.Case.Queue}, and its entries are not invoiced.");
                Line(text, "- Taking back before: its entries may be billed again. Afterwards they stay invoiced.");
                Line(text, $"- Waits up to {Span(definition.DeadlineOf(lines))}, then a case for {lines.Case.Queue}.");
                break;
            case StepDefinition.Payments:
                Line(text, "- What is paid, given up and open of the invoice stands in the value ledger, each time the ERP says something else.");
                break;
            case StepDefinition.Publish publish:
                if (publish.When is { } condition)
                {
                    Line(text, $"- Only when `{OneLine(condition.Text)}`.");
                }

                Line(text, $"- Waits up to {Span(definition.DeadlineOf(publish))}, then a case for integration-ops.");
                break;
        }

        Line(text, "");
    }

    private static string UpTo(CheckDefinition item) => item.Until is { } day
        ? $"until the end of `{OneLine(day.Text)}` (for {Span(item.Within)} where that has no value)" : $"up to {Span(item.Within)}";

    internal static string OneLine(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        .Replace("`", "'", StringComparison.Ordinal);

    internal static string Span(TimeSpan span) => span.TotalDays >= 1 ? Count(span.TotalDays, "day") : span.TotalHours >= 1 ? Count(span.TotalHours, "hour")
        : Count(span.TotalMinutes, "minute");

    private static string Count(double count, string unit) => $"{count.ToString("0.#", CultureInfo.InvariantCulture)} {unit}{(count == 1 ? "" : "s")}";

    private static void Line(StringBuilder text, string line) => text.Append(line.TrimEnd()).Append('\n');
}
