using Throughline.Engine.Cases;
using Throughline.Engine.Process;
using Throughline.Model;

namespace Throughline.Engine.Partition;

/// <summary>A person settles a case: retry, approve, or reject with a reason.</summary>
internal static class PersonDecider
{
    public static void Apply(Turn turn)
    {
        var payload = turn.Envelope.Payload;
        var by = payload.Text("by")!;
        var reason = payload.Text("reason");
        if (!turn.State.Cases.TryGetValue(CaseId.Parse(payload.Text("case")!), out var item))
        {
            turn.Tell("not-applied", $"{by} acted on a case that was settled meanwhile; nothing changed.");
            return;
        }

        if (string.Equals(item.NotBy, by, StringComparison.OrdinalIgnoreCase) && payload.Text("action") == nameof(CaseAction.Approve))
        {
            turn.Tell("not-applied", $"{by} may not approve this case: who asks does not approve.");
            return;
        }

        switch (Enum.Parse<CaseAction>(payload.Text("action")!))
        {
            case CaseAction.Retry: Retry(turn, item, by, reason); break;
            case CaseAction.Approve: Approve(turn, item, by, reason); break;
            case CaseAction.Reject: Reject(turn, item, by, reason ?? ""); break;
        }
    }

    // A case that still has its reason is opened again at once by the step that opened it.
    private static void Retry(Turn turn, Case item, string by, string? reason)
    {
        turn.Close(item.Id, CaseStatus.Settled, by, reason);
        foreach (var target in turn.State.Targets.Values.Where(target => target.Failure is not null && target.Instance == item.Instance).ToArray())
        {
            turn.State = turn.State.With(target with { Failure = null });
        }

        if (item.Kind == "changed" && item.Instance is { } id)
        {
            turn.State = turn.State.With(turn.State.Instances[id] with { Status = InstanceStatus.Running, ChangedAt = turn.Now });
        }
    }

    private static void Approve(Turn turn, Case item, string by, string? reason)
    {
        var instance = turn.State.Instances[item.Instance!.Value];
        var step = instance.Step(item.Step!);
        turn.State = turn.State.With(instance.With(item.Step!, step with { Data = step.Data.With("approved", step.Data.Text("asked")).With("by", by) }));
        turn.Close(item.Id, CaseStatus.Approved, by, reason);
    }

    private static void Reject(Turn turn, Case item, string by, string reason)
    {
        if (item.Kind == "undo")
        {
            // Counted as done by hand.
            foreach (var target in turn.State.Targets.Values.Where(target => item.Id == CaseId.Derive(item.Instance!.Value.ToString(), "undo", target.Id)).ToArray())
            {
                turn.State = turn.State.With(target with { Failure = null, Undone = true });
            }

            turn.Close(item.Id, CaseStatus.Rejected, by, reason);
        }
        else if (item.Instance is { } id && turn.State.Instances[id] is { Status: InstanceStatus.Running or InstanceStatus.Done } instance
            && turn.Context.Definitions.Find(instance.Definition) is { } definition)
        {
            UndoRun.Begin(new InstanceRun(turn, definition, id), by, reason);
        }
        else
        {
            turn.Close(item.Id, CaseStatus.Rejected, by, reason);
        }
    }
}
