using System.Globalization;
using Throughline.Chaos.Firm;

namespace Throughline.Chaos.Count;

/// <summary>One thing that must be so in the end, whatever struck.</summary>
/// <param name="Holds">In a sentence, for the report.</param>
/// <param name="Wrong">What is not so, each in a sentence; empty where all is well.</param>
internal sealed record Check(string Name, string Holds, Func<Books, Seen, IEnumerable<string>> Wrong)
{
    public static readonly IReadOnlyList<Check> All =
    [
        new("deals", "every deal that was won is active in the CRM, with a project number", DealsAreActive),
        new("numbers", "no project number was issued twice", NumbersAreOnce),
        new("customers", "the customer of every deal stands in the ERP once, by its tax id, and there is no other", CustomersAreOnce),
        new("projects", "every deal has one project in the PSA, with each workstream, task and milestone once", ProjectsAreOnce),
        new("strange-projects", "there is no project, issue or milestone in the PSA that belongs to no deal", NoStrangeProjects),
        new("financial-projects", "every deal has one financial project for each workstream, of its customer, with each task once and one cost centre", FinancialProjectsAreOnce),
        new("strange-financial-projects", "there is no financial project, task or cost centre in the ERP that belongs to no deal", NoStrangeWorks),
        new("time-entered", "the PSA has the time as people entered it, so that it is counted against the right thing", TimeIsAsEntered),
        new("approved-hours", "every approved hour stands in the ERP once: the same hours, person, day and task", ApprovedHoursAreOnce),
        new("other-hours", "no other hour stands there: neither unapproved, nor deleted, nor unknown ones", NoOtherHours),
        new("ledger", "the value ledger has every approved hour, and no other", LedgerHasTheHours),
        new("rest", "the hubs are at rest: nothing waits, nothing is in doubt, no case is open", HubsAreAtRest),
        new("defects", "no hub tells of a defect in its log, and none has set a message aside", NoDefects),
    ];

    private static IEnumerable<string> DealsAreActive(Books books, Seen seen)
    {
        var deals = seen.Deals.ToDictionary(deal => deal.Id, StringComparer.Ordinal);
        foreach (var deal in books.Deals)
        {
            if (!deals.TryGetValue(deal.Id, out var found) || found.Status != "Active" || found.Project is null)
            {
                yield return found is null ? $"{deal.Name} is not in the CRM" : $"{deal.Name} is '{found.Status}' in the CRM, with project {found.Project ?? "(none)"}";
            }
        }
    }

    private static IEnumerable<string> NumbersAreOnce(Books books, Seen seen) => seen.Deals.Where(deal => deal.Project is not null).GroupBy(deal => deal.Project)
        .Where(group => group.Count() > 1).Select(group => $"{group.Key} is the project number of {group.Count()} deals");

    private static IEnumerable<string> CustomersAreOnce(Books books, Seen seen)
    {
        foreach (var taxId in books.TaxIds)
        {
            var parties = seen.TaxIds.Where(entry => entry.TaxId == taxId).ToArray();
            if (parties.Length != 1 || !seen.Customers.Contains(parties[0].Party))
            {
                yield return Times(parties.Length, $"customer with tax id {taxId}");
            }
        }

        if (seen.Customers.Count != books.TaxIds.Length)
        {
            yield return $"{books.TaxIds.Length} customers bought, and the ERP has {seen.Customers.Count} with a number";
        }
    }

    private static IEnumerable<string> ProjectsAreOnce(Books books, Seen seen)
    {
        var projects = seen.Projects.ToLookup(project => project.Name, StringComparer.Ordinal);
        var issues = seen.Issues.ToLookup(issue => issue.Name, StringComparer.Ordinal);
        foreach (var deal in books.Deals)
        {
            var found = projects[deal.Name].ToArray();
            if (found.Length != 1)
            {
                yield return Times(found.Length, $"project in the PSA for {deal.Name}");
                continue;
            }

            var code = found[0].Project;
            foreach (var part in deal.Parts.SelectMany(part => part.Tasks.Prepend(part.Workstream)).Where(part => issues[code + part].Count() != 1))
            {
                yield return Times(issues[code + part].Count(), $"issue {code}{part} for {deal.Name}");
            }

            foreach (var milestone in deal.Milestones)
            {
                var count = seen.Versions.Count(version => version.Project == code && version.Name == code + milestone);
                if (count != 1)
                {
                    yield return Times(count, $"version {code}{milestone} for {deal.Name}");
                }
            }
        }
    }

    private static IEnumerable<string> NoStrangeProjects(Books books, Seen seen)
    {
        var (projects, issues, versions) = (
            books.Deals.Count, books.Deals.Sum(deal => deal.Parts.Sum(part => 1 + part.Tasks.Length)), books.Deals.Sum(deal => deal.Milestones.Count()));
        return Counted("projects in the PSA", projects, seen.Projects.Count).Concat(Counted("issues in the PSA", issues, seen.Issues.Count))
            .Concat(Counted("milestones in the PSA", versions, seen.Versions.Count));
    }

    private static IEnumerable<string> FinancialProjectsAreOnce(Books books, Seen seen)
    {
        var codes = seen.Deals.ToDictionary(deal => deal.Id, deal => deal.Project ?? "(no project number)", StringComparer.Ordinal);
        var works = seen.Works.ToLookup(work => work.Name, StringComparer.Ordinal);
        foreach (var deal in books.Deals)
        {
            var code = codes.GetValueOrDefault(deal.Id, "(not in the CRM)");
            foreach (var (workstream, tasks) in deal.Parts)
            {
                var found = works[code + workstream].Where(work => work.IsProject).ToArray();
                if (found.Length != 1)
                {
                    yield return Times(found.Length, $"financial project {code}{workstream} for {deal.Name}");
                    continue;
                }

                if (!seen.TaxIds.Any(entry => entry.TaxId == deal.TaxId && entry.Party == found[0].Party))
                {
                    yield return $"the financial project {code}{workstream} for {deal.Name} is not its customer's ({deal.TaxId})";
                }

                foreach (var task in tasks.Where(task => works[code + task].Count(work => work.Parent == found[0].Id) != 1))
                {
                    yield return Times(works[code + task].Count(work => work.Parent == found[0].Id), $"task {code}{task} below the financial project for {deal.Name}");
                }

                var centre = code + workstream[..3];
                if (seen.CostCentres.Count(each => each == centre) is not 1 and var centres)
                {
                    yield return Times(centres, $"cost centre {centre} for {deal.Name}");
                }
            }
        }
    }

    private static IEnumerable<string> NoStrangeWorks(Books books, Seen seen) =>
        Counted("financial projects and tasks in the ERP", books.Deals.Sum(deal => deal.Parts.Sum(part => 1 + part.Tasks.Length)), seen.Works.Count)
            .Concat(Counted("cost centres in the ERP", books.Deals.Sum(deal => deal.Parts.Count()), seen.CostCentres.Count));

    private static IEnumerable<string> TimeIsAsEntered(Books books, Seen seen)
    {
        var found = seen.Time.ToLookup(line => line.Note, StringComparer.Ordinal);
        return books.Time.Values.Where(line => line.IsDeleted ? found[line.Note].Any()
                : found[line.Note].Count() != 1 || found[line.Note].Single() is var only && (only.Hours != line.Hours || only.IsApproved != line.IsApproved))
            .Select(line => $"the PSA does not have {line.Note} as it was entered")
            .Concat(Counted("lines of time in the PSA", books.Time.Values.Count(line => !line.IsDeleted), seen.Time.Count));
    }

    private static IEnumerable<string> ApprovedHoursAreOnce(Books books, Seen seen)
    {
        var lines = seen.Lines.ToLookup(line => line.Note, StringComparer.Ordinal);
        foreach (var time in books.Counting)
        {
            var found = lines[time.Note].ToArray();
            if (found.Length != 1)
            {
                yield return Times(found.Length, $"approved line {time.Note} ({Hours(time.Hours)} on {time.Task}) in the ERP");
            }
            else if (found[0] is var line && (line.Hours, line.Person, line.Day, line.Task) != (time.Hours, time.Person, time.Day, time.Task))
            {
                yield return $"{time.Note} is {Hours(time.Hours)} of {time.Person} on {time.Day}, {time.Task}; "
                    + $"the ERP has {Hours(line.Hours)} of {line.Person} on {line.Day}, {line.Task}";
            }
        }
    }

    private static IEnumerable<string> NoOtherHours(Books books, Seen seen)
    {
        var counting = books.Counting.Select(line => line.Note).ToHashSet(StringComparer.Ordinal);
        return seen.Lines.Where(line => !counting.Contains(line.Note)).Select(line => $"the ERP has {Hours(line.Hours)} for {line.Note}, which is not approved or was deleted");
    }

    private static IEnumerable<string> LedgerHasTheHours(Books books, Seen seen)
    {
        var approved = books.Counting.Sum(line => line.Hours);
        return seen.Hubs.LedgerHours == approved ? []
            : [$"{Hours(approved)} are approved, and the value ledger has {(seen.Hubs.LedgerHours is { } hours ? Hours(hours) : "not been asked")}"];
    }

    private static IEnumerable<string> HubsAreAtRest(Books books, Seen seen) => seen.Hubs.Open;

    private static IEnumerable<string> NoDefects(Books books, Seen seen) => seen.Hubs.Defects;

    private static IEnumerable<string> Counted(string what, int expected, int found) => expected == found ? [] : [$"there should be {expected} {what}, and there are {found}"];

    private static string Times(int count, string what) => string.Create(CultureInfo.InvariantCulture, $"{count} x {what}");

    private static string Hours(decimal hours) => hours.ToString("0.##", CultureInfo.InvariantCulture) + " h";
}
