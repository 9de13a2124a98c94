using Throughline.Engine.Partition;
using Throughline.Model;

namespace Throughline.Engine.Delivery;

/// <summary>The content of a receipt envelope.</summary>
/// <param name="Adopted">The record was found, not made.</param>
/// <param name="Probed">The answer had been lost and the record was found by asking.</param>
public sealed record ReceiptPayload(
    CommandId Command, string Target, bool IsUndo, string? ExternalId, Fields Answer, bool Adopted, bool Probed, TargetFailure? Failure)
{
    public Fields ToFields() => Fields.Of(
        ("command", Command.ToString()),
        ("target", Target),
        ("undo", IsUndo),
        ("externalId", ExternalId),
        ("answer", Answer),
        ("adopted", Adopted),
        ("probed", Probed),
        ("failure", Failure is null ? null : Fields.Of(("code", Failure.Code), ("message", Failure.Message), ("evidence", Failure.Evidence))));

    public static ReceiptPayload From(Fields fields) => new(
        CommandId.Parse(fields.Text("command")!),
        fields.Text("target")!,
        fields.Flag("undo") == true,
        fields.Text("externalId"),
        fields.Nested("answer") ?? Fields.Empty,
        fields.Flag("adopted") == true,
        fields.Flag("probed") == true,
        fields.Nested("failure") is { } failure ? new TargetFailure(failure.Text("code")!, failure.Text("message")!, failure.Text("evidence")) : null);
}
