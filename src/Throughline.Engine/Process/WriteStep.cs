using System.Collections.Immutable;
using Throughline.Connect;
using Throughline.Engine.Cases;
using Throughline.Engine.Delivery;
using Throughline.Engine.Partition;
using Throughline.Landscape;
using Throughline.Model;

namespace Throughline.Engine.Process;

/// <summary>
/// Sees to it that records stand in a system as the map says. One command at a time per record: what changes while it is under way is
/// compared again when its receipt is here, so the last content always wins and nothing overtakes.
/// </summary>
internal static class WriteStep
{
    private const string MissingReference = "missing-reference";
    private static readonly TimeSpan AgainAfter = TimeSpan.FromMinutes(10);

    public static void Run(InstanceRun run, StepDefinition.Write step)
    {
        var map = run.Turn.Landscape.OutwardMaps[step.Map];
        var waits = new List<string>();
        string? refused = null;
        var scene = run.Scene();
        foreach (var record in Selected(run, step, map, scene, waits))
        {
            var outcome = Converge(run, step, map, scene, record);
            if (outcome.Refused)
            {
                refused ??= outcome.Waits;
            }
            else if (outcome.Waits is not null)
            {
                waits.Add(outcome.Waits);
            }
        }

        if (refused is not null)
        {
            run.Wait(step, refused, Fields.Of(("attention", true)), tell: false);
        }
        else if (waits.Count > 0)
        {
            run.Wait(step, waits[0] + (waits.Count > 1 ? $" (and {waits.Count - 1} more)" : ""), Fields.Empty, tell: false);
        }
        else
        {
            run.Done(step, Fields.Empty);
        }
    }

    private static List<CanonicalRecord> Selected(InstanceRun run, StepDefinition.Write step, OutwardMap map, Scene scene, List<string> waits)
    {
        var selected = new List<CanonicalRecord>();
        var isSubject = map.From == run.Instance.Subject.Entity;
        var id = isSubject ? "" : run.Instance.Id.ToString();
        foreach (var record in run.Turn.State.Of(map.From))
        {
            if (isSubject ? record.Id != run.Instance.Subject : record.Owner?.StartsWith(id, StringComparison.Ordinal) == false)
            {
                continue;
            }

            if (step.When is null)
            {
                selected.Add(record);
            }
            else if (!scene.And(VariableNames.Of(map.From), record.View).TryEvaluate(step.When, out var value, out var problem))
            {
                waits.Add($"it cannot be told whether {record.Id.Entity} {record.Id.Key} belongs to it: {problem}");
            }
            else if (value is true)
            {
                selected.Add(record);
            }
        }

        return selected;
    }

    private static Outcome Converge(InstanceRun run, StepDefinition.Write step, OutwardMap map, Scene scene, CanonicalRecord record)
    {
        var turn = run.Turn;
        var system = turn.Landscape.SystemFor(map.Role, record.Attributes.Text("legalEntity"));
        var targetId = Target.IdOf(map.Name, record.Id);
        var target = turn.State.Targets.GetValueOrDefault(targetId)
            ?? new Target(targetId, record.Id, map.Name, run.Instance.Id, step.Name, system, map.Entity, map is { UpdateOnly: true, Updates: null } ? record.Id.Key : null);
        if (target.InFlight is not null)
        {
            return Taking(target, record);
        }

        if (map.Updates is { } first && target.ExternalId is null)
        {
            if (turn.State.Targets.GetValueOrDefault(Target.IdOf(first, record.Id))?.ExternalId is not { } id)
            {
                return new Outcome($"waits for {NameOf(target, record)} to be there", false);
            }

            target = target with { ExternalId = id };
        }

        var (wanted, hash) = turn.State.Memo.OutwardOf(targetId, map, record, scene, turn.Landscape);
        if (wanted.Waits is not null)
        {
            return new Outcome(wanted.Waits, false);
        }

        if (wanted.Failure is not null)
        {
            return Refuse(run, step, targetId, NameOf(target, record), new TargetFailure(wanted.Failure.Code, wanted.Failure.Message, wanted.Failure.Evidence));
        }

        if (hash == target.DoneHash)
        {
            run.Turn.Close(run.CaseIdOf("refused", targetId), CaseStatus.Settled, null, null);
            return Outcome.Done;
        }

        if (target.Failure is { } failure && hash == target.SentHash)
        {
            return Refuse(run, step, targetId, NameOf(target, record), failure);
        }

        Issue(run, step, map, target, wanted, hash);
        return Taking(target, record);
    }

    private static Outcome Taking(Target target, CanonicalRecord record) => new($"waits for {target.System} to take {NameOf(target, record)}", false);

    private static string NameOf(Target target, CanonicalRecord record) =>
        $"{record.Id.Entity} {record.Attributes.Text("name") ?? record.Id.Key} in {target.System}";

    private static Outcome Refuse(InstanceRun run, StepDefinition.Write step, string targetId, string name, TargetFailure failure)
    {
        var scene = run.Scene().And(VariableNames.Failure, Fields.Of(("code", failure.Code), ("message", failure.Message)))
            .And(VariableNames.Record, run.Turn.State.Targets.GetValueOrDefault(targetId) is { } target ? run.Turn.State.Records.GetValueOrDefault(target.Record)?.View : null);
        var words = run.Words(step.Case, scene);
        var says = $"{words.Says} {name}: {failure.Message}{(failure.Evidence is null ? "" : $" [{failure.Evidence}]")}";
        var kind = failure.Code == "in-doubt" ? "in-doubt" : "refused";
        if (failure.Code == MissingReference && run.Turn.Envelope.Kind == EnvelopeKind.Receipt)
        {
            // Nobody tells the hub when somebody adds the record in the target; so it looks again, beside the case.
            run.Turn.Timer($"{run.Instance.Id}|{targetId}|again", run.Turn.Now + AgainAfter, Fields.Of(("again", targetId)));
        }

        // A status text is no reason to take a project back.
        run.OpenCase(
            run.CaseIdOf("refused", targetId), step.Name, kind, words with { Says = says }, step.Always ? [CaseAction.Retry] : [CaseAction.Retry, CaseAction.Reject]);
        return new Outcome(says, true);
    }

    private static void Issue(InstanceRun run, StepDefinition.Write step, OutwardMap map, Target target, OutwardResult wanted, string hash)
    {
        var turn = run.Turn;
        var occurrence = target.Occurrence + 1;
        var commandId = target.CommandOf(turn.State.Key, occurrence);
        var operation = target.ExternalId is null ? WriteOperation.Create : WriteOperation.Update;
        var item = new WriteItem(commandId.ToString(), target.Entity, operation, target.ExternalId, wanted.Find, wanted.Fields);
        turn.Commands.Add(new Command(
            commandId, target.System, turn.State.Key, target.Id, run.Instance.CorrelationId, item,
            Adopt(operation, target, wanted), step.Always ? 9 : 5, CommandStatus.Waiting, 0, turn.Now, turn.Now, null, null));
        turn.State = turn.State.With(target with { InFlight = commandId, SentHash = hash, Occurrence = occurrence, Failure = null });
        turn.TellOf(target, "decided", $"{step.Title}: {(operation == WriteOperation.Create ? "create" : "change")} {map.Entity} for {target.Record.Entity} "
            + $"{ProcessRunner.NameOf(turn.State, target.Record)} in {target.System}.");
    }

    // After a first creation that did not end well the business key is asked for too: it may have arrived after all.
    private static ImmutableArray<Fields> Adopt(WriteOperation operation, Target target, OutwardResult wanted) =>
        operation != WriteOperation.Create ? []
        : target.SentHash is not null && wanted.Find is not null ? [.. wanted.Adopt, wanted.Find]
        : wanted.Adopt;

    private readonly record struct Outcome(string? Waits, bool Refused)
    {
        public static Outcome Done => new(null, false);
    }
}
