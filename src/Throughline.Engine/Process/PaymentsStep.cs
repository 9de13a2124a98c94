using Throughline.Engine.Billing;
using Throughline.Engine.Partition;
using Throughline.Landscape;
using Throughline.Model;

namespace Throughline.Engine.Process;

/// <summary>What the ERP says of a posted invoice goes on to the ledger, whenever it says something else.</summary>
internal static class PaymentsStep
{
    private const string Told = "told";

    public static void Run(InstanceRun run, StepDefinition.Payments step)
    {
        var key = run.Instance.Subject.Key;
        var said = Scene.Subject(run.Turn.State, run.Instance);
        var invoice = run.Turn.State.Records.GetValueOrDefault(new RecordId(InvoiceDecider.Entity, key))?.Attributes;
        if (invoice?.Text("status") != "posted")
        {
            run.Wait(step, $"the hub has not seen invoice {key} posted; what is paid of it counts when it has");
            return;
        }

        if (InvoiceDecider.ReceivableOf(said) is not { } receivable || receivable.Gross.Currency != invoice.Money("amount")!.Value.Currency)
        {
            run.Wait(step, $"the ERP does not say, in the currency of invoice {key}, what there is to be paid of it", Fields.Of(("attention", true)));
            return;
        }

        var fingerprint = said.Fingerprint();
        if (run.Instance.Step(step.Name).Data.Text(Told) == fingerprint)
        {
            run.Done(step);
            return;
        }

        InvoiceDecider.Pay(run.Turn, key, said);
        run.Tell("paid", Words(key, invoice.Text("number"), receivable), step);
        run.Done(step, Fields.Of((Told, fingerprint)));
    }

    /// <summary>The process follows what the ERP says, so it goes on by itself after it was complete.</summary>
    public static bool IsIn(ProcessDefinition definition) => definition.Steps.Any(step => step is StepDefinition.Payments);

    /// <summary>What the record says now was sent to the ledger.</summary>
    public static bool IsTold(UnitState unit, CanonicalRecord record) => record.View.Fingerprint() is var said
        && unit.Instances.Values.Any(instance => instance.Subject == record.Id && instance.Steps.Values.Any(step => step.Data.Text(Told) == said));

    private static string Words(string key, string? number, Receivable receivable)
    {
        if (receivable.Gross.Amount < 0)
        {
            return $"Credit note {key} ({number}) of {receivable.Gross} with tax: "
                + (receivable.Open.Amount == 0 ? "it is set off or paid out, as the ERP says." : $"{receivable.Open} of it is not set off, as the ERP says.");
        }

        var off = (receivable.WrittenOff.Amount == 0 ? "" : $", {receivable.WrittenOff} written off")
            + (receivable.Credited.Amount == 0 ? "" : $", {receivable.Credited} credited");
        var due = receivable.Open.Amount != 0 && receivable.DueDate is { } day ? $", due {DrawRequest.Day(day)}" : "";
        return $"Invoice {key} ({number}) of {receivable.Gross} with tax: {receivable.Paid} paid{off}, {receivable.Open} open{due}, as the ERP says.";
    }
}
