using System.Text.Json.Nodes;
using Throughline.Chaos.Firm;

namespace Throughline.Chaos.Count;

/// <summary>Where a tampering hand gets at.</summary>
internal sealed record TamperedDoors(Books Books, CrmDoor Crm, RedmineDoor Psa, TrytonDoor Erp, string HubLog);

/// <summary>
/// A mistake that is made on purpose, in the systems themselves, once the count is done: a check that does not see it would not have seen the hub make it either.
/// </summary>
/// <param name="Check">The one that must see it.</param>
internal sealed record Tampering(string Name, string Check, Func<TamperedDoors, Seen, Task> DoAsync)
{
    /// <summary>In this order: each leaves the next one what it needs.</summary>
    public static readonly IReadOnlyList<Tampering> All =
    [
        new("an approved line is removed from the ERP", "approved-hours", (doors, seen) => doors.Erp.RemoveAsync("timesheet.line", seen.Lines[0].Id)),
        new("an approved line stands in the ERP twice", "approved-hours", (doors, seen) => LineAsync(doors, seen.Lines[0].Note)),
        new("hours of a line are changed in the ERP", "approved-hours", (doors, seen) => doors.Erp.ChangeAsync(
            "timesheet.line", seen.Lines[2].Id, new JsonObject { ["duration"] = Seconds(23 * 3600) })),
        new("a line that nobody approved is booked in the ERP", "other-hours", (doors, _) => LineAsync(doors, doors.Books.Mark + "-unknown")),
        new("hours are changed in the PSA after the count", "time-entered", (doors, seen) => doors.Psa.SendAsync(
            HttpMethod.Put, $"/time_entries/{seen.Time[0].Id}.json", new JsonObject { ["time_entry"] = new JsonObject { ["hours"] = seen.Time[0].Hours + 1 } })),
        new("a line of time is deleted in the PSA after the count", "time-entered", (doors, seen) => doors.Psa.SendAsync(
            HttpMethod.Delete, $"/time_entries/{seen.Time[^1].Id}.json")),
        new("a financial project stands in the ERP twice", "financial-projects", (doors, seen) => WorkAsync(doors, Project(seen).Name)),
        new("a financial project that no deal has", "strange-financial-projects", (doors, _) => WorkAsync(doors, doors.Books.ProjectPrefix + "99999-DE Germany")),
        new("a task is missing below a financial project", "financial-projects", (doors, seen) => doors.Erp.ChangeAsync(
            "project.work", seen.Works.Last(work => !work.IsProject).Id, new JsonObject { ["name"] = "renamed" })),
        new("a financial project is another customer's", "financial-projects", OtherCustomerAsync),
        new("a project stands in the PSA twice", "projects", (doors, seen) => ProjectAsync(doors, $"{seen.Projects[0].Project} {seen.Projects[0].Name}")),
        new("a project that no deal has", "strange-projects", (doors, _) => ProjectAsync(doors, doors.Books.ProjectPrefix + "99999 Nobody's")),
        new("an issue of a project is missing in the PSA", "projects", RemoveIssueAsync),
        new("a customer stands in the ERP twice", "customers", CustomerAsync),
        new("a customer is missing in the ERP", "customers", (doors, seen) => doors.Erp.RemoveAsync(
            "party.identifier", seen.TaxIds.First(entry => entry.TaxId == doors.Books.TaxIds[^1]).Id)),
        new("a deal is not active in the CRM", "deals", (doors, _) => doors.Crm.ChangeAsync(
            "Opportunity", doors.Books.Deals.Last().Id, new JsonObject { ["Hub_Status__c"] = "In Setup" })),
        new("two deals have one project number", "numbers", (doors, seen) => doors.Crm.ChangeAsync(
            "Opportunity", doors.Books.Deals.First().Id, new JsonObject { ["Project_Number__c"] = seen.Deals.First(deal => deal.Id == doors.Books.Deals.Last().Id).Project })),
        new("a hub tells of a defect", "defects", (doors, _) => File.AppendAllTextAsync(doors.HubLog, "{\"Message\":\"TL2001 defect made on purpose\"}\n")),
    ];

    /// <summary>There is something to make each mistake with; a run of seconds may have too little.</summary>
    public static bool HasEnough(Books books, Seen seen) => seen.Lines.Count >= 5 && seen.Projects.Count >= 3 && books.TaxIds.Length >= 2;

    private static SeenWork Project(Seen seen) => seen.Works.First(work => work.IsProject);

    private static IEnumerable<(long Id, string TaxId, long Party)> OursOf(TamperedDoors doors, Seen seen) =>
        seen.TaxIds.Where(entry => doors.Books.TaxIds.Contains(entry.TaxId, StringComparer.Ordinal));

    private static JsonObject Seconds(int seconds) => new() { ["__class__"] = "timedelta", ["seconds"] = seconds };

    private static Task<long> WorkAsync(TamperedDoors doors, string name) =>
        doors.Erp.AddAsync("project.work", new JsonObject { ["name"] = name, ["type"] = "project", ["company"] = 1 });

    private static async Task LineAsync(TamperedDoors doors, string note)
    {
        var like = (await doors.Erp.FindAsync("timesheet.line", "description", "like", doors.Books.Mark + "-%", "work", "employee", "date", "duration"))[0];
        await doors.Erp.AddAsync("timesheet.line", new JsonObject
        {
            ["work"] = (long)like["work"]!, ["employee"] = (long)like["employee"]!, ["date"] = like["date"]!.DeepClone(), ["duration"] = Seconds(3600), ["description"] = note,
        });
    }

    private static Task<JsonNode> ProjectAsync(TamperedDoors doors, string name) => doors.Psa.SendAsync(HttpMethod.Post, "/projects.json", new JsonObject
    {
        ["project"] = new JsonObject { ["name"] = name, ["identifier"] = $"x-{doors.Books.Mark.ToLowerInvariant()}-{Math.Abs(name.Length)}" },
    });

    private static async Task RemoveIssueAsync(TamperedDoors doors, Seen seen)
    {
        // Of a deal that no mistake was made with before.
        var name = seen.Issues.First(issue => !issue.Name.StartsWith(seen.Projects[0].Project, StringComparison.Ordinal)).Name;
        var issues = await doors.Psa.AllAsync("/issues.json?status_id=*", "issues");
        await doors.Psa.SendAsync(HttpMethod.Delete, $"/issues/{(long)issues.First(issue => (string?)issue["subject"] == name)["id"]!}.json");
    }

    private static Task OtherCustomerAsync(TamperedDoors doors, Seen seen)
    {
        var work = seen.Works.Last(work => work.IsProject && work.Party is not null);
        return doors.Erp.ChangeAsync("project.work", work.Id, new JsonObject { ["party"] = seen.Customers.First(each => each != work.Party) });
    }

    private static async Task CustomerAsync(TamperedDoors doors, Seen seen)
    {
        var twin = await doors.Erp.AddAsync("party.party", new JsonObject { ["name"] = "Twin", ["code"] = doors.Books.CustomerPrefix + "99999" });
        await doors.Erp.AddAsync("party.identifier", new JsonObject { ["party"] = twin, ["code"] = OursOf(doors, seen).First().TaxId });
    }
}
