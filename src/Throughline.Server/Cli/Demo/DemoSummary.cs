using System.Globalization;
using Throughline.Model;

namespace Throughline.Server.Cli.Demo;

/// <summary>What came of it: the hub's view by deal, and what the systems themselves hold.</summary>
internal sealed class DemoSummary(DemoStage stage, DemoFirm firm, Terminal terminal)
{
    public async Task<bool> PrintAsync(CancellationToken cancellation)
    {
        terminal.Out.WriteLine();
        terminal.Out.WriteLine("What came of it");
        var rows = firm.Deals.Select(deal => new[]
        {
            deal.Name, deal.Amount.ToString("N2", CultureInfo.InvariantCulture), deal.State
                + (deal.IsAsExpected ? "" : $" (expected {deal.End.ToString().ToLowerInvariant()})"),
            Join(deal.Records("customer"), "number"), Join(deal.Records("project"), "number"), Join(Psa(deal), "externalId"), Join(Erp(deal), "externalId"),
            string.Join(", ", deal.Seen?.NestedList("openCases").Select(item => item.Text("queue")) ?? []),
        }).ToList();
        terminal.Out.Write(Table.Render(["Deal", "EUR", "Outcome", "Customer", "Project", "PSA id", "ERP projects", "Open cases"], rows, indent: 2));
        var counts = await CountAsync(cancellation);
        var wrong = firm.Deals.Where(deal => !deal.IsAsExpected).ToArray();
        terminal.Out.WriteLine();
        terminal.Out.WriteLine(wrong.Length == 0 && counts
            ? $"All {firm.Deals.Length} deals ended as expected."
            : $"NOT as expected: {string.Join(", ", wrong.Select(deal => deal.Name))}{(counts ? "" : " the counts in the systems differ")}");
        return wrong.Length == 0 && counts;
    }

    private async Task<bool> CountAsync(CancellationToken cancellation)
    {
        terminal.Out.WriteLine();
        terminal.Out.WriteLine("Counted in the systems themselves, without the hub");
        var customers = firm.Deals.SelectMany(deal => deal.Records("customer")).Select(record => record.Text("number")).Distinct().Count();
        var projects = firm.Deals.SelectMany(deal => Psa(deal)).Count();
        var financial = firm.Deals.SelectMany(deal => Erp(deal)).Count();
        var opportunities = firm.Deals.Count(deal => deal.Records("project").Any());
        var inCrm = (await stage.Crm.AllAsync("Opportunity", cancellation)).Count(row => row.Text("Project_Number__c") is { Length: > 0 });
        var numbers = firm.Deals.SelectMany(deal => deal.Records("customer")).Select(record => record.Text("number")).ToHashSet(StringComparer.Ordinal);
        var isRight = Compare("CRM: opportunities that show a project number", inCrm, opportunities);
        isRight &= await CompareAsync("PSA: projects", "psa", "projects", _ => true, projects, cancellation);
        isRight &= await CompareAsync("ERP: customers with a number of the hub", "erp", "party.party", row => numbers.Contains(row.Text("code")), customers,
            cancellation);
        isRight &= await CompareAsync("ERP: financial projects", "erp", "project.work", row => row.Text("type") == "project", financial, cancellation);
        return isRight;
    }

    private async Task<bool> CompareAsync(string what, string role, string kind, Func<Fields, bool> counts, int expected, CancellationToken cancellation)
    {
        if (await stage.Systems.RecordsAsync(role, kind, cancellation) is { } records)
        {
            return Compare(what, records.Count(counts), expected);
        }

        terminal.Out.WriteLine($"  {what}: not counted, a real server is read back by its own means");
        return true;
    }

    private bool Compare(string what, int found, int expected)
    {
        terminal.Out.WriteLine($"  {what}: {found}{(found == expected ? "" : $" (the hub says {expected})")}");
        return found == expected;
    }

    private static IEnumerable<Fields> Psa(Deal deal) => deal.Records("project")
        .Where(record => record.Text("entity") == "project" && record.Text("externalId") is not null);

    private static IEnumerable<Fields> Erp(Deal deal) => deal.Records("workstream")
        .Where(record => record.Text("entity") == "project.work" && record.Text("externalId") is not null);

    private static string Join(IEnumerable<Fields> records, string name) =>
        string.Join(", ", records.Select(record => record.Text(name)).OfType<string>().Distinct());
}
