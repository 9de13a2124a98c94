using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Throughline.Chaos.Firm;

/// <summary>The CRM stand-in as its own people use it: the control door of its records, which no fault strikes.</summary>
internal sealed class CrmDoor(HttpClient client, Uri address)
{
    public async Task<string> AddAsync(string entity, JsonObject record)
    {
        using var answer = await client.PostAsJsonAsync(At(entity), record);
        return (string)(await ReadAsync(answer))!["id"]!;
    }

    public async Task ChangeAsync(string entity, string id, JsonObject changes)
    {
        using var answer = await client.PatchAsJsonAsync(At($"{entity}/{id}"), changes);
        await ReadAsync(answer);
    }

    public async Task<IReadOnlyList<JsonNode>> AllAsync(string entity)
    {
        using var answer = await client.GetAsync(At(entity));
        return [.. ((JsonArray)(await ReadAsync(answer))!).Select(row => row!)];
    }

    private Uri At(string path) => new(address, "/_sandbox/records/" + path);

    private static async Task<JsonNode?> ReadAsync(HttpResponseMessage answer)
    {
        var body = await answer.Content.ReadAsStringAsync();
        return !answer.IsSuccessStatusCode ? throw new HttpRequestException($"the CRM answered {(int)answer.StatusCode}: {body}")
            : body.Length == 0 ? null : JsonNode.Parse(body);
    }
}
