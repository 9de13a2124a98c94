using System.CommandLine;
using Throughline.Landscape;
using Throughline.Model;
using Throughline.Server.Api.Processes;

namespace Throughline.Server.Cli;

/// <summary><c>throughline processes</c>: the definitions that run, as text and diagram. Needs no hub.</summary>
internal static class ProcessesCommand
{
    public static Command Make(Terminal terminal)
    {
        var name = new Argument<string?>("name") { Description = "One process; all where it is not given.", Arity = ArgumentArity.ZeroOrOne };
        var landscape = CommonOptions.Landscape();
        var mermaid = new Option<bool>("--mermaid") { Description = "Print the diagram (Mermaid)." };
        var markdown = new Option<bool>("--markdown") { Description = "Print the whole description with its diagram; docs/processes.md is made this way." };
        var json = CommonOptions.Json();
        var command = new Command("processes", """
            List the processes of a landscape, or print one as text or diagram, made from the definition that runs.

            Example:
              throughline processes
              throughline processes lead-to-project --mermaid
            """) { name, landscape, mermaid, markdown, json };
        command.SetAction(parsed =>
        {
            var all = ServeCommand.ReadLandscape(parsed.GetValue(landscape)!, terminal.Environment);
            var definitions = Definitions(all, parsed.GetValue(name));
            if (parsed.GetValue(json))
            {
                terminal.Json(Fields.Of(("processes", definitions.Select(ProcessDoor.ToFields))));
                return Exit.Ok;
            }

            foreach (var definition in definitions)
            {
                terminal.Out.WriteLine(parsed.GetValue(mermaid) ? ProcessDiagram.Mermaid(definition)
                    : parsed.GetValue(markdown) ? ProcessText.Markdown(definition)
                    : parsed.GetValue(name) is null ? $"{definition.Name,-24} {definition.Title}: {definition.Purpose.Trim()}"
                    : definition.Text);
            }

            if (parsed.GetValue(markdown) && parsed.GetValue(name) is null)
            {
                foreach (var entries in all.Entries.Values.OrderBy(entries => entries.Name, StringComparer.Ordinal))
                {
                    terminal.Out.WriteLine(EntriesText.Markdown(entries, all));
                }
            }

            return Exit.Ok;
        });
        return command;
    }

    private static ProcessDefinition[] Definitions(Landscape.Landscape landscape, string? name)
    {
        var all = landscape.Processes;
        if (name is null)
        {
            return [.. all.Values.OrderBy(definition => definition.Name, StringComparer.Ordinal)];
        }

        return all.TryGetValue(name, out var one)
            ? [one]
            : throw new CommandFailedException($"There is no process '{name}'; there are {string.Join(", ", all.Keys.Order(StringComparer.Ordinal))}.");
    }
}
