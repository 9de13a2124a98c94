using System.Collections.Immutable;
using Throughline.Engine.Billing;
using Throughline.Engine.Partition;
using Throughline.Landscape;
using Throughline.Model;
using Throughline.Model.Ledger;

namespace Throughline.Engine.Entries;

/// <summary>What is unbilled comes on invoices, and goes on from there.</summary>
internal sealed partial class EntryTurn
{
    private readonly Dictionary<string, Invoice> _known = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Invoice> _invoices = new(StringComparer.Ordinal);
    private readonly List<InvoiceLine> _lines = [];
    private readonly Dictionary<EntryId, string> _whys = [];

    public void Load(Invoice invoice) => _known.TryAdd(invoice.Key, invoice);

    /// <summary>Draws the invoices that somebody asked for.</summary>
    /// <param name="billable">Entries of the scope that may come on an invoice, as they stand in the store.</param>
    public void Draw(Envelope envelope, DrawRequest request, IEnumerable<EntryRow> billable)
    {
        var scope = envelope.Scope;
        var rows = billable.Select(row => row.Id).Concat(_rows.Values.Where(row => row.Scope == scope).Select(row => row.Id)).Distinct()
            .Select(id => Current(id)!).Where(row => row.Scope == scope && row.BillDate <= request.Until).ToArray();
        var scene = _scenes.GetValueOrDefault(scope);
        var entries = rows.Select(row => scene is null ? null : ForInvoice(row, scene)).OfType<InvoiceEntry>().ToArray();
        var drawings = InvoiceDrawer.Draw(scope, request, entries, [.. _known.Values.Where(invoice => invoice.Scope == scope)], envelope.Id, now);
        foreach (var drawing in drawings)
        {
            if (drawing.Invoice is { } invoice)
            {
                Keep(invoice);
            }

            var places = InvoiceText.Places(drawing.Parts);
            foreach (var part in drawing.Parts)
            {
                Put(part, drawing, places.TryGetValue(part.Entry.Row.Id, out var place) ? place : null);
            }
        }

        _messages.Add(new NewEnvelope(
            InvoiceDesk.AnswerTo(envelope.Id), scope, "", EnvelopeKind.InvoicesDrawn, InvoiceDecider.Told(drawings, request),
            scope.ToString(), envelope.Id, now, now));
    }

    /// <summary>The entries on an invoice are invoiced, or may be billed again; once only. Of a credit note it is the other way round.</summary>
    public void Settle(Envelope envelope, ImmutableArray<InvoiceLine> lines)
    {
        var payload = envelope.Payload;
        if (_known.GetValueOrDefault(payload.Text("invoice")!) is not { Status: InvoiceStatus.Drawn } invoice)
        {
            return;
        }

        var isInvoiced = payload.Text("to") == InvoiceDecider.Invoiced;
        if (invoice.Credits is not null)
        {
            SettleCredit(invoice, lines, isInvoiced, payload);
            return;
        }

        var number = payload.Text("number");
        // Where a credit note waits, its part and that of an invoice may offset one another.
        var isAlone = !_known.Values.Any(each => each is { Credits: not null, Status: InvoiceStatus.Drawn } && each.Scope == invoice.Scope);
        foreach (var line in lines)
        {
            var row = Current(line.Entry)!;
            _whys[row.Id] = isInvoiced ? $"invoice {invoice.Key} is posted as {number}" : $"invoice {invoice.Key} was given up";
            var to = isInvoiced ? LedgerAccount.Invoiced : LedgerAccount.Unbilled;
            var value = isAlone ? row.Value.Move(LedgerAccount.InBatch, to, line.Quantity, line.Amount)
                : row.Value.MoveOneOfSeveral(LedgerAccount.InBatch, to, line.Quantity, line.Amount);
            Put(row, row with { Value = isInvoiced || IsSound(row) ? value : value.Hold() });
        }

        Keep(invoice with { Status = isInvoiced ? InvoiceStatus.Posted : InvoiceStatus.Withdrawn, Number = number });
        if (isInvoiced && payload.Nested("receivable") is not null)
        {
            // It may have been paid before the hub saw it posted.
            Pay(envelope, lines);
        }
    }

    /// <summary>What was paid and given up of an invoice, as the ERP says now, stands in the ledger; so does what is open again.</summary>
    public void Pay(Envelope envelope, ImmutableArray<InvoiceLine> lines)
    {
        var payload = envelope.Payload;
        if (_known.GetValueOrDefault(payload.Text("invoice")!) is not { Status: InvoiceStatus.Posted } invoice
            || InvoiceDecider.ReceivableOf(payload.Nested("receivable")!) is not { } said || said == invoice.Receivable)
        {
            return;
        }

        var before = SettledOf(invoice, lines);
        var now = Keep(invoice with { Receivable = said });
        Book(before, SettledOf(now, lines), $"invoice {invoice.Key} ({invoice.Number}): {said.Open} of {said.Gross} is open");
    }

    // What is held, or waits for what keeps it from being billed, is not billable by being given back.
    private static bool IsSound(EntryRow row) => row.Status is EntryStatus.Sent or EntryStatus.Kept || row.Reason is EntryReasons.ForId or EntryReasons.ForAnswer;

    private Invoice Keep(Invoice invoice) => _known[invoice.Key] = _invoices[invoice.Key] = invoice;

    /// <summary>A defect of the hub keeps invoices from being drawn or settled: a case says so, and may have it tried again.</summary>
    public void TellOfDefect(Envelope envelope) => _messages.Add(new NewEnvelope(
        InvoiceDesk.AnswerTo(envelope.Id), envelope.Scope, "", EnvelopeKind.InvoicesDrawn, InvoiceDecider.Failed(envelope.Payload), envelope.Scope.ToString(), envelope.Id,
        now, now));

    private InvoiceEntry? ForInvoice(EntryRow known, EntryScene scene)
    {
        var (row, entry) = _decider.ForInvoice(known, scene);
        // One that comes on an invoice, or does not fit its cap, is put where that is decided.
        if (row is not null && !ReferenceEquals(row, known) && (entry is null || InvoiceDrawer.Unbilled(row) is null))
        {
            Put(known, row);
        }

        return entry;
    }

    private static string WhyOf(EntryRow row, InvoicePart part) => row.Value.IsBilled ? $"{row.ValueSays}; less what was billed of it before"
        : part.Held.Amount != 0 ? $"{row.ValueSays}; up to the cap" : row.ValueSays ?? "";

    private void Put(InvoicePart part, Drawing drawing, int? place)
    {
        var (row, key) = (part.Entry.Row, drawing.Invoice?.Key);
        var after = row;
        if (part.Amount.Amount != 0 || part.Quantity != 0)
        {
            after = after with { Value = after.Value.Move(LedgerAccount.Unbilled, LedgerAccount.InBatch, part.Quantity, part.Amount) };
            _lines.Add(new InvoiceLine(key!, row.Scope, row.Id, part.Quantity, part.Amount, part.Entry.Text, WhyOf(row, part)) { Place = place });
            _whys[row.Id] = $"{row.ValueSays}; on invoice {key}";
        }

        if (part.Held.Amount != 0 || part.HeldQuantity != 0)
        {
            var says = $"{row.ValueSays}; {part.Held} of it is beyond the cap of {drawing.Cap}";
            after = after with { Value = after.Value.Move(LedgerAccount.Unbilled, LedgerAccount.Held, part.HeldQuantity, part.Held), ValueSays = says };
            _whys[row.Id] = says + (key is null || part.Amount.Amount == 0 ? "" : $", and the rest on invoice {key}");
        }

        Put(row, after);
    }
}
