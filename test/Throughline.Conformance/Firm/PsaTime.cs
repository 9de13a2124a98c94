using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Throughline.Sandbox.Redmine;

namespace Throughline.Conformance.Firm;

/// <summary>Time in the PSA stand-in, as people book and change it there.</summary>
public static class PsaTime
{
    /// <summary>Books hours on an issue, or on a project alone; returns the id of the line in the PSA.</summary>
    public static async Task<int> BookAsync(
        this RedmineSandbox psa, int person, JsonNode? issue, decimal hours, bool isApproved, string date, int? project = null, string note = "workshop")
    {
        await psa.JoinAsync(person, project ?? issue!["project"]!["id"]!.GetValue<int>());
        var line = new JsonObject
        {
            ["user_id"] = person, ["hours"] = hours.ToString(CultureInfo.InvariantCulture), ["spent_on"] = date, ["activity_id"] = 9, ["comments"] = note,
            ["custom_fields"] = Approval(psa, isApproved),
        };
        line[issue is null ? "project_id" : "issue_id"] = issue is null ? project : issue["id"]!.GetValue<int>();
        var answer = await SendAsync(psa, HttpMethod.Post, "time_entries", new JsonObject { ["time_entry"] = line });
        return answer!["time_entry"]!["id"]!.GetValue<int>();
    }

    /// <summary>Changes a booked line, as a person does in the PSA.</summary>
    public static Task ChangeTimeAsync(this RedmineSandbox psa, int line, JsonObject changes) =>
        SendAsync(psa, HttpMethod.Put, $"time_entries/{line}", new JsonObject { ["time_entry"] = changes });

    public static Task ApproveTimeAsync(this RedmineSandbox psa, int line, bool isApproved) =>
        psa.ChangeTimeAsync(line, new JsonObject { ["custom_fields"] = Approval(psa, isApproved) });

    /// <summary>Makes a person a member of a project: Redmine takes time of members only.</summary>
    public static async Task JoinAsync(this RedmineSandbox psa, int person, int project)
    {
        if (!psa.Records("memberships").Any(member => member["user"]?["id"]?.GetValue<int>() == person && member["project"]?["id"]?.GetValue<int>() == project))
        {
            await SendAsync(psa, HttpMethod.Post, $"projects/{project}/memberships", new JsonObject
            {
                ["membership"] = new JsonObject { ["user_id"] = person, ["role_ids"] = new JsonArray(4) },
            });
        }
    }

    private static JsonArray Approval(RedmineSandbox psa, bool isApproved) =>
        [new JsonObject { ["id"] = psa.CustomFieldId("time_entry", "Approved"), ["value"] = isApproved ? "1" : "0" }];

    private static async Task<JsonNode?> SendAsync(RedmineSandbox psa, HttpMethod method, string path, JsonObject body)
    {
        using var client = new HttpClient { BaseAddress = psa.Address };
        using var request = new HttpRequestMessage(method, "/_sandbox/records/" + path) { Content = JsonContent.Create(body) };
        using var answer = await client.SendAsync(request, CancellationToken.None);
        var text = await answer.Content.ReadAsStringAsync(CancellationToken.None);
        return answer.IsSuccessStatusCode ? text.Length == 0 ? null : JsonNode.Parse(text) : throw new InvalidOperationException($"{(int)answer.StatusCode}: {text}");
    }
}
