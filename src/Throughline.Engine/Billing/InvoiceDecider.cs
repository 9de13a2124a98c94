using System.Collections.Immutable;
using Throughline.Engine.Cases;
using Throughline.Engine.Partition;
using Throughline.Model;

namespace Throughline.Engine.Billing;

/// <summary>What the engagement is told of its invoices by the writer of its entries: each becomes a record, about which the billing process runs.</summary>
internal static class InvoiceDecider
{
    public const string Entity = "invoice";
    public const string Invoiced = "invoiced";
    public const string Released = "released";
    private const string CapKind = "cap";

    public static Fields Told(IEnumerable<Drawing> drawings, DrawRequest request) => Fields.Of(
        ("by", request.By),
        ("until", DrawRequest.Day(request.Until)),
        ("drawings", drawings.Select(drawing => Fields.Of(
            ("reference", drawing.Reference), ("invoice", drawing.Invoice?.Key), ("attributes", drawing.Invoice is null ? null : InvoiceText.ToAttributes(drawing, request)),
            ("cap", drawing.Cap), ("over", drawing.Over), ("says", drawing.Says))).ToArray()));

    public static void Apply(Turn turn)
    {
        var payload = turn.Envelope.Payload;
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

            TellOfCap(turn, drawing, CaseId.Derive(turn.State.Key.Scope.ToString(), CapKind, reference), reference);
        }
    }

    /// <summary>Where the lines of an invoice go on to.</summary>
    /// <param name="to"><see cref="Invoiced"/> or <see cref="Released"/>.</param>
    public static void Settle(Turn turn, string invoice, string to, string? number) => turn.Send(
        EnvelopeKind.InvoiceLines, turn.State.Key.Scope, "", Fields.Of(("invoice", invoice), ("to", to), ("number", number)));

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
