using Throughline.Landscape;
using Xunit;

namespace Throughline.Tests.Landscape;

public sealed class When_a_landscape_extends_another : LandscapeFolderFixture
{
    private string Child => Path.Combine(Folder, "../child");

    [Fact]
    public void Should_take_every_file_that_it_does_not_replace()
    {
        Write("../child/landscape.yaml", "extends: ../small\ntitle: A child\n");
        Write("../child/systems/erp.yaml", Erp.Replace("https://erp.example", "https://real.example", StringComparison.Ordinal));
        var landscape = ReadChild().Landscape!;
        Assert.Equal(("small", "A child"), (landscape.Name, landscape.Title));
        Assert.Equal("https://real.example", landscape.Systems["erp"].Configuration.Text("url"));
        Assert.Equal("../small/systems/crm.yaml", landscape.Systems["crm"].Place.File);
        Assert.NotEqual(Read().Landscape!.Release, landscape.Release);
    }

    [Fact]
    public void Should_drop_a_file_that_it_empties()
    {
        Write("../child/landscape.yaml", "extends: ../small\n");
        Write("../child/processes/onboard.yaml", "# not here\n");
        var result = ReadChild();
        Assert.Equal(["unused-map"], result.Problems.Select(problem => problem.Code));
        Assert.Empty(result.Landscape!.Processes);
    }

    [Theory]
    [InlineData("extends: ../nowhere\n")]
    [InlineData("extends: ../child\n")]
    [InlineData("extends: /etc\n")]
    public void Should_refuse_to_extend_what_it_cannot(string head)
    {
        Write("../child/landscape.yaml", head + "name: child\ntitle: t\nroles: {}\nlegalEntities: {}\n");
        var result = ReadChild();
        Assert.Null(result.Landscape);
        Assert.Contains(result.Problems, problem => problem.Code == "extends" && problem.Place.ToString() == "landscape.yaml:1");
    }

    [Fact]
    public void Should_have_a_release_that_follows_the_content_only()
    {
        var first = ReadSound().Release;
        Assert.Matches("^[0-9a-f]{32}$", first);
        Assert.Equal(first, ReadSound().Release);
        Change("values/countries.yaml", "Norway: NO", "Norway: XX");
        Assert.NotEqual(first, ReadSound().Release);
    }

    private LandscapeResult ReadChild() => LandscapeReader.Read(Child, Manifests, Shipped, new HashSet<string>());
}
