using System.Collections.Immutable;
using Throughline.Engine.Cases;
using Throughline.Engine.Partition;
using Throughline.Model;
using Throughline.Model.Canonical;
using Throughline.Server.Api.Entries;
using Throughline.Server.Api.Status;
using Throughline.Server.Api.Trace;
using Throughline.Server.Hosting;

namespace Throughline.Server.Console;

/// <summary>The first page: how much, what waits and for whom, how the systems are.</summary>
internal static class StatusPage
{
    private const int InstancesShown = 50;
    private const int CasesShown = 200;
    private const int IdShown = 8;

    public static async Task<string> RenderAsync(Doors doors, CancellationToken cancellation)
    {
        var status = await StatusDoor.ReadAsync(doors, cancellation);
        var cases = await doors.Store.ListCasesAsync(new CaseFilter(CaseStatus.Open, Max: CasesShown), cancellation);
        var page = new Html();
        var landscape = status.Nested("landscape")!;
        page.Tag("h1", landscape.Text("title")).Raw("<p class=\"note\">")
            .Text($"Version {status.Text("version")}, release {landscape.Text("release")}, {status.Text("store")}. ")
            .Text($"Times are of {TimeZoneInfo.Local.Id}. The page renews itself every five seconds and only reads.").Raw("</p>");
        if (status.Nested("cluster") is { } cluster)
        {
            page.Tag("p", $"This is {cluster.Text("hub")}, one of {cluster.List("hubs").Count} hubs. {cluster.Text("says")}", cluster.Text("says") is null ? "note" : "bad");
        }

        Troubles(page, status);
        Counts(page, status.Nested("counts")!);
        if (EntryCounts.Line(status.Nested("entries")!) is { } time)
        {
            page.Tag("p", $"Time: {time}");
        }

        Cases(page, cases);
        await ProcessesAsync(page, doors, cancellation);
        Lanes(page, status);
        return Html.Page(landscape.Text("title") ?? "Throughline", page.ToString(), refreshes: true);
    }

    // A system that is away holds everything up that goes through it, long before anybody gets a case; so it stands first.
    private static void Troubles(Html page, Fields status)
    {
        foreach (var lane in status.NestedList("lanes").Where(lane => lane.Text("circuit") != "closed"))
        {
            page.Tag("p", $"{lane.Text("system")} ({lane.Text("kind")}) cannot be written to: {lane.Text("reason")} The hub tries again by itself.", "bad");
        }

        foreach (var poller in status.NestedList("pollers").Where(poller => poller.Nested("lastFailure") is not null).DistinctBy(poller => poller.Text("system")))
        {
            page.Tag("p", $"{poller.Text("system")} cannot be read: {poller.Nested("lastFailure")!.Text("message")}. The hub tries again by itself.", "bad");
        }
    }

    private static void Counts(Html page, Fields counts)
    {
        page.Raw("<ul class=\"counts\">");
        var atLeast = counts.List("atLeast").OfType<string>().ToHashSet();
        foreach (var each in StatusCount.All)
        {
            var count = counts.Number(each.Name)?.ToString("N0", System.Globalization.CultureInfo.InvariantCulture);
            page.Raw("<li>").Tag("b", count + (atLeast.Contains(each.Name) ? " or more" : "")).Text(each.Words).Raw("</li>");
        }

        page.Raw("</ul>").Tag("p", "A deal is one process, each customer that it needs another one. Processes on hold count as running.", "note");
    }

    private static void Cases(Html page, IReadOnlyCollection<Case> cases)
    {
        page.Tag("h2", "Open cases");
        if (cases.Count == 0)
        {
            page.Tag("p", "None: nothing waits for a person.", "good");
            return;
        }

        page.Raw("<div class=\"wide\"><table><tr><th>Queue</th><th>Case</th><th>About</th><th>What is wrong, and what to do</th><th "
            + "class=\"amount\">Amount</th><th>Since</th></tr>");
        foreach (var item in cases.OrderBy(item => item.Queue, StringComparer.Ordinal).ThenBy(item => item.OpenedAt))
        {
            page.Raw("<tr>").Cell("Queue", item.Queue, "word").Cell("Case", item.Id.ToString()[..IdShown], "word")
                .Begin("About").Link(EngagementPath(item.CorrelationId), item.Subject).Raw("</td>").Begin("")
                .Text(item.Says).Raw("<br>").Tag("span", item.Remedy, "note").Raw("</td>").Cell("Amount", item.Amount?.ToString(), "amount")
                .Cell("Since", Html.Local(item.OpenedAt.ToString("O")), "when").Raw("</tr>");
        }

        page.Raw("</table></div>").Tag("p", "To see or decide one, in a terminal: throughline cases show, and the characters in the column Case.", "note");
    }

    // The deals first, and what is set up for them (their customers) in lists of their own: one deal needs several of those, and they would hide it.
    private static async Task ProcessesAsync(Html page, Doors doors, CancellationToken cancellation)
    {
        foreach (var (process, isMaster) in doors.Landscape.Processes.Values.Select(process => (process, EntityCatalog.Find(process.Subject)?.IsMaster == true))
            .OrderBy(each => each.Item2).ThenBy(each => each.process.Name, StringComparer.Ordinal))
        {
            var rows = await doors.Store.ListInstancesAsync(process.Name, null, null, InstancesShown, cancellation);
            await InstancesAsync(page, doors, isMaster ? process.Title : $"Deals ({process.Title})", isMaster ? process.Subject : "deal", rows, cancellation);
        }

        var gone = (await doors.Store.ListInstancesAsync(null, null, null, InstancesShown, cancellation)).RemoveAll(row => doors.Landscape.Processes.ContainsKey(row.Process));
        if (!gone.IsEmpty)
        {
            await InstancesAsync(page, doors, "Of processes that the landscape has no longer", "record", gone, cancellation);
        }
    }

    private static async Task InstancesAsync(
        Html page, Doors doors, string title, string about, ImmutableArray<InstanceRow> instances, CancellationToken cancellation)
    {
        page.Tag("h2", title);
        if (instances.IsEmpty)
        {
            page.Tag("p", "None yet.", "note");
            return;
        }

        var hasProject = instances.Any(row => row.Unit.Scope.Kind == Scope.EngagementKind);
        var column = $"{char.ToUpperInvariant(about[0])}{about[1..]}";
        page.Raw("<div class=\"wide\"><table><tr><th>").Text(column).Raw($"</th>{(hasProject ? "<th>Project</th>" : "")}<th>State</th><th>Started</th><th>Changed</th></tr>");
        var units = await UnitsAsync(doors, instances, cancellation);
        foreach (var row in instances)
        {
            var unit = units.GetValueOrDefault(row.Unit);
            var isEngagement = row.Unit.Scope.Kind == Scope.EngagementKind;
            var reason = row.Status == "Running" && unit is not null
                ? Standing.Of(unit, [], doors.Landscape, new PlainWords(doors.Landscape, new Dictionary<string, string>())).Text("says") : null;
            page.Raw("<tr>").Begin(column).Link(isEngagement ? EngagementPath(row.Unit.Scope.ToString()) : "/engagements/" + row.Id, row.Summary).Raw("</td>");
            if (hasProject)
            {
                page.Cell("Project", unit is null ? null : string.Join(", ", unit.Of("project").Select(record => record.Attributes.Text("code"))), "word");
            }

            page.Begin("State").Tag("span", StatusWords.Of(row.Status), row.Status switch { "Done" => "good", "Running" => "wait", _ => "bad" });
            if (reason is not null)
            {
                page.Raw("<br>").Tag("span", reason, "note");
            }

            page.Raw("</td>").Cell("Started", Html.Local(row.StartedAt.ToString("O")), "when").Cell("Changed", Html.Local(row.ChangedAt.ToString("O")), "when")
                .Raw("</tr>");
        }

        page.Raw("</table></div>");
        if (instances.Length == InstancesShown)
        {
            page.Tag("p", $"The newest {InstancesShown}. Any other: throughline trace, and its name or id.", "note");
        }
    }

    // One look-up for all that are shown.
    private static async Task<Dictionary<UnitKey, UnitState>> UnitsAsync(Doors doors, ImmutableArray<InstanceRow> instances, CancellationToken cancellation)
    {
        ImmutableArray<UnitKey> keys = [.. instances.Select(row => row.Unit).Where(unit => unit.Scope.Kind == Scope.EngagementKind).Distinct()];
        var rows = keys.IsEmpty ? [] : await doors.Store.LoadUnitsAsync(keys, cancellation);
        return rows.Where(row => row.Data is not null).GroupBy(row => row.Unit).ToDictionary(unit => unit.Key, unit => UnitRows.Read(unit.Key, unit));
    }

    private static void Lanes(Html page, Fields status)
    {
        page.Tag("h2", "Systems").Raw("<div class=\"wide\"><table><tr><th>System</th><th>Writing</th><th>Reading</th></tr>");
        foreach (var lane in status.NestedList("lanes"))
        {
            if (lane.Flag("drivenHere") == false)
            {
                page.Raw("<tr>").Cell("System", $"{lane.Text("system")} ({lane.Text("kind")})").Cell("Writing", "by another hub").Cell("Reading", "by another hub")
                    .Raw("</tr>");
                continue;
            }

            var isClosed = lane.Text("circuit") == "closed";
            page.Raw("<tr>").Cell("System", $"{lane.Text("system")} ({lane.Text("kind")})").Begin("Writing")
                .Tag("span", isClosed ? "no trouble" : $"paused until {Html.Local(lane.Text("openUntil"))}: {lane.Text("reason")}", isClosed ? "good" : "bad")
                .Raw("</td>").Begin("Reading");
            foreach (var poller in status.NestedList("pollers").Where(poller => poller.Text("system") == lane.Text("system")))
            {
                var failure = poller.Nested("lastFailure");
                page.Raw("<div>").Text($"{poller.Text("entity")}: ")
                    .Tag("span", failure is null ? "no trouble" : failure.Text("message"), failure is null ? "good" : "bad").Raw("</div>");
            }

            page.Raw("</td></tr>");
        }

        page.Raw("</table></div>");
    }

    private static string EngagementPath(string correlationId) =>
        "/engagements/" + Uri.EscapeDataString(correlationId.StartsWith(Scope.EngagementKind + ":", StringComparison.Ordinal)
            ? correlationId[(Scope.EngagementKind.Length + 1)..] : correlationId);
}
