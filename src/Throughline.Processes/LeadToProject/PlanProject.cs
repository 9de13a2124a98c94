using System.Collections.Immutable;
using System.Globalization;
using Throughline.Engine.Partition;
using Throughline.Engine.Process;
using Throughline.Landscape;
using Throughline.Model;

namespace Throughline.Processes.LeadToProject;

/// <summary>
/// From a sale to its delivery: project, workstreams with their tasks from the landscape's template, milestones, rate cards,
/// billing schedules, staffing demand and commitments. The parts tie out to the amount of the sale, to the cent (B5, B6, D1).
/// </summary>
internal sealed class PlanProject : IDecision
{
    public string Name => "plan-project";

    public DecisionResult Decide(DecisionInput input)
    {
        var sale = Sale.From(input);
        if ((sale.Problem ?? sale.Contradiction) is { } problem)
        {
            return DecisionResult.Refuse(problem);
        }

        var records = ImmutableArray.CreateBuilder<DerivedRecord>();
        if (!sale.IsExtension)
        {
            records.Add(new DerivedRecord("project", Sale.ProjectKey, Project(sale)));
        }

        var planned = new Money(0m, sale.Amount.Currency);
        foreach (var lines in sale.Lines.GroupBy(line => line.Text("workstream")!, StringComparer.Ordinal))
        {
            var workstream = new WorkstreamPlan(sale, lines.Key, [.. lines]);
            planned += workstream.Budget;
            records.AddRange(workstream.Records());
        }

        return planned == sale.Amount
            ? new DecisionResult(records.ToImmutable(), [])
            : DecisionResult.Refuse(new DecisionProblem(
                "account-team",
                $"The workstreams of {sale.Title} add up to {planned}, the sale is worth {sale.Amount}.",
                "Correct the amount or the lines in the CRM; every workstream is rounded to the cent.",
                sale.Amount));
    }

    private static Fields Project(Sale sale) => Fields.Of(
        ("code", sale.Code),
        ("name", sale.Title),
        ("customer", sale.MainAccount),
        ("customerNumber", sale.BillingAccount(sale.MainAccount)?.Text("number")),
        ("legalEntity", sale.EntityOf(sale.Lines[0])?.Code),
        ("start", sale.Subject.Text("start")),
        ("end", sale.Subject.Text("end")),
        ("budget", sale.Amount),
        ("sowHash", sale.Contract?.Text("sowHash")));
}

/// <summary>What the plan is made from.</summary>
internal sealed class Sale
{
    public const string ProjectKey = "project";

    private readonly DecisionInput _input;

    private Sale(DecisionInput input, string code, Money amount)
    {
        _input = input;
        Subject = input.Subject;
        Code = code;
        Amount = amount;
        Lines = input.Subject.NestedList("lines");
    }

    public DecisionProblem? Problem { get; private init; }

    /// <summary>What in the sale does not fit together, so that no plan can be made.</summary>
    public DecisionProblem? Contradiction
    {
        get
        {
            if (Subject.Text("parent") is { Length: > 0 } parent && parent != Subject.Text("key") && !IsExtension)
            {
                return new DecisionProblem(
                    "pmo", $"{Title} extends {parent}, which has no project yet.", "It goes on by itself when that one has its project.", Amount);
            }

            var mixed = Lines.GroupBy(line => line.Text("workstream")).FirstOrDefault(lines => lines.Select(line => line.Money("amount")?.Currency).Distinct().Count() > 1);
            return mixed is null ? null : new DecisionProblem(
                "account-team", $"The lines of workstream {mixed.Key} of {Title} are in different currencies.",
                "Give each currency a workstream of its own in the CRM.", Amount);
        }
    }

    public Fields Subject { get; }

    public string Code { get; }

    public Money Amount { get; }

    public IReadOnlyList<Fields> Lines { get; }

    public string Title => Subject.Text("name") ?? Subject.Text("key")!;

    public string MainAccount => Subject.Text("account")!;

    public Landscape.Landscape Landscape => _input.Landscape;

    public Fields? Contract => _input.Find("contract", Subject.Text("contract"));

    /// <summary>An opportunity that extends an engagement adds workstreams to the project that is there.</summary>
    public bool IsExtension => Subject.Text("parent") is { Length: > 0 } && _input.Of("project").Any(project => project.Owner != _input.Owner);

    /// <summary>Keeps the codes of an extension apart from those of the sale that it extends.</summary>
    public string Suffix => Subject.Text("parent") is { Length: > 0 } ? "-" + Fields.Of(("key", Subject.Text("key"))).Fingerprint()[..6] : "";

    public static Sale From(DecisionInput input)
    {
        var amount = input.Subject.Money("amount");
        var code = input.Of("project-number").FirstOrDefault()?.Attributes.Text("number");
        return amount is null || code is null || input.Subject.Text("account") is null
            ? new Sale(input, "", Money.Zero(Currency.Of("EUR")))
            {
                Problem = new DecisionProblem(
                    "pmo", $"The sale {input.Subject.Text("name")} has no amount, account or project code.", "Complete the opportunity in the CRM.", amount),
            }
            : new Sale(input, code, amount.Value);
    }

    public Fields? BillingAccount(string? account) => _input.Find("billing-account", account);

    public LegalEntity? EntityOf(Fields line) =>
        Landscape.LegalEntities.Values.OrderBy(entity => entity.Code, StringComparer.Ordinal).FirstOrDefault(entity => entity.Country == line.Text("country"));
}

/// <summary>One workstream and everything below it.</summary>
internal sealed class WorkstreamPlan
{
    private readonly Sale _sale;
    private readonly string _code;
    private readonly ImmutableArray<Fields> _lines;
    private readonly Fields _first;
    private readonly Money _amount;
    private readonly decimal _hours;

    public WorkstreamPlan(Sale sale, string code, ImmutableArray<Fields> lines)
    {
        _sale = sale;
        _lines = lines;
        _first = lines[0];
        _code = $"{sale.Code}-{code}{sale.Suffix}";
        var currency = _first.Money("amount")!.Value.Currency;
        _amount = lines.Aggregate(Money.Zero(currency), (sum, line) => sum + line.Money("amount")!.Value);
        _hours = lines.Sum(line => line.Number("hours") ?? 0m);
        Budget = lines.Aggregate(Money.Zero(sale.Amount.Currency), (sum, line) => sum + InSaleCurrency(line)).Round();
    }

    /// <summary>Value in the currency of the sale, rates and mark-ups included.</summary>
    public Money Budget { get; }

    private string Billing => _first.Text("billing")!;

    private string Account => _first.Text("account") ?? _sale.MainAccount;

    public IEnumerable<DerivedRecord> Records()
    {
        var tasks = Tasks().ToArray();
        yield return new DerivedRecord("workstream", _code, Workstream(tasks));
        foreach (var task in tasks)
        {
            yield return new DerivedRecord("task", task.Text("code")!, Task(task));
        }

        foreach (var (line, code) in Milestones())
        {
            yield return new DerivedRecord("milestone", code, Fields.Of(
                ("code", code), ("name", line.Text("description") ?? code), ("workstream", _code), ("date", line.Text("date")),
                ("amount", line.Money("amount"))));
        }

        yield return new DerivedRecord("billing-schedule", _code, Schedule());
        if (Billing == "time")
        {
            yield return new DerivedRecord("rate-card", _code, Rates());
        }

        foreach (var demand in Demand())
        {
            yield return demand;
        }

        foreach (var (line, number) in _lines.Where(line => line.Text("billing") == "subcontract").Select((line, i) => (line, i + 1)))
        {
            yield return new DerivedRecord("commitment", $"{_code}-C{number}", Fields.Of(
                ("workstream", _code), ("description", line.Text("description")), ("amount", line.Money("amount")),
                ("fxRate", line.Number("fxRate")), ("markupPercent", line.Number("markupPercent"))));
        }
    }

    private Money InSaleCurrency(Fields line) =>
        new(line.Money("amount")!.Value.Amount * (line.Number("fxRate") ?? 1m) * (1m + ((line.Number("markupPercent") ?? 0m) / 100m)), _sale.Amount.Currency);

    private Fields Workstream(Fields[] tasks) => Fields.Of(
        ("code", _code),
        ("name", _first.Text("workstreamName") ?? _first.Text("workstream")),
        ("project", Sale.ProjectKey),
        ("country", _first.Text("country")),
        ("legalEntity", _sale.EntityOf(_first)?.Code),
        ("billing", Billing),
        ("billingAccount", Account),
        ("currency", _amount.Currency.Code),
        ("amount", _amount),
        ("budget", Budget),
        ("cap", _first.Money("cap")),
        ("hours", _hours),
        ("costCentre", _code),
        ("start", _sale.Subject.Text("start")),
        ("end", _sale.Subject.Text("end")),
        ("tasks", tasks.Select(task => Fields.Of(("code", task.Text("code")), ("name", task.Text("name")), ("hours", task.Number("hours"))))));

    private Fields Task(Fields task) => Fields.Of(
        ("code", task.Text("code")),
        ("name", task.Text("name")),
        ("workstream", _code),
        ("hours", task.Number("hours")),
        ("role", task.Text("role")),
        ("billable", task.Flag("billable")),
        ("start", _sale.Subject.Text("start")),
        ("end", _sale.Subject.Text("end")));

    // Shares are rounded to a hundredth of an hour; the last task takes what is left, so that the hours add up.
    private IEnumerable<Fields> Tasks()
    {
        var name = _sale.Landscape.Parameters.Text("template") ?? "standard";
        var template = _sale.Landscape.Templates.GetValueOrDefault(name)?.NestedList("tasks")
            .Where(task => task.Text("billing") is null || task.Text("billing") == Billing).ToArray() ?? [];
        var left = _hours;
        for (var i = 0; i < template.Length; i++)
        {
            var hours = i == template.Length - 1 ? left : decimal.Round(_hours * (template[i].Number("share") ?? 0m), 2, MidpointRounding.AwayFromZero);
            left -= hours;
            yield return template[i].With("code", $"{_code}-{(i + 1).ToString("00", CultureInfo.InvariantCulture)}").With("hours", hours);
        }
    }

    private IEnumerable<(Fields Line, string Code)> Milestones() =>
        _lines.Where(line => line.Text("billing") == "milestone")
            .OrderBy(line => line.Text("date"), StringComparer.Ordinal).ThenBy(line => line.Text("id"), StringComparer.Ordinal)
            .Select((line, i) => (line, $"{_code}-M{i + 1}"));

    private Fields Schedule() => Fields.Of(
        ("workstream", _code),
        ("method", Billing == "subcontract" ? "pass-through" : Billing),
        ("cap", _first.Money("cap")),
        ("rows", Milestones().Select(row => Fields.Of(("date", row.Line.Text("date")), ("amount", row.Line.Money("amount")), ("milestone", row.Code)))));

    // The price of a country holds for everybody who works there, and so does what was sold for one role alone. They hold from the first day of work, whenever that is.
    private Fields Rates()
    {
        var blended = _sale.Landscape.Parameters.Nested("blendedRates")?.Money(_first.Text("country") ?? "");
        if (blended is { } given && given.Currency == _amount.Currency)
        {
            return Fields.Of(("workstream", _code), ("rates", new[] { Fields.Of(("rate", given)) }));
        }

        var roles = _lines.GroupBy(line => line.Text("role") ?? "", StringComparer.Ordinal).ToArray();
        return Fields.Of(("workstream", _code), ("rates", roles.Select(role => Fields.Of(("role", roles.Length == 1 ? null : role.Key), ("rate", RateOf([.. role]))))));
    }

    private Money? RateOf(Fields[] lines)
    {
        var hours = lines.Sum(line => line.Number("hours") ?? 0m);
        var amount = lines.Aggregate(Money.Zero(_amount.Currency), (sum, line) => sum + line.Money("amount")!.Value);
        return hours > 0 ? new Money(amount.Amount / hours, amount.Currency).Round() : null;
    }

    private IEnumerable<DerivedRecord> Demand() =>
        _lines.Where(line => line.Text("billing") != "subcontract" && line.Text("role") is { Length: > 0 } && (line.Number("hours") ?? 0m) > 0m)
            .GroupBy(line => line.Text("role")!, StringComparer.Ordinal)
            .Select(group => new DerivedRecord("demand", $"{_code}|{group.Key}", Fields.Of(
                ("workstream", _code), ("role", group.Key), ("country", _first.Text("country")), ("hours", group.Sum(line => line.Number("hours") ?? 0m)),
                ("start", _sale.Subject.Text("start")), ("end", _sale.Subject.Text("end")), ("status", "open"))));
}
