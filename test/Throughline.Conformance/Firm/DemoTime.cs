using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Throughline.Conformance.Firm;

/// <summary>People who book time in the PSA of the demo firm.</summary>
public static class DemoTime
{
    /// <summary>Somebody whom both the PSA and the ERP know.</summary>
    public static int Person(this DemoFirm firm, string firstName = "Ada", string lastName = "Lambert") =>
        firm.Psa.AddPerson(firstName.ToLowerInvariant(), firstName, lastName);

    /// <summary>Books hours on an issue; returns the id of the line in the PSA.</summary>
    public static async Task<int> BookAsync(
        this DemoFirm firm, int person, JsonNode? issue, decimal hours, bool isApproved = true, string date = "2026-06-17", int? project = null)
    {
        await firm.JoinAsync(person, project ?? issue!["project"]!["id"]!.GetValue<int>());
        var line = new JsonObject
        {
            ["user_id"] = person, ["hours"] = hours.ToString(CultureInfo.InvariantCulture), ["spent_on"] = date, ["activity_id"] = 9, ["comments"] = "workshop",
            ["custom_fields"] = Approval(firm, isApproved),
        };
        line[issue is null ? "project_id" : "issue_id"] = issue is null ? project : issue["id"]!.GetValue<int>();
        var answer = await SendAsync(firm, HttpMethod.Post, "time_entries", new JsonObject { ["time_entry"] = line });
        return answer!["time_entry"]!["id"]!.GetValue<int>();
    }

    /// <summary>Changes a booked line, as a person does in the PSA.</summary>
    public static Task ChangeTimeAsync(this DemoFirm firm, int line, JsonObject changes) =>
        SendAsync(firm, HttpMethod.Put, $"time_entries/{line}", new JsonObject { ["time_entry"] = changes });

    public static Task ApproveTimeAsync(this DemoFirm firm, int line, bool isApproved) =>
        firm.ChangeTimeAsync(line, new JsonObject { ["custom_fields"] = Approval(firm, isApproved) });

    /// <summary>Timesheet lines, as the ERP itself lists them.</summary>
    public static IReadOnlyList<JsonObject> TimesheetLines(this DemoFirm firm) => [.. firm.Erp.Records("timesheet.line").OfType<JsonObject>()];

    /// <summary>Makes a person a member of a project: Redmine takes time of members only.</summary>
    public static async Task JoinAsync(this DemoFirm firm, int person, int project)
    {
        if (!firm.Psa.Records("memberships").Any(member => member["user"]?["id"]?.GetValue<int>() == person && member["project"]?["id"]?.GetValue<int>() == project))
        {
            await SendAsync(firm, HttpMethod.Post, $"projects/{project}/memberships", new JsonObject
            {
                ["membership"] = new JsonObject { ["user_id"] = person, ["role_ids"] = new JsonArray(4) },
            });
        }
    }

    private static JsonArray Approval(DemoFirm firm, bool isApproved) =>
        [new JsonObject { ["id"] = firm.Psa.CustomFieldId("time_entry", "Approved"), ["value"] = isApproved ? "1" : "0" }];

    private static async Task<JsonNode?> SendAsync(DemoFirm firm, HttpMethod method, string path, JsonObject body)
    {
        using var client = new HttpClient { BaseAddress = firm.Psa.Address };
        using var request = new HttpRequestMessage(method, "/_sandbox/records/" + path) { Content = JsonContent.Create(body) };
        using var answer = await client.SendAsync(request, CancellationToken.None);
        var text = await answer.Content.ReadAsStringAsync(CancellationToken.None);
        return answer.IsSuccessStatusCode ? text.Length == 0 ? null : JsonNode.Parse(text) : throw new InvalidOperationException($"{(int)answer.StatusCode}: {text}");
    }
}
