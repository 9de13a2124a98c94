using Throughline.Conformance;
using Throughline.Connectors;
using Throughline.Landscape;
using Throughline.Processes;

namespace Throughline.Simulation.Firm;

/// <summary>The demo landscape, and a second release of it that sets up the same things by a definition that has grown a step.</summary>
internal static class Landscapes
{
    private const string Process = "lead-to-project";
    private const string Grown = """

          - step: briefing
            kind: publish
            title: The team is briefed
            after: [plan]
            event: briefing.wanted
            payload:
              project: records.project[0].code

        """;

    private static readonly Lazy<Landscape.Landscape[]> Read = new(() => [ReadWith(text => text), ReadWith(Grow)]);

    public static Landscape.Landscape First => Read.Value[0];

    public static Landscape.Landscape Second => Read.Value[1];

    private static string Grow(string text) => text.Replace("version: 1", "version: 2", StringComparison.Ordinal).TrimEnd() + "\n" + Grown;

    private static Landscape.Landscape ReadWith(Func<string, string> change)
    {
        var definitions = new Dictionary<string, string>(ProcessCatalog.Definitions, StringComparer.Ordinal);
        definitions[Process] = change(definitions[Process]);
        var result = LandscapeReader.Read(
            Path.Combine(RepositoryFolder.Find(), "landscapes", "demo"), [.. ConnectorCatalog.All.Select(kind => kind.Manifest)], definitions,
            ProcessCatalog.Decisions.Names, _ => "https://system.example");
        return result.Landscape ?? throw new InvalidOperationException(string.Join('\n', result.Problems));
    }
}
