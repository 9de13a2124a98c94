using System.Text;

namespace Throughline.Landscape;

/// <summary>What <c>throughline validate</c> prints.</summary>
public static class LandscapeReport
{
    /// <summary>One line per problem, <c>file:line: error code: message</c> (which editors turn into links), then a summary.</summary>
    public static string Text(LandscapeResult result, IEnumerable<SampleResult>? samples = null)
    {
        var text = new StringBuilder();
        foreach (var problem in result.Problems)
        {
            text.AppendLine(problem.ToString());
        }

        var tried = samples?.ToArray() ?? [];
        foreach (var sample in tried.Where(sample => !sample.Passed))
        {
            text.AppendLine(sample.ToString());
        }

        var errors = result.Problems.Count(problem => problem.Severity == Severity.Error);
        var warnings = result.Problems.Length - errors;
        if (result.Landscape is { } landscape)
        {
            text.AppendLine(
                $"Landscape {landscape.Name}, release {landscape.Release}: {Count(landscape.Systems.Count, "system")}, "
                + $"{Count(landscape.InwardMaps.Length + landscape.OutwardMaps.Count, "map")}, {Count(landscape.Processes.Count, "process", "processes")}.");
        }

        if (tried.Length > 0)
        {
            text.AppendLine($"Samples: {tried.Count(sample => sample.Passed)} of {tried.Length} as expected.");
        }

        text.AppendLine(errors > 0
            ? $"Not usable: {Count(errors, "error")}, {Count(warnings, "warning")}."
            : $"Usable: {(warnings == 0 ? "no problems" : Count(warnings, "warning"))}.");
        return text.ToString();
    }

    private static string Count(int count, string one, string? many = null) => $"{count} {(count == 1 ? one : many ?? one + "s")}";
}
