using System.Collections.Immutable;
using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Connectors.Tryton;

/// <summary>Tryton 6.0 over its JSON-RPC interface: customers, projects and tasks, service products, cost centres, time, invoices.</summary>
public sealed class TrytonKind : IConnectorKind
{
    public const string Url = "url";
    public const string Database = "database";
    public const string User = "user";
    public const string Password = "password";
    public const string Company = "company";
    public const string TimeOutSeconds = "time_out_seconds";
    public const string PageSize = "page_size";
    public const string OverlapSeconds = "overlap_seconds";

    /// <summary>Lines in one call; the server itself has no limit, but one refused line costs the whole call (see BEHAVIOR.md).</summary>
    internal const int BatchMax = 200;

    public Manifest Manifest { get; } = new()
    {
        Kind = "tryton",
        Title = "Tryton",
        Summary = "Tryton ERP over JSON-RPC, with the project, timesheet, invoice and analytic modules. Tried on trytond 6.0.29 with PostgreSQL.",
        BatchMax = BatchMax,
        BatchIsAtomic = true,
        Throttles = true,
        RenewsSession = true,
        Configuration =
        [
            new ConfigurationField
            {
                Name = Url, Kind = FieldKind.Address, Required = true, Summary = "the address of the Tryton server, without the database",
                Example = "https://tryton.example.com:8000",
            },
            new ConfigurationField
            {
                Name = Database, Kind = FieldKind.Text, Required = true, Summary = "the name of the database",
                Help = "The name shown in the Tryton client's sign-in window.", Example = "tryton",
            },
            new ConfigurationField
            {
                Name = User, Kind = FieldKind.Text, Required = true, Summary = "the login of the hub's own user",
                Help = "Administration > Users. Give it the groups of what it writes (Party, Project, Timesheet, Product, Account, Account administration), "
                    + "not Administration.",
                Example = "hub",
            },
            new ConfigurationField
            {
                Name = Password, Kind = FieldKind.Secret, Required = true, Summary = "the password of that user",
                Help = "Six wrong passwords lock the login for minutes (HTTP 429).", Example = "env:TRYTON_PASSWORD",
            },
            new ConfigurationField
            {
                Name = Company, Kind = FieldKind.Whole, Min = 1, Summary = "the id of the company to work in",
                Help = "Default: the company in the user's own preferences. The user must be allowed in it.", Example = "1",
            },
            new ConfigurationField
            {
                Name = TimeOutSeconds, Kind = FieldKind.Whole, Default = 30L, Min = 1, Max = 600, Summary = "seconds to wait for one answer",
                Help = "Default 30. A write that takes longer becomes in doubt and is looked up before it is sent again.",
            },
            new ConfigurationField
            {
                Name = PageSize, Kind = FieldKind.Whole, Default = 200L, Min = 1, Max = 1000, Summary = "records in one page of a read", Help = "Default 200.",
            },
            new ConfigurationField
            {
                Name = OverlapSeconds, Kind = FieldKind.Whole, Default = 600L, Min = 0, Max = 86400,
                Summary = "seconds that each read goes back before the last one",
                Help = "Default 600. A change is stamped when its transaction begins, so one that ran longer than this could be missed.",
            },
        ],
        Entities = [.. TrytonModels.All.Select(model => model.Manifest)],
        Gaps =
        [
            new KnownGap("Deletions are not reported", "Tryton keeps no trace of a deleted record and has no web hooks",
                "none yet, the reconciliation to come reads everything; "
                + "the hub itself archives (active = false) instead of deleting where the model can"),
            new KnownGap("A change made directly on an address or identifier is not read", "it does not touch the party's own time stamp",
                "changes made in the party form, as users make them, do touch it; the reconciliation to come finds the rest"),
            new KnownGap("Warnings are never confirmed", "Tryton asks a person, and the hub is none", "the write becomes a case; "
                + "the person confirms the warning in Tryton and the case is tried again"),
            new KnownGap("Only timesheet lines and parties have a key that the server enforces",
                "Tryton has no unique key for projects, products, cost centres and invoices",
                "the hub looks the record up by its key before every creation"),
            new KnownGap("A posted invoice is not taken back", "it has its number, and the books keep it",
                "the undo becomes a case; the hub or a person writes a credit note for it"),
            new KnownGap("A credit note is not set off against the invoice that it credits", "which entries of a customer belong together is for accountants to say",
                "a person sets them off in Tryton; until then both show as open there"),
        ],
    };

    public IConnector Create(ConnectorContext context) => new TrytonConnector(Manifest, context);
}
