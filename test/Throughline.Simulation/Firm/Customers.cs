using System.Globalization;
using Throughline.Connect;
using Throughline.Model;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Firm;

/// <summary>
/// Those who owe, and the accountants who book it in the ERP: whatever is posted is paid, in parts or as a whole, or not; payments are taken back, the rest is given up or
/// credited, the day on which it is due is put off. Some invoices are made in the ERP by hand and are nobody else's business.
/// </summary>
internal sealed class Customers
{
    private static readonly DateOnly Today = new(2026, 11, 20);
    private static readonly int[] Terms = [-1, 0, 7, 14, 20];

    private readonly TheWorld _world;
    private readonly Erp _erp;
    private readonly Random _chance;
    private readonly Random _notes;
    private int _byHand;

    public Customers(TheWorld world, Erp erp)
    {
        (_world, _erp) = (world, erp);
        _chance = world.Chance("customers");
        _notes = world.Chance("credit notes");
        erp.Happened = effect =>
        {
            if (effect is { Entity: Erp.Invoice, Content: { } content })
            {
                Booked(effect.Id, content.Text("state") == Erp.Posted);
            }
        };
    }

    /// <summary>What is still to happen to invoices that are posted.</summary>
    public int UnderWay { get; private set; }

    public void Begin(TimeSpan busy)
    {
        for (var left = _chance.Next(4); left > 0; left--)
        {
            _world.Later(busy * _chance.NextDouble(), MakeByHand);
        }
    }

    private void Booked(string id, bool isPosted)
    {
        if (!isPosted || _erp.SettlementOf(id) is not null)
        {
            _erp.Stamp(id, _world.Now);
            return;
        }

        _erp.Settle(id, new Settlement(Today.AddDays(Terms[_chance.Next(Terms.Length)]), [], 0, 0), _world.Now);
        if (_erp.Find(Erp.Invoice, id) is { } note && Erp.CreditOf(note) is { } of)
        {
            // Some are set off later, and some never; what the customer has paid already is not.
            UnderWay++;
            _world.Later(TimeSpan.FromMilliseconds(_notes.Next(60_000)), () => SetOff(id, of));
            return;
        }

        for (var left = _chance.Next(7); left > 0; left--)
        {
            UnderWay++;
            _world.Later(TimeSpan.FromMilliseconds(_chance.Next(_chance.Next(2) == 0 ? 5_000 : 90_000)), () => BeginOne(id));
        }
    }

    private void SetOff(string note, string of)
    {
        UnderWay--;
        var amount = -_erp.OpenOf(note);
        if (_notes.Next(3) > 0 && amount > 0 && _erp.OpenOf(of) >= amount)
        {
            _world.Trace.Note("erp", FormattableString.Invariant($"credit note {note} of {amount} is set off against invoice {of}"));
            var (credit, invoice) = (_erp.SettlementOf(note)!, _erp.SettlementOf(of)!);
            _erp.Settle(note, credit with { Credited = credit.Credited - amount }, _world.Now);
            _erp.Settle(of, invoice with { Credited = invoice.Credited + amount }, _world.Now);
        }
    }

    private void BeginOne(string id)
    {
        var begun = _world.Now;
        _world.Later(TimeSpan.FromMilliseconds(_chance.Next(3) == 0 ? _chance.Next(3_000) : 0), () =>
        {
            UnderWay--;
            Act(id, begun);
            if (_chance.Next(5) == 0)
            {
                // One bank statement is about several invoices.
                string[] posted = [.. _erp.PostedInvoices];
                Act(posted[_chance.Next(posted.Length)], begun);
            }
        });
    }

    private void Act(string id, DateTimeOffset begun)
    {
        var known = _erp.SettlementOf(id)!;
        var open = _erp.OpenOf(id);
        if (Erp.CreditOf(_erp.Find(Erp.Invoice, id)!) is not null)
        {
            return;
        }

        var part = decimal.Round(open * (decimal)(0.05 + (0.9 * _chance.NextDouble())), 2, MidpointRounding.ToEven);
        var after = _chance.Next(10) switch
        {
            < 4 => Pay(part),
            < 6 => Pay(open),
            < 8 => known.Payments.IsEmpty ? known with { WrittenOff = 0 } : known with { Payments = known.Payments.RemoveAt(known.Payments.Count - 1) },
            8 => known with { WrittenOff = known.WrittenOff + open },
            _ => _chance.Next(2) == 0 ? known with { Credited = known.Credited + part } : known with { Due = known.Due.AddDays(1 + _chance.Next(7)) },
        };
        if (after != known)
        {
            _world.Trace.Note("erp", FormattableString.Invariant(
                $"invoice {id} of {_erp.GrossOf(id)}: paid {after.Paid}, written off {after.WrittenOff}, credited {after.Credited}, due {after.Due:yyyy-MM-dd}"));
            _erp.Settle(id, after, begun);
        }

        Settlement Pay(decimal amount) => amount == 0 ? known : known with { Payments = known.Payments.Add((Today, amount)) };
    }

    private void MakeByHand()
    {
        if (_erp.All(Erp.Party).FirstOrDefault() is not { Id: { } party })
        {
            return;
        }

        var number = ++_byHand;
        var content = Fields.Of(
            ("reference", number % 2 == 0 ? null : FormattableString.Invariant($"by hand {number}")), ("description", Erp.ByHand), ("party", party),
            ("currency", Fields.Of(("find", Fields.Of(("code", "EUR"))))), ("invoice_date", Erp.Day(Today)),
            ("lines", new[] { Fields.Of(("quantity", 1m), ("unit_price", 100m + _chance.Next(1_000))) }));
        var id = Write(WriteOperation.Create, null, content);
        Write(WriteOperation.Update, id, Fields.Of(("state", Erp.Posted)));
    }

    private string Write(WriteOperation operation, string? id, Fields fields) => _erp.Apply(
        [new WriteItem(_byHand.ToString(CultureInfo.InvariantCulture), Erp.Invoice, operation, id, null, fields)], _world.Now)[0].ExternalId!;
}
