using System.Text;
using Throughline.Landscape;

namespace Throughline.Server.Api.Processes;

/// <summary>A process definition as a Mermaid flowchart, the same definition that runs.</summary>
internal static class ProcessDiagram
{
    public static string Mermaid(ProcessDefinition definition)
    {
        var text = new StringBuilder("flowchart TD\n");
        var start = definition.StartsWhen is { } when ? $"{definition.Subject}: {when.Text}"
            : $"asked for by another process, about a {definition.Subject}";
        text.Append("  start([\"").Append(Escape(start)).Append("\"])\n");
        foreach (var step in definition.Steps)
        {
            var (open, close) = Shape(step);
            text.Append("  ").Append(Id(step.Name)).Append(open).Append('"').Append(Escape(step.Title)).Append("<br/><i>").Append(Escape(Note(step)))
                .Append("</i>\"").Append(close).Append('\n');
        }

        foreach (var step in definition.Steps)
        {
            foreach (var before in step.After)
            {
                text.Append("  ").Append(Id(before)).Append(" --> ").Append(Id(step.Name)).Append('\n');
            }

            if (step.After.IsEmpty)
            {
                text.Append("  start ").Append(step is StepDefinition.Write { Always: true } ? "-.-> " : "--> ").Append(Id(step.Name)).Append('\n');
            }
        }

        foreach (var queue in Cases(definition).Select(entry => entry.Text.Queue).Distinct().Order(StringComparer.Ordinal))
        {
            text.Append("  case_").Append(Id(queue)).Append("[/\"case for ").Append(Escape(queue)).Append("\"/]\n");
        }

        foreach (var (step, queue) in Cases(definition).Select(entry => (entry.Step, entry.Text.Queue)).Distinct())
        {
            text.Append("  ").Append(Id(step.Name)).Append(" -. otherwise .-> case_").Append(Id(queue)).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>What one step waits for or does, in a few words.</summary>
    public static string Note(StepDefinition step) => step switch
    {
        StepDefinition.Check check => $"checks {string.Join(", ", check.Checks.Select(c => c.Name))}",
        StepDefinition.Approval approval => $"a person, where {approval.When.Text}",
        StepDefinition.Decide decide => $"decision {decide.Decision}",
        StepDefinition.Request request => $"asks {request.Process}",
        StepDefinition.Write write => $"writes {write.Map}{(write.Always ? ", all the time" : "")}",
        StepDefinition.Lines lines => $"reads back {lines.Answer}",
        StepDefinition.Payments => "books what is paid",
        StepDefinition.Publish publish => $"event {publish.Event}",
        _ => step.Kind,
    };

    public static IEnumerable<(StepDefinition Step, CaseText Text)> Cases(ProcessDefinition definition) => definition.Steps.SelectMany(step => step switch
    {
        StepDefinition.Check check => check.Checks.Select(c => (step, c.Case)),
        StepDefinition.Approval approval => [(step, approval.Case)],
        StepDefinition.Request request => [(step, request.Case)],
        StepDefinition.Write write => [(step, write.Case)],
        StepDefinition.Lines lines => [(step, lines.Case)],
        _ => Enumerable.Empty<(StepDefinition, CaseText)>(),
    });

    private static (string Open, string Close) Shape(StepDefinition step) => step switch
    {
        StepDefinition.Check or StepDefinition.Approval => ("{{", "}}"),
        StepDefinition.Publish => ("([", "])"),
        StepDefinition.Request => ("[[", "]]"),
        StepDefinition.Write => ("[(", ")]"),
        _ => ("[", "]"),
    };

    private static string Id(string name) => "s_" + name.Replace('-', '_');

    // Mermaid reads quotes, hashes and angle brackets of labels itself.
    private static string Escape(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        .Replace("#", "#35;", StringComparison.Ordinal).Replace("\"", "#quot;", StringComparison.Ordinal)
        .Replace("<", "#lt;", StringComparison.Ordinal).Replace(">", "#gt;", StringComparison.Ordinal);
}
