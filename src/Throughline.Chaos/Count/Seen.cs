using System.Globalization;
using System.Text.Json.Nodes;
using Throughline.Chaos.Firm;

namespace Throughline.Chaos.Count;

/// <summary>A sale as the CRM has it.</summary>
internal sealed record SeenDeal(string Id, string Status, string? Project);

/// <summary>A project, issue or version of the PSA.</summary>
internal sealed record SeenPart(string Project, string Name);

/// <summary>A financial project of the ERP, or a task of one.</summary>
/// <param name="Parent">The financial project of a task.</param>
internal sealed record SeenWork(long Id, string Name, bool IsProject, long? Parent, long? Party);

/// <summary>A line of time in the PSA.</summary>
internal sealed record SeenTime(long Id, string Note, decimal Hours, bool IsApproved);

/// <summary>A timesheet line of the ERP.</summary>
internal sealed record SeenLine(long Id, string Note, decimal Hours, string Person, string Day, string Task);

/// <summary>What the hubs said of themselves at the end.</summary>
/// <param name="Open">Everything that still waits: counts that should be 0, by name; cases with what they say.</param>
/// <param name="Defects">Lines of their logs that speak of a defect.</param>
/// <param name="LedgerHours">Hours that were approved as the value ledger has them; null where no hub said so.</param>
internal sealed record SeenHubs(IReadOnlyList<string> Open, IReadOnlyList<string> Defects, decimal? LedgerHours);

/// <summary>What stands in the systems, read from each by its own interface. Nothing of the hub takes part in reading it.</summary>
internal sealed record Seen
{
    public required IReadOnlyList<SeenDeal> Deals { get; init; }

    /// <summary>Customers with a number of this run: their ids.</summary>
    public required IReadOnlyList<long> Customers { get; init; }

    /// <summary>Every tax id in the ERP, with whose it is.</summary>
    public required IReadOnlyList<(long Id, string TaxId, long Party)> TaxIds { get; init; }

    /// <summary>Code and name.</summary>
    public required IReadOnlyList<SeenPart> Projects { get; init; }

    public required IReadOnlyList<SeenPart> Issues { get; init; }

    public required IReadOnlyList<SeenPart> Versions { get; init; }

    public required IReadOnlyList<SeenWork> Works { get; init; }

    public required IReadOnlyList<string> CostCentres { get; init; }

    public required IReadOnlyList<SeenTime> Time { get; init; }

    public required IReadOnlyList<SeenLine> Lines { get; init; }

    public required SeenHubs Hubs { get; init; }

    public static async Task<Seen> ReadAsync(Books books, CrmDoor crm, RedmineDoor psa, TrytonDoor erp, SeenHubs hubs)
    {
        // Active ones, which are all that hubs make.
        var projects = (await psa.AllAsync($"/projects.json?status=1&name=~{books.ProjectPrefix}", "projects"))
            .Where(row => ((string)row["name"]!).StartsWith(books.ProjectPrefix, StringComparison.Ordinal)).ToArray();
        var versions = new List<SeenPart>();
        foreach (var project in projects)
        {
            var code = ((string)project["name"]!).Split(' ')[0];
            versions.AddRange((await psa.AllAsync($"/projects/{(string)project["identifier"]!}/versions.json?", "versions"))
                .Select(row => new SeenPart(code, (string)row["name"]!)));
        }

        var works = (await erp.FindAsync("project.work", "name", "like", books.ProjectPrefix + "%", "name", "type", "parent", "party")).Select(row =>
            new SeenWork(Id(row), (string)row["name"]!, (string?)row["type"] == "project", (long?)row["parent"], (long?)row["party"])).ToArray();
        return new Seen
        {
            Deals = [.. (await crm.AllAsync("Opportunity"))
                .Select(row => new SeenDeal((string)row["Id"]!, (string?)row["Hub_Status__c"] ?? "", (string?)row["Project_Number__c"]))],
            Customers = [.. (await erp.FindAsync("party.party", "code", "like", books.CustomerPrefix + "%", "code")).Select(Id)],
            TaxIds = [.. (await erp.FindAsync("party.identifier", "code", "like", "DE%", "code", "party")).Select(row => (Id(row), (string)row["code"]!, (long)row["party"]!))],
            Projects = [.. projects.Select(row => ((string)row["name"]!).Split(' ', 2)).Select(parts => new SeenPart(parts[0], parts[^1]))],
            Issues = [.. (await psa.AllAsync("/issues.json?status_id=*", "issues")).Select(row => (string)row["subject"]!)
                .Where(subject => subject.StartsWith(books.ProjectPrefix, StringComparison.Ordinal)).Select(subject => new SeenPart("", subject))],
            Versions = versions,
            Works = works,
            CostCentres = [.. (await erp.FindAsync("analytic_account.account", "code", "like", books.ProjectPrefix + "%", "code")).Select(row => (string)row["code"]!)],
            Time = [.. (await psa.AllAsync("/time_entries.json?", "time_entries")).Where(row => IsOurs(books, (string?)row["comments"])).Select(TimeOf)],
            Lines = [.. (await erp.FindAsync(
                "timesheet.line", "description", "like", books.Mark + "-%", "description", "duration", "date", "employee.party.name", "work.origin"))
                .Select(row => LineOf(row, works))],
            Hubs = hubs,
        };
    }

    private static long Id(JsonNode row) => (long)row["id"]!;

    private static bool IsOurs(Books books, string? note) => note?.StartsWith(books.Mark + "-", StringComparison.Ordinal) == true;

    private static SeenTime TimeOf(JsonNode row) => new(Id(row), (string)row["comments"]!, (decimal)row["hours"]!,
        ((JsonArray?)row["custom_fields"] ?? []).Any(field => (string?)field!["name"] == "Approved" && field["value"]?.ToString() == "1"));

    // Time stands on a place of its own in Tryton, which says whose place it is: "project.work,12".
    private static SeenLine LineOf(JsonNode row, SeenWork[] works) => new(
        Id(row), (string)row["description"]!, (decimal)row["duration"]!["seconds"]! / 3600, (string?)row["employee."]?["party."]?["name"] ?? "", Day(row["date"]!),
        works.FirstOrDefault(work => string.Create(CultureInfo.InvariantCulture, $"project.work,{work.Id}") == (string?)row["work."]?["origin"])?.Name ?? "");

    // Tryton's typed JSON.
    private static string Day(JsonNode date) => string.Create(CultureInfo.InvariantCulture, $"{(int)date["year"]!:0000}-{(int)date["month"]!:00}-{(int)date["day"]!:00}");
}
