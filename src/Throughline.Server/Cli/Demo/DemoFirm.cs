using System.Globalization;
using Throughline.Model;

namespace Throughline.Server.Cli.Demo;

/// <summary>Halden Consulting and its customers, as its sales people have them in the CRM.</summary>
/// <param name="run">Tells this firm's tax ids from those of earlier demos on the same servers; null: the usual ones.</param>
internal sealed class DemoFirm(DemoCrm crm, DateOnly today, int? run)
{
    // Tax ids have nine digits, the last two within one firm.
    private const int RunsMax = 8_000_000;

    private const string Hash = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";

    private readonly Dictionary<string, string> _ids = new(StringComparer.Ordinal);
    private readonly List<string> _taxIds = [];

    /// <summary>A run by the time of its start.</summary>
    public static int RunAt(DateTimeOffset start) => (int)(start.ToUnixTimeSeconds() % RunsMax);

    /// <summary>Who sold everything; may not approve it.</summary>
    public string Seller => _ids["seller"];

    public string Id(string name) => _ids[name];

    public Deal Northwind { get; private set; } = null!;

    public Deal Contoso { get; private set; } = null!;

    public Deal Fabrikam { get; private set; } = null!;

    public Deal Adatum { get; private set; } = null!;

    public Deal Wingtip { get; private set; } = null!;

    public Deal WingtipAgain { get; private set; } = null!;

    public Deal Litware { get; private set; } = null!;

    public Deal Tailspin { get; private set; } = null!;

    public Deal[] Deals => [Northwind, Contoso, Fabrikam, Adatum, Wingtip, WingtipAgain, Litware, Tailspin];

    /// <summary>Enters people, customers, contracts and the deals, all still in negotiation.</summary>
    public async Task SeedAsync(CancellationToken cancellation)
    {
        await SellerAsync("sam@halden.example", cancellation);
        await AccountAsync("northwind-group", "Northwind Group", null, "DE", "Stuttgart", null, cancellation);
        await AccountAsync("northwind-de", "Northwind Robotics GmbH", "northwind-group", "DE", "Stuttgart", "DE 136 695 976", cancellation);
        await AccountAsync("northwind-gb", "Northwind Robotics Ltd", "northwind-group", "GB", "London", "GB 980 7806 84", cancellation);
        await AccountAsync("contoso", "Contoso Rail AG", null, "DE", "Hamburg", "DE 811 569 869", cancellation);
        await AccountAsync("fabrikam", "Fabrikam Health GmbH", null, "DE", "Leipzig", "DE 129 273 398", cancellation);
        await AccountAsync("adatum", "Adatum Energie GmbH", null, "DE", "Essen", null, cancellation);
        await AccountAsync("wingtip", "Wingtip Toys GmbH", null, "DE", "Nürnberg", "DE 143 593 636", cancellation);
        await AccountAsync("wingtip-again", "Wingtip Toys Gesellschaft mbH", null, "DE", "Nürnberg", "DE143593636", cancellation);
        await AccountAsync("litware", "Litware SE", null, "DE", "Köln", "DE 123 475 223", cancellation);
        await AccountAsync("tailspin", "Tailspin Aero GmbH", null, "DE", "Bremen", "DE 118 645 675", cancellation);
        Northwind = await DealAsync("Northwind rollout", "three countries, above the approval limit", "northwind-de", true, DealEnd.Active, Rollout(),
            cancellation);
        Contoso = await DealAsync("Contoso data platform", "everything is in order", "contoso", true, DealEnd.Active, [Time("Germany", 560, 84_000m)],
            cancellation);
        Fabrikam = await DealAsync("Fabrikam process review", "no signature yet", "fabrikam", false, DealEnd.Active,
            [Time("Germany", 240, 36_000m)], cancellation);
        Adatum = await DealAsync("Adatum analytics", "no tax id yet", "adatum", true, DealEnd.Active, [Time("Germany", 400, 60_000m)],
            cancellation);
        Wingtip = await DealAsync("Wingtip planning", "a customer that stands twice in the CRM", "wingtip", true, DealEnd.Active,
            [Time("Germany", 160, 24_000m)], cancellation);
        WingtipAgain = await DealAsync("Wingtip warehouse", "the same customer under its second account", "wingtip-again", true, DealEnd.Active,
            [Time("Germany", 200, 30_000m)], cancellation);
        Litware = await DealAsync("Litware ERP programme", "above the limit, and not wanted", "litware", true, DealEnd.Undone,
            [Time("Germany", 2_066, 310_000m)], cancellation);
        Tailspin = await DealAsync("Tailspin audit", "won, then withdrawn", "tailspin", true, DealEnd.Held, [Time("Germany", 120, 18_000m)], cancellation);
    }

    /// <summary>One more deal above the limit, won like the others, for whoever watches to decide about.</summary>
    public async Task<Deal> AddWaitingAsync(CancellationToken cancellation)
    {
        await AccountAsync("proseware", "Proseware Logistik GmbH", null, "DE", "Kassel", "DE 114 103 379", cancellation);
        var deal = await DealAsync("Proseware migration", "above the approval limit", "proseware", true, DealEnd.Active, [Time("Germany", 1_800, 270_000m)],
            cancellation);
        await WinAsync(deal, cancellation);
        return deal;
    }

    /// <summary>One deal of a customer of its own, signed and won.</summary>
    /// <param name="mark">Tells it from others.</param>
    public async Task<Deal> AddTrialAsync(string mark, decimal amount, CancellationToken cancellation)
    {
        await SellerAsync($"sam.{mark}@halden.example", cancellation);
        await AccountAsync("trial", $"Trial customer {mark} GmbH", null, "DE", "Kassel", "DE 000", cancellation);
        var line = Time("Germany", (int)Math.Ceiling(amount / 150), amount);
        var deal = await DealAsync($"Trial deal {mark}", "entered by hand", "trial", true, DealEnd.Active, [line], cancellation);
        await WinAsync(deal, cancellation);
        return deal;
    }

    private async Task SellerAsync(string name, CancellationToken cancellation) =>
        _ids["seller"] = await crm.AddAsync(
            "User", Fields.Of(("Username", name), ("FirstName", "Sam"), ("LastName", "Seller"), ("Email", name), ("IsActive", true)), cancellation);

    private async Task AccountAsync(string name, string title, string? parent, string country, string city, string? taxId,
        CancellationToken cancellation) =>
        _ids[name] = await crm.AddAsync("Account", Fields.Of(
            ("Name", title), ("ParentId", parent is null ? null : _ids[parent]), ("BillingStreet", "Werkstr. 1"),
                ("BillingCity", city), ("BillingPostalCode", "70173"),
            ("BillingCountry", country), ("Tax_Id__c", taxId is null ? null : TaxId(taxId)), ("Credit_Status__c", "Open"), ("CurrencyIsoCode", "EUR"),
                ("OwnerId", Seller)), cancellation);

    private async Task<Deal> DealAsync(string name, string story, string account, bool isSigned, DealEnd end, Fields[] lines,
        CancellationToken cancellation)
    {
        var contract = await crm.AddAsync("Contract",
            Fields.Of(("AccountId", _ids[account]), ("StartDate", Day(14)), ("ContractTerm", 12), ("CurrencyIsoCode", "EUR")), cancellation);
        var deal = new Deal(name, story, account, contract, end, lines)
        {
            Id = await crm.AddAsync("Opportunity", Fields.Of(
                ("Name", name), ("AccountId", _ids[account]), ("StageName", "Negotiation/Review"), ("CloseDate", Day(0)),
                    ("Type", "New Business"), ("CurrencyIsoCode", "EUR"),
                ("OwnerId", Seller), ("ContractId", contract), ("Delivery_Start__c", Day(14)), ("Delivery_End__c", Day(200)),
                    ("At_Risk_Start__c", false)), cancellation),
        };
        foreach (var line in lines)
        {
            var billing = line.Text("Billing_Account__c") is { } other ? _ids[other] : _ids[account];
            await crm.AddAsync("OpportunityLineItem", line.With("OpportunityId", deal.Id).With("Billing_Account__c", billing), cancellation);
        }

        if (isSigned)
        {
            await SignAsync(deal, cancellation);
        }

        return deal;
    }

    public async Task SignAsync(Deal deal, CancellationToken cancellation) =>
        await crm.ChangeAsync("Contract", deal.Contract, Fields.Of(("Status", "Activated"), ("CustomerSignedDate", Day(0)), ("Sow_Hash__c", Hash)),
            cancellation);

    public Task WinAsync(Deal deal, CancellationToken cancellation) =>
        crm.ChangeAsync("Opportunity", deal.Id, Fields.Of(("StageName", "Closed Won")), cancellation);

    /// <summary>A tax id of this run: the same for the same usual one, so that a customer who stands twice in the CRM is still one.</summary>
    public string TaxId(string usual)
    {
        if (run is null)
        {
            return usual;
        }

        var plain = usual.Replace(" ", "", StringComparison.Ordinal);
        if (!_taxIds.Contains(plain))
        {
            _taxIds.Add(plain);
        }

        var digits = 100_000_000 + run.Value * 100 + _taxIds.IndexOf(plain);
        return plain[..2] + (plain == usual ? "" : " ") + digits.ToString(CultureInfo.InvariantCulture);
    }

    private string Day(int fromToday) => today.AddDays(fromToday).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    // 200,000.00 + 3 x 60,000.00 GBP at 1.15 + 50,000.00 USD at 0.92 with 10% on top = 457,600.00 EUR.
    private Fields[] Rollout() =>
    [
        Time("Germany", 1_333, 200_000m).With("Cap_Amount__c", 200_000m),
        Milestone("Design accepted", 60), Milestone("Pilot live", 120), Milestone("Rollout complete", 190),
        Line("US", "Subcontract", "US", "subcontract", "Plant survey", null, null, 50_000m, "USD", 0.92m, 50_600m).With("Markup_Percent__c", 10),
    ];

    private Fields Milestone(string what, int inDays) =>
        Line("GB", "United Kingdom", "GB", "milestone", what, "Consultant", 150, 60_000m, "GBP", 1.15m, 69_000m).With("ServiceDate", Day(inDays))
            .With("Billing_Account__c", "northwind-gb");

    private static Fields Time(string workstream, int hours, decimal amount) =>
        Line("DE", workstream, "DE", "time", "Consulting", "Consultant", hours, amount, "EUR", 1m, amount);

    private static Fields Line(
        string code, string workstream, string country, string billing, string description, string? role, int? hours,
        decimal amount, string currency, decimal rate, decimal total) => Fields.Of(
        ("Workstream__c", code), ("Workstream_Name__c", workstream), ("Country__c", country), ("Billing_Method__c", billing),
            ("Description", description), ("Role__c", role), ("Hours__c", hours),
        ("Line_Amount__c", amount), ("Line_Currency__c", currency), ("Fx_Rate__c", rate), ("Quantity", 1), ("TotalPrice", total));
}
