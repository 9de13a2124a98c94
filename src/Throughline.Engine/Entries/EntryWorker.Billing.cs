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
            foreach (var invoice in await store.LoadInvoicesAsync([item.Envelope.Scope], cancellation))
            {
                turn.Load(invoice);
            }

            var lines = item.Draw is null ? await store.ListInvoiceLinesAsync(item.Envelope.Payload.Text("invoice")!, null, int.MaxValue, cancellation) : [];
            var rows = item.Draw is { } draw ? await store.LoadBillableAsync(item.Envelope.Scope, draw.Until, DrawMax, cancellation)
                : await LoadAsync([.. lines.Select(line => line.Entry)], cancellation);
            foreach (var row in rows)
            {
                turn.Load(row);
            }

            work[item.Envelope.Id] = new InvoiceWork(rows, lines);
        }

        return work;
    }

    private static void Decide(EntryTurn turn, Prepared item, InvoiceWork work)
    {
        if (item.Draw is { } draw)
        {
            turn.Draw(item.Envelope, draw, work.Rows);
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
