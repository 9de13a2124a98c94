using Throughline.Engine.Intake;
using Throughline.Landscape.Expressions;
using Throughline.Model;

namespace Throughline.Engine.Partition;

/// <summary>
/// Why an envelope is set aside and what can be done about it, for people who do not know the program. The technical text of an exception
/// goes to the log alone.
/// </summary>
internal sealed record Obstacle(string Reason, string Remedy)
{
    private const string After = " Then 'retry' this case; what followed it is processed after it. 'reject', where it is offered, drops it.";

    /// <summary>The record has no place or no form in the hub yet.</summary>
    public static Obstacle Unmapped(string reason) => new(reason, "Correct the record at its source or the mapping in the landscape." + After);

    /// <summary>What follows from it could not be worked out.</summary>
    public static Obstacle Undecided(Envelope envelope, Exception cause) => cause is EvaluationException
        ? new Obstacle(
            $"an expression of the landscape has no value for it ({cause.Message}).", "Correct the record at its source or the expression in the landscape." + After)
        : Defect(envelope, "worked out");

    /// <summary>What follows from it could not be written to the store.</summary>
    public static Obstacle Unstored(Envelope envelope, Exception cause) => cause is CrosswalkConflictException { Row: var row }
        ? new Obstacle(
            $"{row.Entity} {row.ExternalId} of {row.System} is known to the hub as another record already. Nothing of it was taken over.",
            $"Look with 'throughline trace {row.ExternalId}' where it is known, and correct or remove the second record at its source." + After)
        : cause is ArgumentException ? new Obstacle(
            $"it holds something that the store cannot keep, such as a NUL character in an id. Nothing of it was taken over ({InTheLog(envelope)}).",
            "Correct the record at its source; the line of the log names what is wrong." + After)
        : Defect(envelope, "wrote down");

    private static Obstacle Defect(Envelope envelope, string didWhat) => new(
        $"the hub failed while it {didWhat} what follows from it, which is a defect of the hub. Nothing of it was taken over ({InTheLog(envelope)}).",
        "Report the defect with that line of the log. Where the record holds something unusual, correct it at its source." + After);

    /// <summary>What the envelope brings, in words.</summary>
    public static string NameOf(Envelope envelope)
    {
        var payload = envelope.Payload;
        return envelope.Kind switch
        {
            EnvelopeKind.SourceRecord => $"{payload.Text(PayloadNames.Entity)} {payload.Text(PayloadNames.ExternalId)} from {payload.Text(PayloadNames.System)}",
            EnvelopeKind.Change => $"The change of {payload.Text("entity") ?? "a record"} {payload.Text("key")} from {payload.Text(PayloadNames.System)}",
            EnvelopeKind.Receipt => $"The answer of a system about {payload.Text("target")}",
            EnvelopeKind.Timer => $"What was due in {envelope.Scope}",
            EnvelopeKind.Request => $"The request for {payload.Text("process")}",
            EnvelopeKind.Reply => $"The answer to a request of {envelope.Scope}",
            EnvelopeKind.Subscribe => $"The wish of {payload.Text("scope")} to be told of changes",
            EnvelopeKind.PersonAction => $"What {payload.Text("by")} decided about a case",
            EnvelopeKind.LaneState => $"What was noticed of {payload.Text("system")}",
            EnvelopeKind.EntryTrouble => $"What is to be told of the entries of {envelope.Scope}",
            EnvelopeKind.DrawInvoices or EnvelopeKind.InvoicesDrawn => $"The invoices of {envelope.Scope} that {payload.Text("by")} asked for",
            EnvelopeKind.CreditInvoice => $"The credit note for invoice {payload.Text("invoice")} that {payload.Text("by")} asked for",
            EnvelopeKind.InvoiceLines => $"What became of invoice {payload.Text("invoice")}",
            EnvelopeKind.Entry or EnvelopeKind.BatchReceipt or EnvelopeKind.EntriesAgain => $"Entries of {envelope.Scope}",
        };
    }

    private static string InTheLog(Envelope envelope) => $"TL1101 in the log, envelope {envelope.Id}";
}
