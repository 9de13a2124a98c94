using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Throughline.Sandbox.Tryton;

/// <summary>One field, with the type that the real server's <c>fields_get</c> shows.</summary>
internal sealed record TrytonField(string Name, string Type, string? Relation = null, string? RelationField = null, bool Required = false,
    bool ReadOnly = false)
{
    /// <summary>True where the related records themselves keep what they belong to.</summary>
    public bool IsKeptThere => Type == "one2many" || (Type == "many2many" && RelationField is not null);

    /// <summary>The label in messages: the name in title case, unless the real one differs.</summary>
    public string Label => Name switch
    {
        "default_uom" => "Default UOM",
        "party_address" => "Contact Address",
        "employee" => "Employee",
        _ => string.Join(' ', Name.Split('_').Select(word => char.ToUpperInvariant(word[0]) + word[1..])),
    };
}

/// <summary>One model.</summary>
internal sealed record TrytonModel(string Name, string Label, ImmutableDictionary<string, TrytonField> Fields, bool HasCompanyRule)
{
    public TrytonField Field(string name) => Fields.TryGetValue(name, out var field) ? field : throw TrytonError.Key(name);

    /// <summary>What <c>fields_get</c> answers, for some fields or for all.</summary>
    public JsonObject Describe(string[] names)
    {
        var fields = new JsonObject();
        foreach (var field in Fields.Values.Where(field => names.Length == 0 || names.Contains(field.Name)))
        {
            fields[field.Name] = new JsonObject
            {
                ["name"] = field.Name, ["type"] = field.Type, ["string"] = field.Label, ["required"] = field.Required, ["readonly"] = field.ReadOnly,
                ["relation"] = field.Relation, ["relation_field"] = field.RelationField, ["searchable"] = true, ["sortable"] = true, ["domain"] = "[]",
                    ["states"] = "{}",
            };
        }

        return fields;
    }
}

/// <summary>The models that the sandbox knows, with the fields that the hub and its checks use; field types as on trytond 6.0.29.</summary>
internal static class TrytonSchema
{
    private const string Common = "id integer ro, create_date timestamp ro, write_date timestamp ro, rec_name char ro";

    // "name type[!] [ro] [relation[/way back]]", where ! means required.
    private static readonly (string Name, string Label, string Fields)[] Source =
    [
        ("ir.lang", "Language", "name char!, code char!, active boolean"),
        ("country.country", "Country", "name char!, code char, active boolean"),
        ("currency.currency", "Currency", "name char!, code char!, symbol char!, digits integer!, active boolean"),
        ("company.company", "Company", "party many2one! party.party, currency many2one! currency.currency, timezone selection"),
        ("company.employee", "Employee",
            "party many2one! party.party, company many2one! company.company, start_date date, end_date date, cost_price numeric ro"),
        ("party.party", "Party", "name char, code char!, active boolean, lang many2one ir.lang, account_receivable many2one account.account, "
            + "customer_payment_term many2one account.invoice.payment_term, replaced_by many2one ro party.party, full_name char ro, "
            + "addresses one2many party.address/party, identifiers one2many party.identifier/party, contact_mechanisms one2many "
                + "party.contact_mechanism/party"),
        ("party.address", "Address", "party many2one! party.party/addresses, name char, party_name char, street text, postal_code char, city char, "
            + "country many2one country.country, "
            + "active boolean, sequence integer, invoice boolean, delivery boolean"),
        ("party.identifier", "Party Identifier", "party many2one! party.party/identifiers, type selection, code char!, sequence integer"),
        ("party.contact_mechanism", "Contact Mechanism",
            "party many2one! party.party/contact_mechanisms, type selection!, value char, name char, comment text, active boolean, sequence integer"),
        ("product.uom.category", "UOM Category", "name char!"),
        ("product.uom", "Unit of Measure", "name char!, symbol char!, category many2one! product.uom.category, digits integer!, active boolean"),
        ("product.category", "Category", "name char!, accounting boolean, account_revenue many2one account.account, "
            + "customer_taxes many2many account.tax"),
        ("product.template", "Product Template",
            "name char!, code char, type selection!, active boolean, list_price numeric!, cost_price_method selection!, default_uom many2one! product.uom, "
            + "account_category many2one product.category, salable boolean, sale_uom many2one product.uom, products one2many product.product/template"),
        ("product.product", "Product Variant",
            "template many2one! product.template/products, code char ro, suffix_code char, name char ro, active boolean, description text, "
            + "type selection ro, list_price numeric ro, default_uom many2one ro product.uom"),
        ("project.work.status", "Work Status", "name char!, types multiselection, progress float, default boolean, active boolean"),
        ("project.work", "Work Effort", "name char!, type selection!, company many2one! company.company, comment text, parent many2one project.work/children, "
            + "children one2many project.work/parent, party many2one party.party, party_address many2one party.address, status many2one! "
                + "project.work.status, progress float, "
            + "effort_duration timedelta, total_effort timedelta ro, timesheet_available boolean, timesheet_works one2many ro timesheet.work/origin, "
                + "timesheet_duration timedelta ro, "
            + "timesheet_start_date date, timesheet_end_date date, product many2one product.product, list_price numeric, project_invoice_method selection, "
            + "invoiced_amount numeric ro, amount_to_invoice numeric ro, sequence integer"),
        ("timesheet.work", "Timesheet Work",
            "name char, origin reference, company many2one! company.company, timesheet_start_date date, timesheet_end_date date, "
            + "timesheet_lines one2many timesheet.line/work, duration timedelta ro"),
        ("timesheet.line", "Timesheet Line", "company many2one! company.company, employee many2one! company.employee, date date!, duration timedelta!, "
            + "work many2one! timesheet.work/timesheet_lines, description char, uuid char ro, cost_price numeric! ro, invoice_line many2one ro "
                + "account.invoice.line"),
        ("analytic_account.account", "Analytic Account",
            "name char!, code char, active boolean, company many2one! company.company, type selection!, state selection!, "
            + "root many2one analytic_account.account, parent many2one analytic_account.account/childs, childs one2many "
                + "analytic_account.account/parent, note text"),
        ("account.account.type", "Account Type", "name char!, receivable boolean, revenue boolean"),
        ("account.account", "Account", "name char!, code char, company many2one! company.company, type many2one account.account.type"),
        ("account.journal", "Journal", "name char!, code char, type selection!, active boolean"),
        ("account.configuration", "Account Configuration", "default_account_receivable many2one account.account, default_category_account_revenue "
            + "many2one account.account, default_customer_payment_term many2one account.invoice.payment_term"),
        ("account.period", "Period", "name char!, start_date date!, end_date date!, company many2one company.company, state selection ro"),
        ("account.tax", "Tax", "name char!, description char!, company many2one! company.company, active boolean, type selection!, rate numeric, "
            + "invoice_account many2one account.account"),
        ("account.move", "Account Move", "journal many2one! account.journal, date date!, origin reference, state selection ro, "
            + "lines one2many account.move.line/move"),
        ("account.move.line", "Account Move Line", "move many2one! account.move/lines, account many2one! account.account, party many2one party.party, "
            + "date date ro, debit numeric!, credit numeric!, second_currency many2one currency.currency, amount_second_currency numeric, "
            + "maturity_date date, reconciliation many2one ro account.move.reconciliation, invoice_payment many2one account.invoice"),
        ("account.move.reconciliation", "Account Move Reconciliation Lines", "name char!, date date!, lines one2many account.move.line/reconciliation"),
        // The real one has its days in lines of their own.
        ("account.invoice.payment_term", "Payment Term", "name char!, active boolean, days integer"),
        ("account.invoice", "Invoice",
            "number char ro, reference char, description char, comment text, type selection!, state selection ro, party many2one! party.party, "
            + "party_tax_identifier many2one party.identifier, invoice_address many2one! party.address, company many2one! company.company, "
            + "currency many2one! currency.currency, account many2one! account.account, journal many2one! account.journal, payment_term many2one "
            + "account.invoice.payment_term, invoice_date date, accounting_date date, untaxed_amount numeric ro, tax_amount numeric ro, "
            + "total_amount numeric ro, amount_to_pay numeric ro, reconciled date ro, lines one2many account.invoice.line/invoice, "
            + "taxes one2many account.invoice.tax/invoice, move many2one ro account.move, lines_to_pay many2many ro account.move.line, "
            + "payment_lines many2many account.move.line/invoice_payment, reconciliation_lines many2many ro account.move.line"),
        ("account.invoice.line", "Invoice Line",
            "invoice many2one account.invoice/lines, invoice_type selection, party many2one party.party, type selection!, company many2one! company.company, "
            + "currency many2one! currency.currency, account many2one account.account, product many2one product.product, unit many2one product.uom, "
            + "description text, note text, quantity float, unit_price numeric, amount numeric ro, taxes many2many account.tax, taxes_date date, "
            + "origin reference"),
        ("account.invoice.tax", "Invoice Tax",
            "invoice many2one account.invoice/taxes, tax many2one account.tax, account many2one! account.account, description char!, base numeric!, "
            + "amount numeric!, manual boolean, legal_notice text, sequence integer"),
    ];

    private static readonly HashSet<string> WithCompanyRule = ["project.work", "timesheet.work", "timesheet.line", "company.employee", "account.invoice",
        "analytic_account.account"];

    public static ImmutableDictionary<string, TrytonModel> Build() => Source.ToImmutableDictionary(
        entry => entry.Name,
        entry => new TrytonModel(
            entry.Name, entry.Label, $"{Common}, {entry.Fields}".Split(", ").Select(Parse).ToImmutableDictionary(field => field.Name),
                WithCompanyRule.Contains(entry.Name)));

    private static TrytonField Parse(string text)
    {
        var words = text.Split(' ');
        var relation = words.Skip(2).FirstOrDefault(word => word != "ro")?.Split('/');
        return new TrytonField(words[0], words[1].TrimEnd('!'), relation?[0], relation?.ElementAtOrDefault(1), words[1].EndsWith('!'), words.Contains("ro"));
    }
}
