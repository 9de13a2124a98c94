using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Row = System.Collections.Immutable.ImmutableDictionary<string, object?>;

namespace Throughline.Sandbox.Tryton;

/// <summary>What the modules add to plain records: defaults, unique keys, computed fields and refusals, with the real server's texts.</summary>
internal static class TrytonRules
{
    private const string Project = "project.work";
    private const string Work = "timesheet.work";
    private const string Line = "timesheet.line";

    private static readonly Dictionary<(string Model, string Field), string> Unique = new()
    {
        [("party.party", "code")] = "The code on party must be unique.",
        [(Line, "uuid")] = "The UUID of timesheet line must be unique.",
    };

    // Which records go with their owner; every other reference keeps its target from being deleted.
    private static readonly HashSet<(string Model, string Field)> Cascades =
    [
        ("party.address", "party"), ("party.identifier", "party"), ("party.contact_mechanism", "party"), ("product.product", "template"),
            (TrytonAccounting.Line, "invoice"), (TrytonAccounting.Tax, "invoice"),
    ];

    public static Row Defaults(TrytonStore store, TrytonModel model, long id, JsonObject context)
    {
        var row = Row.Empty;
        if (model.Fields.ContainsKey("active"))
        {
            row = row.SetItem("active", true);
        }

        if (model.Fields.ContainsKey("company") && context["company"] is { } company)
        {
            row = row.SetItem("company", company.GetValue<long>());
        }

        return model.Name switch
        {
            "party.party" => row.SetItem("code", NextCode(store, id)),
            "party.contact_mechanism" => row.SetItem("type", "phone"),
            Project => row.SetItem("type", "task").SetItem("status", 1L).SetItem("project_invoice_method", "manual"),
            Line => row.SetItem("cost_price", 0m).SetItem("date", store.Today),
            "product.template" => row.SetItem("type", "goods").SetItem("cost_price_method", "fixed"),
            "analytic_account.account" => row.SetItem("type", "normal").SetItem("state", "draft"),
            TrytonAccounting.Invoice => row.SetItem("type", "out").SetItem("state", "draft").SetItem("currency", CurrencyOf(store, row)),
            TrytonAccounting.Line => row.SetItem("type", "line").SetItem("currency", CurrencyOf(store, row)),
            "account.period" => row.SetItem("state", "open"),
            "product.uom" => row.SetItem("digits", 2L),
            _ => row,
        };
    }

    private static object? CurrencyOf(TrytonStore store, Row row) =>
        row.GetValueOrDefault("company") is long company ? store.Stored("company.company", company, "currency") : null;

    public static void AfterCreate(TrytonStore store, TrytonModel model, long id, JsonObject context, DateTime stamp)
    {
        // timesheet_cost writes each new line once.
        if (model.Name == Line)
        {
            store.Set(Line, id, "write_date", stamp);
        }
    }

    /// <summary>Fields whose setting does something else than storing; true where that was done.</summary>
    public static bool Intercept(TrytonStore store, TrytonModel model, long id, string field, object? value, JsonObject context)
    {
        if (model.Name != Project)
        {
            return false;
        }

        var works = WorksOf(store, id);
        switch (field)
        {
            case "timesheet_available" when value is true && works.Length == 0:
                store.Create(Work, new JsonObject { ["origin"] = $"{Project},{id}", ["company"] = (long)(store.Stored(Project, id, "company") ?? 1L) },
                    context);
                return true;
            case "timesheet_available" when value is not true:
                store.Delete(Work, works);
                return true;
            case "timesheet_available":
                return true;
            case "timesheet_start_date" or "timesheet_end_date":
                Array.ForEach(works, work => store.Set(Work, work, field, value));
                return true;
            default:
                return false;
        }
    }

    public static void BeforeWrite(TrytonStore store, TrytonModel model, long id)
    {
        if (model.Name == Line && store.Stored(Line, id, "invoice_line") is not null)
        {
            throw TrytonError.User("You cannot modify an invoiced line.");
        }
    }

    public static void BeforeDelete(TrytonStore store, TrytonModel model, long id)
    {
        if (model.Name == Line && store.Stored(Line, id, "invoice_line") is not null)
        {
            throw TrytonError.User("You cannot delete an invoiced line.");
        }

        TrytonAccounting.BeforeDelete(store, model, id);

        if (model.Name == Project)
        {
            Refuse(store, Project, id);
            store.Delete(Work, WorksOf(store, id));
        }
        else
        {
            Refuse(store, model.Name, id);
        }
    }

    public static void Check(TrytonStore store, TrytonModel model, long id)
    {
        foreach (var ((name, field), text) in Unique)
        {
            if (name == model.Name && store.Stored(name, id, field) is { } value
                && store.With(name, field, value).Any(other => other != id))
            {
                throw TrytonError.User(text);
            }
        }

        switch (model.Name)
        {
            case Project:
                CheckProject(store, id);
                break;
            case Line:
                CheckLine(store, id);
                break;
            case "product.template" when store.Stored(model.Name, id, "list_price") is decimal price:
                CheckDigits(price, "List Price", "Product List Price");
                break;
        }

        TrytonAccounting.Check(store, model, id);
    }

    public static long[] WorksOf(TrytonStore store, long project) =>
        store.With(Work, "origin", string.Create(CultureInfo.InvariantCulture, $"{Project},{project}"));

    /// <summary>Whole and fractional seconds since 1970 of the last change, as PostgreSQL writes them.</summary>
    public static string Stamp(TrytonStore store, string model, long id)
    {
        var stamp = (DateTime)(store.Stored(model, id, "write_date") ?? store.Stored(model, id, "create_date"))!;
        return ((stamp - DateTime.UnixEpoch).Ticks / (decimal)TimeSpan.TicksPerSecond).ToString("0.000000", CultureInfo.InvariantCulture);
    }

    /// <summary>True for a field that is not stored.</summary>
    public static bool IsComputed(string model, string field) => (model, field) switch
    {
        (_, "id" or "_timestamp" or "rec_name") or ("party.party", "full_name") => true,
        (Project, "timesheet_works" or "timesheet_available" or "timesheet_start_date" or "timesheet_end_date" or "timesheet_duration") => true,
        (Project, "total_effort" or "invoiced_amount" or "amount_to_invoice") => true,
        ("product.product", "code" or "name" or "list_price" or "type" or "default_uom") => true,
        _ => TrytonAccounting.IsComputed(model, field),
    };

    /// <summary>The value of a field that is not stored; false where it is.</summary>
    public static bool Computed(TrytonStore store, string model, long id, string field, out object? value)
    {
        var template = model == "product.product" ? store.Stored(model, id, "template") as long? : null;
        value = (model, field) switch
        {
            (_, "id") => id,
            (_, "_timestamp") => Stamp(store, model, id),
            (Project, "timesheet_works") => WorksOf(store, id),
            (Project, "timesheet_available") => WorksOf(store, id).Length > 0,
            (Project, "timesheet_start_date" or "timesheet_end_date") => WorksOf(store, id) is [var work, ..] ? store.Stored(Work, work, field) : null,
            (Project, "timesheet_duration") => Sum(store, id, TimeLogged),
            (Project, "total_effort") => Sum(store, id, (s, at) => s.Stored(Project, at, "effort_duration") as TimeSpan? ?? TimeSpan.Zero),
            (Project, "invoiced_amount" or "amount_to_invoice") => 0m,
            ("product.product", "code") => Join(store.Stored("product.template", template ?? 0, "code"), store.Stored(model, id, "suffix_code")),
            ("product.product", "name" or "list_price" or "type" or "default_uom") => store.Stored("product.template", template ?? 0, field),
            (_, "rec_name") => RecName(store, model, id),
            ("party.party", "full_name") => store.Stored(model, id, "name"),
            _ when TrytonAccounting.IsComputed(model, field) => TrytonAccounting.Computed(store, model, id, field),
            _ => null,
        };
        return IsComputed(model, field);
    }

    private static void CheckProject(TrytonStore store, long id)
    {
        var name = store.Stored(Project, id, "name");
        var type = store.Stored(Project, id, "type") as string;
        if (type is not ("project" or "task"))
        {
            throw TrytonError.Domain("The value for field \"Status\" in \"Work Effort\" is not valid according to its domain.",
                [new JsonArray("types", "in", type)]);
        }

        if (store.Stored(Project, id, "party") is long party && store.Stored(Project, id, "party_address") is long address
            && !Equals(store.Stored("party.address", address, "party"), party))
        {
            throw TrytonError.Domain("The value for field \"Contact Address\" in \"Work Effort\" is not valid according to its domain.",
                [new JsonArray("party", "=", party)]);
        }

        if (store.Stored("project.work.status", (long)store.Stored(Project, id, "status")!, "progress") is not double needed)
        {
            return;
        }

        if ((store.Stored(Project, id, "progress") as double? ?? 0) < needed)
        {
            throw TrytonError.User($"To set work \"{name}\" in \"Done\" status, you must increase its progress up to at least 100.00%.");
        }

        var open = store.With(Project, "parent", id)
            .Any(child => store.Stored("project.work.status", (long)store.Stored(Project, child, "status")!, "progress") is not double);
        if (open)
        {
            throw TrytonError.User($"To complete work \"{name}\" you must complete also all its children.");
        }
    }

    private static void CheckLine(TrytonStore store, long id)
    {
        if (store.Stored(Line, id, "duration") is TimeSpan duration && duration < TimeSpan.Zero)
        {
            throw TrytonError.Domain("The value for field \"Duration\" in \"Timesheet Line\" is not valid according to its domain.",
                [new JsonArray("duration", ">=", new JsonObject())]);
        }

        var isNew = Equals(store.Stored(Line, id, "create_date"), store.Stored(Line, id, "write_date"));
        if (isNew && store.Stored(Work, (long)store.Stored(Line, id, "work")!, "timesheet_end_date") is DateOnly end
            && store.Stored(Line, id, "date") is DateOnly date && date > end)
        {
            throw TrytonError.Domain(
                "The value for field \"Work\" in \"Timesheet Line\" is not valid according to its domain.",
                ["OR", new JsonArray("timesheet_end_date", "=", null),
                    new JsonArray("timesheet_end_date", ">=", date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture))]);
        }
    }

    private static void CheckDigits(decimal value, string field, string model)
    {
        if (decimal.Round(value, 4) != value)
        {
            throw TrytonError.User(string.Create(
                CultureInfo.InvariantCulture, $"The number of digits in the value \"Decimal('{value}')\" for field \"{field}\" in \"{model}\" exceeds "
                    + $"the limit of \"4\"."));
        }
    }

    private static void Refuse(TrytonStore store, string target, long id)
    {
        foreach (var model in store.Models.Values)
        {
            foreach (var field in model.Fields.Values.Where(field => field.Type == "many2one" && field.Relation == target))
            {
                var users = store.With(model.Name, field.Name, id);
                if (users.Length > 0 && Cascades.Contains((model.Name, field.Name)))
                {
                    store.Delete(model.Name, users);
                }
                else if (users.Length > 0)
                {
                    throw TrytonError.User($"The records could not be deleted because they are used by field \"{field.Label}\" of \"{model.Label}\".");
                }
            }
        }
    }

    private static TimeSpan TimeLogged(TrytonStore store, long project) => WorksOf(store, project)
        .SelectMany(work => store.With(Line, "work", work))
        .Aggregate(TimeSpan.Zero, (sum, line) => sum + (TimeSpan)store.Stored(Line, line, "duration")!);

    private static TimeSpan Sum(TrytonStore store, long project, Func<TrytonStore, long, TimeSpan> own) =>
        store.With(Project, "parent", project).Aggregate(own(store, project), (sum, child) => sum + Sum(store, child, own));

    private static string? RecName(TrytonStore store, string model, long id) => model switch
    {
        Work when store.Stored(Work, id, "origin") is string origin =>
            RecName(store, Project, long.Parse(origin[(Project.Length + 1)..], CultureInfo.InvariantCulture)),
        Project when store.Stored(Project, id, "parent") is long parent => $"{RecName(store, Project, parent)}\\{store.Stored(Project, id, "name")}",
        "company.company" or "company.employee" when store.Stored(model, id, "party") is long party => store.Stored("party.party", party, "name") as string,
        TrytonAccounting.Invoice => TrytonAccounting.Name(store, id),
        "product.product" when Computed(store, model, id, "name", out var name) => Computed(store, model, id, "code", out var code) && code is not null
            ? $"[{code}] {name}" : name as string,
        _ => store.Stored(model, id, "name") as string ?? id.ToString(CultureInfo.InvariantCulture),
    };

    private static string NextCode(TrytonStore store, long id)
    {
        var number = id;
        while (store.With("party.party", "code", number.ToString(CultureInfo.InvariantCulture)).Length > 0)
        {
            number++;
        }

        return number.ToString(CultureInfo.InvariantCulture);
    }

    private static string? Join(object? prefix, object? suffix) => $"{prefix}{suffix}" is { Length: > 0 } code ? code : null;
}
