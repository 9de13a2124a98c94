using Throughline.Engine.Billing;
using Throughline.Engine.Cases;
using Throughline.Engine.Entries;
using Throughline.Engine.Process;
using Throughline.Model;

namespace Throughline.Engine.Partition;

/// <summary>A person settles a case: retry, approve, or reject with a reason.</summary>
internal static class PersonDecider
{
    // Extensions stand in the project of the sale that the engagement began with.
    private static bool OthersStandOn(Turn turn, Instance instance) =>
        turn.State.Key.Scope.Kind == Scope.EngagementKind && instance.Subject.Key == turn.State.Key.Scope.Key
        && turn.State.Instances.Values.Any(other => other.Id != instance.Id && other.Status != InstanceStatus.Undone);

    public static void Apply(Turn turn)
    {
        var payload = turn.Envelope.Payload;
        var by = payload.Text("by")!;
        var reason = payload.Text("reason");
        var item = turn.State.Cases.GetValueOrDefault(CaseId.Parse(payload.Text("case")!));
        // Who was refused stays refused, also where the case has come to allow it meanwhile.
        var isForbidden = item is not null && payload.Text("action") == nameof(CaseAction.Approve) && string.Equals(item.NotBy, by, StringComparison.OrdinalIgnoreCase);
        if (isForbidden || payload.Flag(CaseDesk.Refused) == true)
        {
            TellOfRefusal(turn, item, by);
            return;
        }

        if (item is null)
        {
            turn.Tell("not-applied", $"{by} acted on a case that was settled meanwhile; nothing changed.");
            return;
        }

        turn.Occasion = $"{by} decided on another case ({item.Says})";
        switch (Enum.Parse<CaseAction>(payload.Text("action")!))
        {
            case CaseAction.Retry: Retry(turn, item, by, reason); break;
            case CaseAction.Approve: Approve(turn, item, by, reason); break;
            case CaseAction.Reject: Reject(turn, item, by, reason ?? ""); break;
        }
    }

    private static void TellOfRefusal(Turn turn, Case? item, string by)
    {
        var instance = item?.Instance is { } id ? turn.State.Instances.GetValueOrDefault(id) : null;
        var step = instance is null ? null : turn.Landscape.Processes.GetValueOrDefault(instance.Process)?.Steps.FirstOrDefault(known => known.Name == item!.Step);
        var says = $"{(step is null ? "" : step.Title + ": ")}{by} tried to approve and was refused: who asks does not approve.";
        if (item is null)
        {
            turn.Tell("not-approved", says);
            return;
        }

        turn.TellOf(item, "not-approved", says);
    }

    // A case that still has its reason is opened again at once by the step that opened it.
    private static void Retry(Turn turn, Case item, string by, string? reason)
    {
        if (item.Kind == EntryTrouble.CaseKind)
        {
            // Whether they go on shows when they have been looked at; the case, and its age, stay until none is held.
            turn.TellOf(item, "retried", $"{by} had the entries looked at once more{Case.StatedName}.{(reason is null ? "" : $" Reason: {reason}")}");
            EntryTrouble.Retry(turn, item.Id);
            return;
        }

        if (item.Kind is InvoiceDecider.CapKind or InvoiceDecider.CreditKind)
        {
            turn.TellOf(item, "not-applied", $"{by} wanted it tried again: that is done when invoices are drawn. The case stays until then.");
            return;
        }

        turn.Close(item.Id, CaseStatus.Settled, by, reason);
        if (item.Kind == InvoiceDecider.DefectKind)
        {
            InvoiceDecider.SettleAgain(turn);
        }

        foreach (var target in turn.State.Targets.Values.Where(target => target.Failure is not null && target.Instance == item.Instance).ToArray())
        {
            turn.State = turn.State.With(target with { Failure = null });
        }

        if (item.Instance is not { } id || !turn.State.Instances.TryGetValue(id, out var instance))
        {
            return;
        }

        if (item.Kind == "undo" && DefinitionChange.DefinitionOf(turn, instance) is { } billing && LinesStep.IsIn(billing))
        {
            // An invoice that the ERP does not take back is left to it, and counts once it has been read back.
            turn.State = turn.State.With(turn.State.Instances[id] with { Status = InstanceStatus.Running, ChangedAt = turn.Now });
        }
        else if (item.Kind == "changed" && instance.Status == InstanceStatus.Undone)
        {
            ProcessRunner.Restart(turn, instance);
        }
        else if (item.Kind == "changed")
        {
            turn.State = turn.State.With(instance with { Status = InstanceStatus.Running, ChangedAt = turn.Now });
        }
        else if (item.Step is { } compared && DefinitionChange.DefinitionOf(turn, instance)?.Steps.FirstOrDefault(known => known.Name == compared)
            is Throughline.Landscape.StepDefinition.Lines lines)
        {
            LinesStep.AskAgain(turn, instance, lines);
        }
        else if (item.Kind == Deadlines.CaseKind && item.Step is { } step && DefinitionChange.DefinitionOf(turn, instance) is { } definition)
        {
            // What was asked is forgotten, so it is asked again; any other step keeps what it knows (an approval, say) and has its time once more.
            var isRequest = definition.Steps.Any(known => known.Name == step && known is Throughline.Landscape.StepDefinition.Request);
            instance = turn.State.Instances[id];
            turn.State = turn.State.With(instance.With(step, isRequest ? StepState.New : instance.Step(step).Anew));
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
        else if (item.Kind is Case.ParkedKind or Case.UnmappedKind)
        {
            turn.State = turn.State with { Dropped = turn.State.Dropped.Add(item.Id) };
            turn.Close(item.Id, CaseStatus.Rejected, by, reason);
        }
        else if (item.Instance is { } id && turn.State.Instances[id] is { Status: InstanceStatus.Running or InstanceStatus.Done } instance)
        {
            if (OthersStandOn(turn, instance))
            {
                turn.TellOf(item, "not-applied", "Other sales extend this one, or invoices were drawn of it, and they still stand; reject those first. Nothing was taken back.");
                return;
            }

            if (DefinitionChange.DefinitionOf(turn, instance) is not { } definition)
            {
                turn.TellOf(item, "not-applied", $"The process {instance.Process} is no longer part of the landscape, so nothing can be taken back.");
                return;
            }

            UndoRun.Begin(new InstanceRun(turn, definition, id), by, reason);
        }
        else if (item.Kind == "changed" && item.Instance is { } undone)
        {
            // It stays as it is, until it changes once more.
            var known = turn.State.Instances[undone];
            turn.State = turn.State.With(known with { Seen = Scene.Subject(turn.State, known).Fingerprint() });
            turn.Close(item.Id, CaseStatus.Rejected, by, reason);
        }
        else
        {
            turn.Close(item.Id, CaseStatus.Rejected, by, reason);
        }
    }
}
