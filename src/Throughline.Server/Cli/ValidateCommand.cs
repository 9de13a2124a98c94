using System.CommandLine;
using Throughline.Landscape;
using Throughline.Model;
using Throughline.Server.Hosting;

namespace Throughline.Server.Cli;

/// <summary><c>throughline validate</c>: checks a landscape as a whole and runs the samples of its maps.</summary>
internal static class ValidateCommand
{
    public static Command Make(Terminal terminal)
    {
        var folder = new Argument<string>("dir") { Description = "The landscape folder. Default: landscapes/demo.", DefaultValueFactory = _ =>
            Composition.DefaultLandscape() };
        var json = CommonOptions.Json();
        var command = new Command("validate", """
            Check a landscape: every problem at once, each with file and line, and the samples beside the maps.
            Exit code 1 where there is an error or a sample fails.

            Example:
              throughline validate landscapes/demo
            """) { folder, json };
        command.SetAction(parsed => Run(terminal, parsed.GetValue(folder)!, parsed.GetValue(json)));
        return command;
    }

    private static int Run(Terminal terminal, string folder, bool asJson)
    {
        var result = LandscapeFolders.Read(folder, terminal.Environment);
        SampleResult[] samples = result.Landscape is { } landscape ? [.. LandscapeSamples.Run(landscape, folder)] : [];
        if (asJson)
        {
            terminal.Json(Fields.Of(
                ("usable", result.IsUsable),
                ("release", result.Landscape?.Release),
                ("problems", result.Problems.Select(problem => Fields.Of(
                    ("severity", problem.Severity.ToString().ToLowerInvariant()), ("file", problem.Place.File), ("line", problem.Place.Line),
                        ("code", problem.Code), ("message", problem.Message)))),
                ("samples", samples.Select(sample => Fields.Of(
                    ("map", sample.Map), ("name", sample.Name), ("passed", sample.Passed), ("file", sample.Place.File),
                        ("line", sample.Place.Line), ("message", sample.Message))))));
        }
        else
        {
            terminal.Out.Write(LandscapeReport.Text(result, samples));
        }

        return result.IsUsable && samples.All(sample => sample.Passed) ? Exit.Ok : Exit.Negative;
    }
}
