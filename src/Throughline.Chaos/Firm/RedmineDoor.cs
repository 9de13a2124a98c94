using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Throughline.Chaos.Firm;

/// <summary>A Redmine by its own REST API, for people who work there and for reading back; a real one and the stand-in are the same to it. Goes round all faults.</summary>
internal sealed class RedmineDoor(HttpClient client, Uri address, string key)
{
    private const int PageSize = 100;
    private const int ReadingsMax = 5;

    public Uri Address => address;

    public async Task<JsonNode> SendAsync(HttpMethod method, string path, JsonObject? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(address, path));
        request.Headers.Add("X-Redmine-API-Key", key);
        request.Content = body is null ? null : JsonContent.Create(body);
        using var answer = await client.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return !answer.IsSuccessStatusCode ? throw new HttpRequestException($"the PSA answered {method} {path} with {(int)answer.StatusCode}: {text}")
            : string.IsNullOrWhiteSpace(text) ? new JsonObject() : JsonNode.Parse(text)!;
    }

    public Task<JsonNode> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    /// <summary>How many rows a list has.</summary>
    public async Task<int> CountAsync(string path, string list) =>
        (int?)(await GetAsync($"{path}&limit=1"))["total_count"] ?? throw new HttpRequestException($"{list} has no count");

    /// <summary>All rows of a list, page by page, as they stood at one time.</summary>
    public async Task<IReadOnlyList<JsonNode>> AllAsync(string path, string list)
    {
        for (var reading = 0; reading < ReadingsMax; reading++)
        {
            var (rows, total) = (new List<JsonNode>(), 1);
            while (rows.Count < total)
            {
                var page = await GetAsync(string.Create(CultureInfo.InvariantCulture, $"{path}&limit={PageSize}&offset={rows.Count}"));
                var some = (JsonArray)page[list]!;
                rows.AddRange(some.Select(row => row!));
                total = some.Count == 0 ? 0 : (int?)page["total_count"] ?? 0;
            }

            // The pages shift when somebody adds or deletes one meanwhile.
            if (rows.DistinctBy(row => (long)row["id"]!).Count() == rows.Count)
            {
                return rows;
            }
        }

        throw new HttpRequestException($"its {list} changed while they were read, {ReadingsMax} times");
    }
}
