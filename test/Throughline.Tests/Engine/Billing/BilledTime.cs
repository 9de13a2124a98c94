using System.Globalization;
using Throughline.Engine;
using Throughline.Engine.Billing;
using Throughline.Engine.Delivery;
using Throughline.Engine.Entries;
using Throughline.Engine.Ledger;
using Throughline.Model;
using Throughline.Model.Ledger;
using Throughline.Tests.Engine.Entries;
using Xunit;

namespace Throughline.Tests.Engine.Billing;

/// <summary>The entries and invoices of one engagement, decided turn by turn as the writer of entries does, without a store.</summary>
internal sealed class BilledTime
{
    public const string Reference = "P-1-A";

    private readonly Dictionary<EntryId, EntryRow> _rows = [];
    private readonly Dictionary<string, Invoice> _invoices = [];
    private readonly List<LedgerTransaction> _posted = [];
    private int _envelopes;

    /// <summary>What is agreed with the customer; may change between turns.</summary>
    public DecidedTime Terms { get; set; } = new();

    public List<InvoiceLine> Lines { get; } = [];

    public IEnumerable<Invoice> Invoices => _invoices.Values;

    public EntryRow this[string entry] => _rows[EntryId.Of("psa", "time_entry", entry, DecidedTime.Now)];

    public Invoice Invoice(int count) => _invoices[$"{Reference}/{count.ToString(CultureInfo.InvariantCulture)}"];

    /// <summary>What stands in an account, by the postings alone.</summary>
    public decimal Stands(LedgerAccount account) =>
        _posted.SelectMany(transaction => transaction.Postings).Where(posting => posting.Account == account).Sum(posting => posting.Amount.Amount);

    public LedgerTransaction LastOf(string entry) => _posted.Last(transaction => transaction.Line == this[entry].Id);

    public void Say(EntryChange change) => Run(change.Scope, turn => turn.Take(change));

    public void Book(string entry, string date, decimal hours, int number = 1, bool isApproved = true) =>
        Say(DecidedTime.Said(number, hours, entry: entry, date: date, isApproved: isApproved));

    /// <summary>An invoice from before.</summary>
    public void Billed(decimal amount) => Keep(new Invoice(
        DecidedTime.Home, Reference, _invoices.Count + 1, new DateOnly(2026, 5, 31), InvoiceStatus.Posted, 1, Money.Of(amount, "EUR"), 1, "INV-1", "ann", NextId(),
        DecidedTime.Now));

    /// <summary>What the engagement is told.</summary>
    public Fields Draw(string until = "2026-12-31")
    {
        var day = DateOnly.ParseExact(until, "yyyy-MM-dd", CultureInfo.InvariantCulture);
        var request = new DrawRequest(day, day, "ann");
        var envelope = Envelope(EnvelopeKind.DrawInvoices, request.ToPayload());
        var commit = Run(DecidedTime.Home, turn => turn.Draw(envelope, request, _rows.Values.Where(row => row.Scope == DecidedTime.Home && row.BillDate <= day)));
        return Assert.Single(commit.Messages).Payload;
    }

    public void Settle(string invoice, string to, string? number = null, Fields? receivable = null) => Run(DecidedTime.Home, turn => turn.Settle(
        Envelope(EnvelopeKind.InvoiceLines, Fields.Of(("invoice", invoice), ("to", to), ("number", number), ("receivable", receivable))),
        [.. Lines.Where(line => line.Invoice == invoice)]));

    /// <summary>The ERP says how an invoice stands there, with tax.</summary>
    public EntryCommit Pay(string invoice, decimal gross, decimal open, decimal writtenOff = 0m, decimal credited = 0m) => Run(DecidedTime.Home, turn => turn.Pay(
        Envelope(EnvelopeKind.InvoiceLines, Fields.Of(
            ("invoice", invoice), ("to", InvoiceDecider.Paid), ("receivable", When_invoices_are_paid.Said(gross, open, writtenOff, credited)))),
        [.. Lines.Where(line => line.Invoice == invoice)]));

    /// <summary>Somebody wants some lines of an invoice taken back, or all of them; what the engagement is told.</summary>
    public Fields Credit(string invoice, params int[] lines)
    {
        var request = new CreditRequest(invoice, [.. lines], new DateOnly(2026, 7, 20), "not agreed", "ann");
        var envelope = Envelope(EnvelopeKind.CreditInvoice, request.ToPayload());
        return Assert.Single(Run(DecidedTime.Home, turn => turn.Credit(envelope, CreditRequest.From(envelope.Payload))).Messages).Payload;
    }

    public EntryCommit Run(Scope scope, Action<EntryTurn> act)
    {
        var turn = Terms.Turn(scope, [.. _rows.Values]);
        foreach (var invoice in _invoices.Values)
        {
            turn.Load(invoice);
            turn.Load(invoice.Key, [.. Lines.Where(line => line.Invoice == invoice.Key)]);
        }

        act(turn);
        var commit = turn.ToCommit();
        foreach (var row in commit.Rows)
        {
            _rows[row.Id] = row;
        }

        foreach (var transaction in commit.Ledger)
        {
            Assert.All(transaction.Postings.GroupBy(posting => posting.Amount.Currency), alike => Assert.Equal(
                (0m, 0m), (alike.Sum(posting => posting.Quantity), alike.Sum(posting => posting.Amount.Amount))));
        }

        _posted.AddRange(commit.Ledger);
        Lines.AddRange(commit.InvoiceLines);
        foreach (var invoice in commit.Invoices)
        {
            Keep(invoice);
        }

        return commit;
    }

    private void Keep(Invoice invoice) => _invoices[invoice.Key] = invoice;

    private EnvelopeId NextId() => new(CommandId.Derive("billed", (++_envelopes).ToString(CultureInfo.InvariantCulture)).Value);

    private Envelope Envelope(EnvelopeKind kind, Fields payload) => new(
        new NewEnvelope(NextId(), DecidedTime.Home, "", kind, payload, DecidedTime.Home.ToString(), null, DecidedTime.Now, DecidedTime.Now), _envelopes);
}
