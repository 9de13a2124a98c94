using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Throughline.Model;

namespace Throughline.Server.Cli.Demo;

/// <summary>Reads records of a real Tryton, with nothing of the connector.</summary>
internal sealed class DemoTryton(HttpClient client, Uri address, string database, string user, string password)
{
    public async Task<IReadOnlyList<Fields>> AllAsync(string model, string field, string contains, CancellationToken cancellation)
    {
        using var login = await CallAsync(null, "common.db.login", [user, new JsonObject { ["password"] = password }, "en"], cancellation);
        var pair = login.RootElement.GetProperty("result");
        var session = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{pair[0]}:{pair[1]}"));
        string[] names = model switch
        {
            "project.work" => [field, "type"],
            "timesheet.line" => [field, "duration"],
            "account.invoice" => [field, "state", "untaxed_amount"],
            _ => [field],
        };
        using var found = await CallAsync(session, $"model.{model}.search_read",
        [
            new JsonArray(new JsonArray(field, "ilike", $"%{contains}%")), 0, null, null, new JsonArray([.. names]),
            new JsonObject { ["active_test"] = false },
        ], cancellation);
        return Fields.Parse(found.RootElement.GetRawText()).NestedList("result");
    }

    // Tryton answers errors with 200 and an "error" member.
    private async Task<JsonDocument> CallAsync(string? session, string method, JsonArray parameters, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, $"/{database}/"))
        {
            Content = new StringContent(new JsonObject { ["id"] = 1, ["method"] = method, ["params"] = parameters }.ToJsonString(), Encoding.UTF8,
                "application/json"),
        };
        request.Headers.Authorization = session is null ? null : new AuthenticationHeaderValue("Session", session);
        using var answer = await client.SendAsync(request, cancellation);
        var body = JsonDocument.Parse(await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync(cancellation));
        return body.RootElement.TryGetProperty("result", out _) ? body : throw new HttpRequestException($"{method} was refused.");
    }
}
