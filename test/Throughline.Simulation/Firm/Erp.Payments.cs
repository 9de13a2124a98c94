using System.Collections.Immutable;
using System.Globalization;
using Throughline.Model;

namespace Throughline.Simulation.Firm;

/// <summary>What became of an invoice after it was posted: amounts with tax.</summary>
/// <param name="Due">Day on which it is to be paid.</param>
internal sealed record Settlement(DateOnly Due, ImmutableList<(DateOnly Day, decimal Amount)> Payments, decimal WrittenOff, decimal Credited)
{
    public decimal Paid => Payments.Sum(payment => payment.Amount);

    public decimal Closed => Paid + WrittenOff + Credited;
}

/// <summary>
/// The ERP's side of posted invoices: due, paid, written off, credited. Each change of an invoice has the stamp at which its transaction began, and is seen only when that
/// has ended; so a later change may be seen before an earlier one, and one transaction may change several invoices.
/// </summary>
internal sealed partial class Erp
{
    private readonly Dictionary<string, Settlement> _settlements = [];
    private readonly SortedDictionary<int, DateTimeOffset> _stamps = [];

    /// <summary>Two changes of one invoice may have the same stamp.</summary>
    public bool StampsTwice { get; init; }

    /// <summary>Ids of invoices of which at some time nothing was open.</summary>
    public HashSet<string> OnceClosed { get; } = [];

    /// <summary>How many changes of invoices there were.</summary>
    public int InvoiceChanges { get; private set; }

    public DateTimeOffset NewestStamp { get; private set; }

    /// <summary>Null where it is not posted.</summary>
    public Settlement? SettlementOf(string id) => _settlements.GetValueOrDefault(id);

    public decimal GrossOf(string id)
    {
        var amount = AmountOf(Find(Invoice, id)!);
        return amount + TaxOf(amount);
    }

    public decimal OpenOf(string id) => SettlementOf(id) is { } settlement ? GrossOf(id) - settlement.Closed : 0;

    /// <summary>Those that can be paid.</summary>
    public IEnumerable<string> PostedInvoices => _settlements.Keys;

    public void Settle(string id, Settlement settlement, DateTimeOffset begun)
    {
        _settlements[id] = settlement;
        Stamp(id, begun);
        if (OpenOf(id) == 0)
        {
            OnceClosed.Add(id);
        }
    }

    /// <summary>An invoice was changed.</summary>
    public void Stamp(string id, DateTimeOffset begun)
    {
        var number = int.Parse(id, CultureInfo.InvariantCulture);
        var stamp = new DateTimeOffset(begun.UtcTicks / TimeSpan.TicksPerMillisecond * TimeSpan.TicksPerMillisecond, TimeSpan.Zero);
        // Who comes second to a row waits for the first one, so of one row stamps never go back.
        _stamps[number] = _stamps.TryGetValue(number, out var last) && stamp <= last ? StampsTwice ? last : last.AddMilliseconds(1) : stamp;
        NewestStamp = _stamps[number] > NewestStamp ? _stamps[number] : NewestStamp;
        InvoiceChanges++;
    }

    /// <summary>Invoices that were stamped since, that time included, as they are now, in the order of their ids.</summary>
    public ImmutableArray<SourceChange> InvoicesSince(DateTimeOffset since, int after) =>
    [
        .. _stamps.Where(item => item.Key > after && item.Value >= since && Find(Invoice, Text(item.Key)) is not null)
            .Select(item => (Id: Text(item.Key), Stamp: item.Value, Fields: Find(Invoice, Text(item.Key))!))
            .Select(row => new SourceChange(Name, row.Stamp, new Connect.SourceRecord(
                Invoice, row.Id, row.Stamp.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture), row.Fields.Merge(ShownOfInvoice(row.Id, row.Fields))))),
    ];

    private Fields ShownOfInvoice(string id, Fields invoice)
    {
        var settlement = SettlementOf(id);
        if (settlement is not null && !_numbered.Contains(id))
        {
            _numbered.Add(id);
        }

        var amount = AmountOf(invoice);
        var open = OpenOf(id);
        return Fields.Of(
            ("state", settlement is null ? "draft" : open == 0 ? "paid" : Posted),
            ("number", settlement is null ? null : FormattableString.Invariant($"INV-{_numbered.IndexOf(id) + 1:0000}")),
            ("untaxed_amount", amount), ("tax_amount", TaxOf(amount)), ("total_amount", amount + TaxOf(amount)), ("amount_to_pay", open),
            ("due_date", settlement is null || open == 0 ? null : Day(settlement.Due)),
            ("written_off_amount", settlement?.WrittenOff ?? 0m), ("credited_amount", settlement?.Credited ?? 0m),
            ("payments", (settlement?.Payments ?? []).Select(payment => Fields.Of(("date", Day(payment.Day)), ("amount", payment.Amount)))),
            ("currency", invoice.Nested("currency")?.Nested("find")),
            ("lines", invoice.NestedList("lines").Select(line => Fields.Of(("quantity", line.Number("quantity")), ("amount", AmountOfLine(line))))));
    }

    private static decimal TaxOf(decimal amount) => decimal.Round(amount * Tax, 2, MidpointRounding.ToEven);

    public static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
