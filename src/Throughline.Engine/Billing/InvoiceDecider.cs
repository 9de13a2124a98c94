using System.Collections.Immutable;
using System.Globalization;
using Throughline.Engine.Cases;
using Throughline.Engine.Partition;
using Throughline.Model;

namespace Throughline.Engine.Billing;

/// <summary>What the engagement is told of its invoices by the writer of its entries: each becomes a record, about which the billing process runs.</summary>
internal static class InvoiceDecider
{
    public const string Entity = "invoice";
    public const string ReceivableEntity = "receivable";
    public const string Invoiced = "invoiced";
    public const string Released = "released";
    public const string Paid = "paid";
    private static readonly string[] SaidOf = ["gross", "open", "writtenOff", "credited", "dueDate"];
    public const string CapKind = "cap";
    public const string CreditKind = "credit";
    public const string DefectKind = "invoices";

    public static Fields Told(IEnumerable<Drawing> drawings, DrawRequest request) => Fields.Of(
        ("by", request.By),
        ("until", DrawRequest.Day(request.Until)),
        ("drawings", drawings.Select(drawing => Fields.Of(
            ("reference", drawing.Reference), ("invoice", drawing.Invoice?.Key), ("attributes", drawing.Invoice is null ? null : InvoiceText.ToAttributes(drawing, request)),
            ("cap", drawing.Cap), ("over", drawing.Over), ("says", drawing.Says),
            ("owed", drawing.Owed), ("isCapLookedAt", drawing.IsCapLookedAt), ("currency", drawing.Currency?.Code))).ToArray()));

    /// <summary>What a defect of the hub kept from being drawn or settled.</summary>
    public static Fields Failed(Fields payload) => Fields.Of(("failed", true), ("by", payload.Text("by")), ("invoice", payload.Text("invoice")));

    public static void Apply(Turn turn)
    {
        var payload = turn.Envelope.Payload;
        if (payload.Flag("failed") == true)
        {
            TellOfDefect(turn, payload);
            return;
        }

        if (payload.Text("credits") is not null)
        {
            CreditText.Apply(turn);
            return;
        }

        var (by, until) = (payload.Text("by"), payload.Text("until"));
        var drawings = payload.NestedList("drawings");
        if (drawings.Count == 0)
        {
            turn.Tell("not-applied", $"{by} asked for invoices of the work until {until}; nothing is unbilled.");
        }

        foreach (var drawing in drawings)
        {
            var reference = drawing.Text("reference")!;
            if (drawing.Text("invoice") is { } key)
            {
                var id = new RecordId(Entity, key);
                var attributes = drawing.Nested("attributes")!;
                turn.State = turn.State.With(new CanonicalRecord(id, attributes, Entity, Fields.Empty));
                var entries = attributes.Number("entryCount");
                turn.Tell(
                    "drawn", $"Invoice {key} of {attributes.Money("amount")} was drawn for {by}: {entries} {(entries == 1 ? "entry" : "entries")}, "
                        + $"{attributes.Number("quantity")} h, until {until}.",
                    record: id);
            }
            else
            {
                turn.Tell("not-applied", $"{by} asked for an invoice of {reference}, and none was drawn: {drawing.Text("says")}.");
            }

            if (drawing.Text("currency") is { } currency)
            {
                TellOfCredit(turn, drawing, CaseId.Derive(turn.State.Key.Scope.ToString(), CreditKind, reference, currency), reference);
                if (drawing.Flag("isCapLookedAt") == true)
                {
                    TellOfCap(turn, drawing, CaseId.Derive(turn.State.Key.Scope.ToString(), CapKind, reference, currency), reference);
                }
            }
        }
    }

    /// <summary>Where the lines of an invoice go on to.</summary>
    /// <param name="to"><see cref="Invoiced"/> or <see cref="Released"/>.</param>
    /// <param name="shown">What the ERP shows of it; null where it was not posted.</param>
    public static void Settle(Turn turn, string invoice, string to, Fields? shown) =>
        Send(turn, invoice, to, Fields.Of(("number", shown?.Text("number")), ("receivable", shown is not null && ReceivableOf(shown) is not null ? Said(shown) : null)));

    private static Fields Said(Fields shown) => Fields.Of([.. SaidOf.Select(name => (name, shown.Get(name)))]);

    /// <summary>What the ERP says of a posted invoice is to stand in the ledger.</summary>
    /// <param name="receivable">As <see cref="ReceivableOf"/> reads it.</param>
    public static void Pay(Turn turn, string invoice, Fields receivable) => Send(turn, invoice, Paid, Fields.Of(("receivable", receivable)));

    /// <summary>Null where the ERP does not say what there is to be paid, or says it in two currencies.</summary>
    public static Receivable? ReceivableOf(Fields said)
    {
        if (said.Money("gross") is not { } gross || said.Money("open") is not { } open)
        {
            return null;
        }

        var (writtenOff, credited) = (said.Money("writtenOff") ?? Money.Zero(gross.Currency), said.Money("credited") ?? Money.Zero(gross.Currency));
        return new[] { open, writtenOff, credited }.Any(amount => amount.Currency != gross.Currency) ? null
            : new Receivable(said.Text("state"), gross, open, writtenOff, credited, Day(said, "dueDate"), Day(said, "lastPaidOn"));
    }

    private static DateOnly? Day(Fields said, string name) =>
        DateOnly.TryParseExact(said.Text(name), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;

    private static void Send(Turn turn, string invoice, string to, Fields what) => turn.Send(
        EnvelopeKind.InvoiceLines, turn.State.Key.Scope, "", what.With("invoice", invoice).With("to", to));

    /// <summary>What became of each invoice is told to the writer of entries once more; what it knows already changes nothing.</summary>
    public static void SettleAgain(Turn turn)
    {
        foreach (var record in turn.State.Of(Entity).Where(record => record.Attributes.Text("status") is "posted" or "withdrawn"))
        {
            var isPosted = record.Attributes.Text("status") == "posted";
            Settle(turn, record.Id.Key, isPosted ? Invoiced : Released, isPosted ? record.Attributes : null);
        }

        // What the process holds back (another amount, a cancelled invoice) is not booked by trying something else again.
        foreach (var record in turn.State.Of(ReceivableEntity).Where(record => Process.PaymentsStep.IsTold(turn.State, record)))
        {
            Pay(turn, record.Id.Key, record.View);
        }
    }

    private static void TellOfDefect(Turn turn, Fields payload)
    {
        var invoice = payload.Text("invoice");
        var by = payload.Text("by");
        var says = invoice is null ? $"The invoices that {by} asked for could not be drawn"
            : by is null ? $"What became of invoice {invoice} could not be booked in the ledger" : $"The credit note for invoice {invoice} that {by} asked for could not be drawn";
        turn.Open(CaseId.Derive(turn.State.Key.Scope.ToString(), DefectKind, invoice ?? ""), DefectKind, invoice ?? turn.State.Key.Scope.Key, [CaseAction.Retry], new CaseWords(
            "integration-ops",
            $"{says}, which is a defect of the hub or of what the landscape counts invoices by (TL1103 in the log). Nothing of it was changed.",
            "See to it that no other engagement counts its invoices by the same reference; else tell the makers of the hub what the log says. Then try again"
                + (invoice is null ? ", and draw them again." : by is null ? "." : ", and ask for it again.")));
    }

    private static void TellOfCredit(Turn turn, Fields drawing, CaseId id, string reference)
    {
        if (drawing.Money("owed") is not { } owed)
        {
            turn.Occasion = "what was owed back was set off on an invoice";
            turn.Close(id, CaseStatus.Settled, null, null);
            return;
        }

        turn.Open(id, CreditKind, reference, [CaseAction.Retry], new CaseWords(
            "finance-ops",
            $"{owed} more was invoiced on {reference} than its work is worth by now, and there is nothing new to set it off against. No invoice was drawn.",
            "Draw again when there is new work: it is set off there, and this case closes. Where there will be none, credit the lines that are too much, as far as they "
                + "are not paid (throughline invoices credit --lines), and draw again: they are billed at what they are worth. What is paid is credited in the ERP.",
            owed));
    }

    private static void TellOfCap(Turn turn, Fields drawing, CaseId id, string reference)
    {
        if (drawing.Money("over") is not { } over)
        {
            turn.Occasion = "nothing is beyond the cap any more";
            turn.Close(id, CaseStatus.Settled, null, null);
            return;
        }

        var project = turn.State.Of("project").FirstOrDefault()?.Attributes.Text("name");
        turn.Open(id, CapKind, $"{reference} {project}".Trim(), [CaseAction.Retry], new CaseWords(
            "account-team",
            $"{over} of approved work on {reference} is beyond its cap of {drawing.Money("cap")}. It is held, and on no invoice.",
            "Have a change order signed that raises the cap, or agree to write it down; what the cap then allows comes on the next invoice.",
            over));
    }
}
