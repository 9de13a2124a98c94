using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Throughline.Model;
using Throughline.Sandbox.Salesforce;
using Xunit;

namespace Throughline.Tests.Sandbox.Salesforce;

/// <summary>A sandbox and a plain HTTP client, for tests that look at the wire itself.</summary>
public abstract class SalesforceWire : IAsyncLifetime
{
    protected const string Root = "/services/data/v60.0";

    private readonly HttpClient _client = new();

    protected SalesforceSandbox Sandbox { get; } = new();

    public async ValueTask InitializeAsync()
    {
        await Sandbox.StartAsync();
        _client.BaseAddress = Sandbox.Address;
        await SignInAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await Sandbox.DisposeAsync();
    }

    protected async Task SignInAsync()
    {
        var answer = await TokenAsync(("grant_type", "client_credentials"), ("client_id", Sandbox.ClientId), ("client_secret", Sandbox.ClientSecret));
        _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", answer.Body!.Text("access_token"));
    }

    protected async Task<WireAnswer> TokenAsync(params (string Name, string Value)[] form)
    {
        using var content = new FormUrlEncodedContent(form.ToDictionary(pair => pair.Name, pair => pair.Value));
        using var response = await _client.PostAsync(new Uri("/services/oauth2/token", UriKind.Relative), content);
        return await WireAnswer.OfAsync(response);
    }

    protected async Task<WireAnswer> SendAsync(string method, string path, string? body = null, (string Name, string Value)? header = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path.StartsWith('/') ? path : $"{Root}/{path}", UriKind.Relative));
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        if (header is { } extra)
        {
            request.Headers.TryAddWithoutValidation(extra.Name, extra.Value);
        }

        using var response = await _client.SendAsync(request);
        return await WireAnswer.OfAsync(response);
    }

    protected Task<WireAnswer> QueryAsync(string soql, string resource = "query") => SendAsync("GET", $"{resource}?q={Uri.EscapeDataString(soql)}");

    protected string Deal(string name, string stage = "Prospecting", decimal? amount = null, string? account = null) =>
        Sandbox.Insert("Opportunity", Fields.Of(
        ("Name", name), ("StageName", stage), ("CloseDate", "2026-11-20"), ("Amount", amount), ("AccountId", account)));

    protected sealed record WireAnswer(HttpStatusCode Status, string Text, HttpResponseHeaders Headers)
    {
        public Fields? Body => Text.StartsWith('{') ? Fields.Parse(Text) : null;

        public IReadOnlyList<Fields> List => Fields.Parse($$"""{"v":{{Text}}}""").NestedList("v");

        public IEnumerable<string?> Names => Body!.NestedList("records").Select(record => record.Text("Name"));

        public void Refused(int status, string code)
        {
            Assert.Equal(status, (int)Status);
            Assert.Equal(code, List.Single().Text("errorCode"));
        }

        public static async Task<WireAnswer> OfAsync(HttpResponseMessage response) =>
            new(response.StatusCode, await response.Content.ReadAsStringAsync(), response.Headers);
    }
}
