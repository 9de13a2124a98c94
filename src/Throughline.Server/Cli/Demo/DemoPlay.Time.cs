using Throughline.Model;
using Throughline.Server.Api.Ledger;

namespace Throughline.Server.Cli.Demo;

/// <summary>Time on the projects that were set up.</summary>
internal sealed partial class DemoPlay
{
    private async Task TimeAsync(CancellationToken cancellation)
    {
        if (stage.Systems.Timesheets() is not { } psa)
        {
            return;
        }

        Head("People book their time");
        var (ada, ben, chi) = (await psa.PersonAsync("Ada", "Lambert", cancellation), await psa.PersonAsync("Ben", "Okafor", cancellation),
            await psa.PersonAsync("Chi", "Tanaka", cancellation));
        var kickOff = await BookAsync(psa, ada, _firm.Contoso, 8m, "kick-off workshop", cancellation);
        await BookAsync(psa, ben, _firm.Contoso, 7.5m, "kick-off workshop", cancellation);
        await BookAsync(psa, chi, _firm.Northwind, 6m, "plant visit", cancellation);
        await BookAsync(psa, ada, _firm.Northwind, 4m, "travel", cancellation, isApproved: false);
        await BookAsync(psa, ben, _firm.Fabrikam, 3m, "interviews", cancellation, isOnTask: false);
        Say("Ada Lambert, Ben Okafor and Chi Tanaka book five lines in the PSA, 28.5 hours. All are approved but one; one is on no task.");
        await WaitAsync(_firm.Contoso, "has its time in the ERP", deal => Stand(deal, "taken") == (2, 15.5m), cancellation);
        await WaitAsync(_firm.Northwind, "has its approved time in the ERP", deal => Stand(deal, "taken") == (1, 6m) && Stand(deal, "kept") == (1, 4m), cancellation);
        var before = Target(_firm.Contoso, kickOff);
        Say($"The ERP has three timesheet lines, sent in batches. Ada's kick-off is its line {before}; her travel is kept until it is approved.");
        var lost = await CaseAsync(_firm.Fabrikam, "entries", cancellation);
        Say($"{Line(_firm.Fabrikam)}: case for {lost.Text("queue")}. {lost.Text("says")} {lost.Text("remedy")}");
        Say($"What it is worth by the rates of the sale stands in the value ledger: {Worth(_firm.Contoso)} for {Line(_firm.Contoso)}.");
        await psa.CorrectAsync(kickOff, 6.5m, cancellation);
        Say("Ada corrects her eight hours to six and a half, after they were posted.");
        await WaitAsync(_firm.Contoso, "has the correction in the ERP", deal => Stand(deal, "taken") == (2, 14m), cancellation);
        var after = Target(_firm.Contoso, kickOff);
        Say(after == before ? $"The same line {after} of the ERP has 6.5 hours now; there is no second one." : $"The ERP has a second line {after} beside {before}!");
        Say($"The ledger has the difference as a posting of its own: {Worth(_firm.Contoso)} now.");
    }

    private static string Worth(Deal deal) => string.Join("; ", (deal.Time?.NestedList("value") ?? [])
        .Where(row => row.Text("account") != "approved").Select(row => $"{LedgerWords.Line(row)} {row.Text("words")}").DefaultIfEmpty("nothing"));

    private async Task<string> BookAsync(
        DemoTimesheets psa, long person, Deal deal, decimal hours, string note, CancellationToken cancellation, bool isApproved = true, bool isOnTask = true)
    {
        var project = deal.Records("project").First(record => record.Text("entity") == "project").Text("externalId")!;
        var task = deal.Records("task").Where(record => record.Text("entity") == "issue" && record.Text("number")?.Contains("DE-", StringComparison.Ordinal) == true)
            .OrderBy(record => record.Text("number"), StringComparer.Ordinal).First().Text("externalId");
        // The number tells lines of this demo from those of earlier ones.
        var text = $"{deal.Records("project").First().Text("number")} {note}";
        return await psa.BookAsync(
            person, project, isOnTask ? task : null, hours, DateOnly.FromDateTime(terminal.Time.GetUtcNow().UtcDateTime), text, isApproved, cancellation);
    }

    private static (long Count, decimal Hours) Stand(Deal deal, string name) =>
        deal.Time?.NestedList("stands").FirstOrDefault(stand => stand.Text("name") == name) is { } stand ? ((long)stand.Number("count")!, stand.Number("hours")!.Value) : (0, 0);

    private static string? Target(Deal deal, string line) =>
        deal.Time?.NestedList("newest").FirstOrDefault(entry => entry.Text("externalId") == line)?.Nested("target")?.Text("id");
}
