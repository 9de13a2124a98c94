using System.Collections.Immutable;
using Throughline.Engine.Billing;
using Throughline.Model;

namespace Throughline.Engine.Entries;

/// <summary>What invoices need beside the entries themselves. They are rare: most batches have none.</summary>
public sealed partial class EntryWorker
{
    /// <summary>Entries of one drawing; what is left comes with the next.</summary>
    public const int DrawMax = 20_000;

    private async Task<Dictionary<EnvelopeId, InvoiceWork>> LoadInvoicesAsync(
        ImmutableArray<Prepared> prepared, Dictionary<int, EntryTurn> turns, CancellationToken cancellation)
    {
        var work = new Dictionary<EnvelopeId, InvoiceWork>();
        foreach (var item in prepared.Where(item => item.IsAboutInvoices))
        {
            var turn = turns[item.Envelope.Scope.Partition];
            var invoices = await store.LoadInvoicesAsync([item.Envelope.Scope], cancellation);
            foreach (var invoice in invoices)
            {
                turn.Load(invoice);
            }

            var lines = item.Draw is null ? await LoadLinesAsync(turn, invoices, item.Envelope.Payload.Text("invoice")!, cancellation) : [];
            var rows = item.Draw is { } draw ? await store.LoadBillableAsync(item.Envelope.Scope, draw.Until, DrawMax, cancellation)
                : await LoadAsync([.. lines.Select(line => line.Entry).Distinct()], cancellation);
            foreach (var row in rows)
            {
                turn.Load(row);
            }

            work[item.Envelope.Id] = new InvoiceWork(rows, [.. lines.Where(line => line.Invoice == item.Envelope.Payload.Text("invoice"))]);
        }

        return work;
    }

    // With an invoice those of its credit notes, and with a credit note those of what it credits: what is paid of one depends on the others.
    private async Task<ImmutableArray<InvoiceLine>> LoadLinesAsync(EntryTurn turn, ImmutableArray<Invoice> invoices, string key, CancellationToken cancellation)
    {
        var first = invoices.FirstOrDefault(invoice => invoice.Key == key)?.Credits ?? key;
        var all = ImmutableArray.CreateBuilder<InvoiceLine>();
        foreach (var invoice in invoices.Where(invoice => invoice.Key == first || (invoice.Credits == first && invoice.Status != InvoiceStatus.Withdrawn)))
        {
            var lines = await store.ListInvoiceLinesAsync(invoice.Key, null, int.MaxValue, cancellation);
            turn.Load(invoice.Key, lines);
            all.AddRange(lines);
        }

        return all.ToImmutable();
    }

    private static void Decide(EntryTurn turn, Prepared item, InvoiceWork work)
    {
        if (item.Draw is { } draw)
        {
            turn.Draw(item.Envelope, draw, work.Rows);
        }
        else if (item.Envelope.Kind == EnvelopeKind.CreditInvoice)
        {
            turn.Credit(item.Envelope, CreditRequest.From(item.Envelope.Payload));
        }
        else if (item.Envelope.Payload.Text("to") == InvoiceDecider.Paid)
        {
            turn.Pay(item.Envelope, work.Lines);
        }
        else
        {
            turn.Settle(item.Envelope, work.Lines);
        }
    }

    private sealed record InvoiceWork(ImmutableArray<EntryRow> Rows, ImmutableArray<InvoiceLine> Lines);
}
