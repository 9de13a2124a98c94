using Throughline.Model;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Firm;

/// <summary>
/// The people who fill the CRM: accounts (some twice, some with a wrong tax id), contracts that are signed late, sales that are won, edited in
/// the middle, taken back and won again.
/// </summary>
internal sealed class Sellers(TheWorld world, Crm crm)
{
    private static readonly (string Country, string Pattern)[] Countries = [("DE", "DE{0:000000000}"), ("GB", "GB{0:000000000}"), ("US", "{0:000000000}")];

    private readonly Random _chance = world.Chance("sellers");
    private readonly List<string> _accounts = [];
    private readonly List<(string Account, string TaxId)> _wrongTaxIds = [];
    private readonly List<string> _unsigned = [];

    public List<Deal> Deals { get; } = [];

    /// <summary>Everything that sellers will do within the given time.</summary>
    public void Begin(TimeSpan busy)
    {
        var count = 2 + _chance.Next(4);
        for (var number = 1; number <= count; number++)
        {
            var deal = NewDeal(number);
            Deals.Add(deal);
            var opens = busy * (_chance.NextDouble() * 0.4);
            world.Later(opens, () => Save(deal));
            if (_chance.Next(10) < 9)
            {
                world.Later(opens + (busy * (_chance.NextDouble() * 0.2)), () => Edit(deal, _ => deal.IsWon = true));
                PlanEdits(deal, busy);
                if (_chance.Next(4) == 0)
                {
                    PlanFidgeting(deal, busy * _chance.NextDouble());
                }
            }
        }
    }

    /// <summary>When the trouble is over most of what is missing is entered; some of it never is.</summary>
    public void TidyUp()
    {
        foreach (var (account, taxId) in _wrongTaxIds.Where(_ => _chance.Next(10) < 8))
        {
            crm.Put(Crm.Account, account, Fields.Of(("Tax_Id__c", taxId)));
        }

        foreach (var contract in _unsigned.Where(_ => _chance.Next(10) < 8))
        {
            Sign(contract);
        }

        foreach (var deal in Deals.Where(deal => deal.Mistake != 0m && _chance.Next(10) < 8))
        {
            Edit(deal, _ => deal.Mistake = 0m);
        }
    }

    private Deal NewDeal(int number)
    {
        var account = _accounts.Count > 0 && _chance.Next(4) == 0 ? _accounts[_chance.Next(_accounts.Count)] : NewAccount();
        var isSmall = _chance.Next(6) == 0;
        var deal = new Deal(number, account, isSmall ? null : NewContract(number, account)) { AtRisk = isSmall };
        var size = isSmall ? 2_000 : _chance.Next(6) == 0 ? 120_000 : 20_000;
        foreach (var workstream in new[] { "A", "B", "C" }.Take(1 + _chance.Next(3)))
        {
            var billing = _chance.Next(6) switch { 0 => "subcontract", 1 or 2 => "milestone", _ => "time" };
            var country = Countries[_chance.Next(3)].Country;
            var other = _chance.Next(5) == 0 ? NewAccount() : null;
            for (var part = 1; part <= (billing == "milestone" ? 1 + _chance.Next(2) : 1); part++)
            {
                deal.Lines.Add(new DealLine(FormattableString.Invariant($"{deal.Id}{workstream}{part}"), workstream, country, billing)
                {
                    Amount = size + _chance.Next(size),
                    Hours = 10 + _chance.Next(300),
                    Date = billing == "milestone" ? FormattableString.Invariant($"2027-0{part + 1}-28") : null,
                    Account = other,
                });
            }
        }

        return deal;
    }

    private string NewAccount()
    {
        var number = _accounts.Count + 1;
        var id = FormattableString.Invariant($"001A{number:000}");
        var (country, pattern) = Countries[_chance.Next(3)];
        // Now and then the same customer is entered a second time; never one whose tax id is wrong: see "known" in docs/simulation.md.
        var other = _chance.Next(8) == 0 && _accounts.Count > 0 ? _accounts[_chance.Next(_accounts.Count)] : null;
        var twin = other is not null && !_wrongTaxIds.Exists(wrong => wrong.Account == other) ? crm.Find(Crm.Account, other) : null;
        var taxId = twin?.Text("Tax_Id__c") ?? string.Format(System.Globalization.CultureInfo.InvariantCulture, pattern, 100_000_000 + number);
        var wrong = twin is null ? _chance.Next(10) : 9;
        if (wrong < 2)
        {
            _wrongTaxIds.Add((id, taxId));
        }

        var isLate = _chance.Next(8) == 0;
        var fields = Fields.Of(
            ("Name", FormattableString.Invariant($"Customer {number} r1")), ("BillingCountry", twin?.Text("BillingCountry") ?? country), ("BillingStreet", "1 Main Street"),
            ("BillingCity", "Town"), ("BillingPostalCode", "10115"),
            ("Tax_Id__c", wrong == 0 ? null : wrong == 1 ? FormattableString.Invariant($"pending {number}") : taxId), ("ParentId", null));
        if (isLate)
        {
            world.Later(TimeSpan.FromSeconds(_chance.Next(90)), () => crm.Put(Crm.Account, id, fields));
        }
        else
        {
            crm.Put(Crm.Account, id, fields);
        }

        _accounts.Add(id);
        return id;
    }

    private string NewContract(int number, string account)
    {
        var id = FormattableString.Invariant($"800C{number:000}");
        crm.Put(Crm.Contract, id, Fields.Of(
            ("AccountId", account), ("Status", "Draft"), ("CustomerSignedDate", null), ("StartDate", "2026-12-01"), ("Sow_Hash__c", "sow of " + id)));
        switch (_chance.Next(4))
        {
            case 0: _unsigned.Add(id); break;
            case 1: world.Later(TimeSpan.FromSeconds(_chance.Next(120)), () => Sign(id)); break;
            default: Sign(id); break;
        }

        return id;
    }

    private void Sign(string contract) => crm.Put(Crm.Contract, contract, Fields.Of(("Status", "Activated"), ("CustomerSignedDate", "2026-11-20")));

    private void PlanEdits(Deal deal, TimeSpan busy)
    {
        for (var i = _chance.Next(4); i > 0; i--)
        {
            var at = busy * _chance.NextDouble();
            switch (_chance.Next(7))
            {
                case 0:
                    world.Later(at, () => Edit(deal, chance => deal.Lines[0].Amount = 200_000 + chance.Next(200_000)));
                    break;
                case 1:
                    world.Later(at, () => Edit(deal, chance => deal.Mistake = 1 + chance.Next(100)));
                    world.Later(at + TimeSpan.FromSeconds(_chance.Next(60)), () => Edit(deal, _ => deal.Mistake = 0m));
                    break;
                case 2:
                    PlanWithdrawal(deal, at);
                    break;
                case 3:
                    world.Later(at, () => Rename(deal.Account));
                    break;
                case 4:
                    world.Later(at, () => Edit(deal, chance => deal.End = deal.End.AddDays(chance.Next(100))));
                    break;
                default:
                    world.Later(at, () => Edit(deal, chance => deal.Lines[^1].Hours = 10 + chance.Next(300)));
                    break;
            }
        }
    }

    // For good, until something else of it is settled, or by a slip of the hand: then it is won again just as it was.
    private void PlanWithdrawal(Deal deal, TimeSpan at)
    {
        var (kind, again) = (_chance.Next(4), at + TimeSpan.FromSeconds(_chance.Next(60)));
        world.Later(at, () => Win(false));
        if (kind < 3)
        {
            world.Later(again, () => Win(true));
        }

        void Win(bool isWon)
        {
            deal.IsWon = isWon;
            deal.Revision += kind < 2 ? 0 : 1;
            Save(deal);
        }
    }

    // Somebody who saves after each field.
    private void PlanFidgeting(Deal deal, TimeSpan at)
    {
        for (var i = 4 + _chance.Next(6); i > 0; i--)
        {
            at += TimeSpan.FromMilliseconds(_chance.Next(6_000));
            world.Later(at, () => Edit(deal, chance => deal.Lines[0].Hours = 10 + chance.Next(300)));
        }
    }

    private void Rename(string account)
    {
        if (crm.Find(Crm.Account, account)?.Text("Name") is { } name)
        {
            var place = name.LastIndexOf('r') + 1;
            var next = int.Parse(name.AsSpan(place), System.Globalization.CultureInfo.InvariantCulture) + 1;
            crm.Put(Crm.Account, account, Fields.Of(("Name", FormattableString.Invariant($"{name[..place]}{next}"))));
        }
    }

    private void Edit(Deal deal, Action<Random> change)
    {
        change(_chance);
        deal.Revision++;
        Save(deal);
    }

    private void Save(Deal deal) => crm.Put(Crm.Opportunity, deal.Id, deal.ToFields());
}
