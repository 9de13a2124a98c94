using Throughline.Engine.Delivery;
using Throughline.Engine.Process;
using Throughline.Model;

namespace Throughline.Engine.Partition;

/// <summary>Takes what became of a command into the state of its target.</summary>
internal static class ReceiptDecider
{
    public static void Apply(Turn turn)
    {
        var receipt = ReceiptPayload.From(turn.Envelope.Payload);
        if (turn.State.Targets.GetValueOrDefault(receipt.Target) is not { } target || target.InFlight != receipt.Command)
        {
            turn.Tell("late-answer", $"An answer to command {receipt.Command} came after it was concluded; kept as evidence.");
            return;
        }

        var name = $"{target.Record.Entity} {ProcessRunner.NameOf(turn.State, target.Record)}";
        if (receipt.Failure is { } failure)
        {
            // A change may have arrived before its answer was lost and its repetition refused, so what stands there is no longer known.
            turn.State = turn.State.With(target with { InFlight = null, Failure = failure, DoneHash = target.ExternalId is null ? target.DoneHash : "" });
            turn.TellOf(target, "refused", $"{target.System} did not take {name}: {failure.Message}");
            return;
        }

        if (receipt.IsUndo)
        {
            turn.State = turn.State.With(target with { InFlight = null, Undone = true, DoneHash = null, Failure = null });
            turn.Occasion = $"{target.System} took {name} back";
            turn.TellOf(target, "undone", $"{target.Entity} {target.ExternalId} was taken back in {target.System}.");
            return;
        }

        turn.Occasion = $"{target.System} took {name}";
        var isNew = target.ExternalId is null;
        turn.State = turn.State.With(target with
        {
            InFlight = null,
            Failure = null,
            ExternalId = receipt.ExternalId,
            // What was adopted may differ from what we want; an empty hash makes the next comparison write the difference.
            DoneHash = receipt.Adopted ? "" : target.SentHash,
            Created = isNew ? !receipt.Adopted : target.Created,
            Answer = receipt.Answer,
        });
        if (isNew)
        {
            turn.Crosswalk.Add(new CrosswalkRow(target.System, target.Entity, receipt.ExternalId!, turn.State.Key, target.Record.Entity, target.Record.Key));
        }

        turn.TellOf(target with { ExternalId = receipt.ExternalId }, "done", $"{target.System} has {target.Entity} {receipt.ExternalId} for {name}"
            + (receipt.Adopted ? " (it was there already and is used)." : receipt.Probed ? " (seen there after its answer was lost)." : "."));
    }
}
