using System.Net;
using Throughline.Model;
using Throughline.Server.Cli;
using Throughline.Tests.Server.Cli;
using Xunit;

namespace Throughline.Tests.Server;

public sealed class When_a_person_decides_about_a_case : IAsyncLifetime
{
    private const string Nasty = "<script>alert(1)</script>";
    private HubUnderTest _hub = null!;
    private Fields _case = null!;

    public async ValueTask InitializeAsync()
    {
        _hub = await HubUnderTest.StartAsync();
        await _hub.PostAsync("/api/v1/intake/crm",
            $"[{Records.Envelope("a", Records.Account("001A"))},{Records.Envelope("c", Records.Contract("800A"), "Contract")},"
            + $"{Records.Envelope("o", Records.Opportunity("006A", "001A", "800A", 300_000m, Nasty), "Opportunity")}]");
        var answer = await _hub.UntilAsync("/api/v1/cases?queue=finance-ops", each => each.Body.NestedList("cases").Count > 0, "the approval");
        _case = answer.Body.NestedList("cases")[0];
    }

    public ValueTask DisposeAsync() => _hub.DisposeAsync();

    [Fact]
    public async Task Should_show_it()
    {
        Assert.Equal(("approval", "open", "300,000.00 EUR"), (_case.Text("kind"), _case.Text("status"), _case.Money("amount")?.ToString()));
        Assert.Equal(_case.Text("id"), (await _hub.GetAsync($"/api/v1/cases/{_case.Text("id")}")).Body.Text("id"));
        (await _hub.GetAsync("/api/v1/cases/nonsense")).ShouldBeProblem(404, "unknown-case");
        (await _hub.GetAsync($"/api/v1/cases/{new string('0', 32)}")).ShouldBeProblem(404, "unknown-case");
    }

    [Fact]
    public async Task Should_not_let_the_seller_approve_and_tell_of_each_who_tried_once()
    {
        (await ActAsync("approve", "SAM", "I sold it")).ShouldBeProblem(403, "own-approval");
        (await ActAsync("approve", "sam", "please")).ShouldBeProblem(403, "own-approval");
        (await ActAsync("approve", "dana", "margin checked")).Body.Text("status");

        var trace = (await _hub.GetAsync("/api/v1/trace/006A")).Body.NestedList("engagements")[0];
        var told = Assert.Single(trace.NestedList("timeline"), entry => entry.Text("kind") == "not-approved");
        Assert.Equal(("SAM tried to approve and was refused: who asks does not approve.", "approval"), (told.Text("says"), told.Text("step")));
        Assert.Equal("engagement:006A", told.Text("scope"));
    }

    [Fact]
    public async Task Should_approve_once()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => ActAsync("approve", "dana", "margin checked")));
        Assert.All(answers, answer => Assert.Equal((200, "approved", "dana"), (answer.Status, answer.Body.Text("status"), answer.Body.Text("closedBy"))));
        (await ActAsync("reject", "eve", "no")).ShouldBeProblem(409, "case-closed");
        var trace = (await _hub.GetAsync("/api/v1/trace/006A")).Body.NestedList("engagements")[0];
        Assert.Single(trace.NestedList("timeline"), entry => entry.Text("text")!.StartsWith(
            "dana approved the case (name as stated by the caller with the hub's token, not proved): ", StringComparison.Ordinal));
        Assert.Single(trace.NestedList("closedCases"), item => item.Text("status") == "approved");
    }

    [Fact]
    public async Task Should_say_that_it_was_decided_before_by_whom_and_when()
    {
        Assert.Null((await ActAsync("approve", "dana", "margin checked")).Body.Text("unchanged"));
        const string Says = @"Nothing changed: the case was already approved by dana \(name as stated by the caller .*\) at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\.";
        Assert.Matches(Says, (await ActAsync("approve", "dana", "margin checked")).Body.Text("unchanged"));
        Assert.Matches(Says, (await ActAsync("approve", "eve", null)).Body.Text("detail"));
        var environment = new Dictionary<string, string> { ["THROUGHLINE_URL"] = _hub.Address.ToString(), ["THROUGHLINE_DATA"] = _hub.Folder };
        foreach (var by in new[] { "dana", "eve" })
        {
            var (exit, _, error) = await CommandRun.RunAsync($"cases approve {_case.Text("id")} --by {by}", environment);
            Assert.Equal(Exit.Unchanged, exit);
            Assert.Matches(Says, error);
        }

        Assert.Contains("approved by dana (stated by the caller with the hub's token, not proved)", (await CommandRun.RunAsync(
            $"cases show {_case.Text("id")}", environment)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_want_a_reason_for_a_rejection()
    {
        (await ActAsync("reject", "dana", null)).ShouldBeProblem(422, "invalid-action");
        (await ActAsync("approve", " ", null)).ShouldBeProblem(422, "invalid-action");
        (await _hub.PostAsync($"/api/v1/cases/{_case.Text("id")}/reject", "[]")).ShouldBeProblem(422, "invalid-action");
        (await _hub.PostAsync($"/api/v1/cases/{_case.Text("id")}/reject", "{")).ShouldBeProblem(400);
        Assert.Equal("rejected", (await ActAsync("reject", "dana", "too risky")).Body.Text("status"));
        await _hub.UntilAsync("/api/v1/trace/006A", answer =>
            answer.Body.NestedList("engagements")[0].Nested("standing")!.Text("state") is "undoing" or "undone", "the deal to be taken back");
    }

    [Fact]
    public async Task Should_take_only_what_the_case_offers()
    {
        (await ActAsync("retry", "dana", null)).ShouldBeProblem(409, "action-not-offered");
        (await ActAsync("delete", "dana", null)).ShouldBeProblem(404, "unknown-action");
        (await ActAsync("2", "dana", null)).ShouldBeProblem(404, "unknown-action");
    }

    [Fact]
    public async Task Should_show_pages_to_who_has_signed_in_and_escape_everything()
    {
        foreach (var path in new[] { "/", "/engagements/006A" })
        {
            using var turnedAway = await _hub.Stranger.GetAsync(new Uri(path, UriKind.Relative));
            Assert.Equal((HttpStatusCode.Redirect, "/login"), (turnedAway.StatusCode, turnedAway.Headers.Location?.ToString()));
        }

        using var wrong = await SignInAsync("tl_wrong");
        Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        using var signedIn = await SignInAsync(_hub.Token);
        var cookie = Assert.Single(signedIn.Headers.GetValues("Set-Cookie"));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(_hub.Token, cookie, StringComparison.Ordinal);
        foreach (var path in new[] { "/", "/engagements/006A" })
        {
            var page = await Answered.OfAsync(await WithCookieAsync(path, cookie));
            Assert.Equal((200, "text/html"), (page.Status, page.ContentType));
            Assert.DoesNotContain("<script", page.Text, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("&lt;script&gt;", page.Text, StringComparison.OrdinalIgnoreCase);
            Assert.Contains("default-src 'none'", page.Headers["Content-Security-Policy"], StringComparison.Ordinal);
        }

        Assert.Equal(404, (await Answered.OfAsync(await WithCookieAsync("/engagements/%3Cscript%3Enobody", cookie))).Status);
        (await Answered.OfAsync(await WithCookieAsync("/api/v1/status", cookie))).ShouldBeProblem(401);
    }

    private Task<Answered> ActAsync(string action, string by, string? reason) =>
        _hub.PostAsync($"/api/v1/cases/{_case.Text("id")}/{action}", Fields.Of(("by", by), ("reason", reason)).ToJson());

    private async Task<HttpResponseMessage> SignInAsync(string token)
    {
        using var form = new FormUrlEncodedContent(new Dictionary<string, string> { ["token"] = token });
        return await _hub.Stranger.PostAsync(new Uri("/login", UriKind.Relative), form);
    }

    private async Task<HttpResponseMessage> WithCookieAsync(string path, string cookie)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        request.Headers.Add("Cookie", cookie.Split(';')[0]);
        return await _hub.Stranger.SendAsync(request);
    }
}
