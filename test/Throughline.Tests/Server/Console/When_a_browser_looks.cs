using Xunit;

namespace Throughline.Tests.Server.Console;

public sealed class When_a_browser_looks : IAsyncLifetime
{
    private HubUnderTest _hub = null!;

    public async ValueTask InitializeAsync() => _hub = await HubUnderTest.StartAsync();

    public ValueTask DisposeAsync() => _hub.DisposeAsync();

    [Fact]
    public async Task Should_get_a_plain_page_where_nothing_is()
    {
        foreach (var path in new[] { "/nope", "/engagement/006A", "/apis", "/favicon.ico" })
        {
            var page = await AskAsync(path, "text/html,application/xhtml+xml");
            Assert.Equal((404, "text/html"), (page.Status, page.ContentType));
            Assert.Contains("There is nothing here", page.Text, StringComparison.Ordinal);
            (await AskAsync(path, "*/*")).ShouldBeProblem(404, "unknown-address");
        }
    }

    [Theory]
    [InlineData("/api")]
    [InlineData("/API/v1/nope")]
    [InlineData("/api/v1/status")]
    [InlineData("/api/v1/cases/00000000000000000000000000000000")]
    [InlineData("/hooks/nope")]
    public async Task Should_not_learn_what_the_token_guards(string path) => (await AskAsync(path, "text/html")).ShouldBeProblem(401, "token-needed");

    [Fact]
    public async Task Should_read_whom_an_onboarding_is_about_also_on_a_narrow_screen()
    {
        await _hub.PostAsync("/api/v1/intake/crm", $"[{Records.Envelope("a", Records.Account("001A"))},{Records.Envelope("c", Records.Contract("800A"), "Contract")},"
            + $"{Records.Envelope("o", Records.Opportunity("006A", "001A", "800A", 90_000m), "Opportunity")}]");
        await _hub.UntilAsync("/api/v1/instances?process=customer-onboarding", each => each.Body.NestedList("instances").Count > 0, "the onboarding");
        var page = (await _hub.GetAsync("/")).Text;
        Assert.Matches("<td data-column=\"Customer\"><a href=\"/engagements/[0-9a-f]{32}\">Contoso Rail AG \\((001A|C-10001)\\)</a></td>", page);
        var style = (await _hub.GetAsync("/style.css")).Text;
        Assert.Contains("attr(data-column)", style, StringComparison.Ordinal);
        Assert.Contains("width=device-width", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_read_deals_apart_from_customers_and_what_happened_before_what_stands_where()
    {
        await _hub.PostAsync("/api/v1/intake/crm", $"[{Records.Envelope("a", Records.Account("001A"))},{Records.Envelope("c", Records.Contract("800A"), "Contract")},"
            + $"{Records.Envelope("o", Records.Opportunity("006A", "001A", "800A", 90_000m), "Opportunity")}]");
        await _hub.UntilAsync("/api/v1/instances?process=customer-onboarding", each => each.Body.NestedList("instances").Count > 0, "the onboarding");
        var page = (await _hub.GetAsync("/")).Text;
        var deals = page.IndexOf("<h2>Deals (Lead to project)</h2>", StringComparison.Ordinal);
        var customers = page.IndexOf("<h2>Customer onboarding</h2>", StringComparison.Ordinal);
        Assert.True(deals > 0 && customers > deals, page);
        Assert.Contains("Large deal", page[deals..customers], StringComparison.Ordinal);
        Assert.DoesNotContain("Contoso Rail AG (", page[deals..customers], StringComparison.Ordinal);
        Assert.DoesNotContain("Large deal", page[customers..], StringComparison.Ordinal);
        Assert.DoesNotContain("<th>Project</th>", page[customers..], StringComparison.Ordinal);

        var deal = (await _hub.GetAsync("/engagements/006A")).Text;
        Assert.Matches("(?s)<h2>What happened</h2>.*<h2>Lead to project: running</h2>.*<h2>In each system</h2>", deal);
    }

    [Fact]
    public async Task Should_say_that_nothing_is_set_up_yet() =>
        Assert.Matches("(?s)<h2>Deals \\(Lead to project\\)</h2><p class=\"note\">None yet.</p>", (await _hub.GetAsync("/")).Text);

    private async Task<Answered> AskAsync(string path, string accept)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        request.Headers.Accept.ParseAdd(accept);
        return await Answered.OfAsync(await _hub.Stranger.SendAsync(request));
    }
}
