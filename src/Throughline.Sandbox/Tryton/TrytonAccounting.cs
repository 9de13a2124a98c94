using System.Globalization;
using System.Text.Json.Nodes;

namespace Throughline.Sandbox.Tryton;

/// <summary>
/// Customer invoices: amounts, taxes, numbers and the buttons, with the real server's texts and its roundings (half to even; each line, and
/// the tax of the whole invoice). Of the entries in the books there are those on the customer's account (<see cref="TrytonPayments"/>). Unlike the real
/// server, it also posts on days for which nobody made a period: only a period that is there and closed refuses.
/// </summary>
internal static class TrytonAccounting
{
    public const string Invoice = "account.invoice";
    public const string Line = "account.invoice.line";
    public const string Tax = "account.invoice.tax";

    private static readonly HashSet<string> NotGuarded = ["state", "payment_lines", "move", "cancel_move", "lines"];
    private static readonly HashSet<string> NotGuardedInLines = ["note", "origin"];

    public static bool IsButton(string model, string operation) => model == Invoice && operation is "post" or "validate_invoice" or "cancel" or "draft";

    public static bool IsComputed(string model, string field) => (model, field) switch
    {
        (Invoice, "untaxed_amount" or "tax_amount" or "total_amount") => true,
        (Line, "amount") => true,
        _ => TrytonPayments.IsComputed(model, field),
    };

    public static object? Computed(TrytonStore store, string model, long id, string field) => (model, field) switch
    {
        (Line, "amount") => Amount(store, id),
        (Invoice, "untaxed_amount") => Untaxed(store, id),
        (Invoice, "tax_amount") => Taxes(store, id),
        (Invoice, "total_amount") => Untaxed(store, id) + Taxes(store, id),
        _ => TrytonPayments.Computed(store, model, id, field),
    };

    public static string Name(TrytonStore store, long id)
    {
        var (number, reference) = (store.Stored(Invoice, id, "number"), store.Stored(Invoice, id, "reference"));
        return (number, reference) switch
        {
            (null, null) => string.Create(CultureInfo.InvariantCulture, $"({id})"),
            (_, null) => $"{number}",
            (null, _) => $"[{reference}]",
            _ => $"{number} [{reference}]",
        };
    }

    public static void BeforeCreate(TrytonStore store, TrytonModel model, JsonObject values)
    {
        if (model.Name == Line && TrytonWire.Typed(values["invoice"]) is long invoice && store.Stored(Invoice, invoice, "state") is "posted" or "paid" or "cancelled")
        {
            throw TrytonError.User($"You cannot add a line to invoice \"{Name(store, invoice)}\" because it is posted, paid or cancelled.");
        }
    }

    public static void BeforeWrite(TrytonStore store, TrytonModel model, long id, JsonObject values)
    {
        if (model.Name == Invoice && values.Any(pair => !NotGuarded.Contains(pair.Key)))
        {
            MustBeOpen(store, id);
        }
        else if (model.Name == Line && values.Any(pair => !NotGuardedInLines.Contains(pair.Key)))
        {
            LineMustBeOpen(store, id);
        }
    }

    public static void AfterWrite(TrytonStore store, TrytonModel model, long id, JsonObject context)
    {
        if (model.Name == Invoice && store.Stored(Invoice, id, "state") is "draft")
        {
            UpdateTaxes(store, id, context);
        }
    }

    public static void BeforeDelete(TrytonStore store, TrytonModel model, long id)
    {
        if (model.Name == Line)
        {
            LineMustBeOpen(store, id);
        }
        else if (model.Name == Invoice)
        {
            MustBeOpen(store, id);
            if (store.Stored(Invoice, id, "number") is not null)
            {
                throw TrytonError.User($"You cannot delete invoice \"{Name(store, id)}\" because it has a number.");
            }
        }
    }

    public static void Check(TrytonStore store, TrytonModel model, long id)
    {
        if (model.Name == Line)
        {
            CheckLine(store, id);
        }
        else if (model.Name == Invoice)
        {
            var party = store.Stored(Invoice, id, "party");
            Domain(store.Stored(Invoice, id, "invoice_address") is long address && Equals(store.Stored("party.address", address, "party"), party),
                "Invoice Address", "Invoice");
            Domain(store.Stored(Invoice, id, "type") is "in" || (store.Stored(Invoice, id, "type") is "out" && IsKind(store, Invoice, id, "receivable")),
                "Account", "Invoice");
            Domain(store.With(Line, "invoice", id).All(line => Equals(store.Stored(Line, line, "currency"), store.Stored(Invoice, id, "currency"))
                && Equals(store.Stored(Line, line, "company"), store.Stored(Invoice, id, "company"))), "Lines", "Invoice");
        }
    }

    /// <summary>Presses a button. What does not fit the state is left as it is, without a word.</summary>
    public static void Press(TrytonStore store, string button, long id, JsonObject context)
    {
        var state = store.Stored(Invoice, id, "state") as string;
        switch (button, state)
        {
            case ("validate_invoice", "draft"):
                store.Touch(Invoice, id, context);
                UpdateTaxes(store, id, context);
                store.Set(Invoice, id, "state", "validated");
                break;
            case ("post", "draft" or "validated"):
                store.Touch(Invoice, id, context);
                Post(store, id, context);
                break;
            case ("cancel", "posted"):
                throw TrytonError.User($"You cannot cancel customer invoice \"{Name(store, id)}\" because it is posted and company setup does not allow it.");
            case ("cancel", "draft" or "validated"):
                store.Touch(Invoice, id, context);
                store.Set(Invoice, id, "state", "cancelled");
                break;
            case ("draft", "validated" or "cancelled"):
                store.Touch(Invoice, id, context);
                store.Set(Invoice, id, "state", "draft");
                break;
        }
    }

    /// <summary>The taxes of some lines, in the order in which they first occur: the sum of what each line adds, rounded once.</summary>
    public static IEnumerable<(long Tax, decimal Base, decimal Amount)> TaxesOf(
        TrytonStore store, IEnumerable<(IEnumerable<long> Taxes, decimal Quantity, decimal Price)> lines, long? currency) =>
        lines.SelectMany(line => line.Taxes.Select(tax => (Tax: tax, Whole: line.Quantity * line.Price))).GroupBy(pair => pair.Tax).Select(group => (
            group.Key,
            group.Sum(pair => Round(store, pair.Whole, currency)),
            Round(store, group.Sum(pair => pair.Whole * (store.Stored("account.tax", group.Key, "rate") as decimal? ?? 0m)), currency)));

    private static void Post(TrytonStore store, long id, JsonObject context)
    {
        var date = (store.Stored(Invoice, id, "accounting_date") ?? store.Stored(Invoice, id, "invoice_date")) as DateOnly? ?? store.Today;
        foreach (var period in store.Table("account.period").Rows)
        {
            if (period.GetValueOrDefault("state") is not "open" && period.GetValueOrDefault("start_date") is DateOnly start && start <= date
                && period.GetValueOrDefault("end_date") is DateOnly end && date <= end)
            {
                throw TrytonError.User($"To continue, you must create a period for the date \"{American(date)}\".");
            }
        }

        UpdateTaxes(store, id, context);
        if (store.Stored(Invoice, id, "number") is null)
        {
            store.Set(Invoice, id, "number", NextNumber(store, id, date));
        }

        if (store.Stored(Invoice, id, "invoice_date") is not DateOnly invoiced)
        {
            store.Set(Invoice, id, "invoice_date", invoiced = date);
        }

        var due = store.Stored(Invoice, id, "payment_term") is long term && store.Stored("account.invoice.payment_term", term, "days") is long days
            ? invoiced.AddDays((int)days) : store.Today;
        if (due < store.Today)
        {
            throw TrytonError.Warning(string.Create(CultureInfo.InvariantCulture, $"invoice_payment_term_{id}"),
                $"The invoice \"{Name(store, id)}\" generates a payment date \"{American(due)}\" in the past.");
        }

        var total = Untaxed(store, id) + Taxes(store, id);
        store.Set(Invoice, id, "state", total == 0 ? "paid" : "posted");
        if (total != 0)
        {
            TrytonPayments.Post(store, id, total, date, due, context);
        }
    }

    /// <summary>Gapless and in the order of dates, one sequence a year.</summary>
    private static string NextNumber(TrytonStore store, long id, DateOnly date)
    {
        var prefix = string.Create(CultureInfo.InvariantCulture, $"{date.Year:0000}-");
        var numbered = store.Table(Invoice).Beginning("number", prefix).ToArray();
        foreach (var other in numbered)
        {
            if ((store.Stored(Invoice, other, "accounting_date") ?? store.Stored(Invoice, other, "invoice_date")) is DateOnly later && later > date)
            {
                throw TrytonError.User($"To number the invoice \"{Name(store, id)}\", you must set an accounting date after \"{American(date)}\" because the "
                    + $"sequence \"Invoices {date.Year}\" has already been used for invoice \"{Name(store, other)}\".");
            }
        }

        return string.Create(CultureInfo.InvariantCulture, $"{prefix}{numbered.Length + 1:00000}");
    }

    private static void UpdateTaxes(TrytonStore store, long id, JsonObject context)
    {
        var lines = store.With(Line, "invoice", id).Where(line => store.Stored(Line, line, "type") is "line").Select(line => (
            store.Stored(Line, line, "taxes") as IEnumerable<long> ?? [], Quantity(store, line), store.Stored(Line, line, "unit_price") as decimal? ?? 0m));
        var computed = TaxesOf(store, lines, store.Stored(Invoice, id, "currency") as long?).ToArray();
        var there = store.With(Tax, "invoice", id).Where(tax => store.Stored(Tax, tax, "manual") is not true).ToArray();
        if (computed.Length == there.Length && computed.All(tax => there.Any(old => Equals(store.Stored(Tax, old, "tax"), tax.Tax)
            && Equals(store.Stored(Tax, old, "base"), tax.Base))))
        {
            return;
        }

        store.Delete(Tax, there);
        foreach (var (tax, @base, amount) in computed)
        {
            var values = TaxLine(store, tax, @base, amount);
            values["invoice"] = id;
            store.Create(Tax, values, context);
        }
    }

    public static JsonObject TaxLine(TrytonStore store, long tax, decimal @base, decimal amount) => new()
    {
        ["tax"] = tax, ["base"] = TrytonWire.Encode(@base), ["amount"] = TrytonWire.Encode(amount), ["manual"] = false, ["legal_notice"] = null,
        ["account"] = TrytonWire.Encode(store.Stored("account.tax", tax, "invoice_account")),
        ["description"] = TrytonWire.Encode(store.Stored("account.tax", tax, "description")),
    };

    public static decimal Round(TrytonStore store, decimal amount, long? currency) =>
        decimal.Round(amount, (int)(currency is { } id ? store.Stored("currency.currency", id, "digits") as long? ?? 2 : 2), MidpointRounding.ToEven);

    private static void CheckLine(TrytonStore store, long id)
    {
        if (store.Stored(Line, id, "type") is not "line")
        {
            return;
        }

        foreach (var (field, label) in new[] { ("quantity", "Quantity"), ("unit_price", "Unit Price"), ("account", "Account"), ("unit", "Unit") })
        {
            if (store.Stored(Line, id, field) is null && (field != "unit" || store.Stored(Line, id, "product") is not null))
            {
                throw TrytonError.User($"A value is required for field \"{label}\" in \"Invoice Line\".");
            }
        }

        var (quantity, price) = (Quantity(store, id), (decimal)store.Stored(Line, id, "unit_price")!);
        var digits = (int)(store.Stored(Line, id, "unit") is long unit ? store.Stored("product.uom", unit, "digits") as long? ?? 2 : 2);
        Digits(quantity, digits, quantity.ToString(CultureInfo.InvariantCulture), "Quantity");
        Digits(price, 4, string.Create(CultureInfo.InvariantCulture, $"Decimal('{price}')"), "Unit Price");
        Domain(IsKind(store, Line, id, "revenue"), "Account", "Invoice Line");
    }

    private static void Digits(decimal value, int digits, string shown, string field)
    {
        if (decimal.Round(value, digits) != value)
        {
            throw TrytonError.User($"The number of digits in the value \"{shown}\" for field \"{field}\" in \"Invoice Line\" exceeds the limit of \"{digits}\".");
        }
    }

    private static void Domain(bool holds, string field, string model)
    {
        if (!holds)
        {
            throw TrytonError.Domain($"The value for field \"{field}\" in \"{model}\" is not valid according to its domain.", []);
        }
    }

    private static bool IsKind(TrytonStore store, string model, long id, string kind) => store.Stored(model, id, "account") is long account
        && store.Stored("account.account", account, "type") is long type && store.Stored("account.account.type", type, kind) is true;

    private static void MustBeOpen(TrytonStore store, long id)
    {
        if (!IsOpen(store, id))
        {
            throw TrytonError.User($"You cannot modify invoice \"{Name(store, id)}\" because it is posted, paid or cancelled.");
        }
    }

    private static void LineMustBeOpen(TrytonStore store, long id)
    {
        if (store.Stored(Line, id, "invoice") is long invoice && !IsOpen(store, invoice))
        {
            throw TrytonError.User($"You cannot modify line \"{store.Stored(Line, id, "description")} @ {Name(store, invoice)}\" because its invoice "
                + $"\"{Name(store, invoice)}\" is posted, paid or cancelled.");
        }
    }

    private static bool IsOpen(TrytonStore store, long id) => store.Stored(Invoice, id, "state") switch
    {
        "posted" or "paid" => false,
        "cancelled" => store.Stored(Invoice, id, "number") is null,
        _ => true,
    };

    private static decimal Untaxed(TrytonStore store, long id) => store.With(Line, "invoice", id).Sum(line => Amount(store, line));

    private static decimal Taxes(TrytonStore store, long id) => store.With(Tax, "invoice", id).Sum(tax => store.Stored(Tax, tax, "amount") as decimal? ?? 0m);

    private static decimal Amount(TrytonStore store, long line) => store.Stored(Line, line, "type") is not "line" ? 0m
        : Round(store, Quantity(store, line) * (store.Stored(Line, line, "unit_price") as decimal? ?? 0m), store.Stored(Line, line, "currency") as long?);

    private static decimal Quantity(TrytonStore store, long line) => (decimal)(store.Stored(Line, line, "quantity") as double? ?? 0);

    private static string American(DateOnly date) => date.ToString("MM/dd/yyyy", CultureInfo.InvariantCulture);
}
