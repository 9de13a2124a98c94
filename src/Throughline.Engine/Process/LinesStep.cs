using Throughline.Engine.Billing;
using Throughline.Engine.Cases;
using Throughline.Engine.Partition;
using Throughline.Landscape;
using Throughline.Model;

namespace Throughline.Engine.Process;

/// <summary>An invoice counts as posted when the ERP shows what the hub drew, to the cent; only then do its entries go on in the ledger.</summary>
internal static class LinesStep
{
    private const string CaseKind = "differs";

    public static void Run(InstanceRun run, StepDefinition.Lines step)
    {
        if (run.Instance.Step(step.Name).IsDone)
        {
            return;
        }

        var scene = run.Scene();
        var read = TemplateRunner.Run(step.ReadBack, scene.Variables, scene.Hooks);
        if (!read.IsComplete)
        {
            run.Wait(step, read.Problems.IsEmpty ? $"waits for {string.Join(", ", read.Waits)}" : read.Refusal("what the ERP answered cannot be compared").Message);
            return;
        }

        var record = run.Turn.State.Records[run.Instance.Subject];
        var caseId = run.CaseIdOf(CaseKind, step.Name);
        if (Differences(record.Attributes, read.Fields) is { Length: > 0 } differences)
        {
            var words = run.Words(step.Case, scene);
            var says = $"{words.Says} {differences}. " + (IsCredit(record)
                ? "Nothing counts as credited, and nothing of it is billed again." : "Its entries stay on it, and are not counted as invoiced.");
            run.OpenCase(caseId, step.Name, CaseKind, words with { Says = says }, [CaseAction.Retry, CaseAction.Reject]);
            run.Wait(step, says, Fields.Of(("attention", true)), tell: false);
            return;
        }

        run.Turn.Close(caseId, CaseStatus.Settled, null, null);
        var posted = record.Attributes.Merge(read.Fields).With("status", "posted");
        run.Turn.State = run.Turn.State.With(record with { Attributes = posted });
        LookupKeys.Publish(run.Turn, record.Id, posted);
        InvoiceDecider.Settle(run.Turn, record.Id.Key, InvoiceDecider.Invoiced, posted);
        run.Tell(
            "invoiced", $"{(IsCredit(record) ? "Credit note" : "Invoice")} {record.Id.Key} is {posted.Text("number")} in the ERP, "
                + $"which shows {posted.Money("amount")} as the hub does; "
                + (posted.Text("credits") is { } of ? $"what it takes back of invoice {of} may be billed again." : "its entries are invoiced."), step);
        run.Done(step);
    }

    /// <summary>The process is about an invoice with entries on it.</summary>
    public static bool IsIn(ProcessDefinition definition) => definition.Steps.Any(step => step is StepDefinition.Lines);

    private static bool IsCredit(CanonicalRecord record) => record.Attributes.Text("credits") is not null;

    /// <summary>What a person can do where the ERP does not take back what is given up here.</summary>
    public static string NotTakenBack(CanonicalRecord? record, string system) => record is not null && IsCredit(record)
        ? $"'retry' leaves it in {system} and goes on with it: once it is read back as it was drawn, it counts and what it credits is billed again. "
            + $"'reject' leaves the invoice as it was: only where the credit note is removed or taken back in {system}, or the customer is credited and still counts as invoiced."
        : $"'retry' leaves it in {system} and goes on with it: its entries count as invoiced once it is read back as it was drawn. "
            + $"'reject' gives its entries back to be billed again: only where it is credited or removed in {system}, or they are billed twice.";

    /// <summary>The instance was taken back before its entries were invoiced: they may be billed again, or stay invoiced where it is a credit note.</summary>
    public static void Release(InstanceRun run)
    {
        if (run.Definition.Steps.OfType<StepDefinition.Lines>().Any(step => !run.Instance.Step(step.Name).IsDone)
            && run.Turn.State.Records.GetValueOrDefault(run.Instance.Subject) is { } record && record.Attributes.Text("status") != "withdrawn")
        {
            run.Turn.State = run.Turn.State.With(record with { Attributes = record.Attributes.With("status", "withdrawn") });
            InvoiceDecider.Settle(run.Turn, record.Id.Key, InvoiceDecider.Released, null);
        }
    }

    /// <summary>The ERP is asked once more how it has the invoice: what is changed to what it is already answers that.</summary>
    public static void AskAgain(Turn turn, Instance instance, StepDefinition.Lines step)
    {
        if (turn.State.Targets.GetValueOrDefault(Target.IdOf(step.Answer, instance.Subject)) is { InFlight: null } target)
        {
            turn.State = turn.State.With(target with { DoneHash = null });
        }
    }

    private static string Differences(Fields known, Fields read) => string.Join("; ", read
        .Where(pair => known.Get(pair.Key) is { } ours && !IsSame(ours, pair.Value))
        .Select(pair => $"{pair.Key} is {Show(pair.Value)} there and {Show(known.Get(pair.Key))} in the hub"));

    private static bool IsSame(object? ours, object? theirs) => (ours, theirs) switch
    {
        (Fields mine, Fields other) when mine.AsMoney() is { } money && other.AsMoney() is { } amount => money == amount,
        (long or decimal, long or decimal) => Number(ours) == Number(theirs),
        _ => Equals(ours, theirs),
    };

    private static decimal Number(object? value) => value is long whole ? whole : (decimal)value!;

    private static string Show(object? value) => value switch { Fields fields when fields.AsMoney() is { } money => money.ToString(), null => "nothing", _ => value.ToString()! };
}
