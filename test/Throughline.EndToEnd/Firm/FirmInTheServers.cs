using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Throughline.Model;
using Xunit;

namespace Throughline.EndToEnd.Firm;

/// <summary>What Redmine and Tryton hold after a demo, against what the firm sold. Everything is there once: neither lost nor doubled.</summary>
internal sealed partial class FirmInTheServers(DemoRun run, RealServers servers)
{
    // Workstream, then task with its hours: 1,333 hours by time and 3 x 150 by milestones, spread by the shares of templates/standard.
    private static readonly (string Workstream, string[] Tasks, double[] Hours)[] Rollout =
    [
        ("DE Germany", ["DE-01 Discovery", "DE-02 Delivery", "DE-03 Project management"], [266.6, 933.1, 133.3]),
        ("GB United Kingdom", ["GB-01 Design", "GB-02 Build", "GB-03 Acceptance"], [135, 225, 90]),
        ("US Subcontract", ["US-01 Subcontract management"], [0]),
    ];

    public async Task CustomersAreThereOnceAsync()
    {
        var numbers = run.Deals.SelectMany(deal => deal.List("customers")).Cast<string>().Distinct().ToArray();
        Assert.Equal(7, numbers.Length);
        foreach (var number in numbers)
        {
            var party = Assert.Single(await servers.TrytonAsync("party.party", "code", "=", number, "name", "addresses", "identifiers"));
            Assert.Single((JsonArray)party["addresses"]!);
            var identifier = Assert.Single(await servers.TrytonAsync("party.identifier", "party", "=", (long)party["id"]!, "code"));
            var taxId = (string)identifier["code"]!;
            Assert.Matches(TaxId(), taxId);
            Assert.True((await servers.TrytonAsync("party.identifier", "code", "=", taxId, "party")).Count == 1, $"{taxId} of {number} is there twice");
        }

        Assert.Equal(run.Deal("Wingtip planning").List("customers"), run.Deal("Wingtip warehouse").List("customers"));
        Assert.Equal(["Northwind Robotics GmbH in DE", "Northwind Robotics Ltd in GB"], await Task.WhenAll(
            run.Deal("Northwind rollout").List("customers").Select(async number => await PlaceAsync((string)number!))));
    }

    public async Task EveryDealHasOneProjectAsync()
    {
        Assert.Equal(7, run.Projects.Count());
        foreach (var deal in run.Projects)
        {
            var code = deal.Text("project")!;
            var identifier = code.ToLowerInvariant();
            var project = Assert.Single(await servers.RedmineAsync($"/projects.json?status=1&name=~{code}", "projects"));
            Assert.Equal((identifier, $"{code} {deal.Text("name")}"), ((string?)project["identifier"], (string?)project["name"]));
            var works = await WorksAsync(code);
            Assert.Equal(works.Count, works.Select(work => (string?)work["name"]).Distinct().Count());
            Assert.Equal(deal.Text("name") == "Northwind rollout" ? 2 : 1, works.Count(work => (string?)work["type"] == "project"));
            Assert.Single(await servers.TrytonAsync("analytic_account.account", "code", "=", code + "-DE", "name"));
        }

        Assert.Empty(await servers.RedmineAsync("/projects.json?status=1&name=~Litware", "projects"));
    }

    public async Task RolloutIsInRedmineAsync()
    {
        var code = run.Deal("Northwind rollout").Text("project")!;
        var issues = await servers.RedmineAsync($"/issues.json?project_id={code.ToLowerInvariant()}&status_id=*", "issues");
        var tops = issues.Where(issue => issue["parent"] is null).ToDictionary(issue => (string)issue["subject"]!, issue => (long)issue["id"]!);
        Assert.Equal(Rollout.Select(part => $"{code}-{part.Workstream}"), tops.Keys.Order(StringComparer.Ordinal));
        foreach (var (workstream, tasks, hours) in Rollout)
        {
            var below = issues.Where(issue => (long?)issue["parent"]?["id"] == tops[$"{code}-{workstream}"])
                .OrderBy(issue => (string)issue["subject"]!, StringComparer.Ordinal).ToArray();
            Assert.Equal(tasks.Select(task => $"{code}-{task}"), below.Select(issue => (string)issue["subject"]!));
            Assert.Equal(hours, below.Select(issue => Math.Round((double?)issue["estimated_hours"] ?? 0, 2)));
        }

        Assert.Equal(10, issues.Count);
        var versions = (await servers.RedmineAsync($"/projects/{code.ToLowerInvariant()}/versions.json?", "versions"))
            .OrderBy(version => (string)version["name"]!, StringComparer.Ordinal).ToArray();
        Assert.Equal([$"{code}-GB-M1 Design accepted", $"{code}-GB-M2 Pilot live", $"{code}-GB-M3 Rollout complete"], versions.Select(version => (string)version["name"]!));
        Assert.All(versions, version => Assert.Equal(60_000m, decimal.Parse(
            (string)((JsonArray)version["custom_fields"]!).Single(field => (string?)field!["name"] == "Amount")!["value"]!, CultureInfo.InvariantCulture)));
        var dates = versions.Select(version => DateOnly.Parse((string)version["due_date"]!, CultureInfo.InvariantCulture)).ToArray();
        Assert.InRange(dates[0], run.Began.AddDays(60), run.Ended.AddDays(60));
        Assert.Equal([dates[0].AddDays(60), dates[0].AddDays(130)], dates[1..]);
    }

    public async Task RolloutIsInTrytonAsync()
    {
        var deal = run.Deal("Northwind rollout");
        var code = deal.Text("project")!;
        var works = await WorksAsync(code);
        // Subcontracted work has a cost centre and no financial project.
        foreach (var ((workstream, tasks, hours), customer) in Rollout.Take(2).Zip(deal.List("customers")))
        {
            var project = Assert.Single(works, work => (string?)work["name"] == $"{code}-{workstream}");
            Assert.Equal(("project", customer), ((string?)project["type"], (string?)project["party."]?["code"]));
            var children = works.Where(work => (long?)work["parent"] == (long)project["id"]!).OrderBy(work => (string)work["name"]!, StringComparer.Ordinal).ToArray();
            Assert.Equal(tasks.Select(task => $"{code}-{task}"), children.Select(work => (string)work["name"]!));
            Assert.Equal(hours, children.Select(work => Math.Round((double)work["effort_duration"]!["seconds"]! / 3600, 2)));
        }

        Assert.Equal(8, works.Count);
        foreach (var (workstream, _, _) in Rollout)
        {
            var account = Assert.Single(await servers.TrytonAsync("analytic_account.account", "code", "=", $"{code}-{workstream[..2]}", "name", "type", "parent.code"));
            Assert.Equal(($"{code}-{workstream}", "normal", "CC"), ((string?)account["name"], (string?)account["type"], (string?)account["parent."]?["code"]));
        }
    }

    /// <summary>What was approved stands in Tryton once, with the hours as they were corrected, by the hub's own id of each entry; nothing else does.</summary>
    public async Task ApprovedTimeIsThereOnceAsync()
    {
        var booked = run.Deals.SelectMany(deal => deal.NestedList("time")).ToArray();
        Assert.Equal(["Ada Lambert 4 kept", "Ada Lambert 6.5 sent", "Ben Okafor 3 held", "Ben Okafor 7.5 sent", "Chi Tanaka 6 sent"], booked
            .Select(entry => string.Create(CultureInfo.InvariantCulture, $"{entry.Text("person")} {entry.Number("hours"):0.##} {entry.Text("status")}"))
            .Order(StringComparer.Ordinal));
        foreach (var entry in booked)
        {
            var lines = await servers.TrytonAsync("timesheet.line", "uuid", "=", entry.Text("id"), "duration", "date", "employee.party.name", "work.name", "description");
            if (entry.Text("status") != "sent")
            {
                Assert.Empty(lines);
                continue;
            }

            var line = Assert.Single(lines);
            Assert.Equal((entry.Text("target"), entry.Text("person")), (line["id"]!.ToString(), (string?)line["employee."]?["party."]?["name"]));
            Assert.Equal((double)entry.Number("hours")!.Value, (double)line["duration"]!["seconds"]! / 3600);
        }

        foreach (var deal in run.Projects)
        {
            var sent = deal.NestedList("time").Count(entry => entry.Text("status") == "sent");
            Assert.Equal(sent, (await servers.TrytonAsync("timesheet.line", "description", "like", deal.Text("project") + " %", "uuid")).Count);
        }
    }

    /// <summary>Tryton's own books: one posted invoice of what was worked, with its tax, and none that was made and left behind.</summary>
    public async Task WorkIsInvoicedOnceAsync()
    {
        var project = run.Deal("Contoso data platform").Text("project")!;
        var invoices = await servers.TrytonAsync(
            "account.invoice", "reference", "like", project + "-%", "reference", "state", "number", "untaxed_amount", "tax_amount", "total_amount", "lines", "move", "party.code");
        var invoice = Assert.Single(invoices);
        Assert.Equal(($"{project}-DE/1", "posted"), ((string?)invoice["reference"], (string?)invoice["state"]));
        Assert.NotNull((string?)invoice["number"]);
        Assert.Equal((2100m, 441m, 2541m), (Amount(invoice["untaxed_amount"]), Amount(invoice["tax_amount"]), Amount(invoice["total_amount"])));
        Assert.Equal(run.Deal("Contoso data platform").List("customers").Single(), (string?)invoice["party."]?["code"]);
        // The general ledger has it, balanced.
        var moves = await servers.TrytonAsync("account.move.line", "move", "=", (long)invoice["move"]!, "debit", "credit", "account.type.receivable");
        Assert.Equal((2541m, 2541m), (moves.Sum(line => Amount(line["debit"])), moves.Sum(line => Amount(line["credit"]))));
    }

    private static decimal Amount(JsonNode? node) => decimal.Parse(
        node is JsonObject wrapped ? (string)wrapped["decimal"]! : node!.ToString(), CultureInfo.InvariantCulture);

    private Task<List<JsonNode>> WorksAsync(string code) =>
        servers.TrytonAsync("project.work", "name", "like", code + "-%", "name", "type", "parent", "party.code", "effort_duration");

    private async Task<string> PlaceAsync(string number)
    {
        var party = Assert.Single(await servers.TrytonAsync("party.party", "code", "=", number, "name"));
        var address = Assert.Single(await servers.TrytonAsync("party.address", "party", "=", (long)party["id"]!, "country.code"));
        return $"{party["name"]} in {address["country."]?["code"]}";
    }

    [GeneratedRegex("^(DE|GB)[0-9]{9}$")]
    private static partial Regex TaxId();
}
