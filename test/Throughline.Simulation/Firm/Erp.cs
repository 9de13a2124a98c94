using System.Collections.Immutable;
using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Simulation.Firm;

/// <summary>
/// The ERP: parties with a unique code, cost centres, and financial projects, which it takes twice if it is sent them twice; timesheet lines on
/// the tasks of financial projects, by employees that it knows.
/// </summary>
internal sealed class Erp() : TargetSystem("erp")
{
    public const string Party = "party.party";
    public const string CostCentre = "analytic_account.account";
    public const string Work = "project.work";
    public const string Line = "timesheet.line";
    public const string Closed = "Cancelled: ";

    private const long FirstTimesheet = 1_000;

    private readonly List<(string Work, string Task)> _timesheets = [];

    /// <summary>Party codes of the people who have a contract.</summary>
    public HashSet<string> Employees { get; } = ["E-001", "E-002"];

    /// <summary>It refuses a second line with the same key.</summary>
    public bool KeepsKeys { get; init; }

    /// <summary>It takes the lines of one call one by one, instead of all or none.</summary>
    public bool TakesLinesApart { get; init; }

    public override ImmutableArray<Receipt> Apply(ImmutableArray<WriteItem> items, DateTimeOffset now)
    {
        if (!TakesLinesApart && items.Length > 1 && items.Select(item => Objection(item, null)).OfType<Failure>().FirstOrDefault() is { } objection)
        {
            return [.. items.Select(_ => Receipt.Failed(objection))];
        }

        return base.Apply(items, now);
    }

    /// <summary>The places for time of the tasks with a name, in financial projects that are open.</summary>
    public IEnumerable<long> TimesheetsOf(string task) => _timesheets.Select((sheet, place) => (sheet, Id: FirstTimesheet + place))
        .Where(item => item.sheet.Task == task && Find(Work, item.sheet.Work) is { } work && !IsClosed(work)).Select(item => item.Id);

    public static bool IsClosed(Fields work) => work.Text("name")!.StartsWith(Closed, StringComparison.Ordinal);

    protected override Failure? Objection(WriteItem item, Fields? known) => (item.Entity, item.Operation) switch
    {
        (Party, WriteOperation.Create) when All(Party).Any(party => party.Fields.Text("code") == item.Fields.Text("code")) =>
            new Failure.Duplicate("the code of a party must be unique", null),
        (Party, WriteOperation.Undo) => new Failure.Policy("parties are kept"),
        (Work, not WriteOperation.Undo) when Find(Party, item.Fields.Text("party")) is null =>
            new Failure.MissingReference("the party does not exist", item.Fields.Text("party") ?? ""),
        (Line, not WriteOperation.Undo) when EmployeeIn(item.Fields) is var code && !Employees.Contains(code) =>
            new Failure.MissingReference($"there is no employee {code}", code),
        (Line, not WriteOperation.Undo) when WorkIn(item.Fields) is null => new Failure.Validation("there is no such place for time", []),
        (Line, WriteOperation.Create) when KeepsKeys && LineWith(item.Fields.Text("uuid")) is { } id =>
            new Failure.Duplicate("the uuid of a line must be unique", id),
        _ => null,
    };

    protected override Fields Shown(string entity, string id, Fields content)
    {
        if (entity != Work)
        {
            return Fields.Empty;
        }

        foreach (var task in content.NestedList("children").Select(child => (id, child.Text("name")!)).Where(task => !_timesheets.Contains(task)))
        {
            _timesheets.Add(task);
        }

        return Fields.Of(("timesheets", Fields.Of([.. _timesheets.Select((sheet, place) => (sheet, Id: FirstTimesheet + place))
            .Where(item => item.sheet.Work == id).Select(item => (item.sheet.Task, (object?)item.Id))])));
    }

    // On a project with time nothing is deleted: it is closed.
    protected override Fields? Remains(string entity, string id, Fields known) =>
        entity == Work && All(Line).Any(line => WorkIn(line.Fields) == id) ? IsClosed(known) ? known : known.With("name", Closed + known.Text("name")) : null;

    protected override bool Holds(Fields fields, string name, object? value) => name switch
    {
        "@code" => fields.Text("name")?.StartsWith(value + " ", StringComparison.Ordinal) == true,
        "identifiers.code" => fields.NestedList("identifiers").Any(identifier => identifier.Text("code") == (string?)value),
        _ => base.Holds(fields, name, value),
    };

    public static string EmployeeIn(Fields line) => line.Nested("employee")?.Nested("find")?.Text("party.code") ?? "";

    private string? LineWith(string? uuid) => All(Line).Where(line => line.Fields.Text("uuid") == uuid).Select(line => line.Id).FirstOrDefault();

    private string? WorkIn(Fields line) => line.Number("work") is { } number && (int)(number - FirstTimesheet) is var place && place >= 0 && place < _timesheets.Count
        && Find(Work, _timesheets[place].Work) is not null ? _timesheets[place].Work : null;
}
