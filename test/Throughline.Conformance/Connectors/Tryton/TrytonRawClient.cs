using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Throughline.Conformance.Connectors.Tryton;

/// <summary>The smallest client of Tryton there can be, written without the connector so that checks do not share its errors.</summary>
public sealed class TrytonRawClient(Uri address, string database, string user, string password) : IDisposable
{
    private readonly HttpClient _http = new();
    private string? _session;

    /// <summary>Calls a model's method; the context is added. A lost session is opened again once, since checks end sessions themselves.</summary>
    public Task<JsonNode?> CallAsync(string method, params JsonNode?[] parameters) => CallAsync(new JsonObject { ["company"] = 1 }, method, parameters);

    public async Task<JsonNode?> CallAsync(JsonObject context, string method, params JsonNode?[] parameters)
    {
        for (var attempt = 0; ; attempt++)
        {
            _session ??= await LoginAsync();
            using var request = Request(method, [.. parameters.Select(parameter => parameter?.DeepClone()), context.DeepClone()]);
            request.Headers.Authorization = new AuthenticationHeaderValue("Session", _session);
            using var answer = await _http.SendAsync(request);
            if (answer.StatusCode == HttpStatusCode.Unauthorized && attempt == 0)
            {
                _session = null;
                continue;
            }

            var body = await answer.Content.ReadAsStringAsync();
            return answer.IsSuccessStatusCode && JsonNode.Parse(body) is JsonObject envelope && envelope.ContainsKey("result")
                ? envelope["result"]?.DeepClone()
                : throw new InvalidOperationException($"{method} was answered {(int)answer.StatusCode} {body[..Math.Min(body.Length, 500)]}");
        }
    }

    public async Task<JsonArray> SearchAsync(string model, JsonArray domain) =>
        (JsonArray)(await CallAsync($"model.{model}.search", domain, 0, null, null))!;

    public void Dispose() => _http.Dispose();

    private async Task<string> LoginAsync()
    {
        using var request = Request("common.db.login", [user, new JsonObject { ["password"] = password }, "en"]);
        using var answer = await _http.SendAsync(request);
        var body = await answer.Content.ReadAsStringAsync();
        if (!answer.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"the direct login as {user} was answered {(int)answer.StatusCode}");
        }

        var pair = JsonNode.Parse(body)!["result"]!;
        return Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{pair[0]}:{pair[1]}"));
    }

    private HttpRequestMessage Request(string method, JsonArray parameters) => new(HttpMethod.Post, new Uri(address, $"/{database}/"))
    {
        Content = new StringContent(new JsonObject { ["id"] = 7, ["method"] = method, ["params"] = parameters }.ToJsonString(), Encoding.UTF8,
            "application/json"),
    };
}
