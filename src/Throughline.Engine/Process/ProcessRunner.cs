using System.Collections.Immutable;
using Throughline.Engine.Cases;
using Throughline.Engine.Lineage;
using Throughline.Engine.Partition;
using Throughline.Landscape;
using Throughline.Model;

namespace Throughline.Engine.Process;

/// <summary>
/// Moves instances on. It is level-triggered: every time anything in the unit changes, each step asks what should be so, compares it with
/// what is so, and decides what is missing. Late, doubled and reordered events therefore need no cases of their own, and a value that
/// changes while the instance runs arrives everywhere as its final value.
/// </summary>
public static class ProcessRunner
{
    // Steps feed each other (a decision derives records that a write step needs); a definition has a dozen steps, so this bounds a defect.
    private const int PassesMax = 50;

    /// <summary>Starts what may start, then moves every instance of the unit until nothing more follows.</summary>
    public static void Advance(Turn turn)
    {
        StartDue(turn);
        for (var pass = 0; pass < PassesMax; pass++)
        {
            var before = turn.State;
            foreach (var instance in before.Instances.Values.OrderBy(instance => instance.StartedAt).ThenBy(instance => instance.Id.ToString(), StringComparer.Ordinal))
            {
                AdvanceOne(turn, turn.State.Instances[instance.Id]);
            }

            if (ReferenceEquals(before, turn.State))
            {
                return;
            }
        }

        throw new InvalidOperationException($"the unit {turn.State.Key.Scope} does not come to rest after {PassesMax} passes; two steps undo each other");
    }

    public static Instance Start(Turn turn, ProcessDefinition definition, RecordId subject, Fields request, ImmutableArray<Requester> requesters)
    {
        var id = turn.State.Memo.InstanceOf(turn.State.Key, definition.Name, subject);
        var instance = new Instance(
            id, definition.Name, DefinitionLibrary.FingerprintOf(definition), subject, InstanceStatus.Running, false,
            ImmutableDictionary<string, StepState>.Empty, requesters, turn.CorrelationId, request, turn.Now, turn.Now);
        instance = requesters.IsEmpty ? instance : instance.AndRequestedBy(turn.CorrelationId);
        turn.State = turn.State.With(instance);
        turn.TellOf(instance, "started", $"{definition.Title} started for {ChangeWords.Title(subject.Entity)} {NameOf(turn.State, subject)}.");
        return instance;
    }

    /// <summary>A name for people: the record's own name where it has one.</summary>
    public static string NameOf(UnitState unit, RecordId id)
    {
        var attributes = unit.Records.GetValueOrDefault(id)?.Attributes;
        return attributes?.Text("name") is { Length: > 0 } name && name != id.Key ? $"{name} ({attributes.Text("number") ?? attributes.Text("code") ?? id.Key})" : id.Key;
    }

    private static void StartDue(Turn turn)
    {
        foreach (var definition in turn.Landscape.Processes.Values.Where(process => process.StartsWhen is not null).OrderBy(process => process.Name, StringComparer.Ordinal))
        {
            foreach (var record in turn.State.Of(definition.Subject))
            {
                if (turn.State.Instances.ContainsKey(turn.State.Memo.InstanceOf(turn.State.Key, definition.Name, record.Id)))
                {
                    continue;
                }

                var variables = new Dictionary<string, object?>(StringComparer.Ordinal) { [definition.Subject] = record.View, ["parameters"] = turn.Landscape.Parameters };
                if (Holds(definition.StartsWhen!, variables))
                {
                    Start(turn, definition, record.Id, Fields.Empty, []);
                }
            }
        }
    }

    // A condition that cannot be evaluated yet (the field is not there) has simply not come true yet.
    private static bool Holds(Landscape.Expressions.Expression condition, IReadOnlyDictionary<string, object?> variables)
    {
        try
        {
            return condition.Evaluate(variables) is true;
        }
        catch (Landscape.Expressions.EvaluationException)
        {
            return false;
        }
    }

    private static void AdvanceOne(Turn turn, Instance instance)
    {
        var correlation = turn.CorrelationId;
        // What comes to a master record by itself (its account was corrected) goes on in the story of the engagement that asked first.
        turn.CorrelationId = correlation == turn.State.Key.Scope.ToString() ? instance.CorrelationId : correlation;
        MoveOn(turn, instance);
        turn.CorrelationId = correlation;
    }

    private static void MoveOn(Turn turn, Instance instance)
    {
        if (DefinitionChange.DefinitionOf(turn, instance) is not { } definition)
        {
            return;
        }

        var run = new InstanceRun(turn, definition, instance.Id);
        switch (instance.Status)
        {
            case InstanceStatus.Running:
                Withdrawals.Examine(run);
                RunSteps(run);
                break;
            case InstanceStatus.Done:
                var wasHeld = run.Instance.Held;
                Withdrawals.Examine(run);
                NoticeLaterChange(run);
                // That it is on hold is told, and that it is so no longer, until it has arrived.
                if (wasHeld || run.Instance.Held || run.Definition.Steps.Any(step => step is StepDefinition.Write { Always: true } && !run.Instance.Step(step.Name).IsDone))
                {
                    WriteAlways(run);
                }

                break;
            case InstanceStatus.Undoing:
                UndoRun.Advance(run);
                break;
            case InstanceStatus.Undone:
                NoticeRevival(run);
                break;
        }

        Deadlines.Examine(run);
    }

    private static void RunSteps(InstanceRun run)
    {
        if (!run.Instance.Held)
        {
            var done = new HashSet<string>(StringComparer.Ordinal);
            foreach (var step in run.Definition.InOrder.Where(step => step.After.All(done.Contains)))
            {
                if (step is not StepDefinition.Write { Always: true })
                {
                    StepRunner.Run(run, step);
                }

                if (run.Instance.Step(step.Name).IsDone)
                {
                    done.Add(step.Name);
                }
            }
        }

        var others = run.Definition.Steps.Where(step => step is not StepDefinition.Write { Always: true });
        var finished = others.All(step => run.Instance.Step(step.Name).IsDone);
        WriteAlways(run);
        if (finished && !run.Instance.Held && run.Definition.Steps.All(step => run.Instance.Step(step.Name).IsDone))
        {
            Finish(run);
        }
    }

    private static void WriteAlways(InstanceRun run)
    {
        foreach (var step in run.Definition.Steps.OfType<StepDefinition.Write>().Where(step => step.Always))
        {
            WriteStep.Run(run, step);
        }
    }

    // Somebody needs it again, or the sale was changed after it had been rejected: neither may end in silence.
    private static void NoticeRevival(InstanceRun run)
    {
        var id = run.CaseIdOf("revived", "");
        if (run.Instance.Requesters.Length > 0)
        {
            Restart(run.Turn, run.Instance);
        }
        else if (run.Instance.Seen is { } seen && seen != run.SubjectFingerprint() && run.Definition.StartsWhen is { } condition
            && Holds(condition, run.Scene().Variables))
        {
            run.OpenCase(id, null, "changed", new CaseWords(
                run.Definition.Owner == "finance-ops" ? "finance-ops" : "pmo",
                $"{run.About()} was rejected before, and has changed since.",
                "'retry' starts it anew with the values of today; 'reject' leaves it as it is.", null), [CaseAction.Retry, CaseAction.Reject]);
        }
    }

    /// <summary>A new run of an instance that was undone: nothing is done yet, and what was taken back is made anew.</summary>
    public static void Restart(Turn turn, Instance instance)
    {
        turn.State = turn.State.With(instance with
        {
            Status = InstanceStatus.Running, Held = false, Steps = ImmutableDictionary<string, StepState>.Empty, ChangedAt = turn.Now,
        });
        foreach (var target in turn.State.Targets.Values.Where(target => target.Instance == instance.Id && target.Undone).ToArray())
        {
            // Its count of commands goes on: with the first run's ids the store would take the new commands for ones that it has.
            var isOnlyUpdated = turn.Landscape.OutwardMaps.TryGetValue(target.Map, out var map) && map is { UpdateOnly: true, Updates: null };
            turn.State = turn.State.With(new Target(
                target.Id, target.Record, target.Map, target.Instance, target.Step, target.System, target.Entity,
                isOnlyUpdated ? target.ExternalId : null, Occurrence: target.Occurrence));
        }

        turn.TellOf(instance, "started", $"{instance.Process} is started anew.");
    }

    private static void Finish(InstanceRun run)
    {
        if (ResultOf(run) is not { } result)
        {
            return;
        }

        var instance = run.Instance;
        run.Set(instance with { Status = InstanceStatus.Done, ChangedAt = run.Turn.Now, Seen = run.SubjectFingerprint(), Requesters = [] });
        run.Tell("done", $"{run.Definition.Title} is complete for {NameOf(run.Turn.State, instance.Subject)}.");
        foreach (var requester in instance.Requesters)
        {
            Reply(run.Turn, requester, result);
        }
    }

    // Who asked would take a gap for an answer and write it on; so nobody is answered before the result is whole.
    private static Fields? ResultOf(InstanceRun run)
    {
        var caseId = run.CaseIdOf("result", "");
        var scene = run.Scene();
        var result = run.Definition.Result is { } template && run.Instance.Requesters.Length > 0 ? TemplateRunner.Run(template, scene.Variables, scene.Hooks) : null;
        if (result is null or { IsComplete: true })
        {
            run.Turn.Close(caseId, CaseStatus.Settled, null, null);
            return result?.Fields ?? Fields.Empty;
        }

        var gaps = result.Problems.Select(problem => $"'{problem.Field}' ({problem.Message})").Concat(result.Waits);
        run.OpenCase(caseId, null, "result", new CaseWords(
            "integration-ops",
            $"Every step of {run.Definition.Title} for {run.About()} is done, but its result lacks {string.Join(" and ", gaps)}. Who asked for it waits.",
            "Correct the record at its source, or 'result:' in the definition of the process and restart the hub; then it goes on and this case closes, both by themselves."),
            [CaseAction.Retry, CaseAction.Reject]);
        return null;
    }

    public static void Reply(Turn turn, Requester requester, Fields result) =>
        turn.Send(EnvelopeKind.Reply, requester.Scope, requester.Unit, Fields.Of(("requestId", requester.RequestId), ("result", result)), requester.CorrelationId);

    // After completion nothing is carried on silently: a change becomes a case, whose retry runs the process on with the new values.
    private static void NoticeLaterChange(InstanceRun run)
    {
        var id = run.CaseIdOf("changed", "");
        // A process that writes nothing has nothing that could be out of date.
        var isSame = run.Instance.Seen == run.SubjectFingerprint() || !run.Definition.Steps.OfType<StepDefinition.Write>().Any();
        if (run.Instance.Requesters.Length > 0)
        {
            // Asked again after completion: answered from what is known, or after it has been brought up to date.
            if (isSame)
            {
                Finish(run);
            }
            else
            {
                run.Set(run.Instance with { Status = InstanceStatus.Running, ChangedAt = run.Turn.Now });
            }
        }
        else if (isSame || run.Instance.Held)
        {
            run.Turn.Close(id, CaseStatus.Settled, null, null);
        }
        else if (PaymentsStep.IsIn(run.Definition))
        {
            // A payment that was taken back, say: nobody has to allow what has happened already.
            run.Set(run.Instance with { Status = InstanceStatus.Running, ChangedAt = run.Turn.Now });
        }
        else
        {
            run.OpenCase(id, null, "changed", new CaseWords(
                "pmo",
                $"{run.Instance.Subject.Entity} {NameOf(run.Turn.State, run.Instance.Subject)} was changed after {run.Definition.Title} was complete.",
                "Compare both; 'retry' carries the new values to every system (approvals are asked again), 'reject' undoes the whole process.",
                run.Scene().Variables.GetValueOrDefault(run.Instance.Subject.Entity) is Fields fields ? fields.Money("amount") : null), [CaseAction.Retry, CaseAction.Reject]);
        }
    }
}
