using System.Globalization;
using System.Text.RegularExpressions;
using Throughline.Model;
using Throughline.Simulation.Faults;
using Throughline.Simulation.Firm;

namespace Throughline.Simulation.Checkers;

/// <summary>
/// What one sale should have led to in the systems, worked out from the CRM's last documents alone, by people's rules rather than by maps and
/// definitions.
/// </summary>
internal sealed partial class Expectation(SimulationRun run, Deal deal)
{
    private const decimal ApprovalLimit = 250_000m;
    private const decimal AtRiskLimit = 25_000m;

    private static readonly Dictionary<string, decimal[]> Shares = new()
    {
        ["time"] = [0.2m, 0.7m, 0.1m],
        ["milestone"] = [0.3m, 0.5m, 0.2m],
        ["subcontract"] = [1m],
    };

    private readonly Systems _systems = run.Systems;
    private readonly Fields? _sale = run.Systems.Crm.Find(Crm.Opportunity, deal.Id);

    public bool IsWon => _sale?.Flag("IsWon") == true;

    public IReadOnlyList<Fields> Lines => _sale?.NestedList("OpportunityLineItems") ?? [];

    /// <summary>Accounts that are billed.</summary>
    public IReadOnlyList<string> Accounts => [.. Lines.Select(line => line.Text("Billing_Account__c") ?? deal.Account).Distinct()];

    /// <summary>Everything that a set-up needs is there.</summary>
    public bool IsValid => IsWon && _sale!.Number("Amount") is > 0 and var amount && Lines.Sum(line => line.Number("Line_Amount__c")) == amount
        && (IsSigned || (_sale.Flag("At_Risk_Start__c") == true && amount <= AtRiskLimit)) && Accounts.All(HasTaxId);

    public bool NeedsApproval => _sale?.Number("Amount") > ApprovalLimit;

    /// <summary>Somebody rejected something of it, or of one of its customers or their twins.</summary>
    public bool IsTouchedByRejection => run.People.Rejected.Contains(deal.Id) || Accounts.SelectMany(Twins).Any(run.People.Rejected.Contains);

    /// <summary>Projects of this sale in the PSA.</summary>
    public IReadOnlyList<(string Id, Fields Fields)> Projects =>
        [.. _systems.Psa.All(Psa.Project).Where(project => ProjectName().Match(project.Fields.Text("name")!).Groups[1].Value == Text(deal.Number))];

    /// <summary>Everything in the systems that belongs to this sale, customers aside: system, kind, id.</summary>
    public IEnumerable<(string System, string Entity, string Id)> Standing()
    {
        foreach (var (id, project) in Projects)
        {
            var code = project.Text("identifier")!;
            yield return ("psa", Psa.Project, id);
            foreach (var entity in new[] { Psa.Issue, Psa.Version })
            {
                foreach (var row in _systems.Psa.All(entity).Where(row => _systems.Psa.IdentifierIn(row.Fields) == code))
                {
                    yield return ("psa", entity, row.Id);
                }
            }
        }

        foreach (var entity in new[] { Erp.Work, Erp.CostCentre })
        {
            foreach (var row in _systems.Erp.All(entity).Where(row => !Erp.IsClosed(row.Fields)
                && WorkstreamName().Match(row.Fields.Text("name")!).Groups[1].Value == Text(deal.Number)))
            {
                yield return ("erp", entity, row.Id);
            }
        }
    }

    /// <summary>What differs from what should stand there; empty where all of it stands once, with the last values.</summary>
    public IEnumerable<string> Differences()
    {
        var projects = Projects;
        if (projects.Count != 1)
        {
            return [$"{deal.Id}: {projects.Count} projects in the PSA instead of 1"];
        }

        var project = projects[0].Fields;
        var code = project.Text("identifier")!.ToUpperInvariant();
        var customer = PartyOf(deal.Account)?.Fields.Text("code");
        return Customers().Concat(Same("name of the project", $"{code} {_sale!.Text("Name")}", project.Text("name")))
            .Concat(project.Text("description")!.Contains($"Budget {Text(_sale.Number("Amount")!.Value)} EUR", StringComparison.Ordinal)
                ? [] : [$"{deal.Id}: budget of the project is not {_sale.Number("Amount")}: {project.Text("description")}"])
            .Concat(Same("number in the CRM", code, _sale.Text("Project_Number__c")))
            .Concat(Accounts.Contains(deal.Account) ? Same("customer number in the CRM", customer, _sale.Text("Customer_Number__c")) : [])
            .Concat(Same("status in the CRM", "Active", _sale.Text("Hub_Status__c")))
            .Concat(Lines.GroupBy(line => line.Text("Workstream__c")!).SelectMany(lines => Workstream(code, lines.Key, [.. lines])))
            .Concat(Count("issues", Issues(code), Lines.GroupBy(line => line.Text("Workstream__c")).Sum(lines => 1 + Shares[lines.First().Text("Billing_Method__c")!].Length)))
            .Select(difference => difference.StartsWith(deal.Id, StringComparison.Ordinal) ? difference : $"{deal.Id}: {difference}");
    }

    private bool IsSigned => deal.Contract is not null && _systems.Crm.Find(Crm.Contract, deal.Contract) is { } contract
        && contract.Text("CustomerSignedDate") is not null && contract.Text("Status") == "Activated";

    /// <summary>Accounts with the same tax id: one customer.</summary>
    public IEnumerable<string> Twins(string account)
    {
        var taxId = _systems.Crm.Find(Crm.Account, account)?.Text("Tax_Id__c");
        return _systems.Crm.All(Crm.Account).Where(other => other.Id == account || (taxId is not null && other.Fields.Text("Tax_Id__c") == taxId)).Select(other => other.Id);
    }

    public (string Id, Fields Fields)? PartyOf(string account)
    {
        var taxId = _systems.Crm.Find(Crm.Account, account)?.Text("Tax_Id__c");
        var parties = PartiesWith(taxId);
        return parties.Count == 1 ? parties[0] : null;
    }

    private List<(string Id, Fields Fields)> PartiesWith(string? taxId) =>
        [.. _systems.Erp.All(Erp.Party).Where(party => party.Fields.NestedList("identifiers").Any(identifier => identifier.Text("code") == taxId))];

    private bool HasTaxId(string account) => _systems.Crm.Find(Crm.Account, account) is { } found && found.Text("Tax_Id__c") is { } taxId
        && (found.Text("BillingCountry") switch { "DE" => GermanTaxId(), "GB" => BritishTaxId(), _ => AmericanTaxId() }).IsMatch(taxId);

    private IEnumerable<string> Customers()
    {
        foreach (var account in Accounts)
        {
            var parties = PartiesWith(_systems.Crm.Find(Crm.Account, account)!.Text("Tax_Id__c"));
            if (parties.Count != 1)
            {
                yield return $"{parties.Count} customers in the ERP for account {account} instead of 1";
            }
            else if (!Twins(account).Any(twin => _systems.Crm.Find(Crm.Account, twin)!.Text("Name") == parties[0].Fields.Text("name")))
            {
                yield return $"the customer of account {account} is called {parties[0].Fields.Text("name")}";
            }
        }
    }

    private IEnumerable<string> Workstream(string project, string name, Fields[] lines)
    {
        var code = $"{project}-{name}";
        var billing = lines[0].Text("Billing_Method__c")!;
        var title = $"{code} {lines[0].Text("Workstream_Name__c")}";
        var hours = lines.Sum(line => line.Number("Hours__c")!.Value);
        var tasks = Issues(project).Where(issue => issue.Text("subject")!.StartsWith(code + "-", StringComparison.Ordinal)).ToArray();
        var works = _systems.Erp.All(Erp.Work).Where(work => work.Fields.Text("name") == title).ToArray();
        var found = Count($"issue '{title}'", Issues(project).Where(issue => issue.Text("subject") == title), 1)
            .Concat(Count($"tasks of {code}", tasks, Shares[billing].Length))
            .Concat(Same($"hours of {code}", hours, tasks.Sum(task => task.Number("estimated_hours"))))
            .Concat(tasks.Any(task => task.Text("due_date") != _sale!.Text("Delivery_End__c")) ? [$"a task of {code} does not end on {_sale!.Text("Delivery_End__c")}"] : [])
            .Concat(Count($"cost centre '{title}'", _systems.Erp.All(Erp.CostCentre).Where(centre => centre.Fields.Text("name") == title).Select(row => row.Fields), 1))
            .Concat(Count($"financial project '{title}'", works.Select(work => work.Fields), billing == "subcontract" ? 0 : 1));
        if (works.Length == 1)
        {
            found = found.Concat(Same($"party of {code}", PartyOf(lines[0].Text("Billing_Account__c") ?? deal.Account)?.Id, works[0].Fields.Text("party")))
                .Concat(Same($"effort of {code}", hours * 3600, works[0].Fields.NestedList("children").Sum(child => child.Number("effort_duration"))));
        }

        return billing == "milestone" ? found.Concat(Milestones(project, code, lines)) : found;
    }

    private IEnumerable<string> Milestones(string project, string code, Fields[] lines)
    {
        foreach (var line in lines)
        {
            var versions = _systems.Psa.All(Psa.Version).Where(version => IsOf(version.Fields, project)
                && version.Fields.Text("name")!.StartsWith(code + "-M", StringComparison.Ordinal)
                && version.Fields.Text("name")!.EndsWith(" " + line.Text("Description"), StringComparison.Ordinal)).ToArray();
            if (versions.Length != 1 || versions[0].Fields.Nested("custom_fields")?.Number("Amount") != line.Number("Line_Amount__c"))
            {
                yield return $"{versions.Length} milestones for line {line.Text("Id")}, or another amount than {line.Number("Line_Amount__c")}";
            }
        }
    }

    private IEnumerable<Fields> Issues(string project) =>
        _systems.Psa.All(Psa.Issue).Select(issue => issue.Fields).Where(issue => IsOf(issue, project));

    private bool IsOf(Fields row, string project) => string.Equals(_systems.Psa.IdentifierIn(row), project, StringComparison.OrdinalIgnoreCase);

    private static IEnumerable<string> Count(string what, IEnumerable<Fields> found, int expected) =>
        found.Count() is var count && count == expected ? [] : [$"{count} x {what} instead of {expected}"];

    private static IEnumerable<string> Same<T>(string what, T expected, T found) =>
        EqualityComparer<T>.Default.Equals(expected, found) ? [] : [$"{what} is {found} instead of {expected}"];

    private static string Text(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^P-\d+ Deal (\d+) r\d+$")]
    private static partial Regex ProjectName();

    [GeneratedRegex(@" of (\d+) r\d+$")]
    private static partial Regex WorkstreamName();

    [GeneratedRegex("^DE[0-9]{9}$")]
    private static partial Regex GermanTaxId();

    [GeneratedRegex("^GB([0-9]{9}|[0-9]{12})$")]
    private static partial Regex BritishTaxId();

    [GeneratedRegex("^[0-9]{9}$")]
    private static partial Regex AmericanTaxId();
}
