using Throughline.Connectors.Redmine;
using Throughline.Connectors.Salesforce;
using Throughline.Connectors.Tryton;
using Throughline.Landscape;
using Throughline.Processes;
using Xunit;

namespace Throughline.Tests.Landscape;

public sealed class When_the_shipped_landscapes_are_read
{
    private static readonly string[] Maps =
        ["crm-invoice", "crm-opportunity", "erp-cost-centre", "erp-credit", "erp-credit-posted", "erp-customer", "erp-invoice", "erp-invoice-posted", "erp-project",
            "erp-time", "psa-milestone", "psa-project", "psa-task", "psa-workstream"];

    [Theory]
    [InlineData("demo")]
    [InlineData("real")]
    public void Should_find_them_sound_and_their_samples_as_expected(string name)
    {
        var result = Read(name);
        Assert.Empty(result.Problems.Select(problem => problem.ToString()));
        var landscape = result.Landscape!;
        Assert.Equal(name, landscape.Name);
        Assert.Equal(Maps, landscape.OutwardMaps.Keys.Order());
        var samples = LandscapeSamples.Run(landscape, FolderOf(name));
        Assert.True(samples.Length >= 8);
        Assert.All(samples, sample => Assert.True(sample.Passed, sample.ToString()));
    }

    private static LandscapeResult Read(string name) => LandscapeReader.Read(
        FolderOf(name),
        [new SalesforceKind().Manifest, new RedmineKind().Manifest, new TrytonKind().Manifest],
        ProcessCatalog.Definitions,
        ProcessCatalog.Decisions.Names,
        _ => null);

    private static string FolderOf(string name)
    {
        var folder = AppContext.BaseDirectory;
        while (!Directory.Exists(Path.Combine(folder, "landscapes", name)))
        {
            folder = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(folder))
                ?? throw new DirectoryNotFoundException($"there is no landscapes/{name} above {AppContext.BaseDirectory}");
        }

        return Path.Combine(folder, "landscapes", name);
    }
}
