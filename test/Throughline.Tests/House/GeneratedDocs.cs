using Throughline.Conformance.Approval;
using Throughline.Connectors;
using Throughline.Server.Api.Processes;
using Throughline.Server.Hosting;
using Xunit;

namespace Throughline.Tests.House;

/// <summary>Pages that are made from what runs. They are compared here; <c>THROUGHLINE_APPROVE=1</c> writes them.</summary>
public sealed class GeneratedDocs
{
    public static TheoryData<string> Kinds => [.. ConnectorCatalog.All.Select(kind => kind.Manifest.Kind)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Should_describe_the_connector_as_its_manifest_does(string kind)
    {
        var entry = ConnectorCatalog.Find(kind)!;
        var folder = "src/" + entry.GetType().Namespace!.Replace("Throughline.Connectors.", "Throughline.Connectors/", StringComparison.Ordinal);
        Approved.FileMatches(ConnectorPage.Of(entry.Manifest, folder), Docs("connectors", kind + ".md"));
    }

    [Fact]
    public void Should_have_no_page_of_a_connector_that_is_gone() =>
        Assert.Equal(
            ConnectorCatalog.All.Select(kind => kind.Manifest.Kind + ".md").Order(StringComparer.Ordinal),
            Directory.GetFiles(Docs("connectors", ""), "*.md").Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal));

    /// <summary>The text is the one that <c>throughline processes --markdown</c> and the API give.</summary>
    [Fact]
    public void Should_describe_the_processes_as_they_run()
    {
        var landscape = Composition.ReadLandscape(Path.Combine(SourceTree.Root, "landscapes", "demo"), _ => null).Landscape!;
        var pages = landscape.Processes.Values.OrderBy(definition => definition.Name, StringComparer.Ordinal).Select(ProcessText.Markdown);
        var entries = landscape.Entries.Values.OrderBy(definition => definition.Name, StringComparer.Ordinal).Select(definition => EntriesText.Markdown(definition, landscape));
        const string Head = """
            # Processes

            Made from the process definitions of `landscapes/demo` by the test `GeneratedDocs`; edit the definitions in `src/Throughline.Processes`, not this
            page. A firm may replace a definition by a file of its own in its landscape; `throughline processes --markdown` prints those that run there.


            """;
        Approved.FileMatches(Head + string.Join('\n', pages.Concat(entries)), Docs("processes.md"));
    }

    private static string Docs(params string[] path) => Path.Combine([SourceTree.Root, "docs", .. path]);
}
