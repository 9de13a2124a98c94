using System.Collections.Immutable;
using Throughline.Connect;
using Throughline.Engine.Cases;
using Throughline.Engine.Delivery;
using Throughline.Engine.Partition;
using Throughline.Landscape;
using Throughline.Model;

namespace Throughline.Engine.Process;

/// <summary>
/// Takes back what an instance wrote, last step first, one command at a time per record. What was found rather than created is left alone;
/// what is kept or cannot be undone is named.
/// </summary>
internal static class UndoRun
{
    public static void Begin(InstanceRun run, string by, string reason)
    {
        foreach (var open in run.Turn.State.Cases.Values.Where(item => item.Instance == run.Instance.Id).ToArray())
        {
            run.Turn.Close(open.Id, CaseStatus.Rejected, by, reason);
        }

        // A refused change of a record that stands there is no refusal to take it back.
        foreach (var target in run.Turn.State.Targets.Values.Where(target => target.Instance == run.Instance.Id && target is { Failure: not null, ExternalId: not null }).ToArray())
        {
            run.Turn.State = run.Turn.State.With(target with { Failure = null });
        }

        // Whatever a step waited for until now, it has its whole time to be taken back.
        run.Set(run.Instance with
        {
            Status = InstanceStatus.Undoing, Held = false, ChangedAt = run.Turn.Now,
            Steps = run.Instance.Steps.ToImmutableDictionary(step => step.Key, step => step.Value.Anew),
        });
        run.Tell("undoing", $"{run.Definition.Title} is rejected by {by}: {reason}");
    }

    public static void Advance(InstanceRun run)
    {
        var steps = run.Definition.Steps.OfType<StepDefinition.Write>().Reverse().ToArray();
        var isInvoice = LinesStep.IsIn(run.Definition);
        foreach (var step in steps.Where(step => step.Undo))
        {
            // Whatever is under way for an invoice may be its posting: only when that is answered the ERP can say whether the draft goes.
            if (isInvoice && run.Turn.State.Targets.Values.FirstOrDefault(target => target.Instance == run.Instance.Id && target.InFlight is not null) is { } flying)
            {
                run.Wait(step, $"waits for the answer of {flying.System} about {flying.Entity} {flying.ExternalId}".TrimEnd(), tell: false);
                return;
            }

            var mine = Mine(run, step).Where(target => target is { Undone: false } && (target.InFlight is not null || MayStand(target, isInvoice))).ToArray();
            if (mine.Length == 0)
            {
                if (run.Instance.Step(step.Name).Reason is not null)
                {
                    run.Done(step);
                }

                continue;
            }

            foreach (var target in mine.OrderByDescending(target => target.Id, StringComparer.Ordinal))
            {
                UndoOne(run, step, target);
            }

            if (Mine(run, step).FirstOrDefault(target => target.InFlight is not null) is { } waiting)
            {
                run.Wait(step, $"waits for {waiting.System} to take back {waiting.Entity} {waiting.ExternalId}", tell: false);
            }

            // Earlier steps wait until everything of this one is gone: a project cannot go before its tasks.
            return;
        }

        // Status texts are written a last time, so that the user's own tool says that it was rejected.
        foreach (var step in steps.Where(step => step.Always))
        {
            WriteStep.Run(run, step);
            if (!run.Instance.Step(step.Name).IsDone && Mine(run, step).All(target => target.Failure is null))
            {
                return;
            }
        }

        Finish(run, steps);
    }

    // An invoice is taken back also where it was found rather than made, and is not forgotten where nobody knows whether it is there: its entries are billed again afterwards.
    private static bool MayStand(Target target, bool isInvoice) => isInvoice
        ? target.ExternalId is not null || target.Failure?.Code == "in-doubt"
        : target is { Created: true, ExternalId: not null };

    private static IEnumerable<Target> Mine(InstanceRun run, StepDefinition.Write step) =>
        run.Turn.State.Targets.Values.Where(target => DefinitionChange.Wrote(run, step, target));

    private static void UndoOne(InstanceRun run, StepDefinition.Write step, Target target)
    {
        if (target.InFlight is not null)
        {
            return;
        }

        if (target.Failure is { } failure)
        {
            var words = run.Words(step.Case, run.Scene());
            run.OpenCase(run.CaseIdOf("undo", target.Id), step.Name, "undo", words with
            {
                Says = $"{target.Record.Entity} {ProcessRunner.NameOf(run.Turn.State, target.Record)} could not be taken back in {target.System}: {failure.Message}",
                Remedy = LinesStep.IsIn(run.Definition)
                    ? LinesStep.NotTakenBack(run.Turn.State.Records.GetValueOrDefault(target.Record), target.System)
                    : $"Take it back in {target.System} by hand (id {target.ExternalId}), then 'reject' to count it as done, or 'retry'.",
            }, [CaseAction.Retry, CaseAction.Reject]);
            return;
        }

        var turn = run.Turn;
        var occurrence = target.Occurrence + 1;
        var commandId = target.CommandOf(turn.State.Key, occurrence);
        var item = new WriteItem(commandId.ToString(), target.Entity, WriteOperation.Undo, target.ExternalId, null, Fields.Empty);
        turn.Commands.Add(new Command(
            commandId, target.System, turn.State.Key, target.Id, run.Instance.CorrelationId, item, [], 5, CommandStatus.Waiting, 0, turn.Now, turn.Now, null, null));
        turn.State = turn.State.With(target with { InFlight = commandId, Occurrence = occurrence });
        turn.TellOf(target, "decided", $"Take back {target.Entity} {target.ExternalId} in {target.System}.");
    }

    private static void Finish(InstanceRun run, StepDefinition.Write[] steps)
    {
        LinesStep.Release(run);
        var mine = run.Turn.State.Targets.Values.Where(target => target.Instance == run.Instance.Id).ToArray();
        var kept = steps.Where(step => !step.Undo && step.KeepReason is not null)
            .SelectMany(step => Mine(run, step).Where(target => target.ExternalId is not null && !IsUpdateOnly(run, target))
                .Select(target => $"{target.Entity} {target.ExternalId} in {target.System} stays: {step.KeepReason}"))
            .Concat(mine.Where(target => target is { Created: false, Undone: false, ExternalId: not null } && !IsUpdateOnly(run, target))
                .Select(target => $"{target.Entity} {target.ExternalId} in {target.System} stays: it was there before."))
            .Concat(mine.Where(target => target is { Created: true, Undone: false, ExternalId: not null } && !steps.Any(step => DefinitionChange.Wrote(run, step, target)))
                .Select(target => $"{target.Entity} {target.ExternalId} in {target.System} stays: no step of the process writes it any more; remove it there by hand."))
            .Concat(mine.Where(target => target is { ExternalId: null, Failure.Code: "in-doubt" })
                .Select(target => $"{target.Entity} for {target.Record} may stand in {target.System}: its answer was lost; look there."))
            .Distinct().ToArray();
        run.Set(run.Instance with { Status = InstanceStatus.Undone, ChangedAt = run.Turn.Now, Seen = run.SubjectFingerprint(), Requesters = [] });
        run.Tell("undone", kept.Length == 0
            ? $"Nothing that {run.Definition.Title} itself created remains in other systems."
            : $"What was created in other systems is taken back. What remains: {string.Join(" ", kept)}");
    }

    private static bool IsUpdateOnly(InstanceRun run, Target target) => run.Turn.Landscape.OutwardMaps.GetValueOrDefault(target.Map)?.UpdateOnly == true;
}
