using Throughline.Engine;
using Throughline.Server.Api.Access;
using Xunit;

namespace Throughline.Tests.Server;

public sealed class When_records_come_to_intake : IAsyncLifetime
{
    private const string Door = "/api/v1/intake/crm";
    private HubUnderTest _hub = null!;

    public async ValueTask InitializeAsync() => _hub = await HubUnderTest.StartAsync();

    public ValueTask DisposeAsync() => _hub.DisposeAsync();

    [Fact]
    public async Task Should_give_the_same_receipt_again()
    {
        var first = await _hub.PostAsync(Door, Records.Envelope("k1", Records.Account("001")));
        var second = await _hub.PostAsync(Door, Records.Envelope("k1", Records.Account("001")));
        Assert.Equal((202, "accepted"), (first.Status, first.Receipts[0].Text("status")));
        Assert.Equal((202, "duplicate"), (second.Status, second.Receipts[0].Text("status")));
        Assert.Equal(first.Receipts[0].Text("envelope"), second.Receipts[0].Text("envelope"));
    }

    [Fact]
    public async Task Should_show_both_fingerprints_of_a_conflict()
    {
        await _hub.PostAsync(Door, Records.Envelope("k1", Records.Account("001")));
        var answer = await _hub.PostAsync(Door,
            $"[{Records.Envelope("k1", Records.Account("001", "Other"))},{Records.Envelope("k2", Records.Account("002"))}]");
        answer.ShouldBeProblem(409, "key-conflict");
        Assert.Equal(["conflict", "accepted"], answer.Receipts.Select(receipt => receipt.Text("status")));
        Assert.NotEqual(answer.Receipts[0].Text("firstFingerprint"), answer.Receipts[0].Text("fingerprint"));
    }

    [Fact]
    public async Task Should_accept_one_of_many_at_the_same_time()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => _hub.PostAsync(Door, Records.Envelope("k1", Records.Account("001")))));
        Assert.Single(answers, answer => answer.Receipts[0].Text("status") == "accepted");
        Assert.Single(answers.Select(answer => answer.Receipts[0].Text("envelope")).Distinct());
    }

    [Fact]
    public async Task Should_be_open_to_the_token_only()
    {
        foreach (var path in new[] { Door, Door + "?token=" + _hub.Token, "/api/v1/cases/0/retry" })
        {
            using var content = new StringContent("{}", System.Text.Encoding.UTF8, "application/json");
            using var response = await _hub.Stranger.PostAsync(new Uri(path, UriKind.Relative), content);
            (await Answered.OfAsync(response)).ShouldBeProblem(401, "token-needed");
        }

        foreach (var authorization in new[] { "Bearer", "Bearer ", "Bearer tl_wrong", "Basic " + _hub.Token, "Bearer " + _hub.Token + "x" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/api/v1/status", UriKind.Relative));
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
            using var response = await _hub.Stranger.SendAsync(request);
            (await Answered.OfAsync(response)).ShouldBeProblem(401, "token-needed");
        }
    }

    [Fact]
    public async Task Should_refuse_the_name_of_another_site()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/health", UriKind.Relative)) { Headers = { Host = "evil.example" } };
        using var response = await _hub.Stranger.SendAsync(request);
        (await Answered.OfAsync(response)).ShouldBeProblem(421, "wrong-host");
    }

    [Fact]
    public void Should_keep_the_token_from_other_accounts()
    {
        Assert.StartsWith("tl_", _hub.Token, StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_hub.TokenFile));
        }
    }

    [Fact]
    public async Task Should_say_how_it_is_without_a_token()
    {
        using var response = await _hub.Stranger.GetAsync(new Uri("/health", UriKind.Relative));
        var answer = await Answered.OfAsync(response);
        Assert.Equal((200, "ok"), (answer.Status, answer.Body.Text("status")));
        Assert.Contains("SQLite", answer.Body.Text("store"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_show_status_lanes_and_processes()
    {
        var status = await _hub.GetAsync("/api/v1/status");
        Assert.Equal(["crm", "erp", "psa"], status.Body.NestedList("lanes").Select(lane => lane.Text("system")).Order(StringComparer.Ordinal));
        var processes = await _hub.GetAsync("/api/v1/processes");
        Assert.Contains(processes.Body.NestedList("processes"), process => process.Text("mermaid")!.StartsWith("flowchart", StringComparison.Ordinal));
        Assert.Equal(200, (await _hub.GetAsync("/api/v1/events?after=0")).Status);
        Assert.Equal(200, (await _hub.GetAsync("/api/v1/instances")).Status);
    }

    [Fact]
    public async Task Should_slow_down_who_sends_too_much()
    {
        await using var slow = await HubUnderTest.StartAsync(DoorLimits.Default with { RequestsPerSecond = 1 });
        var answers = await Task.WhenAll(Enumerable.Range(0, 20)
            .Select(i => slow.PostAsync(Door, Records.Envelope($"k{i}", Records.Account($"00{i}", taxId: null)))));
        var refused = answers.First(answer => answer.Status != 202);
        refused.ShouldBeProblem(429, "too-many-requests");
        Assert.True(int.Parse(refused.Headers["Retry-After"], System.Globalization.CultureInfo.InvariantCulture) > 0);
    }

    [Fact]
    public async Task Should_say_that_the_store_is_away()
    {
        await using var broken = await HubUnderTest.StartAsync(decorate: store =>
            FailingStore.Of(store, nameof(IHubStore.AppendAsync), () =>
                new StoreUnavailableException("disk full at /secret/place", new IOException("secret"))));
        var answer = await broken.PostAsync(Door, Records.Envelope("k1", Records.Account("001")));
        answer.ShouldBeProblem(503, "store-unavailable");
        Assert.True(answer.Headers.ContainsKey("Retry-After"));
        Assert.DoesNotContain("secret", answer.Text, StringComparison.Ordinal);
        // A store without room still answers questions; health must not be taken in by that.
        var health = await broken.GetAsync("/health");
        Assert.Equal((503, "store-unavailable"), (health.Status, health.Body.Text("status")));
    }

    [Fact]
    public async Task Should_give_a_defect_an_id_and_tell_nothing_of_the_inside()
    {
        await using var broken = await HubUnderTest.StartAsync(decorate: store =>
            FailingStore.Of(store, nameof(IHubStore.ListInstancesAsync), () => new InvalidOperationException("inside")));
        var answer = await broken.GetAsync("/api/v1/instances");
        answer.ShouldBeProblem(500, "defect");
        Assert.Equal(32, answer.Body.Text("id")!.Length);
        Assert.DoesNotContain("inside", answer.Text, StringComparison.Ordinal);
    }
}
