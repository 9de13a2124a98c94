using Throughline.Engine.Cases;
using Throughline.Engine.Partition;
using Throughline.Landscape;
using Throughline.Model;

namespace Throughline.Engine.Process;

/// <summary>
/// Definitions of old releases are not kept, so an instance that began under one goes on with the current one of the same name. What was
/// done counts as done, by the records and targets that it left rather than by the names of its steps: a step that was renamed, moved or
/// removed must not write, ask or publish a second time, nor leave something behind when all is taken back.
/// </summary>
internal static class DefinitionChange
{
    /// <summary>In the data of a publish step: what it published.</summary>
    public const string EventName = "event";

    // These are about what stands in a system, and outlive the step that made it.
    private static readonly string[] KindsThatStay = ["orphan", "undo"];

    /// <summary>The definition that the instance goes by; null, with a case, where the landscape has no such process any more.</summary>
    public static ProcessDefinition? DefinitionOf(Turn turn, Instance instance)
    {
        if (turn.Context.Definitions.Find(instance.Definition) is { } known)
        {
            return known;
        }

        var isUnderWay = instance.Held || instance.Status is InstanceStatus.Running or InstanceStatus.Undoing;
        var caseId = CaseId.Derive(instance.Id.ToString(), "definition", "");
        if (!turn.Landscape.Processes.TryGetValue(instance.Process, out var definition))
        {
            if (isUnderWay)
            {
                turn.Open(Gone(turn, instance, caseId));
            }

            return null;
        }

        turn.Close(caseId, CaseStatus.Settled, null, null);
        var fingerprint = DefinitionLibrary.FingerprintOf(definition);
        if (fingerprint != instance.Definition)
        {
            turn.State = turn.State.With(instance with { Definition = fingerprint });
            if (isUnderWay)
            {
                GoOn(turn, instance, definition);
            }
        }

        return definition;
    }

    /// <summary>True where the step's event was published by a step that has another name now.</summary>
    public static bool HasPublished(InstanceRun run, StepDefinition.Publish step) =>
        run.Instance.Steps.Any(known => known.Value.Data.Text(EventName) == step.Event && IsGone(run.Definition, known.Key));

    /// <summary>True where the step owns these records: it derived them, or a step of the same instance did that has gone or has another name now.</summary>
    public static bool Owns(InstanceRun run, StepDefinition step, string? owner)
    {
        var mine = run.Instance.Id + "|";
        return owner is not null && owner.StartsWith(mine, StringComparison.Ordinal)
            && (owner[mine.Length..] == step.Name || IsGone(run.Definition, owner[mine.Length..]));
    }

    /// <summary>True where the step wrote this target: by its name, or by its map where the step that did has gone or has another name now.</summary>
    public static bool Wrote(InstanceRun run, StepDefinition.Write step, Target target) =>
        target.Instance == run.Instance.Id && (target.Step == step.Name || (target.Map == step.Map && IsGone(run.Definition, target.Step)));

    private static bool IsGone(ProcessDefinition definition, string step) => definition.Steps.All(known => known.Name != step);

    private static void GoOn(Turn turn, Instance instance, ProcessDefinition definition)
    {
        var gone = instance.Steps.Keys.Where(name => IsGone(definition, name)).Order(StringComparer.Ordinal).ToArray();
        turn.TellOf(
            instance,
            "changed",
            $"{definition.Title} of {ProcessRunner.NameOf(turn.State, instance.Subject)} goes on with version {definition.Version} of its definition, since the hub does not keep "
            + "the one that it began with. What was done counts; what the new version asks for beyond that comes next."
            + (gone.Length == 0 ? "" : $" No longer a step of it: {string.Join(", ", gone)}."));
        var left = turn.State.Cases.Values.Where(item => item.Instance == instance.Id && item.Step is { } step && IsGone(definition, step) && !KindsThatStay.Contains(item.Kind));
        foreach (var item in left.ToArray())
        {
            turn.Close(item.Id, CaseStatus.Settled, null, "the step is no longer part of the process");
        }
    }

    private static Case Gone(Turn turn, Instance instance, CaseId id)
    {
        var about = ProcessRunner.NameOf(turn.State, instance.Subject);
        var words = new CaseWords(
            "integration-ops",
            $"{about}: the process {instance.Process} that runs for it is no longer part of the landscape. Nothing more is written; what was written stays.",
            $"Add {instance.Process} to the landscape again (to 'processes' in landscape.yaml, or as a file of its own) and restart the hub; then 'retry'.");
        return Case.Opened(id, turn.State.Key, instance.CorrelationId, "definition", about, words, [CaseAction.Retry], turn.Now) with { Instance = instance.Id };
    }
}
