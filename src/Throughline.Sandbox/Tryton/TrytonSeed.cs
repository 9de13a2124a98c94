using System.Text.Json.Nodes;

namespace Throughline.Sandbox.Tryton;

/// <summary>The firm that scripts/real/tryton-seed.py makes on a real server, as far as other records refer to it.</summary>
internal static class TrytonSeed
{
    public static JsonObject Preferences() => new()
    {
        ["company_filter"] = "one", ["employee"] = 1L, ["employee.rec_name"] = "Ada Lambert", ["company"] = 1L,
            ["company.rec_name"] = "Halden Consulting", ["language"] = "en",
        ["language_direction"] = "ltr", ["groups"] = new JsonArray(6, 7, 9, 3, 8, 14, 15, 13),
    };

    public static void Fill(TrytonSandbox sandbox)
    {
        foreach (var (name, code, symbol) in new[] { ("Euro", "EUR", "€"), ("Pound Sterling", "GBP", "£"), ("US Dollar", "USD", "$") })
        {
            sandbox.Insert("currency.currency", new JsonObject { ["name"] = name, ["code"] = code, ["symbol"] = symbol, ["digits"] = 2 });
        }

        sandbox.Insert("ir.lang", new JsonObject { ["name"] = "English", ["code"] = "en" });
        foreach (var (name, code) in new[] { ("Belgium", "BE"), ("Germany", "DE"), ("United Kingdom", "GB"), ("United States", "US") })
        {
            sandbox.Insert("country.country", new JsonObject { ["name"] = name, ["code"] = code });
        }

        var firm = sandbox.Insert("party.party", new JsonObject { ["name"] = "Halden Consulting" });
        sandbox.Insert("company.company", new JsonObject { ["party"] = firm, ["currency"] = 1L, ["timezone"] = "Europe/Brussels" });
        Accounting(sandbox);
        sandbox.Insert("party.party", Party("Contoso Rail", "C-100"));
        sandbox.Insert("party.party", Party("Fabrikam Health", "C-200"));
        foreach (var (name, code) in new[] { ("Ada Lambert", "E-001"), ("Ben Okafor", "E-002"), ("Chi Tanaka", "E-003") })
        {
            var person = sandbox.Insert("party.party", new JsonObject { ["name"] = name, ["code"] = code });
            sandbox.Insert("company.employee", new JsonObject { ["party"] = person, ["company"] = 1L });
        }

        sandbox.Insert("project.work.status", new JsonObject { ["name"] = "Open", ["default"] = true, ["types"] = new JsonArray("project", "task") });
        sandbox.Insert("project.work.status", new JsonObject { ["name"] = "Done", ["default"] = false, ["progress"] = 1.0,
            ["types"] = new JsonArray("project", "task") });
        Products(sandbox);
        sandbox.Insert("analytic_account.account", new JsonObject { ["name"] = "Cost centres", ["code"] = "CC", ["type"] = "root" });
    }

    private static void Accounting(TrytonSandbox sandbox)
    {
        foreach (var (name, receivable, revenue) in new[] { ("Asset", false, false), ("Receivable", true, false), ("Revenue", false, true), ("Tax", false, false) })
        {
            sandbox.Insert("account.account.type", new JsonObject { ["name"] = name, ["receivable"] = receivable, ["revenue"] = revenue });
        }

        foreach (var (name, type) in new[] { ("Main Cash", 1L), ("Main Receivable", 2L), ("Main Revenue", 3L), ("Main Tax", 4L) })
        {
            sandbox.Insert("account.account", new JsonObject { ["name"] = name, ["type"] = type });
        }

        foreach (var (name, code, type) in new[] { ("Revenue", "REV", "revenue"), ("Expense", "EXP", "expense"), ("Cash", "CASH", "cash"), ("Write-off", "OFF", "write-off") })
        {
            sandbox.Insert("account.journal", new JsonObject { ["name"] = name, ["code"] = code, ["type"] = type });
        }

        sandbox.Insert("account.configuration", new JsonObject { ["default_account_receivable"] = 2L });
        sandbox.Insert("account.invoice.payment_term", new JsonObject { ["name"] = "30 days", ["days"] = 30L });
        sandbox.Insert("account.tax", new JsonObject
        {
            ["name"] = "VAT 21%", ["description"] = "VAT 21%", ["type"] = "percentage", ["invoice_account"] = 4L,
            ["rate"] = new JsonObject { ["__class__"] = "Decimal", ["decimal"] = "0.21" },
        });
    }

    private static void Products(TrytonSandbox sandbox)
    {
        foreach (var name in new[] { "Unit", "Time" })
        {
            sandbox.Insert("product.uom.category", new JsonObject { ["name"] = name });
        }

        foreach (var (name, symbol, category, digits) in new[] { ("Unit", "u", 1L, 0L), ("Hour", "h", 2L, 2L), ("Day", "d", 2L, 2L) })
        {
            sandbox.Insert("product.uom", new JsonObject { ["name"] = name, ["symbol"] = symbol, ["category"] = category, ["digits"] = digits });
        }

        sandbox.Insert("product.category", new JsonObject { ["name"] = "Services", ["accounting"] = true, ["account_revenue"] = 3L,
            ["customer_taxes"] = new JsonArray(new JsonArray("add", new JsonArray(1L))) });
        foreach (var (name, code, unit, price) in new[] { ("Consulting hour", "HOUR", 2L, 100L), ("Milestone", "MILESTONE", 1L, 0L),
            ("Subcontract", "SUBCONTRACT", 1L, 0L), ("Expense", "EXPENSE", 1L, 0L) })
        {
            sandbox.Insert("product.template", new JsonObject
            {
                ["name"] = name, ["code"] = code, ["type"] = "service", ["default_uom"] = unit, ["sale_uom"] = unit, ["salable"] = true,
                    ["list_price"] = price, ["account_category"] = 1L,
                ["products"] = new JsonArray(new JsonArray("create", new JsonArray(new JsonObject()))),
            });
        }
    }

    private static JsonObject Party(string name, string code) => new()
    {
        ["name"] = name, ["code"] = code, ["customer_payment_term"] = 1L,
        ["addresses"] = new JsonArray(new JsonArray("create", new JsonArray(new JsonObject { ["street"] = "Station 9", ["postal_code"] = "2000",
            ["city"] = "Antwerp", ["country"] = 1L }))),
    };
}
