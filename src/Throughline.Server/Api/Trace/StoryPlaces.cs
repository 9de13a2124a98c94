using System.Collections.Immutable;
using Throughline.Engine.Cases;
using Throughline.Engine.Lineage;
using Throughline.Engine.Partition;
using Throughline.Engine.Process;
using Throughline.Landscape;
using Throughline.Model;

namespace Throughline.Server.Api.Trace;

/// <summary>Where each sentence of an engagement's story belongs: the process that it is about, and the step of it.</summary>
internal sealed class StoryPlaces(UnitState unit, Landscape.Landscape landscape, PlainWords words, ImmutableArray<Case> cases)
{
    // What a system said or changed by itself is about the deal as a whole, whatever step may have to do with it.
    private static readonly string[] KindsOfSources = ["received", "changed", "not-applied", "deleted"];

    /// <summary>Oldest first.</summary>
    public ImmutableArray<Instance> Instances { get; } =
        [.. unit.Instances.Values.OrderBy(instance => instance.StartedAt).ThenBy(instance => instance.Id.ToString(), StringComparer.Ordinal)];

    /// <summary>Null for what is about no process, or about the whole of one.</summary>
    public (Instance? Instance, StepDefinition? Step) Of(LineageEntry entry) =>
        entry.Scope != unit.Key.Scope ? Elsewhere(entry) : OfCase(entry) ?? OfTitle(entry) ?? (entry.System is null ? OfProcess(entry) : OfTarget(entry));

    // Whatever another scope tells under this engagement's name was asked for by it.
    private (Instance?, StepDefinition?) Elsewhere(LineageEntry entry)
    {
        var asking = Instances.SelectMany(instance => StepsOf(instance).OfType<StepDefinition.Request>()
            .Where(step => landscape.Processes.ContainsKey(step.Process)).Select(step => (Instance: instance, Step: step))).ToArray();
        var asked = asking.Where(each => entry.ExternalId is { } key && each.Instance.Step(each.Step.Name).Data.ContainsKey(key)).Concat(asking).FirstOrDefault();
        return (asked.Instance, asked.Step);
    }

    private (Instance?, StepDefinition?)? OfCase(LineageEntry entry)
    {
        var told = cases.Where(item => item.Step is not null && entry.Text.Contains(item.Says, StringComparison.Ordinal))
            .Select(item => (Instance: item.Instance is { } id ? unit.Instances.GetValueOrDefault(id) : null, item.Step))
            .Where(each => each.Instance is not null).OrderByDescending(each => IsAbout(entry, each.Instance!)).FirstOrDefault();
        return told.Instance is { } instance && StepsOf(instance).FirstOrDefault(step => step.Name == told.Step) is { } asked ? (instance, asked) : null;
    }

    // Most sentences of a step begin with its title. What was told before sentences had a subject goes to the oldest process.
    private (Instance?, StepDefinition?)? OfTitle(LineageEntry entry)
    {
        var told = Candidates(entry).SelectMany(instance => StepsOf(instance).Select(step => (Instance: instance, Step: step)))
            .FirstOrDefault(each => entry.Text.StartsWith(each.Step.Title + ": ", StringComparison.Ordinal));
        return told.Step is null ? null : told;
    }

    private (Instance?, StepDefinition?) OfProcess(LineageEntry entry)
    {
        var candidates = Candidates(entry).ToArray();
        var isPlan = entry.Text.StartsWith("Planned: ", StringComparison.Ordinal) || entry.Text.StartsWith("No longer planned: ", StringComparison.Ordinal)
            || (entry.Kind == "changed" && entry.Text.StartsWith("Changed: ", StringComparison.Ordinal));
        var told = candidates.SelectMany(instance => StepsOf(instance).Select(step => (Instance: instance, Step: step))).FirstOrDefault(each => each.Step switch
        {
            StepDefinition.Publish publish => entry.Text == $"Event {publish.Event} published.",
            StepDefinition.Decide => isPlan,
            _ => false,
        });
        var whole = candidates.FirstOrDefault(instance => landscape.Processes.GetValueOrDefault(instance.Process) is { } process
            && entry.Text.StartsWith(process.Title + " ", StringComparison.Ordinal));
        return told.Step is not null ? told : (whole ?? (candidates is [var only] ? only : null), null);
    }

    private (Instance?, StepDefinition?) OfTarget(LineageEntry entry)
    {
        if (KindsOfSources.Contains(entry.Kind))
        {
            return (null, null);
        }

        var target = unit.Targets.Values.Where(target => target.System == entry.System && target.Entity == entry.Entity)
            .FirstOrDefault(target => entry.ExternalId is { } id ? target.ExternalId == id
                : entry.Text.Contains(ProcessRunner.NameOf(unit, target.Record), StringComparison.Ordinal));
        if (target is not null && unit.Instances.TryGetValue(target.Instance, out var instance) && Writing(instance, target.Map) is { } step)
        {
            return (instance, step);
        }

        // It does not stand any more, or was never taken: what it was made from says which step it was.
        var made = entry.Text.IndexOf(" for ", StringComparison.Ordinal) is > 0 and var place ? PlainWords.Split(entry.Text[(place + 5)..]).Canonical : null;
        var map = words.OutwardMap(entry.System!, entry.Entity ?? "", made);
        var told = Instances.Select(each => (Instance: each, Step: map is null ? null : Writing(each, map.Name))).FirstOrDefault(each => each.Step is not null);
        return (told.Instance, told.Step);
    }

    private StepDefinition.Write? Writing(Instance instance, string map) => StepsOf(instance).OfType<StepDefinition.Write>().FirstOrDefault(step => step.Map == map);

    private IEnumerable<Instance> Candidates(LineageEntry entry) =>
        entry is { System: null, Entity: not null } ? Instances.Where(instance => IsAbout(entry, instance)) : Instances;

    private static bool IsAbout(LineageEntry entry, Instance instance) =>
        entry.System is null && instance.Subject.Entity == entry.Entity && instance.Subject.Key == entry.ExternalId;

    private ImmutableArray<StepDefinition> StepsOf(Instance instance) => landscape.Processes.GetValueOrDefault(instance.Process)?.Steps ?? [];
}
