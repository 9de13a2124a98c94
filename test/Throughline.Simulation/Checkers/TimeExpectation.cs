using System.Globalization;
using System.Text.RegularExpressions;
using Throughline.Engine.Entries;
using Throughline.Model;
using Throughline.Simulation.Faults;
using Throughline.Simulation.Firm;

namespace Throughline.Simulation.Checkers;

/// <summary>What one line of time should have led to in the ERP, worked out from the PSA's last state of it alone.</summary>
internal sealed partial class TimeExpectation(SimulationRun run, TimeChange line)
{
    private const int HoursMax = 24;

    private static readonly Dictionary<string, string> PartyCodes = new() { ["Ada Lambert"] = "E-001", ["Ben Okafor"] = "E-002", ["Chi Tanaka"] = "E-003" };

    private readonly Systems _systems = run.Systems;

    public bool IsApproved => line.IsApproved;

    public string Name => line.Name;

    /// <summary>The engagement whose project it is booked on; null where nobody sold it.</summary>
    public Scope? Engagement => Deal is { } deal ? Scope.Engagement(deal.Id) : null;

    /// <summary>What stands in the ERP for it.</summary>
    public IReadOnlyList<(string Id, Fields Fields)> Standing =>
        [.. _systems.Erp.All(Erp.Line).Where(row => row.Fields.Text("description")!.Split(' ')[0] == line.Name)];

    /// <summary>It has everything that a line needs, on a project of which nothing is amiss.</summary>
    public bool IsPlaceable => line.IsApproved && line.Fields.Number("hours") is > 0 and <= HoursMax
        && PartyCodes.TryGetValue(line.Person!, out var code) && _systems.Erp.Employees.Contains(code)
        && IsSettled && TimesheetsOfTask.Length == 1 && !IsBilledElsewhere;

    /// <summary>It is as it should be: exactly one line with the newest content where it is approved, none where it is not.</summary>
    public bool IsRight => line.IsApproved ? Difference is null : Standing.Count == 0;

    /// <summary>Null where exactly one line with the newest content stands.</summary>
    public string? Difference => Standing switch
    {
        [var only] => Different(only.Fields),
        { Count: var count } => $"{count} lines instead of 1",
    };

    private bool IsSettled => Deal is { } deal && new Expectation(run, deal) is { IsValid: true, IsTouchedByRejection: false };

    private Deal? Deal => _systems.Psa.Find(Psa.Project, line.Project) is { } project && ProjectName().Match(project.Text("name")!) is { Success: true } match
        ? run.Sellers.Deals.Single(deal => deal.Number.ToString(CultureInfo.InvariantCulture) == match.Groups[1].Value) : null;

    // What was billed stays where it was billed, wherever it is booked afterwards (ADR 0017); also where that invoice was given up: see "known" in docs/simulation.md.
    private bool IsBilledElsewhere => run.Store.FindEntriesAsync(
        new EntryFilter(ExternalId: line.Id.ToString(CultureInfo.InvariantCulture), Max: 2), CancellationToken.None).Result is [var row] && row.Scope != Engagement
        && run.Store.LoadInvoicesAsync([row.Scope], CancellationToken.None).Result.Any(invoice => run.Store
            .ListInvoiceLinesAsync(invoice.Key, null, int.MaxValue, CancellationToken.None).Result.Any(drawn => drawn.Entry == row.Id));

    private long[] TimesheetsOfTask => line.Issue is { } issue && _systems.Psa.IsTask(issue) && _systems.Psa.Find(Psa.Issue, issue) is { } task
        ? [.. _systems.Erp.TimesheetsOf(task.Text("subject")!)] : [];

    private string? Different(Fields row) => new (string What, object? Expected, object? Found)[]
    {
        ("employee", PartyCodes.GetValueOrDefault(line.Person!), Erp.EmployeeIn(row)),
        ("place", TimesheetsOfTask is [var place] ? (decimal)place : null, row.Number("work")),
        ("date", line.Fields.Text("spent_on"), row.Text("date")),
        ("duration", line.Fields.Number("hours") * 3600, row.Number("duration")),
        ("note", line.Fields.Text("comments"), row.Text("description")),
    }
        .Where(item => !Equals(item.Expected, item.Found)).Select(item => $"its {item.What} is {item.Found} instead of {item.Expected}").FirstOrDefault();

    [GeneratedRegex(@"^P-\d+ Deal (\d+) r\d+$")]
    private static partial Regex ProjectName();
}
