using System.Globalization;
using Throughline.Model;
using Throughline.Server.Api.Entries;
using Throughline.Server.Api.Trace;

namespace Throughline.Server.Cli.Demo;

/// <summary>What came of it: the hub's view by deal, and what the systems themselves hold.</summary>
internal sealed class DemoSummary(DemoStage stage, DemoFirm firm, Terminal terminal)
{
    public async Task<DemoOutcome> PrintAsync(CancellationToken cancellation)
    {
        terminal.Out.WriteLine();
        terminal.Out.WriteLine("What came of it");
        var rows = firm.Deals.Select(deal => new[]
        {
            deal.Name, deal.Amount.ToString("N2", CultureInfo.InvariantCulture), StatusWords.Of(deal.State)
                + (deal.IsAsExpected ? "" : $" (expected {deal.End.ToString().ToLowerInvariant()})"),
            Join(deal.Records("customer"), "number"), Join(deal.Records("project"), "number"), Join(Psa(deal), "externalId"), Join(Erp(deal), "externalId"),
            string.Join(", ", deal.Seen?.NestedList("openCases").Select(item => item.Text("queue")) ?? []),
        }).ToList();
        terminal.Out.Write(Table.Render(["Deal", "EUR", "Outcome", "Customer", "Project", "PSA id", "ERP projects", "Open cases"], rows, indent: 2, terminal.IsScreen));
        var time = firm.Deals.SelectMany(deal => deal.Time?.NestedList("stands") ?? []).GroupBy(stand => stand.Text("name")!)
            .Select(stands => (Name: stands.Key, Count: stands.Sum(stand => stand.Number("count")), Hours: stands.Sum(stand => stand.Number("hours"))))
            .Where(stand => stand.Count > 0);
        terminal.Out.WriteLine($"  Time: {string.Join("; ", time.Select(stand => $"{stand.Count:0} {stand.Name}, {EntryCounts.Number(stand.Hours)} h").DefaultIfEmpty("none"))}");
        var worth = firm.Deals.SelectMany(deal => deal.Time?.NestedList("value") ?? []).Where(row => row.Text("account") != "approved")
            .GroupBy(row => (Account: row.Text("account")!, row.Money("amount")?.Currency))
            .Select(rows => $"{EntryCounts.Number(rows.Sum(row => row.Number("quantity")))} h {rows.Key.Account}"
                + (rows.Key.Currency is { } currency ? $", {new Money(rows.Sum(row => row.Money("amount")!.Value.Amount), currency)}" : ""));
        terminal.Out.WriteLine($"  Worth of what is approved, by the value ledger: {string.Join("; ", worth.DefaultIfEmpty("nothing"))}");
        terminal.Out.WriteLine();
        terminal.Out.WriteLine("Counted in the systems themselves, without the hub");
        var outcome = new DemoOutcome(firm.Deals, await CountAsync(cancellation));
        foreach (var count in outcome.Counts)
        {
            terminal.Out.WriteLine($"  {count.What}: {count.Found?.ToString("0.##", CultureInfo.InvariantCulture) ?? "not counted, the demo cannot read this system"}"
                + (count.IsRight ? "" : $" (the hub says {count.Expected.ToString("0.##", CultureInfo.InvariantCulture)})"));
        }

        var wrong = firm.Deals.Where(deal => !deal.IsAsExpected).Select(deal => deal.Name)
            .Concat(outcome.Counts.Where(count => !count.IsRight).Select(count => count.What));
        terminal.Out.WriteLine();
        terminal.Out.WriteLine(outcome.IsAsExpected ? $"All {firm.Deals.Length} deals ended as expected." : $"NOT as expected: {string.Join("; ", wrong)}");
        return outcome;
    }

    // From the first number of this demo on, so that a server may hold earlier ones, while anything too much of this one is seen.
    private async Task<IReadOnlyList<DemoCount>> CountAsync(CancellationToken cancellation)
    {
        var customers = firm.Deals.SelectMany(deal => deal.Records("customer")).Select(record => record.Text("number")).Distinct().Count();
        var taken = firm.Deals.SelectMany(deal => deal.Time?.NestedList("stands") ?? []).Where(stand => stand.Text("name") == "taken").ToArray();
        var lines = taken.Length == 0 ? null : await OfThisDemoAsync("project", "erp", "timesheet.line", "description", cancellation);
        var invoices = (await stage.Client.GetAsync("/api/v1/invoices?status=posted", cancellation)).Need().NestedList("invoices")
            .Where(invoice => firm.Deals.Any(deal => deal.Id == invoice.Text("engagement"))).ToArray();
        var billed = invoices.Length == 0 ? null : await OfThisDemoAsync("project", "erp", "account.invoice", "reference", cancellation);
        var numbered = (await stage.Crm.AllAsync("Opportunity", cancellation)).Count(row => row.Text("Project_Number__c") is { Length: > 0 });
        return
        [
            new DemoCount("CRM: opportunities that show a project number", numbered, firm.Deals.Count(deal => deal.Records("project").Any())),
            new DemoCount("PSA: projects", await CountAsync("project", "psa", "projects", "identifier", _ => true, cancellation),
                firm.Deals.SelectMany(Psa).Count()),
            new DemoCount("ERP: customers", await CountAsync("customer", "erp", "party.party", "code", _ => true, cancellation), customers),
            new DemoCount("ERP: financial projects",
                await CountAsync("project", "erp", "project.work", "name", row => row.Text("type") == "project", cancellation),
                firm.Deals.SelectMany(Erp).Count()),
            .. taken.Length == 0 ? Array.Empty<DemoCount>() :
            [
                new DemoCount("ERP: timesheet lines", lines?.Count, taken.Sum(stand => stand.Number("count") ?? 0)),
                new DemoCount("ERP: hours in them", lines?.Sum(Hours), taken.Sum(stand => stand.Number("hours") ?? 0)),
            ],
            .. invoices.Length == 0 ? Array.Empty<DemoCount>() :
            [
                new DemoCount("ERP: posted invoices", billed?.Count(row => row.Text("state") == "posted"), invoices.Length),
                new DemoCount("ERP: EUR on them, without tax", billed?.Sum(Amount), invoices.Sum(invoice => invoice.Money("amount")!.Value.Amount)),
            ],
        ];
    }

    private async Task<int?> CountAsync(string series, string role, string kind, string field, Func<Fields, bool> counts, CancellationToken cancellation)
    {
        var rows = await OfThisDemoAsync(series, role, kind, field, cancellation);
        return rows?.Count(counts);
    }

    private async Task<IReadOnlyList<Fields>?> OfThisDemoAsync(string series, string role, string kind, string field, CancellationToken cancellation)
    {
        var prefix = stage.Hub.Landscape.Parameters.Nested("numbering")?.Nested(series)?.Text("prefix") ?? "";
        var rows = await stage.Systems.RecordsAsync(role, kind, field, prefix, cancellation);
        return rows?.Where(row => DemoNumbers.NumberIn(row.Text(field)!, prefix) >= stage.FirstNumber(series)).ToList();
    }

    // Tryton sends a length of time as an object.
    private static decimal Hours(Fields line) => (line.Nested("duration")?.Number("seconds") ?? line.Number("duration") ?? 0) / 3600;

    // Tryton sends a decimal number as an object.
    private static decimal Amount(Fields invoice) => invoice.Nested("untaxed_amount")?.Text("decimal") is { } wrapped
        ? decimal.Parse(wrapped, CultureInfo.InvariantCulture) : invoice.Number("untaxed_amount") ?? 0;

    private static IEnumerable<Fields> Psa(Deal deal) => deal.Records("project")
        .Where(record => record.Text("entity") == "project" && record.Text("externalId") is not null);

    private static IEnumerable<Fields> Erp(Deal deal) => deal.Records("workstream")
        .Where(record => record.Text("entity") == "project.work" && record.Text("externalId") is not null);

    private static string Join(IEnumerable<Fields> records, string name) =>
        string.Join(", ", records.Select(record => record.Text(name)).OfType<string>().Distinct());
}
