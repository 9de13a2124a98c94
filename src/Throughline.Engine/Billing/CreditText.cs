using System.Globalization;
using Throughline.Engine.Partition;
using Throughline.Model;

namespace Throughline.Engine.Billing;

/// <summary>A credit note as the engagement's process sees it, and as it comes to stand in the ERP.</summary>
internal static class CreditText
{
    /// <summary>What the engagement is told by the writer of its entries.</summary>
    public static Fields Told(Credit credit, CreditRequest request) => Fields.Of(
        ("by", request.By), ("credits", request.Invoice), ("says", credit.Says), ("invoice", credit.Note?.Key),
        ("places", credit.Places.Select(place => (object)(long)place).ToArray()),
        ("attributes", credit.Note is not { } note ? null : Fields.Of(
            ("status", "drawn"), ("credits", note.Credits), ("reason", request.Reason), ("until", DrawRequest.Day(note.Until)),
            ("date", DrawRequest.Day(request.Date)), ("currency", note.Amount.Currency.Code), ("drawnBy", note.By),
            ("quantity", InvoiceText.Plain(note.Quantity)), ("amount", note.Amount), ("entryCount", (long)note.EntryCount))));

    /// <summary>The note becomes a record of its engagement, with the lines of what it credits turned round.</summary>
    public static void Apply(Turn turn)
    {
        var payload = turn.Envelope.Payload;
        var (by, of) = (payload.Text("by"), payload.Text("credits")!);
        if (payload.Text("invoice") is not { } key)
        {
            turn.Tell("not-applied", $"{by} asked for a credit note of invoice {of}, and none was drawn: {payload.Text("says")}.", record: new RecordId(InvoiceDecider.Entity, of));
            return;
        }

        var id = new RecordId(InvoiceDecider.Entity, key);
        var invoice = turn.State.Records[new RecordId(InvoiceDecider.Entity, of)].Attributes;
        var places = payload.List("places").OfType<long>().ToHashSet();
        var lines = invoice.NestedList("lines").Select((line, at) => (Line: line, Place: at + 1L)).Where(each => places.Count == 0 || places.Contains(each.Place))
            .Select(each => Turned(each.Line, each.Place)).ToArray();
        var attributes = payload.Nested("attributes")!.With("workstream", invoice.Text("workstream")).With("legalEntity", invoice.Text("legalEntity"))
            .With("billingAccount", invoice.Text("billingAccount")).With("lineCount", (long)lines.Length).With("lines", lines);
        turn.State = turn.State.With(new CanonicalRecord(id, attributes, InvoiceDecider.Entity, Fields.Empty));
        var which = places.Count == 0 ? "all"
            : $"line {string.Join(", ", places.Order().Select(place => place.ToString(CultureInfo.InvariantCulture)))}";
        turn.Tell("drawn", $"Credit note {key} of {attributes.Money("amount")} was drawn for {by}: it takes back {which} of invoice {of}"
            + $"{(invoice.Text("number") is { } number ? $" ({number})" : "")}. Reason: {attributes.Text("reason")}", record: id);
    }

    private static Fields Turned(Fields line, long place) => line.With("credits", place).With("quantity", -line.Number("quantity")).With("amount", -line.Money("amount")!.Value);
}
