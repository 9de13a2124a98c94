using System.Collections.Immutable;
using System.Globalization;
using Throughline.Conformance.Store;
using Throughline.Engine.Billing;
using Throughline.Engine.Entries;
using Throughline.Engine.Partition;
using Throughline.Model;
using Throughline.Model.Ledger;
using Throughline.Simulation.Firm;

namespace Throughline.Simulation.Checkers;

/// <summary>
/// What the books call invoiced is what the ERP's own posted invoices come to, by their lines, and no invoice stands there twice; what is drawn and not posted has an open
/// case; every hour is on as many invoices as the books say, less what credit notes took back, and never on more than there ever were approved; no line is credited twice.
/// </summary>
internal sealed class InvoicesAreTrue : IChecker
{
    // Where the parts of a posted invoice stand; which of them where is for the checker of payments.
    private static readonly LedgerAccount[] OnPosted = [LedgerAccount.Invoiced, LedgerAccount.Paid, LedgerAccount.WrittenOff, LedgerAccount.Credited];

    public IEnumerable<string> WhenAtRest(SimulationRun run) => Look(run);

    public IEnumerable<string> WhenDeadlinesHavePassed(SimulationRun run) => Look(run);

    private static IEnumerable<string> Look(SimulationRun run)
    {
        var invoices = run.Store.ListInvoicesAsync(new InvoiceFilter(null, null, null, int.MaxValue), CancellationToken.None).Result;
        var posted = run.Systems.Erp.All(Erp.Invoice).Where(row => row.Fields.Text("state") == Erp.Posted && !Erp.IsByHand(row.Fields))
            .ToLookup(row => row.Fields.Text("reference")!, row => row.Fields);
        return InTheErp(run, invoices).Concat(invoices.SelectMany(invoice => Amiss(run, invoice, [.. posted[invoice.Key]])))
            .Concat(invoices.GroupBy(invoice => invoice.Scope).SelectMany(mine => Books(run, mine.Key, [.. mine], posted)))
            .Concat(Entries(run, invoices)).Concat(CreditedTwice(run)).Concat(AtTheClose(run, invoices)).Concat(Told(run));
    }

    private static IEnumerable<string> InTheErp(SimulationRun run, ImmutableArray<Invoice> invoices)
    {
        var drawn = invoices.ToDictionary(invoice => invoice.Key);
        foreach (var rows in run.Systems.Erp.All(Erp.Invoice).Where(row => !Erp.IsByHand(row.Fields)).GroupBy(row => row.Fields.Text("reference")!))
        {
            if (rows.Count() > 1)
            {
                yield return $"invoice {rows.Key} stands in the ERP {rows.Count()} times";
            }

            if (!drawn.TryGetValue(rows.Key, out var invoice))
            {
                yield return $"invoice {rows.Key} stands in the ERP, and nobody drew it";
            }
            else if (invoice.Status == InvoiceStatus.Withdrawn && !run.People.GivenUpInvoices.Contains(rows.Key) && !HasCase(run, invoice))
            {
                yield return $"invoice {rows.Key} was given up, and stands in the ERP";
            }
        }
    }

    private static IEnumerable<string> Amiss(SimulationRun run, Invoice invoice, Fields[] posted)
    {
        if (invoice.Status == InvoiceStatus.Drawn && !HasCase(run, invoice))
        {
            yield return $"invoice {invoice.Key} was drawn and is not posted, and no case says so";
        }

        if (invoice.Status == InvoiceStatus.Posted && (posted.Length != 1 || Erp.AmountOf(posted[0]) != invoice.Amount.Amount))
        {
            yield return $"invoice {invoice.Key} of {invoice.Amount} counts as posted, and the ERP has {string.Join(" and ", posted.Select(Erp.AmountOf))}";
        }
    }

    // Of the ERP's invoices all that are posted count, except where people know that the hub does not count one.
    private static IEnumerable<string> Books(SimulationRun run, Scope scope, Invoice[] invoices, ILookup<string, Fields> posted)
    {
        // What a credit note is to take back is in batch as long as it waits.
        var waiting = invoices.Where(invoice => invoice is { Credits: not null, Status: InvoiceStatus.Drawn }).Sum(invoice => invoice.Amount.Amount);
        var counted = waiting + invoices.Where(invoice => invoice.Credits is null || invoice.Status == InvoiceStatus.Posted)
            .Where(invoice => invoice.Status == InvoiceStatus.Posted || (!HasCase(run, invoice) && !run.People.GivenUpInvoices.Contains(invoice.Key)))
            .SelectMany(invoice => posted[invoice.Key]).Sum(Erp.AmountOf);
        var invoiced = run.Store.BalancesAsync(scope, CancellationToken.None).Result
            .Where(balance => OnPosted.Contains(balance.Account)).Sum(balance => balance.Amount.Amount);
        if (counted != invoiced)
        {
            yield return $"the books of {scope} say that {invoiced} is invoiced, and the posted invoices in the ERP come to {counted}";
        }
    }

    private static IEnumerable<string> Entries(SimulationRun run, ImmutableArray<Invoice> invoices)
    {
        var lines = invoices.Where(invoice => invoice.Status != InvoiceStatus.Withdrawn)
            .SelectMany(invoice => run.Store.ListInvoiceLinesAsync(invoice.Key, null, int.MaxValue, CancellationToken.None).Result
                .SelectMany(line => Stands(invoice, line).Select(portion => (line.Entry, Portion: portion))))
            .ToLookup(item => item.Entry, item => item.Portion);
        foreach (var row in run.Store.FindEntriesAsync(new EntryFilter(Max: int.MaxValue), CancellationToken.None).Result)
        {
            var said = LineValue.Of(lines[row.Id]);
            var stands = LineValue.Of(row.Value.Portions.Where(portion => !portion.Account.IsOpen())
                .Select(portion => OnPosted.Contains(portion.Account) ? portion with { Account = LedgerAccount.Invoiced } : portion));
            if (!said.Equals(stands))
            {
                yield return $"time {row.ExternalId} is on invoices with {said}, and stands in the books as {stands}";
            }

            var most = run.Systems.Time.History.Where(change => change.Id.ToString(CultureInfo.InvariantCulture) == row.ExternalId && change.IsApproved)
                .Select(change => change.Fields.Number("hours") ?? 0).DefaultIfEmpty(0).Max();
            if (said.Quantity > most)
            {
                yield return $"time {row.ExternalId} is on invoices with {said.Quantity} h, and never more than {most} h of it were approved";
            }
        }
    }

    private static Portion[] Stands(Invoice invoice, InvoiceLine line) => (invoice.Credits is not null, invoice.Status) switch
    {
        (_, InvoiceStatus.Posted) => [new Portion(LedgerAccount.Invoiced, line.Quantity, line.Amount)],
        (true, _) => [new Portion(LedgerAccount.Invoiced, line.Quantity, line.Amount), new Portion(LedgerAccount.InBatch, -line.Quantity, -line.Amount)],
        _ => [new Portion(LedgerAccount.InBatch, line.Quantity, line.Amount)],
    };

    // By then the hub knows where each hour is booked. What was on an invoice before stays where it was billed (ADR 0017).
    private static IEnumerable<string> AtTheClose(SimulationRun run, ImmutableArray<Invoice> invoices)
    {
        var rows = run.Store.FindEntriesAsync(new EntryFilter(Max: int.MaxValue), CancellationToken.None).Result.ToDictionary(row => row.Id, row => row.ExternalId);
        var before = new HashSet<EntryId>();
        foreach (var invoice in invoices.OrderBy(invoice => invoice.At))
        {
            var lines = run.Store.ListInvoiceLinesAsync(invoice.Key, null, int.MaxValue, CancellationToken.None).Result;
            foreach (var line in lines.Where(line => invoice.At >= run.Finance.ClosedAt && !before.Contains(line.Entry)))
            {
                var time = run.Systems.Time.Find(int.Parse(rows[line.Entry], CultureInfo.InvariantCulture));
                if (!time.IsApproved || new TimeExpectation(run, time).Engagement != invoice.Scope)
                {
                    yield return $"time {time.Id} ({time.Name}) is on invoice {invoice.Key} of {invoice.Scope}, where it is not booked as approved";
                }
            }

            before.UnionWith(lines.Select(line => line.Entry));
        }
    }

    private static IEnumerable<string> CreditedTwice(SimulationRun run) => run.Systems.Erp.All(Erp.Invoice)
        .Where(row => Erp.CreditOf(row.Fields) is not null && row.Fields.Text("state") == Erp.Posted && !run.People.GivenUpInvoices.Contains(row.Fields.Text("reference")!))
        .SelectMany(row => row.Fields.NestedList("lines").Select(line => (Of: Erp.CreditOf(row.Fields), Line: line.Number("credit_of"))))
        .GroupBy(line => line).Where(line => line.Count() > 1).Select(line => $"line {line.Key.Line} of the ERP's invoice {line.Key.Of} is credited {line.Count()} times");

    private static IEnumerable<string> Told(SimulationRun run) => run.Store.ReadEventsAsync(0, int.MaxValue, CancellationToken.None).Result
        .Where(item => item.Name == "invoice.posted").GroupBy(item => item.Payload.Text("invoice")).Where(items => items.Count() > 1)
        .Select(items => $"invoice {items.Key} was announced {items.Count()} times");

    private static bool HasCase(SimulationRun run, Invoice invoice)
    {
        var key = new UnitKey(invoice.Scope, "");
        var unit = UnitRows.Read(key, run.Store.LoadUnitsAsync([key], CancellationToken.None).Result);
        return unit.Instances.Values.Where(instance => instance.Subject == new RecordId("invoice", invoice.Key))
            .Any(instance => unit.Cases.Values.Any(item => item.Instance == instance.Id));
    }
}
