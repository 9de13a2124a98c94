using System.Security.Cryptography;
using Throughline.Connect;
using Throughline.Model;
using Throughline.Sandbox;
using Xunit;

namespace Throughline.Tests.Connectors.Salesforce;

public sealed class When_the_hub_signs_in : SalesforceBench
{
    [Fact]
    public async Task Should_say_who_it_is_and_how_many_requests_are_left()
    {
        var report = await Connect().TestAsync(default);
        Assert.True(report.Works, report.Summary);
        Assert.Contains("organisation 00D5g0000000001EAA as user " + Sandbox.RunAsId, report.Summary, StringComparison.Ordinal);
        Assert.Contains("99999 of 100000 requests left today (api-usage=1/100000)", report.Summary, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_sign_assertions_with_its_key()
    {
        using var key = RSA.Create(2048);
        Sandbox.PublicKeyPem = key.ExportSubjectPublicKeyInfoPem();
        Secrets["private_key"] = key.ExportPkcs8PrivateKeyPem();
        Assert.True((await Connect(("auth", "jwt"), ("username", Sandbox.Username)).TestAsync(default)).Works);

        var stranger = (await Connect(("auth", "jwt"), ("username", "nobody@firm.example")).TestAsync(default)).Failure;
        Assert.Contains("user hasn't approved this consumer", Assert.IsType<Failure.Authentication>(stranger).Message, StringComparison.Ordinal);
        Assert.Contains("username", (await Connect(("auth", "jwt")).TestAsync(default)).Summary, StringComparison.Ordinal);
        using var other = RSA.Create(2048);
        Secrets["private_key"] = other.ExportPkcs8PrivateKeyPem();
        Assert.IsType<Failure.Authentication>((await Connect(("auth", "jwt"), ("username", Sandbox.Username)).TestAsync(default)).Failure);
        Secrets["private_key"] = "-----BEGIN NONSENSE-----";
        Assert.Contains("private_key", (await Connect(("auth", "jwt"), ("username", Sandbox.Username)).TestAsync(default)).Summary, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_renew_a_refused_token_once_and_go_on_in_the_middle_of_a_read()
    {
        for (var i = 0; i < 10; i++)
        {
            Account($"A{i}");
        }

        Sandbox.Knobs.TokenUses = 3;
        var connector = Connect();
        Assert.Equal(10, (await ReadAsync(connector, "Account")).Select(record => record.ExternalId).Distinct().Count());

        // 2 descriptions and 4 pages: three calls with each token.
        Assert.Equal(2, Sandbox.Knobs.TokensIssued);
        Assert.Equal(2, Asked("POST", "/services/oauth2/token"));
    }

    [Fact]
    public async Task Should_share_one_token_among_calls_at_once()
    {
        var connector = Connect();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => connector.TestAsync(default)));
        Sandbox.ExpireTokens();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => connector.TestAsync(default)));
        Assert.Equal(2, Sandbox.Knobs.TokensIssued);
    }

    [Theory]
    [InlineData("This session is not valid for use with the REST API")]
    [InlineData("Connected app is not attached to Agent")]
    public async Task Should_not_ask_for_another_token_where_that_does_not_help(string message)
    {
        Answer("/limits", 401, $$"""[{"message":"{{message}}","errorCode":"INVALID_SESSION_ID"}]""", times: null);
        Assert.IsType<Failure.Authentication>((await Connect().TestAsync(default)).Failure);
        Assert.Equal(1, Asked("GET", "/limits"));
    }

    [Fact]
    public async Task Should_give_up_after_one_renewal()
    {
        Answer("/limits", 401, """[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]""", times: null);
        Assert.IsType<Failure.Authentication>((await Connect().TestAsync(default)).Failure);
        Assert.Equal(2, Asked("GET", "/limits"));
    }

    [Theory]
    [InlineData("http://elsewhere.example", typeof(Failure.Policy))]
    [InlineData("ftp://127.0.0.1", typeof(Failure.Policy))]
    [InlineData("", typeof(Failure.Unknown))]
    public async Task Should_send_nothing_to_an_instance_that_is_not_safe(string instance, Type expected)
    {
        Answer("/oauth2/token", 200, $$"""{"access_token":"00D!secret-token","instance_url":"{{instance}}","id":"x"}""");
        var failure = (await Connect().TestAsync(default)).Failure;
        Assert.IsType(expected, failure);
        Assert.Single(Sandbox.Faults.Requests);
    }

    [Fact]
    public async Task Should_send_a_token_only_to_the_instance_it_was_issued_for()
    {
        var connector = Connect();
        Assert.True((await connector.TestAsync(default)).Works);
        Sandbox.ExpireTokens();
        Answer("/oauth2/token", 200, """{"access_token":"00D!moved","instance_url":"http://127.0.0.1:9","id":"x"}""");
        var moved = (await connector.TestAsync(default)).Failure;
        Assert.Contains("moved to 127.0.0.1:9", Assert.IsType<Failure.Transient>(moved).Message, StringComparison.Ordinal);
        Assert.Equal(2, Asked("GET", "/limits"));
    }

    [Fact]
    public async Task Should_never_repeat_a_secret()
    {
        Answer("/oauth2/token", 400, """{"error":"invalid_client","error_description":"the secret sandbox-consumer-secret is wrong"}""");
        var connector = Connect();
        var failure = (await connector.TestAsync(default)).Failure!;
        Assert.DoesNotContain("sandbox-consumer-secret", failure.Message + failure.Evidence, StringComparison.Ordinal);
        Assert.Contains("***", failure.Evidence, StringComparison.Ordinal);

        Secrets.Remove("client_secret");
        var unset = (await connector.TestAsync(default)).Failure;
        Assert.Contains("client_secret", Assert.IsType<Failure.Authentication>(unset).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(400, """{"error":"invalid_grant","error_description":"login rate exceeded"}""", typeof(Failure.Throttled))]
    [InlineData(400, """{"error":"unknown_error","error_description":"retry your request"}""", typeof(Failure.Transient))]
    [InlineData(503, "<html>", typeof(Failure.Transient))]
    [InlineData(200, "<html>", typeof(Failure.Unknown))]
    [InlineData(400, """{"error":"invalid_grant","error_description":"inactive user"}""", typeof(Failure.Authentication))]
    public async Task Should_tell_a_busy_sign_in_from_a_refused_one(int status, string body, Type expected)
    {
        Answer("/oauth2/token", status, body);
        var receipt = Assert.Single(await WriteAsync(Connect(), Create("Account", Fields.Of(("Name", "A")))));
        Assert.IsType(expected, receipt.Failure);
        Assert.Equal(0, Asked("POST", "/sobjects"));
    }

    [Fact]
    public async Task Should_report_the_daily_limit_without_asking_again()
    {
        Sandbox.Knobs.RequestLimit = 0;
        Assert.Null(Assert.IsType<Failure.Throttled>((await Connect().TestAsync(default)).Failure).RetryAfter);
        Assert.Equal(1, Asked("GET", "/limits"));
    }
}
