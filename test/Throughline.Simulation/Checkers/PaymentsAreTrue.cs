using Throughline.Conformance.Store;
using Throughline.Engine.Billing;
using Throughline.Engine.Cases;
using Throughline.Engine.Intake;
using Throughline.Engine.Partition;
using Throughline.Engine.Process;
using Throughline.Model;
using Throughline.Model.Ledger;
using Throughline.Simulation.Firm;

namespace Throughline.Simulation.Checkers;

/// <summary>
/// What the books call paid, written off, credited and invoiced is what the ERP's own numbers of posted invoices come to; the CRM shows each of them once, with what is open;
/// that one is paid is told only, and always, where it is so; what is overdue is somebody's case, and nothing else is. Invoices made in the ERP by hand are nowhere.
/// </summary>
internal sealed class PaymentsAreTrue : IChecker
{
    /// <summary>The step of the process whose case says that an invoice is overdue.</summary>
    public const string OverdueStep = "paid";

    public IEnumerable<string> WhenAtRest(SimulationRun run) => Look(run);

    public IEnumerable<string> WhenDeadlinesHavePassed(SimulationRun run) => Look(run);

    private static IEnumerable<string> Look(SimulationRun run)
    {
        var invoices = run.Store.ListInvoicesAsync(new InvoiceFilter(null, InvoiceStatus.Posted, null, int.MaxValue), CancellationToken.None).Result;
        var ids = run.Systems.Erp.All(Erp.Invoice).Where(row => !Erp.IsByHand(row.Fields)).ToLookup(row => row.Fields.Text("reference")!, row => row.Id);
        // That each stands there once is looked at elsewhere.
        var posted = invoices.Where(invoice => ids[invoice.Key].Count() == 1).Select(invoice => (Invoice: invoice, Id: ids[invoice.Key].Single())).ToArray();
        return posted.GroupBy(item => item.Invoice.Scope).SelectMany(mine => InScope(run, mine.Key, [.. mine]))
            .Concat(Shown(run, [.. invoices.Select(invoice => invoice.Key)])).Concat(Told(run, ids)).Concat(OfOthers(run));
    }

    private static IEnumerable<string> InScope(SimulationRun run, Scope scope, (Invoice Invoice, string Id)[] mine)
    {
        var key = new UnitKey(scope, "");
        var unit = UnitRows.Read(key, run.Store.LoadUnitsAsync([key], CancellationToken.None).Result);
        return Books(run, scope, mine).Concat(mine.SelectMany(item => Amiss(run, unit, item.Invoice, item.Id)));
    }

    private static IEnumerable<string> Books(SimulationRun run, Scope scope, (Invoice Invoice, string Id)[] mine)
    {
        // What a credit note is to take back is in batch as long as it waits.
        var expected = new Dictionary<LedgerAccount, decimal>
        {
            [LedgerAccount.Invoiced] = run.Store.LoadInvoicesAsync([scope], CancellationToken.None).Result
                .Where(invoice => invoice is { Credits: not null, Status: InvoiceStatus.Drawn }).Sum(invoice => invoice.Amount.Amount),
        };
        foreach (var (account, amount) in mine.Where(item => item.Invoice.Credits is null)
            .SelectMany(item => Parts(run.Systems.Erp, item.Id, [.. mine.Where(note => note.Invoice.Credits == item.Invoice.Key).Select(note => note.Id)])))
        {
            expected[account] = expected.GetValueOrDefault(account) + amount;
        }

        var balances = run.Store.BalancesAsync(scope, CancellationToken.None).Result;
        foreach (var (account, amount) in expected)
        {
            if (balances.Where(balance => balance.Account == account).Sum(balance => balance.Amount.Amount) is var stands && stands != amount)
            {
                yield return $"the books of {scope} say that {stands} is {account.Name()}, and by the ERP's posted invoices it is {amount}: "
                    + string.Join("; ", mine.Select(item => $"{item.Invoice.Key} of {item.Invoice.Amount} has {run.Systems.Erp.SettlementOf(item.Id)}"));
            }
        }
    }

    // What the hub's own credit notes took back is no part of it any more, and what the ERP calls credited is theirs first.
    // Of the rest without tax the same share as of what is with it, and all of it where nothing is open; no more than there is.
    private static IEnumerable<(LedgerAccount Account, decimal Amount)> Parts(Erp erp, string id, string[] notes)
    {
        var (own, settlement) = (-notes.Sum(erp.GrossOf), erp.SettlementOf(id)!);
        var setOff = Math.Min(own, settlement.Credited);
        settlement = settlement with { Credited = settlement.Credited - setOff };
        var net = Erp.AmountOf(erp.Find(Erp.Invoice, id)!) + notes.Sum(note => Erp.AmountOf(erp.Find(Erp.Invoice, note)!));
        var (gross, open) = (erp.GrossOf(id) - own, erp.OpenOf(id) - own + setOff);
        decimal Share(decimal part) => gross == 0 ? 0 : decimal.Round(net * part / gross, 2, MidpointRounding.AwayFromZero);

        var paid = open == 0 && gross != 0 ? Math.Max(0, net - Share(settlement.WrittenOff) - Share(settlement.Credited)) : Math.Min(net, Share(settlement.Paid));
        var writtenOff = Math.Min(Share(settlement.WrittenOff), net - paid);
        var credited = Math.Min(Share(settlement.Credited), net - paid - writtenOff);
        return
        [
            (LedgerAccount.Paid, paid), (LedgerAccount.WrittenOff, writtenOff), (LedgerAccount.Credited, credited), (LedgerAccount.Invoiced, net - paid - writtenOff - credited),
        ];
    }

    private static IEnumerable<string> Amiss(SimulationRun run, UnitState unit, Invoice invoice, string id)
    {
        var (gross, open, settlement) = (run.Systems.Erp.GrossOf(id), run.Systems.Erp.OpenOf(id), run.Systems.Erp.SettlementOf(id)!);
        var collection = unit.Instances.Values.SingleOrDefault(instance => instance.Subject == new RecordId("receivable", invoice.Key));
        if (collection is null)
        {
            yield return $"nobody sees to invoice {invoice.Key}, which is posted";
            yield break;
        }

        // A person said that nobody is to see to it any more.
        if (collection.Status == InstanceStatus.Undone)
        {
            yield break;
        }

        var known = invoice.Receivable;
        if (known?.Gross.Amount != gross || known.Open.Amount != open || known.WrittenOff.Amount != settlement.WrittenOff || known.Credited.Amount != settlement.Credited
            || known.DueDate != (open == 0 ? null : settlement.Due))
        {
            yield return $"invoice {invoice.Key} of {gross} has {settlement} and {open} open, and stands in the hub with {known}";
        }

        if (open == 0 && invoice.Credits is null && (gross == 0 || gross + NotesOf(run, invoice.Key).Sum(run.Systems.Erp.GrossOf) > 0) && !Announced(run).Contains(invoice.Key))
        {
            yield return $"invoice {invoice.Key} is paid, and nobody was told";
        }

        var shown = run.Systems.Crm.Invoices.All.Where(row => row.Text(CrmInvoices.Key) == invoice.Key).ToArray();
        var status = open == 0 ? "paid" : Erp.Posted;
        if (shown is not [var only] || only.Number("Open__c") != open || only.Number("Gross__c") != gross || only.Text("Status__c") != status
            || only.Text("Opportunity__c") != invoice.Scope.Key)
        {
            yield return $"invoice {invoice.Key} of {gross} is {status} with {open} open, and the CRM shows {string.Join(" and ", shown.Select(row => row.ToJson()))}";
        }

        if (invoice.Credits is not null)
        {
            yield break;
        }

        // What credit notes took back is nothing to ask the customer for.
        var asked = open + run.Store.LoadInvoicesAsync([invoice.Scope], CancellationToken.None).Result.Where(note => note.Credits == invoice.Key)
            .Sum(note => note.Receivable?.Open.Amount ?? 0);
        var isOverdue = asked > 0 && open > 0 && DateOnly.FromDateTime(run.World.Now.UtcDateTime) > settlement.Due;
        var hasCase = unit.Cases.Values.Any(item => item.Instance == collection.Id && item.Step == OverdueStep);
        if (isOverdue != hasCase)
        {
            yield return $"invoice {invoice.Key} with {open} open is due on {Erp.Day(settlement.Due)}, and {(hasCase ? "a case is" : "no case is")} open";
        }
    }

    private static IEnumerable<string> Shown(SimulationRun run, HashSet<string> posted) => run.Systems.Crm.Invoices.All
        .Where(row => !posted.Contains(row.Text(CrmInvoices.Key)!)).Select(row => $"the CRM shows invoice {row.ToJson()}, and none such is posted");

    // Of what the hub's own credit notes took back of it nothing is asked, set off or not.
    private static IEnumerable<string> Told(SimulationRun run, ILookup<string, string> ids) => Announced(run)
        .Where(key => !ids[key].Any(run.Systems.Erp.OnceClosed.Contains) && !ids[key].Any(id => run.Systems.Erp.OpenOf(id) + NotesOf(run, key).Sum(run.Systems.Erp.OpenOf) <= 0))
        .Select(key => $"invoice {key} was announced as paid, and something was open at any time");

    private static IEnumerable<string> NotesOf(SimulationRun run, string invoice)
    {
        var notes = run.Store.ListInvoicesAsync(new InvoiceFilter(null, InvoiceStatus.Posted, null, int.MaxValue), CancellationToken.None).Result
            .Where(each => each.Credits == invoice).Select(each => each.Key).ToHashSet(StringComparer.Ordinal);
        return run.Systems.Erp.All(Erp.Invoice).Where(row => notes.Contains(row.Fields.Text("reference")!)).Select(row => row.Id);
    }

    private static IEnumerable<string> Announced(SimulationRun run) => run.Store.ReadEventsAsync(0, int.MaxValue, CancellationToken.None).Result
        .Where(item => item.Name == "invoice.paid").Select(item => item.Payload.Text("invoice")!);

    private static IEnumerable<string> OfOthers(SimulationRun run) =>
        run.Store.ListCasesAsync(new CaseFilter(CaseStatus.Open, Max: 500), CancellationToken.None).Result
            .Where(item => item.Unit.Scope is { Kind: Placement.UnplacedKind } scope && scope.Key.StartsWith($"erp/{Erp.Invoice}/", StringComparison.Ordinal))
            .Select(item => $"somebody is asked about an invoice that is none of the hub's: {item.Says}");
}
