using System.Globalization;
using Throughline.Model;

namespace Throughline.Connectors.Tryton;

/// <summary>
/// What became of the money of an invoice, told from its entries in the books: when what is due, what was paid, taken back by credit notes and written off.
/// On a posted invoice <c>total_amount</c> is the sum of <c>amount_to_pay</c>, <c>paid_amount</c>, <c>credited_amount</c> and <c>written_off_amount</c>.
/// </summary>
internal static class TrytonSettlement
{
    private const string ToPay = "lines_to_pay";
    private const string Payments = "payment_lines";
    private const string Stamp = "_timestamp";

    private static readonly string[] Amounts = ["debit", "credit", "amount_second_currency", "second_currency.code"];

    /// <summary>What must be read of an invoice for <see cref="Shown"/>.</summary>
    public static IEnumerable<string> Read =>
    [
        "currency.digits",
        .. Of(ToPay, [.. Amounts, "maturity_date", Stamp, "reconciliation.date"]),
        .. Of($"{ToPay}.reconciliation.lines", [.. Amounts, "date", "move.journal.type"]),
        .. Of(Payments, [.. Amounts, "date", "reconciliation", Stamp, "move.journal.type"]),
    ];

    /// <summary>
    /// The stamp of what is shown of an invoice: a payment that is taken back changes what is due and leaves the invoice's own stamp, and only moves those
    /// of its entries (see BEHAVIOR.md).
    /// </summary>
    public static string? Version(Fields invoice) => invoice.NestedList(ToPay).Concat(invoice.NestedList(Payments)).Prepend(invoice)
        .Select(record => record.Text(Stamp)).OfType<string>().MaxBy(text => decimal.Parse(text, CultureInfo.InvariantCulture));

    /// <summary>The invoice with what became of its money in place of the entries that tell it.</summary>
    public static Fields Shown(Fields invoice)
    {
        var book = new Book(invoice);
        foreach (var group in invoice.NestedList(ToPay).Where(line => line.Nested("reconciliation") is not null)
            .GroupBy(line => line.Nested("reconciliation")!.Get("id")))
        {
            book.Settle([.. group]);
        }

        foreach (var line in invoice.NestedList(Payments).Where(line => line.Get("reconciliation") is null))
        {
            book.OnAccount(line);
        }

        var due = book.Due();
        var first = due.FirstOrDefault(part => part.Number("open") != 0)?.Text("date");
        return invoice.Without(ToPay).Without(Payments).With("due_date", first).With("due", due)
            .With("payments", book.Payments.OrderBy(payment => payment.Text("date"), StringComparer.Ordinal).ToArray())
            .With("paid_amount", book.Payments.Sum(payment => payment.Number("amount") ?? 0)).With("credited_amount", book.Credited)
            .With("written_off_amount", book.WrittenOff);
    }

    private static IEnumerable<string> Of(string path, string[] names) => names.Select(name => $"{path}.{name}");

    private sealed class Book
    {
        private readonly string? _currency;
        private readonly int _digits;
        private readonly decimal _rate;
        private readonly IReadOnlyList<Fields> _own;
        private decimal _onAccount;

        public Book(Fields invoice)
        {
            _currency = invoice.Nested("currency")?.Text("code");
            _digits = (int)(invoice.Nested("currency")?.Number("digits") ?? 2);
            _own = invoice.NestedList(ToPay);
            // Entries are in the company's currency; what is in it alone counts at the rate at which the invoice was booked.
            var foreign = _own.Where(IsForeign).ToArray();
            var booked = foreign.Sum(Balance);
            _rate = booked == 0 ? 1 : foreign.Sum(line => line.Number("amount_second_currency") ?? 0) / booked;
        }

        public List<Fields> Payments { get; } = [];

        public decimal Credited { get; private set; }

        public decimal WrittenOff { get; private set; }

        /// <summary>Entries of the invoice that were set off against others, which are named by the kind of their journal.</summary>
        public void Settle(Fields[] own)
        {
            var reconciliation = own[0].Nested("reconciliation")!;
            var settled = own.Sum(Amount);
            var ids = own.Select(line => line.Get("id")).ToHashSet();
            var others = reconciliation.NestedList("lines").Where(line => !ids.Contains(line.Get("id"))).ToLookup(Kind);
            var invoices = others[Settlement.Invoice].Sum(line => -Amount(line));
            if (others[Settlement.Invoice].Any(line => Math.Sign(Amount(line)) == Math.Sign(settled)))
            {
                // Several invoices in one go: whose part which entry is, the books do not say.
                Take(settled, reconciliation.Text("date"));
                return;
            }

            if (settled < 0 && invoices != 0)
            {
                Credited += settled;
                return;
            }

            var payments = others[Settlement.Payment].Select(line => Payment(line.Text("date"), -Amount(line), true)).ToArray();
            var written = others[Settlement.WriteOff].Sum(line => -Amount(line));
            var rest = settled - invoices - written - payments.Sum(payment => payment.Number("amount")!.Value);
            if (rest != 0 && written == 0 && payments is [.., var last])
            {
                // What a change of the rate left, without a write-off to take it.
                payments[^1] = last.With("amount", last.Number("amount") + rest);
                rest = 0;
            }

            Payments.AddRange(payments);
            (Credited, WrittenOff) = (Credited + invoices, WrittenOff + written + rest);
        }

        /// <summary>A payment or credit note that is noted for the invoice and not set off against it yet; it counts in what is due already.</summary>
        public void OnAccount(Fields line)
        {
            var amount = -Amount(line);
            _onAccount += amount;
            if (Kind(line) == Settlement.Invoice)
            {
                Credited += amount;
            }
            else
            {
                Payments.Add(Payment(line.Text("date"), amount, false));
            }
        }

        /// <summary>What is due on which day, with what is open of it; what is on account covers what is due first.</summary>
        public Fields[] Due()
        {
            var parts = new List<Fields>();
            foreach (var line in _own.OrderBy(line => line.Text("maturity_date") ?? "9999", StringComparer.Ordinal))
            {
                var amount = Amount(line);
                var open = line.Nested("reconciliation") is null ? amount : 0;
                var covered = Math.Sign(_onAccount) != Math.Sign(open) ? 0 : Math.Abs(_onAccount) < Math.Abs(open) ? _onAccount : open;
                _onAccount -= covered;
                parts.Add(Fields.Of(("date", line.Text("maturity_date")), ("amount", amount), ("open", open - covered)));
            }

            return [.. parts];
        }

        private void Take(decimal amount, string? date)
        {
            if (amount < 0)
            {
                Credited += amount;
            }
            else
            {
                Payments.Add(Payment(date, amount, true));
            }
        }

        private static Fields Payment(string? date, decimal amount, bool isReconciled) =>
            Fields.Of(("date", date), ("amount", amount), ("reconciled", isReconciled));

        private static Settlement Kind(Fields line) => line.Nested("move")?.Nested("journal")?.Text("type") switch
        {
            "write-off" => Settlement.WriteOff,
            "revenue" or "expense" => Settlement.Invoice,
            _ => Settlement.Payment,
        };

        private bool IsForeign(Fields line) => _currency is not null && line.Nested("second_currency")?.Text("code") == _currency;

        private decimal Amount(Fields line) => IsForeign(line) ? line.Number("amount_second_currency") ?? 0
            : _rate == 1 ? Balance(line) : decimal.Round(Balance(line) * _rate, _digits);

        private static decimal Balance(Fields line) => (line.Number("debit") ?? 0) - (line.Number("credit") ?? 0);
    }

    private enum Settlement
    {
        Payment,
        Invoice,
        WriteOff,
    }
}
