using System.Text;
using Xunit;

namespace Throughline.Tests.Server;

public sealed class When_garbage_comes_to_intake : IAsyncLifetime
{
    private const string Door = "/api/v1/intake/crm";
    private HubUnderTest _hub = null!;

    public async ValueTask InitializeAsync() => _hub = await HubUnderTest.StartAsync();

    public ValueTask DisposeAsync() => _hub.DisposeAsync();

    [Theory]
    [InlineData("")]
    [InlineData("   \r\n\t ")]
    [InlineData("{\"key\":\"a\"")]
    [InlineData("{\"key\":\"a\",\"kind\":\"Account\",\"record\":{\"Id\":")]
    [InlineData("{} {}")]
    [InlineData("[1],\"x\":[2]")]
    [InlineData("{\"a\":NaN}")]
    [InlineData("{\"a\":Infinity}")]
    [InlineData("{\"a\":1e400}")]
    [InlineData("{\"key\":\"a\",\"key\":\"b\"}")]
    [InlineData("{\"a\":\"\\ud800\"}")]
    [InlineData("{\"a\":01}")]
    [InlineData("// hello")]
    [InlineData("<xml/>")]
    [InlineData("key=a&kind=b")]
    public async Task Should_say_that_it_is_no_json(string body) => (await _hub.PostAsync(Door, body)).ShouldBeProblem(400, "malformed-json");

    [Fact]
    public async Task Should_say_where_the_mistake_is()
    {
        var answer = await _hub.PostAsync(Door, "{\n  \"key\": \"a\",\n  oops\n}");
        answer.ShouldBeProblem(400);
        Assert.Equal(3, answer.Body.Number("line"));
        Assert.Equal(3, answer.Body.Number("byte"));
    }

    [Fact]
    public async Task Should_refuse_text_that_is_not_utf8() =>
        (await _hub.PostAsync(Door, [.. "{\"key\":\""u8, 0xC3, 0x28, .. "\"}"u8])).ShouldBeProblem(400, "malformed-json");

    [Theory]
    [InlineData(63)]
    [InlineData(100)]
    [InlineData(100_000)]
    public async Task Should_refuse_deep_nesting(int depth) =>
        (await _hub.PostAsync(Door, Records.Envelope("k", $"{{\"Id\":\"1\",\"a\":{new string('[', depth)}{new string(']', depth)}}}")))
            .ShouldBeProblem(400, "malformed-json");

    [Theory]
    [InlineData("null")]
    [InlineData("1")]
    [InlineData("\"text\"")]
    [InlineData("[]")]
    [InlineData("[1, null]")]
    [InlineData("{}")]
    [InlineData("{\"key\":1,\"kind\":\"Account\",\"record\":{\"Id\":\"1\"}}")]
    [InlineData("{\"key\":\"\",\"kind\":\"Account\",\"record\":{\"Id\":\"1\"}}")]
    [InlineData("{\"key\":\"a\\u0000b\",\"kind\":\"Account\",\"record\":{\"Id\":\"1\"}}")]
    [InlineData("{\"key\":\"a\",\"kind\":[],\"record\":{\"Id\":\"1\"}}")]
    [InlineData("{\"key\":\"a\",\"kind\":\"Nothing\",\"record\":{\"Id\":\"1\"}}")]
    [InlineData("{\"key\":\"a\",\"kind\":\"Account\",\"record\":[]}")]
    [InlineData("{\"key\":\"a\",\"kind\":\"Account\",\"record\":{}}")]
    [InlineData("{\"key\":\"a\",\"kind\":\"Account\",\"record\":{\"Id\":1.5}}")]
    [InlineData("{\"key\":\"a\",\"kind\":\"Account\",\"record\":{\"Id\":{}}}")]
    [InlineData("{\"key\":\"a\",\"kind\":\"Account\",\"occurredAt\":\"yesterday\",\"record\":{\"Id\":\"1\"}}")]
    [InlineData("{\"key\":\"a\",\"kind\":\"Account\",\"occurredAt\":\"2026-06-01\",\"record\":{\"Id\":\"1\"}}")]
    [InlineData("{\"key\":\"a\",\"kind\":\"Account\",\"deleted\":\"yes\",\"record\":{\"Id\":\"1\"}}")]
    [InlineData("{\"key\":\"a\",\"kind\":\"Account\",\"colour\":\"red\",\"record\":{\"Id\":\"1\"}}")]
    public async Task Should_name_the_place_of_what_is_invalid(string body)
    {
        var answer = await _hub.PostAsync(Door, body);
        answer.ShouldBeProblem(422, "invalid-records");
        Assert.All(answer.Body.NestedList("problems"), problem => Assert.StartsWith("/", problem.Text("pointer"), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Should_point_into_the_list()
    {
        var good = Records.Envelope("one", Records.Account("001"));
        var answer = await _hub.PostAsync(Door, $"[{good},{Records.Envelope("two", Records.Account("002"))},{Records.Envelope("three", "{}")}]");
        answer.ShouldBeProblem(422);
        Assert.Equal("/2/record", answer.Body.NestedList("problems")[0].Text("pointer"));
        Assert.Equal("accepted", (await _hub.PostAsync(Door, good)).Receipts[0].Text("status"));
    }

    [Fact]
    public async Task Should_take_nothing_of_a_list_in_which_one_kind_is_unknown()
    {
        var good = Records.Envelope("one", Records.Account("001"));
        var answer = await _hub.PostAsync(Door, $"[{good},{Records.Envelope("two", Records.Account("002"), "Barter")}]");
        answer.ShouldBeProblem(422);
        Assert.Equal("/1/kind", answer.Body.NestedList("problems")[0].Text("pointer"));
        Assert.Equal("accepted", (await _hub.PostAsync(Door, good)).Receipts[0].Text("status"));
    }

    [Fact]
    public async Task Should_take_a_thousand_and_not_one_more()
    {
        string Item(int i) => Records.Envelope($"k{i}", Records.Account($"001{i}", taxId: null));
        string List(int count) => $"[{string.Join(",", Enumerable.Range(0, count).Select(Item))}]";
        (await _hub.PostAsync(Door, List(1_001))).ShouldBeProblem(422);
        var answer = await _hub.PostAsync(Door, List(1_000));
        Assert.Equal(202, answer.Status);
        Assert.Equal(1_000, answer.Receipts.Count(receipt => receipt.Text("status") == "accepted"));
    }

    [Fact]
    public async Task Should_refuse_a_long_key() => (await _hub.PostAsync(Door, Records.Envelope(new string('ä', 101), Records.Account("001"))))
        .ShouldBeProblem(422);

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/xml")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("garbage")]
    [InlineData("")]
    public async Task Should_refuse_other_content_types(string type) => (await _hub.PostAsync(Door, Records.Envelope("k", Records.Account("001")), type))
        .ShouldBeProblem(415, "wrong-content-type");

    [Fact]
    public async Task Should_refuse_compressed_bodies() => (await _hub.PostAsync(Door, [0x1f, 0x8b, 0x08], encoding: "gzip")).ShouldBeProblem(415);

    [Theory]
    [InlineData(9)]
    [InlineData(50)]
    public async Task Should_refuse_large_bodies(int mebibytes)
    {
        var body = Encoding.UTF8.GetBytes("{\"key\":\"" + new string('x', mebibytes << 20) + "\"}");
        (await _hub.PostAsync(Door, body)).ShouldBeProblem(413, "body-too-large");
    }

    [Theory]
    [InlineData("/api/v1/intake/nobody")]
    [InlineData("/api/v1/intake/..%2f..%2fetc")]
    public async Task Should_list_the_systems_that_there_are(string path)
    {
        var answer = await _hub.PostAsync(path, "{}");
        answer.ShouldBeProblem(404, "unknown-system");
        Assert.Contains("crm, erp, psa", answer.Body.Text("detail"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/api/v1/trace/%00")]
    [InlineData("/engagements/%00")]
    public async Task Should_refuse_addresses_that_are_none(string path) => Assert.Equal(400, (await _hub.GetAsync(path)).Status);

    [Theory]
    [InlineData("/api/v1/nothing")]
    [InlineData("/api/v2/status")]
    [InlineData("/favicon.ico")]
    public async Task Should_answer_unknown_addresses(string path) => (await _hub.GetAsync(path)).ShouldBeProblem(404, "unknown-address");

    [Fact]
    public async Task Should_answer_wrong_methods() => (await _hub.GetAsync(Door)).ShouldBeProblem(405);

    [Theory]
    [InlineData("/api/v1/cases?max=0")]
    [InlineData("/api/v1/cases?max=many")]
    [InlineData("/api/v1/cases?status=weird")]
    [InlineData("/api/v1/cases?status=1")]
    [InlineData("/api/v1/events?after=-1")]
    [InlineData("/api/v1/events?after=99999999999999999999")]
    [InlineData("/api/v1/instances?max=1e3")]
    public async Task Should_refuse_wrong_parameters(string path) => (await _hub.GetAsync(path)).ShouldBeProblem(400, "bad-query");

    [Theory]
    [InlineData("/api/v1/cases?after=nonsense&queue=%27%3B--")]
    [InlineData("/api/v1/instances?status=nonsense&process=%27&after=%00")]
    public async Task Should_live_with_odd_filters(string path) => Assert.True((await _hub.GetAsync(path)).Status < 500);

    [Theory]
    [InlineData("nonsense")]
    [InlineData("engagement:")]
    [InlineData(":")]
    [InlineData("%27%20or%201=1")]
    public async Task Should_not_know_odd_ids(string id) => (await _hub.GetAsync($"/api/v1/trace/{id}")).ShouldBeProblem(404);
}
