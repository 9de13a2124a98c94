using System.Text;
using Throughline.Server.Api.Hooks;
using Xunit;

namespace Throughline.Tests.Server;

public sealed class When_webhooks_come : IAsyncLifetime
{
    private HubUnderTest _hub = null!;

    public async ValueTask InitializeAsync() => _hub = await HubUnderTest.StartAsync();

    public ValueTask DisposeAsync() => _hub.DisposeAsync();

    // The official example of the Standard Webhooks specification.
    [Fact]
    public void Should_sign_and_accept_the_official_example()
    {
        var at = DateTimeOffset.FromUnixTimeSeconds(1614265330);
        var key = WebhookSignature.KeyOf("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")!;
        var body = "{\"test\": 2432232314}"u8;
        const string Id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        const string Signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        Assert.Equal(Signature, WebhookSignature.Sign(key, Id, at, body));
        Assert.Null(WebhookSignature.Refusal(Id, "1614265330", Signature, body, [key], at));
    }

    [Fact]
    public async Task Should_take_a_signed_one_and_answer_its_repetition_alike()
    {
        var first = await _hub.HookAsync("msg_1", Message());
        var again = await _hub.HookAsync("msg_1", Message());
        Assert.Equal(202, first.Status);
        Assert.Equal((202, first.Text), (again.Status, again.Text));
    }

    [Fact]
    public async Task Should_make_one_of_ten_at_the_same_time()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => _hub.HookAsync("msg_1", Message())));
        Assert.Single(answers.Select(answer => answer.Text).Distinct());
    }

    [Fact]
    public async Task Should_take_any_declared_secret_and_any_of_several_signatures()
    {
        Assert.Equal(202, (await _hub.HookAsync("msg_1", Message(), HubUnderTest.OtherHookSecret)).Status);
        Assert.Equal(202, (await _hub.HookAsync("msg_2", Message(), before: "v1,AAAA v1a,BBBB garbage ")).Status);
    }

    [Theory]
    [InlineData(-301)]
    [InlineData(301)]
    public async Task Should_refuse_what_is_stale(int seconds) =>
        (await _hub.HookAsync("msg_1", Message(), at: TimeProvider.System.GetUtcNow().AddSeconds(seconds + (Math.Sign(seconds) * 5))))
            .ShouldBeProblem(401, "signature-stale");

    [Fact]
    public async Task Should_refuse_what_is_forged()
    {
        (await _hub.HookAsync("msg_1", Message(), "whsec_Zm9yZ2VkLXNlY3JldC1mb3JnZWQtc2VjcmV0LTAwMQ==")).ShouldBeProblem(401, "signature-wrong");
        (await _hub.HookAsync("msg_1", Message(), sent: Message().Replace("Contoso", "Fabrikam", StringComparison.Ordinal)))
            .ShouldBeProblem(401, "signature-wrong");
        Assert.Equal(202, (await _hub.HookAsync("msg_1", Message())).Status);
    }

    [Theory]
    [InlineData("", "1", "v1,x", "signature-missing")]
    [InlineData("a", "", "v1,x", "signature-missing")]
    [InlineData("a", "1", "", "signature-missing")]
    [InlineData("a", "yesterday", "v1,x", "signature-wrong")]
    [InlineData("a", "99999999999999999999", "v1,x", "signature-wrong")]
    [InlineData("a", "999999999999999999", "v1,x", "signature-wrong")]
    [InlineData("a", "-1", "v1,x", "signature-wrong")]
    public async Task Should_refuse_what_is_not_signed(string id, string time, string signature, string code)
    {
        using var content = new StringContent(Message(), Encoding.UTF8, "application/json");
        content.Headers.TryAddWithoutValidation(WebhookSignature.IdHeader, id);
        content.Headers.TryAddWithoutValidation(WebhookSignature.TimeHeader, time);
        content.Headers.TryAddWithoutValidation(WebhookSignature.SignatureHeader, signature);
        using var response = await _hub.Stranger.PostAsync(new Uri("/hooks/crm", UriKind.Relative), content);
        (await Answered.OfAsync(response)).ShouldBeProblem(401, code);
    }

    [Fact]
    public async Task Should_know_who_may_send()
    {
        (await _hub.HookAsync("msg_1", Message(), path: "/hooks/nobody")).ShouldBeProblem(404, "unknown-system");
        (await _hub.HookAsync("msg_1", Message(), path: "/hooks/erp")).ShouldBeProblem(404, "no-webhooks");
    }

    [Theory]
    [InlineData("{\"type\":")]
    [InlineData("")]
    [InlineData("{\"a\":NaN}")]
    public async Task Should_refuse_garbage_that_is_signed(string body) => (await _hub.HookAsync("msg_1", body)).ShouldBeProblem(400, "malformed-json");

    [Theory]
    [InlineData("[]")]
    [InlineData("1")]
    [InlineData("{}")]
    [InlineData("{\"type\":\"Account\",\"data\":{\"Id\":\"1\"}}")]
    [InlineData("{\"type\":\".updated\",\"data\":{\"Id\":\"1\"}}")]
    [InlineData("{\"type\":\"Nothing.updated\",\"data\":{\"Id\":\"1\"}}")]
    [InlineData("{\"type\":\"Account.updated\",\"data\":{}}")]
    [InlineData("{\"type\":\"Account.updated\",\"data\":[]}")]
    [InlineData("{\"type\":7,\"data\":{\"Id\":\"1\"}}")]
    public async Task Should_refuse_what_is_incomplete(string body) => (await _hub.HookAsync("msg_1", body)).ShouldBeProblem(422, "invalid-records");

    [Theory]
    [InlineData(2)]
    [InlineData(50)]
    public async Task Should_refuse_large_bodies(int mebibytes) => (await _hub.HookAsync("msg_1", new string('x', mebibytes << 20)))
        .ShouldBeProblem(413, "body-too-large");

    [Fact]
    public async Task Should_refuse_an_id_with_other_content()
    {
        await _hub.HookAsync("msg_1", Message());
        (await _hub.HookAsync("msg_1", Message("Other"))).ShouldBeProblem(409, "key-conflict");
        (await _hub.HookAsync(new string('i', 201), Message())).ShouldBeProblem(422);
    }

    private static string Message(string name = "Contoso Rail AG") =>
        $$"""{"type":"Account.updated","timestamp":"2026-06-01T09:00:00Z","data":{{Records.Account("001", name)}}}""";
}
