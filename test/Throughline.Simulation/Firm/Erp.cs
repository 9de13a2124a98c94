using System.Collections.Immutable;
using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Simulation.Firm;

/// <summary>
/// The ERP: parties with a unique code, cost centres, and financial projects, which it takes twice if it is sent them twice; timesheet lines on
/// the tasks of financial projects, by employees that it knows; invoices, which it takes twice as well, numbers when they are posted, and then keeps as they are.
/// </summary>
internal sealed partial class Erp() : TargetSystem("erp")
{
    public const string Party = "party.party";
    public const string CostCentre = "analytic_account.account";
    public const string Work = "project.work";
    public const string Line = "timesheet.line";
    public const string Invoice = "account.invoice";
    public const string Posted = "posted";
    public const string Closed = "Cancelled: ";
    public const string ByHand = "made by hand";

    private const long FirstTimesheet = 1_000;
    private const decimal Tax = 0.19m;

    private readonly List<(string Work, string Task)> _timesheets = [];
    private readonly List<string> _numbered = [];

    /// <summary>Party codes of the people who have a contract.</summary>
    public HashSet<string> Employees { get; } = ["E-001", "E-002"];

    /// <summary>It refuses a second line with the same key.</summary>
    public bool KeepsKeys { get; init; }

    /// <summary>It takes the lines of one call one by one, instead of all or none.</summary>
    public bool TakesLinesApart { get; init; }

    public override ImmutableArray<Receipt> Apply(ImmutableArray<WriteItem> items, DateTimeOffset now)
    {
        items = [.. items.Select(item => item with { Fields = Completed(item) })];
        if (!TakesLinesApart && items.Length > 1 && items.Select(item => Objection(item, null)).OfType<Failure>().FirstOrDefault() is { } objection)
        {
            return [.. items.Select(_ => Receipt.Failed(objection))];
        }

        return base.Apply(items, now);
    }

    /// <summary>The places for time of the tasks with a name, in financial projects that are open.</summary>
    public IEnumerable<long> TimesheetsOf(string task) => _timesheets.Select((sheet, place) => (sheet, Id: FirstTimesheet + place))
        .Where(item => item.sheet.Task == task && Find(Work, item.sheet.Work) is { } work && !IsClosed(work)).Select(item => item.Id);

    /// <summary>What an invoice comes to without tax, by its lines: each is quantity times price, halves to the even cent.</summary>
    public static decimal AmountOf(Fields invoice) => invoice.NestedList("lines").Sum(AmountOfLine);

    /// <summary>Somebody made it in the ERP, and the hub has nothing to do with it.</summary>
    public static bool IsByHand(Fields invoice) => invoice.Text("description") == ByHand;

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
        (Invoice, _) => ObjectionToInvoice(item, known),
        _ => null,
    };

    protected override Fields Shown(string entity, string id, Fields content)
    {
        if (entity == Invoice)
        {
            return ShownOfInvoice(id, content);
        }

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

    private Failure? ObjectionToInvoice(WriteItem item, Fields? known) => (item.Operation, known?.Text("state")) switch
    {
        (WriteOperation.Create, _) when CreditOf(item.Fields) is { } id && SettlementOf(id) is null => new Failure.Policy("only a posted invoice is credited"),
        (WriteOperation.Create, _) when Find(Party, item.Fields.Text("party")) is null =>
            new Failure.MissingReference("the party does not exist", item.Fields.Text("party") ?? ""),
        (WriteOperation.Create, _) => item.Fields.Text("state") is not null || item.Fields.NestedList("lines").Count == 0
            ? new Failure.Validation("a new invoice is a draft and has lines", []) : null,
        (WriteOperation.Undo, Posted) => new Failure.Policy("a posted invoice is credited by a person"),
        // To be posted twice is to be posted; nothing else of it changes any more.
        (WriteOperation.Update, Posted) when !known!.Merge(item.Fields).Equals(known) => new Failure.Policy("a posted invoice is not changed"),
        _ => null,
    };

    /// <summary>The invoice that it takes back; null where it is no credit note.</summary>
    public static string? CreditOf(Fields invoice) => invoice.Text("credit_of");

    // Its lines name the lines that they take back, and are as those with the sign turned round.
    private Fields Completed(WriteItem item) => item is { Entity: Invoice, Operation: WriteOperation.Create } && CreditOf(item.Fields) is { } id && Find(Invoice, id) is { } of
        ? item.Fields.With("party", of.Text("party")).With("currency", of.Get("currency")).With("lines", item.Fields.NestedList("lines").Select(line =>
            of.NestedList("lines")[(int)line.Number("credit_of")!.Value - 1] is var credited
                ? credited.With("quantity", -credited.Number("quantity")).With("credit_of", line.Get("credit_of")) : line))
        : item.Fields;

    private static decimal AmountOfLine(Fields line) => decimal.Round(line.Number("quantity")!.Value * line.Number("unit_price")!.Value, 2, MidpointRounding.ToEven);

    public static string EmployeeIn(Fields line) => line.Nested("employee")?.Nested("find")?.Text("party.code") ?? "";

    private string? LineWith(string? uuid) => All(Line).Where(line => line.Fields.Text("uuid") == uuid).Select(line => line.Id).FirstOrDefault();

    private string? WorkIn(Fields line) => line.Number("work") is { } number && (int)(number - FirstTimesheet) is var place && place >= 0 && place < _timesheets.Count
        && Find(Work, _timesheets[place].Work) is not null ? _timesheets[place].Work : null;
}
