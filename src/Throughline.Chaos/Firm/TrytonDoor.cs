using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;

namespace Throughline.Chaos.Firm;

/// <summary>Where a Tryton is, and who reads there.</summary>
internal sealed record TrytonLogin(Uri Address, string Database, string User, string Password);

/// <summary>A Tryton by its own JSON-RPC, for reading back and for tampering; a real one and the stand-in are the same to it. Goes round all faults.</summary>
internal sealed class TrytonDoor(HttpClient client, TrytonLogin login)
{
    private string? _session;

    public async Task<IReadOnlyList<JsonNode>> FindAsync(string model, string field, string sign, string value, params string[] names) =>
        [.. ((JsonArray)(await CallAsync($"model.{model}.search_read", new JsonArray(new JsonArray(field, sign, value)), 0, null, null, new JsonArray([.. names])))!)
            .Select(row => row!)];

    public async Task<int> CountAsync(string model, string field, string sign, string value) =>
        (int)(await CallAsync($"model.{model}.search_count", new JsonArray(new JsonArray(field, sign, value))))!;

    public async Task<long> AddAsync(string model, JsonObject values) => (long)(await CallAsync($"model.{model}.create", new JsonArray(values)))![0]!;

    public Task ChangeAsync(string model, long id, JsonObject values) => CallAsync($"model.{model}.write", new JsonArray(id), values);

    public Task RemoveAsync(string model, long id) => CallAsync($"model.{model}.delete", new JsonArray(id));

    // Faults end sessions; then one more is opened.
    private async Task<JsonNode?> CallAsync(string method, params JsonNode?[] parameters)
    {
        for (var isSecond = false; ; isSecond = true)
        {
            _session ??= await LoginAsync();
            using var request = Request(method, [.. parameters.Select(parameter => parameter?.DeepClone()), new JsonObject { ["company"] = 1, ["active_test"] = false }]);
            request.Headers.Authorization = new AuthenticationHeaderValue("Session", _session);
            using var answer = await client.SendAsync(request);
            if (answer.StatusCode == HttpStatusCode.Unauthorized && !isSecond)
            {
                _session = null;
                continue;
            }

            var body = await answer.Content.ReadAsStringAsync();
            // Tryton answers errors with 200 and an "error" member.
            return answer.IsSuccessStatusCode && JsonNode.Parse(body) is JsonObject envelope && envelope.ContainsKey("result") ? envelope["result"]?.DeepClone()
                : throw new HttpRequestException($"the ERP answered {method} with {(int)answer.StatusCode}: {body[..Math.Min(body.Length, 300)]}");
        }
    }

    private async Task<string> LoginAsync()
    {
        using var request = Request("common.db.login", [login.User, new JsonObject { ["password"] = login.Password }, "en"]);
        using var answer = await client.SendAsync(request);
        var pair = JsonNode.Parse(await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync())!["result"]!;
        return Convert.ToBase64String(Encoding.UTF8.GetBytes($"{login.User}:{pair[0]}:{pair[1]}"));
    }

    private HttpRequestMessage Request(string method, JsonArray parameters) => new(HttpMethod.Post, new Uri(login.Address, $"/{login.Database}/"))
    {
        Content = JsonContent.Create(new JsonObject { ["id"] = 1, ["method"] = method, ["params"] = parameters }),
    };
}
