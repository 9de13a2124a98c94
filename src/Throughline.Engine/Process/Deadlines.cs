using System.Collections.Immutable;
using Throughline.Engine.Cases;
using Throughline.Landscape;

namespace Throughline.Engine.Process;

/// <summary>
/// Nothing waits without an end (invariant 8): a step that still waits when its time is up becomes a case, whatever it waits for, and the
/// case is gone when the wait is. One timer an instance is enough, since each look sets the next one.
/// </summary>
internal static class Deadlines
{
    /// <summary>Of the cases that say that a step has waited too long.</summary>
    public const string CaseKind = "overdue";

    public static void Examine(InstanceRun run)
    {
        var instance = run.Instance;
        if (instance.Held)
        {
            // Nothing is to happen, and the case of the withdrawal says so.
            return;
        }

        DateTimeOffset? next = null;
        var done = new HashSet<string>(StringComparer.Ordinal);
        foreach (var step in run.Definition.InOrder)
        {
            if (DueOf(run, step, done) is not { } due)
            {
                Close(run, step);
            }
            else if (run.Turn.Now >= due)
            {
                Tell(run, step);
            }
            else
            {
                Close(run, step);
                next = next is { } other && other <= due ? next : due;
            }

            // The status text is to say then what it keeps back for now.
            if (instance.Status == InstanceStatus.Running && run.UntoldUntil(step) is { } until && until > run.Turn.Now)
            {
                next = next is { } other && other <= until ? next : until;
            }

            if (run.Instance.Step(step.Name).IsDone && step.After.All(done.Contains))
            {
                done.Add(step.Name);
            }
        }

        Arm(run, next);
    }

    // Null where the step does not wait, or where a case of its own tells people already.
    private static DateTimeOffset? DueOf(InstanceRun run, StepDefinition step, HashSet<string> done)
    {
        var instance = run.Instance;
        var waits = instance.Status switch
        {
            InstanceStatus.Running => step is StepDefinition.Write { Always: true } || step.After.All(done.Contains),
            InstanceStatus.Undoing => step is StepDefinition.Write,
            _ => false,
        };

        // A check has a time for each of its conditions, and a decision that cannot be made is a case at once.
        var state = instance.Step(step.Name);
        return !waits || state.IsDone || state.Due is null || step is StepDefinition.Check or StepDefinition.Decide || HasOtherCase(run, step) ? null : state.Due;
    }

    private static bool HasOtherCase(InstanceRun run, StepDefinition step)
    {
        var cases = run.Turn.State.Cases;
        return !cases.IsEmpty && run.CaseIdOf(CaseKind, step.Name) is var own
            && cases.Values.Any(item => item.Instance == run.Instance.Id && item.Step == step.Name && item.Id != own);
    }

    private static void Close(InstanceRun run, StepDefinition step)
    {
        if (!run.Turn.State.Cases.IsEmpty)
        {
            run.Turn.Close(run.CaseIdOf(CaseKind, step.Name), CaseStatus.Settled, null, null);
        }
    }

    private static void Tell(InstanceRun run, StepDefinition step)
    {
        var state = run.Instance.Step(step.Name);
        var text = step switch
        {
            StepDefinition.Write write => write.Case,
            StepDefinition.Lines lines => lines.Case,
            StepDefinition.Request request => request.Case,
            StepDefinition.Approval approval => approval.Case,
            _ => null,
        };
        var isUndoing = run.Instance.Status == InstanceStatus.Undoing;
        var says = $"{run.About()}: the step '{step.Title}' of {run.Definition.Title} {(isUndoing ? "is being taken back and " : "")}"
            + $"has waited since {PlainTime.Of(state.Since!.Value)}: {state.Reason}";
        var canReject = !isUndoing && step is not StepDefinition.Write { Always: true };
        run.OpenCase(
            run.CaseIdOf(CaseKind, step.Name), step.Name, CaseKind,
            new CaseWords(text?.Queue ?? "integration-ops", says, Remedy(run, step, canReject), run.Scene().Money(text?.Amount)),
            canReject ? [CaseAction.Retry, CaseAction.Reject] : [CaseAction.Retry]);
    }

    private static string Remedy(InstanceRun run, StepDefinition step, bool canReject) =>
        "Mend what it waits for: the record in its system, the system itself, or the landscape. Then it goes on and this case closes, both by themselves. "
            + $"'retry' looks again and gives it another {PlainTime.Of(run.Definition.DeadlineOf(step))}"
            + (canReject ? "; 'reject' takes back what was written so far." : ".");

    private static void Arm(InstanceRun run, DateTimeOffset? next)
    {
        var armed = run.Instance.Watch;
        // One that is earlier than needed only looks in vain; moving it at every step would cost a row each time.
        var isGood = next is null ? armed is null : armed is { } at && at > run.Turn.Now && at <= next;
        if (!isGood)
        {
            run.Turn.Timer($"{run.Instance.Id}|waits", next, Model.Fields.Of(("instance", run.Instance.Id.ToString())));
            run.Set(run.Instance with { Watch = next });
        }
    }
}
