using System.Globalization;
using System.Net;
using System.Text;
using Throughline.Model;

namespace Throughline.Server.Cli.Demo;

/// <summary>People of the firm at work in a Redmine, through its own API and with nothing of the connector. A real one and a stand-in are the same to it.</summary>
internal sealed class DemoTimesheets(HttpClient client, Uri address, string key)
{
    private readonly HashSet<(long Person, string Project)> _members = [];
    private long? _role;
    private long? _activity;
    private long? _approved;

    /// <summary>The id of somebody with this name, who is entered where nobody has it.</summary>
    public async Task<long> PersonAsync(string firstName, string lastName, CancellationToken cancellation)
    {
        var people = (await SendAsync(HttpMethod.Get, $"/users.json?limit=100&name={firstName}", null, cancellation)).NestedList("users");
        var known = people.FirstOrDefault(person => person.Text("firstname") == firstName && person.Text("lastname") == lastName);
        if (known is null)
        {
            var login = firstName.ToLowerInvariant();
            var body = Fields.Of(("user", Fields.Of(
                ("login", login), ("firstname", firstName), ("lastname", lastName), ("mail", login + "@halden.example"), ("generate_password", true))));
            known = (await SendAsync(HttpMethod.Post, "/users.json", body, cancellation)).Nested("user")!;
        }

        return (long)known.Number("id")!;
    }

    /// <summary>Books hours of today; returns the id of the line.</summary>
    /// <param name="task">Null: on the project alone.</param>
    public async Task<string> BookAsync(
        long person, string project, string? task, decimal hours, DateOnly day, string note, bool isApproved, CancellationToken cancellation)
    {
        await JoinAsync(person, project, cancellation);
        _activity ??= await FirstAsync("/enumerations/time_entry_activities.json", "time_entry_activities", "Development", cancellation);
        var line = Fields.Of(
            ("user_id", person), ("project_id", Id(project)), ("hours", hours), ("spent_on", day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)), ("activity_id", _activity),
            ("comments", note), ("custom_fields", new[] { Fields.Of(("id", await ApprovedAsync(cancellation)), ("value", isApproved ? "1" : "0")) }));
        line = task is null ? line : line.With("issue_id", Id(task));
        var booked = await SendAsync(HttpMethod.Post, "/time_entries.json", Fields.Of(("time_entry", line)), cancellation);
        return booked.Nested("time_entry")!.Number("id")!.Value.ToString(CultureInfo.InvariantCulture);
    }

    public Task CorrectAsync(string line, decimal hours, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Put, $"/time_entries/{line}.json", Fields.Of(("time_entry", Fields.Of(("hours", hours)))), cancellation);

    // Redmine takes time of members only.
    private async Task JoinAsync(long person, string project, CancellationToken cancellation)
    {
        if (!_members.Add((person, project)))
        {
            return;
        }

        var members = (await SendAsync(HttpMethod.Get, $"/projects/{project}/memberships.json?limit=100", null, cancellation)).NestedList("memberships");
        if (members.All(member => member.Nested("user")?.Number("id") != person))
        {
            _role ??= await FirstAsync("/roles.json", "roles", "Developer", cancellation);
            await SendAsync(HttpMethod.Post, $"/projects/{project}/memberships.json",
                Fields.Of(("membership", Fields.Of(("user_id", person), ("role_ids", new object?[] { _role })))), cancellation);
        }
    }

    private async Task<long> ApprovedAsync(CancellationToken cancellation) => _approved ??= (long?)(await SendAsync(HttpMethod.Get, "/custom_fields.json", null, cancellation))
        .NestedList("custom_fields").FirstOrDefault(field => field.Text("name") == "Approved" && field.Text("customized_type") == "time_entry")?.Number("id")
        ?? throw new CommandFailedException($"The Redmine at {address} has no custom field Approved for spent time (Administration, Custom fields); the demo "
            + "marks approved hours with it.");

    private async Task<long> FirstAsync(string path, string list, string preferred, CancellationToken cancellation)
    {
        var all = (await SendAsync(HttpMethod.Get, path, null, cancellation)).NestedList(list);
        return all.Count > 0 ? (long)(all.FirstOrDefault(each => each.Text("name") == preferred) ?? all[0]).Number("id")!
            : throw new CommandFailedException($"The Redmine at {address} has none of its {list.Replace('_', ' ')}; the demo needs one to book time.");
    }

    private async Task<Fields> SendAsync(HttpMethod method, string path, Fields? body, CancellationToken cancellation)
    {
        try
        {
            using var request = new HttpRequestMessage(method, new Uri(address, path));
            request.Headers.Add("X-Redmine-API-Key", key);
            request.Content = body is null ? null : new StringContent(body.ToJson(), Encoding.UTF8, "application/json");
            using var answer = await client.SendAsync(request, cancellation);
            var text = await answer.Content.ReadAsStringAsync(cancellation);
            return answer.IsSuccessStatusCode ? string.IsNullOrWhiteSpace(text) ? Fields.Empty : Fields.Parse(text)
                : throw new CommandFailedException($"The PSA did not take what the demo's people entered ({method} {path}): {(int)answer.StatusCode} {text}"
                    + (answer.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized ? " Its API key must be an administrator's." : ""));
        }
        catch (HttpRequestException e)
        {
            throw new CommandFailedException($"The PSA at {address} cannot be reached: {e.Message}", Exit.Unreachable);
        }
    }

    private static long Id(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
