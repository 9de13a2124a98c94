using Throughline.Server.Cli;
using Xunit;

namespace Throughline.Tests.Server.Cli;

public sealed class When_doctor_finds_a_hub : IAsyncLifetime
{
    private HubUnderTest _hub = null!;

    public async ValueTask InitializeAsync() => _hub = await HubUnderTest.StartAsync();

    public ValueTask DisposeAsync() => _hub.DisposeAsync();

    [Fact]
    public async Task Should_say_which_hub_it_is()
    {
        var says = await ExamineAsync(_hub.Folder);
        Assert.Matches($@"(?m)^ok     hub: one runs at {_hub.Address}: version [0-9.]+, data folder {_hub.Folder}, store SQLite .*{_hub.Folder}/hub\.db$", says);
        Assert.Matches(@"(?m)^ok     store: SQLite .*/hub\.db, in use by that hub$", says);
    }

    [Fact]
    public async Task Should_say_that_it_is_not_the_one_of_the_named_folder()
    {
        var other = Path.Combine(_hub.Folder, "other");
        var says = await ExamineAsync(other);
        Assert.Contains($"data folder {_hub.Folder}, store", says, StringComparison.Ordinal);
        Assert.Contains($"store: the folder {other} will be made at the first start; the hub at {_hub.Address} is not the one of this data folder. To do: if you mean that hub, "
            + "name its data folder with --data", says, StringComparison.Ordinal);
        Directory.CreateDirectory(other);
        Assert.Matches($@"store: SQLite .*{other}/hub\.db; the hub at {_hub.Address} is not the one of this data folder\.", await ExamineAsync(other));
    }

    private async Task<string> ExamineAsync(string data) =>
        (await CommandRun.RunAsync($"doctor --landscape {HubUnderTest.DemoLandscape} --data {data} --url {_hub.Address}")).Output;
}
