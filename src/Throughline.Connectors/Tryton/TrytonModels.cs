using System.Collections.Immutable;
using Throughline.Connect;

namespace Throughline.Connectors.Tryton;

/// <summary>How a creation is taken back.</summary>
internal enum UndoBy
{
    Archive,
    Delete,
    DeleteOrClose,
    DeleteUnlessPosted,
}

/// <summary>
/// One Tryton model as the hub uses it. Names of fields that end in <c>?</c> come from modules that may be absent and are left out where the server does not
/// know them; any other name that the server does not know is an error that names it.
/// </summary>
internal sealed record TrytonModel(EntityManifest Manifest, UndoBy UndoBy, ImmutableArray<string> Read, ImmutableArray<string> Answer)
{
    public string Name => Manifest.Name;

    /// <summary>What moves when a record changes.</summary>
    public ImmutableArray<string> Stamps { get; init; } = ["create_date", "write_date"];

    /// <summary>The model of the entries whose stamps are among <see cref="Stamps"/>; null where a record is stamped with all that is shown of it.</summary>
    public string? Entries { get; init; }
}

/// <summary>The models there are, and by which field children of a model are told apart when a list of them is updated.</summary>
internal static class TrytonModels
{
    /// <summary>A find key of projects: the code the hub issued, which is the first word of the name.</summary>
    public const string CodeInName = "@code";

    public const string Party = "party.party";
    public const string Project = "project.work";
    public const string TimesheetLine = "timesheet.line";
    public const string Invoice = "account.invoice";

    private static readonly ImmutableArray<WriteOperation> AllWrites = [WriteOperation.Create, WriteOperation.Update, WriteOperation.Undo];

    public static ImmutableArray<TrytonModel> All { get; } =
    [
        new(
            Entity(Party, "Customers, suppliers and people, with their addresses, identifiers and contact data", AllWrites,
                "archives the party (active = false)", [["code"], ["identifiers.code"]]) with { EnforcesKey = true },
            UndoBy.Archive,
            ["name", "code", "active", "lang.code", "addresses.name", "addresses.street", "addresses.postal_code", "addresses.city",
                "addresses.country.code", "addresses.active",
                "identifiers.type", "identifiers.code", "contact_mechanisms.type", "contact_mechanisms.value"],
            ["code", "addresses.name", "identifiers.type", "identifiers.code"]),
        new(
            Entity(Project, "Projects and their tasks, one tree", AllWrites,
                "deletes the project and its tasks where nothing is booked on them; otherwise closes them, stops their timesheets and puts "
                    + "'Cancelled: ' before the name",
                [[CodeInName], ["name"], ["name", "type"], ["comment"]]),
            UndoBy.DeleteOrClose,
            ["name", "type", "comment", "parent", "company", "status.name", "status.progress", "progress", "effort_duration", "total_effort",
                "timesheet_available", "timesheet_works",
                "timesheet_duration", "timesheet_start_date", "timesheet_end_date", "party.code?", "party.name?", "party_address?", "product.code?",
                    "list_price?",
                "project_invoice_method?", "invoiced_amount?", "amount_to_invoice?", "children.name", "children.type", "children.timesheet_works"],
            ["name", "children.name", "children.timesheet_works", "timesheet_works"]),
        new(
            Entity("product.template", "Services that can be sold or logged", AllWrites, "archives the product (active = false)", [["code"], ["name"]]),
            UndoBy.Archive,
            ["name", "code", "active", "type", "list_price", "default_uom.name", "account_category.name?", "salable?", "products.code"],
            ["code", "products.code"]),
        new(
            Entity("product.product", "Variants of services, which tasks and invoice lines refer to", AllWrites, "archives the variant (active = false)",
                [["code"], ["template.name"]]),
            UndoBy.Archive,
            ["code", "suffix_code", "active", "list_price", "template.name", "template.code", "template.type", "default_uom.name"],
            ["code", "template"]),
        new(
            Entity("analytic_account.account", "Cost centres", AllWrites, "archives the cost centre (active = false)", [["code"], ["name"]]),
            UndoBy.Archive,
            ["name", "code", "active", "type", "company", "root.code", "parent.code", "note"],
            ["code", "root", "parent"]),
        new(
            Entity(TimesheetLine, "Time that was worked", AllWrites, "deletes the line; the server refuses once it is invoiced",
                [["uuid"]]) with { EnforcesKey = true },
            UndoBy.Delete,
            ["uuid", "company", "employee.party.code", "employee.party.name", "date", "duration", "description", "work.origin", "work.rec_name",
                "cost_price?", "invoice_line?"],
            ["uuid"]),
        new(
            Entity(Invoice, "Customer invoices and credit notes (`credit_of`), which an update with `state: posted` posts, with what was paid; "
                + "supplier invoices are not read", AllWrites,
                "deletes an invoice that has no number yet, or cancels it where deletion is refused; one that was posted is refused, since it can only "
                    + "be credited, by a person in Tryton",
                [["number"], ["reference"]]),
            UndoBy.DeleteUnlessPosted,
            ["number", "reference", "description", "type", "state", "party.code", "party.name", "company", "currency.code", "invoice_date",
                "accounting_date", "untaxed_amount", "tax_amount", "total_amount",
                "amount_to_pay", "reconciled", "lines.description", "lines.quantity", "lines.unit_price", "lines.amount", "lines.origin",
                    "lines.product.code", .. TrytonSettlement.Read],
            ["number", "state", "reference", "invoice_date", "untaxed_amount", "tax_amount", "total_amount", "amount_to_pay", "currency.code",
                "lines.quantity", "lines.amount"])
        {
            // A payment that is taken back moves the stamps of entries in the books, not the invoice's.
            Stamps = ["create_date", "write_date", "move.lines.write_date", "payment_lines.write_date"],
            Entries = "account.move.line",
        },
    ];

    /// <summary>The field that tells children of a model apart, where an item of the list does not name another one as <c>@key</c>.</summary>
    public static string ChildKey(string model) => model switch
    {
        "party.identifier" => "type",
        "party.contact_mechanism" => "type",
        "product.product" => "suffix_code",
        "account.invoice.line" => "description",
        _ => "name",
    };

    public static TrytonModel? Find(string name) => All.FirstOrDefault(model => model.Name == name);

    private static EntityManifest Entity(string name, string summary, ImmutableArray<WriteOperation> writes, string? undo,
        ImmutableArray<ImmutableArray<string>> keys) => new()
    {
        Name = name,
        Summary = summary,
        Changes = ChangeDetection.Incremental,
        Writes = writes,
        Undo = undo,
        FindKeys = keys,
        ChecksVersion = !writes.IsEmpty,
    };
}
