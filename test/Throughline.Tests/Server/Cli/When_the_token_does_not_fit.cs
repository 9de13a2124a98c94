using Throughline.Server.Cli;
using Xunit;

namespace Throughline.Tests.Server.Cli;

public sealed class When_the_token_does_not_fit : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("throughline-test-");

    private string TokenFile => Path.Combine(_folder.FullName, "token");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Should_name_the_file_of_a_token_that_the_hub_refuses()
    {
        await using var hub = await HubUnderTest.StartAsync();
        await File.WriteAllTextAsync(TokenFile, "tl_0123456789012345678901234567890");
        foreach (var line in new[] { "cases list", "trace 006A" })
        {
            var (exit, output, error) = await CommandRun.RunAsync($"{line} --data {_folder.FullName} --url {hub.Address}");
            Assert.Equal((Exit.Token, ""), (exit, output));
            Assert.Contains($"does not accept the token in {TokenFile}", error, StringComparison.Ordinal);
            Assert.Contains("THROUGHLINE_DATA", error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("hello", "is damaged")]
    [InlineData("tl_01234567890123456789\ntl_01234567890123456789", "is damaged")]
    [InlineData("tl_0123456789012345678901234567890\u00e9", "is damaged")]
    public async Task Should_say_what_is_wrong_with_a_token_file(string content, string says)
    {
        await File.WriteAllTextAsync(TokenFile, content);
        foreach (var line in new[] { $"cases list --data {_folder.FullName}", $"serve --landscape {HubUnderTest.DemoLandscape} --data {_folder.FullName}" })
        {
            var (exit, _, error) = await CommandRun.RunAsync(line, Secrets);
            Assert.Equal(Exit.Token, exit);
            Assert.Contains($"The token file {TokenFile} {says}", error, StringComparison.Ordinal);
            Assert.Contains("delete the file and start the hub", error, StringComparison.Ordinal);
            Assert.DoesNotContain("port", error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Should_say_that_there_is_none()
    {
        var (exit, _, error) = await CommandRun.RunAsync($"cases list --data {_folder.FullName}");
        Assert.Equal(Exit.Token, exit);
        Assert.Contains($"no token file {TokenFile}", error, StringComparison.Ordinal);
        (exit, _, error) = await CommandRun.RunAsync("cases list", new Dictionary<string, string> { ["THROUGHLINE_DATA"] = Path.Combine(_folder.FullName, "gone") });
        Assert.Equal(Exit.Token, exit);
        Assert.Contains($"no data folder {Path.Combine(_folder.FullName, "gone")}", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_take_address_and_folder_from_the_environment()
    {
        await using var hub = await HubUnderTest.StartAsync();
        var (exit, output, error) = await CommandRun.RunAsync("cases list",
            new Dictionary<string, string> { ["THROUGHLINE_URL"] = hub.Address.ToString(), ["THROUGHLINE_DATA"] = hub.Folder });
        Assert.True(exit == Exit.Ok, error);
        Assert.Contains("No cases.", output, StringComparison.Ordinal);
        foreach (var name in new[] { "THROUGHLINE_URL", "THROUGHLINE_DATA", "4 the token" })
        {
            Assert.Contains(name, (await CommandRun.RunAsync("--help")).Output, StringComparison.Ordinal);
        }
    }

    private static Dictionary<string, string> Secrets { get; } = new(StringComparer.Ordinal)
    {
        ["DEMO_SALESFORCE_SECRET"] = "s", ["DEMO_SALESFORCE_HOOK_SECRET"] = HubUnderTest.HookSecret, ["DEMO_REDMINE_KEY"] = "k", ["DEMO_TRYTON_PASSWORD"] = "p",
    };
}
