using System.Text.RegularExpressions;
using Throughline.Engine;
using Throughline.Server.Cli;
using Throughline.Tests.Engine.Delivery;
using Throughline.Tests.Server.Cli;
using Xunit;

namespace Throughline.Tests.Server;

/// <summary>Whoever watches a hub can tell whether to send to it and whether to restart it, and has time to turn away before it closes.</summary>
public sealed class When_a_hub_stops
{
    private static readonly Uri Health = new("/health", UriKind.Relative);
    private static readonly Uri Live = new("/health/live", UriKind.Relative);

    [Fact]
    public async Task Should_say_so_and_still_take_what_comes()
    {
        await using var hub = await HubUnderTest.StartAsync();
        hub.Server.GiveNotice();
        Assert.Equal((503, "stopping"), await AskAsync(hub.Stranger, Health));
        Assert.Equal((200, "ok"), await AskAsync(hub.Stranger, Live));
        Assert.Equal(202, (await hub.PostAsync("/api/v1/intake/crm", Records.Envelope("k1", Records.Account("001A")))).Status);
    }

    [Fact]
    public async Task Should_not_be_restarted_because_its_store_is_away()
    {
        await using var broken = await HubUnderTest.StartAsync(decorate: store =>
            FailingStore.Of(store, nameof(IHubStore.CountAsync), () => new StoreUnavailableException("away", new IOException("away"))));
        Assert.Equal((503, "store-unavailable"), await AskAsync(broken.Stranger, Health));
        Assert.Equal((200, "ok"), await AskAsync(broken.Stranger, Live));
    }

    [Fact]
    public async Task Should_work_on_until_its_notice_is_over()
    {
        var folder = Directory.CreateTempSubdirectory("throughline-test-");
        try
        {
            var clock = new ManualClock(new DateTimeOffset(2026, 11, 20, 18, 0, 0, TimeSpan.Zero));
            // Nobody else in the hub waits for that long.
            var notice = TimeSpan.FromSeconds(37);
            var line = $"serve --landscape {HubUnderTest.DemoLandscape} --data {folder.FullName} --urls http://127.0.0.1:0 --notice {notice.TotalSeconds:0}";
            using var hub = await CommandRun.UpAsync(line, "Token:", Environment, clock);
            using var client = new HttpClient { BaseAddress = new Uri(Regex.Match(hub.Output, @"Status page: +(\S+)").Groups[1].Value) };
            Assert.Equal((200, "ok"), await AskAsync(client, Health));

            var stopped = hub.StopAsync();
            await clock.ArmedAsync(notice, notice, "the hub waits until its notice is over");
            Assert.Equal((503, "stopping"), await AskAsync(client, Health));
            Assert.False(stopped.IsCompleted, "it was to work on");

            clock.Pass(notice);
            await stopped.Within("the hub stops after its notice");
            Assert.Equal(Exit.Ok, await stopped);
            await Assert.ThrowsAsync<HttpRequestException>(() => AskAsync(client, Live));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("61")]
    [InlineData("-1")]
    public async Task Should_not_take_a_notice_that_is_too_long(string notice)
    {
        var (exit, _, error) = await CommandRun.RunAsync($"serve --notice {notice}");
        Assert.Equal(Exit.Usage, exit);
        Assert.Contains("--notice must be from 0 to 60 seconds.", error, StringComparison.Ordinal);
    }

    private static Dictionary<string, string> Environment { get; } = new(StringComparer.Ordinal)
    {
        ["DEMO_SALESFORCE_URL"] = "http://127.0.0.1:9", ["DEMO_REDMINE_URL"] = "http://127.0.0.1:9", ["DEMO_TRYTON_URL"] = "http://127.0.0.1:9",
        ["DEMO_SALESFORCE_SECRET"] = "s", ["DEMO_SALESFORCE_HOOK_SECRET"] = HubUnderTest.HookSecret, ["DEMO_REDMINE_KEY"] = "k", ["DEMO_TRYTON_PASSWORD"] = "p",
    };

    private static async Task<(int Status, string? Says)> AskAsync(HttpClient client, Uri path)
    {
        using var response = await client.GetAsync(path, TestContext.Current.CancellationToken);
        var answer = await Answered.OfAsync(response);
        return (answer.Status, answer.Body.Text("status"));
    }
}
