using System.Globalization;
using System.Text.Json.Nodes;

namespace Throughline.Chaos.Firm;

/// <summary>They book time in the PSA on tasks of projects that stand; leads approve it; and some of it is corrected, not approved any more, or deleted before it was.</summary>
internal sealed class Consultants(RedmineDoor psa, CrmDoor crm, Books books, Random random, DateTimeOffset start)
{
    private static readonly (string First, string Last)[] People = [("Ada", "Lambert"), ("Ben", "Okafor"), ("Chi", "Tanaka")];

    private readonly Dictionary<string, long> _people = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IReadOnlyList<JsonNode>> _tasks = new(StringComparer.Ordinal);
    private readonly HashSet<(string, string)> _members = [];
    private long _role;
    private long _activity;
    private long _approved;
    private int _number;

    /// <summary>Sees to it that the people are there.</summary>
    public async Task StartAsync()
    {
        foreach (var (first, last) in People)
        {
            var known = ((JsonArray)(await psa.GetAsync($"/users.json?limit=100&name={first}"))["users"]!)
                .FirstOrDefault(user => (string?)user!["firstname"] == first && (string?)user["lastname"] == last);
            known ??= (await psa.SendAsync(HttpMethod.Post, "/users.json", new JsonObject
            {
                ["user"] = new JsonObject
                {
                    ["login"] = first.ToLowerInvariant(), ["firstname"] = first, ["lastname"] = last, ["mail"] = first.ToLowerInvariant() + "@halden.example",
                    ["generate_password"] = true,
                },
            }))["user"];
            _people[$"{first} {last}"] = (long)known!["id"]!;
        }

        _role = await FirstAsync("/roles.json", "roles", "Developer");
        _activity = await FirstAsync("/enumerations/time_entry_activities.json", "time_entry_activities", "Development");
        _approved = (long)((JsonArray)(await psa.GetAsync("/custom_fields.json"))["custom_fields"]!)
            .First(field => (string?)field!["name"] == "Approved" && (string?)field["customized_type"] == "time_entry")!["id"]!;
    }

    /// <summary>One thing that somebody does; nothing where there is nothing to do.</summary>
    public async Task WorkAsync()
    {
        if (books.Time.Count > 10 && random.Next(5) == 0)
        {
            await CorrectAsync();
            return;
        }

        var numbers = (await crm.AllAsync("Opportunity")).Where(row => (string?)row["Hub_Status__c"] == "Active")
            .ToDictionary(row => (string)row["Id"]!, row => (string)row["Project_Number__c"]!, StringComparer.Ordinal);
        var open = books.Deals.Where(deal => deal.TimeLeft > 0 && numbers.ContainsKey(deal.Id)).ToArray();
        if (open.Length > 0)
        {
            var deal = open[random.Next(open.Length)];
            await BookAsync(numbers[deal.Id]);
            deal.TimeLeft--;
        }
    }

    /// <summary>Leads approve what they had left for later, so that the month can be closed; a few lines stay unapproved.</summary>
    public async Task CloseAsync()
    {
        foreach (var line in books.Time.Values.Where(line => !line.IsApproved && !line.IsDeleted && Number(line) % 3 != 0))
        {
            await ChangeAsync(line with { IsApproved = true });
        }
    }

    private static int Number(ChaosTime line) => int.Parse(line.Note[(line.Note.LastIndexOf('-') + 1)..], CultureInfo.InvariantCulture);

    private async Task BookAsync(string project)
    {
        if (!_tasks.TryGetValue(project, out var tasks))
        {
            var issues = await psa.AllAsync($"/issues.json?project_id={project.ToLowerInvariant()}&status_id=*", "issues");
            _tasks[project] = tasks = [.. issues.Where(issue => issue["parent"] is not null).OrderBy(issue => (string)issue["subject"]!, StringComparer.Ordinal)];
        }

        var person = _people.Keys.Order(StringComparer.Ordinal).ElementAt(random.Next(People.Length));
        await JoinAsync(person, project);
        var task = tasks[random.Next(tasks.Count)];
        var note = string.Create(CultureInfo.InvariantCulture, $"{books.Mark}-{++_number:00000}");
        var line = new ChaosTime(0, note, (string)task["subject"]!, person, start.AddDays(-random.Next(20)).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            random.Next(1, 33) * 0.25m, IsApproved: random.Next(4) != 0);
        var sent = Sent(line);
        sent["issue_id"] = (long)task["id"]!;
        sent["activity_id"] = _activity;
        sent["user_id"] = _people[person];
        sent["spent_on"] = line.Day;
        sent["comments"] = note;
        var booked = await psa.SendAsync(HttpMethod.Post, "/time_entries.json", new JsonObject { ["time_entry"] = sent });
        books.Time[note] = line with { Id = (long)booked["time_entry"]!["id"]! };
    }

    private async Task CorrectAsync()
    {
        var lines = books.Time.Values.Where(line => !line.IsDeleted).OrderBy(line => line.Note, StringComparer.Ordinal).ToArray();
        var line = lines[random.Next(lines.Length)];
        switch (random.Next(6))
        {
            // Redmine keeps no trace of what is deleted; so nobody deletes what had been approved (docs/limits.md).
            case 0 when !line.WasApproved:
                await psa.SendAsync(HttpMethod.Delete, $"/time_entries/{line.Id}.json");
                books.Time[line.Note] = line with { IsDeleted = true };
                break;
            case 1:
                await ChangeAsync(line with { IsApproved = !line.IsApproved });
                break;
            default:
                await ChangeAsync(line with { Hours = random.Next(1, 33) * 0.25m });
                break;
        }
    }

    private async Task ChangeAsync(ChaosTime line)
    {
        await psa.SendAsync(HttpMethod.Put, $"/time_entries/{line.Id}.json", new JsonObject { ["time_entry"] = Sent(line) });
        books.Time[line.Note] = line with { WasApproved = line.WasApproved || line.IsApproved };
    }

    private JsonObject Sent(ChaosTime line) => new()
    {
        ["hours"] = line.Hours,
        ["custom_fields"] = new JsonArray(new JsonObject { ["id"] = _approved, ["value"] = line.IsApproved ? "1" : "0" }),
    };

    // Redmine takes time of members only.
    private async Task JoinAsync(string person, string project)
    {
        if (_members.Add((person, project)))
        {
            await psa.SendAsync(HttpMethod.Post, $"/projects/{project.ToLowerInvariant()}/memberships.json",
                new JsonObject { ["membership"] = new JsonObject { ["user_id"] = _people[person], ["role_ids"] = new JsonArray(_role) } });
        }
    }

    private async Task<long> FirstAsync(string path, string list, string preferred)
    {
        var all = (JsonArray)(await psa.GetAsync(path))[list]!;
        return (long)(all.FirstOrDefault(each => (string?)each!["name"] == preferred) ?? all[0])!["id"]!;
    }
}
