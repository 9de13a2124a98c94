using System.Collections.Immutable;
using Throughline.Engine.Lineage;
using Throughline.Engine.Partition;
using Throughline.Engine.Process;
using Throughline.Landscape;

namespace Throughline.Server.Api.Trace;

/// <summary>Where each sentence of an engagement's story belongs: the process that it is about, and the step of it.</summary>
internal sealed class StoryPlaces(UnitState unit, Landscape.Landscape landscape)
{
    /// <summary>Oldest first.</summary>
    public ImmutableArray<Instance> Instances { get; } =
        [.. unit.Instances.Values.OrderBy(instance => instance.StartedAt).ThenBy(instance => instance.Id.ToString(), StringComparer.Ordinal)];

    /// <summary>Null for what is about no process, or about the whole of one; so is the step of one that is no longer defined so.</summary>
    public (Instance? Instance, StepDefinition? Step) Of(LineageEntry entry)
    {
        if (entry.Scope != unit.Key.Scope)
        {
            return Elsewhere(entry);
        }

        var instance = entry.Instance is { } id ? unit.Instances.GetValueOrDefault(id) : null;
        return (instance, instance is null ? null : StepsOf(instance).FirstOrDefault(step => step.Name == entry.Step));
    }

    // Whatever another scope tells under this engagement's name was asked for by it.
    private (Instance?, StepDefinition?) Elsewhere(LineageEntry entry)
    {
        var asking = Instances.SelectMany(instance => StepsOf(instance).OfType<StepDefinition.Request>()
            .Where(step => landscape.Processes.ContainsKey(step.Process)).Select(step => (Instance: instance, Step: step))).ToArray();
        var asked = asking.Where(each => entry.Record is { } record && each.Instance.Step(each.Step.Name).Data.ContainsKey(record.Key)).Concat(asking).FirstOrDefault();
        return (asked.Instance, asked.Step);
    }

    private ImmutableArray<StepDefinition> StepsOf(Instance instance) => landscape.Processes.GetValueOrDefault(instance.Process)?.Steps ?? [];
}
