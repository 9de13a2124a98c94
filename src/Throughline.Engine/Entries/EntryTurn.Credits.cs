using System.Collections.Immutable;
using Throughline.Engine.Billing;
using Throughline.Engine.Partition;
using Throughline.Model;
using Throughline.Model.Ledger;

namespace Throughline.Engine.Entries;

/// <summary>What a posted invoice has is taken back by a credit note, and may then be billed again.</summary>
internal sealed partial class EntryTurn
{
    private readonly Dictionary<string, ImmutableArray<InvoiceLine>> _linesOf = new(StringComparer.Ordinal);

    /// <summary>Lines of an invoice, or of a credit note of it, as they stand in the store.</summary>
    public void Load(string invoice, ImmutableArray<InvoiceLine> lines) => _linesOf.TryAdd(invoice, lines);

    /// <summary>Draws the credit note that somebody asked for, or says why none was drawn.</summary>
    public void Credit(Envelope envelope, CreditRequest request)
    {
        var known = _known.Values.Where(invoice => invoice.Scope == envelope.Scope).ToImmutableArray();
        var credit = CreditDrawer.Draw(
            request, known, LinesOf(request.Invoice), [.. CreditsOf(request.Invoice).SelectMany(note => LinesOf(note.Key))], envelope.Id, now);
        if (credit.Note is { } note)
        {
            Keep(note);
            foreach (var line in credit.Lines)
            {
                var row = Current(line.Entry)!;
                _lines.Add(line);
                _whys[row.Id] = $"credit note {note.Key} is to take it back from invoice {note.Credits} ({request.Reason})";
                Put(row, row with { Value = row.Value.MoveOneOfSeveral(LedgerAccount.Invoiced, LedgerAccount.InBatch, -line.Quantity, -line.Amount) });
            }
        }

        _messages.Add(new NewEnvelope(
            InvoiceDesk.AnswerTo(envelope.Id), envelope.Scope, "", EnvelopeKind.InvoicesDrawn, CreditText.Told(credit, request), envelope.Scope.ToString(), envelope.Id,
            now, now));
    }

    /// <summary>What a posted credit note took back may be billed again; what one that was given up was to take back stays invoiced.</summary>
    private void SettleCredit(Invoice note, ImmutableArray<InvoiceLine> lines, bool isPosted, Fields payload)
    {
        var number = payload.Text("number");
        var (status, original) = (isPosted ? InvoiceStatus.Posted : InvoiceStatus.Withdrawn, _known[note.Credits!]);
        var before = SettledOf(original, LinesOf(original.Key));
        var said = payload.Nested("receivable") is { } shown ? InvoiceDecider.ReceivableOf(shown) : null;
        Keep(note with { Status = status, Number = number, Receivable = isPosted ? said : null });
        Book(before, SettledOf(original, LinesOf(original.Key)), $"invoice {original.Key} ({original.Number}): credit note {note.Key} is posted as {number}");
        foreach (var line in lines)
        {
            var row = Current(line.Entry)!;
            _whys[row.Id] = isPosted ? $"credit note {note.Key} is posted as {number}: what invoice {original.Key} had of it may be billed again"
                : $"credit note {note.Key} was given up, so it stays on invoice {original.Key}";
            var value = row.Value.MoveOneOfSeveral(
                LedgerAccount.InBatch, isPosted ? LedgerAccount.Unbilled : LedgerAccount.Invoiced, -line.Quantity, -line.Amount);
            Put(row, row with { Value = !isPosted || IsSound(row) ? value : value.Hold() });
        }
    }

    /// <summary>
    /// Where the lines of an invoice stand by what the ERP says of it. Lines that a posted credit note took back are no part of it: they are billed anew. Of a credit note
    /// itself nothing stands anywhere: it is set off or paid out in the ERP.
    /// </summary>
    private ImmutableArray<LineSettlement> SettledOf(Invoice invoice, ImmutableArray<InvoiceLine> lines)
    {
        if (invoice.Receivable is not { } said || invoice.Credits is not null)
        {
            return [];
        }

        var notes = CreditsOf(invoice.Key).Where(note => note.Status == InvoiceStatus.Posted).ToArray();
        var credited = notes.SelectMany(note => LinesOf(note.Key)).Select(line => line.Entry).ToHashSet();
        var (rest, amount) = CreditDrawer.Rest(invoice, said, notes);
        return LineSettlement.Of(lines.Where(line => !credited.Contains(line.Entry)), rest.Of(amount));
    }

    private void Book(ImmutableArray<LineSettlement> before, ImmutableArray<LineSettlement> after, string why)
    {
        var (was, stands) = (before.ToDictionary(line => line.Line.Entry, line => line.Parts), after.ToDictionary(line => line.Line.Entry, line => line.Parts));
        foreach (var entry in before.Concat(after).Select(line => line.Line.Entry).Distinct())
        {
            var (left, taken) = (was.GetValueOrDefault(entry, []), stands.GetValueOrDefault(entry, []));
            if (!left.SequenceEqual(taken))
            {
                var row = Current(entry)!;
                _whys[row.Id] = why;
                var value = left.Aggregate(row.Value, (all, part) => all.MoveOneOfSeveral(part.Account, LedgerAccount.Invoiced, part.Quantity, part.Amount));
                Put(row, row with
                {
                    Value = taken.Aggregate(value, (all, part) => all.MoveOneOfSeveral(LedgerAccount.Invoiced, part.Account, part.Quantity, part.Amount)),
                });
            }
        }
    }

    private IEnumerable<Invoice> CreditsOf(string invoice) => _known.Values.Where(each => each.Credits == invoice && each.Status != InvoiceStatus.Withdrawn);

    private ImmutableArray<InvoiceLine> LinesOf(string invoice) =>
        _linesOf.TryGetValue(invoice, out var lines) ? lines : [.. _lines.Where(line => line.Invoice == invoice)];
}
