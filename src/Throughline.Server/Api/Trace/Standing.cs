using Throughline.Engine.Cases;
using Throughline.Engine.Partition;
using Throughline.Engine.Process;
using Throughline.Model;

namespace Throughline.Server.Api.Trace;

/// <summary>Where an engagement stands, in one word and in sentences that say no more than is so.</summary>
internal static class Standing
{
    /// <param name="cases">Open and closed ones; none where only a running process is asked about.</param>
    public static Fields Of(UnitState unit, IReadOnlyCollection<Case> cases, Landscape.Landscape landscape, PlainWords words)
    {
        // Of several processes the first one that is not at its end says how the whole stands. That a customer has not paid yet is no matter of the engagement until somebody
        // has to see to it.
        var instance = unit.Instances.Values.Where(each => !IsOnlyUnpaid(unit, each)).OrderBy(each => each is { Held: false, Status: InstanceStatus.Done or InstanceStatus.Undone })
            .ThenBy(each => each.Status == InstanceStatus.Undone).ThenBy(each => each.StartedAt).FirstOrDefault();
        var open = cases.FirstOrDefault(item => item.Status == CaseStatus.Open);
        var (state, says) = instance switch
        {
            null => ("not-won", "Known, but not won yet: nothing has been set up."),
            { Held: true } => ("held", "On hold: the sale was withdrawn in the CRM. Nothing more is written; what was set up stays until the open case is settled."),
            { Status: InstanceStatus.Done } => ("active", new SetUp(unit, instance, landscape, words).Complete()),
            { Status: InstanceStatus.Undoing } => ("undoing", "Rejected: what was created in other systems is being taken back."),
            { Status: InstanceStatus.Undone } => ("undone", new SetUp(unit, instance, landscape, words).TakenBack(cases)),
            _ when open is not null => ("waiting", open.Says),
            _ => Running(instance),
        };
        return Fields.Of(("state", state), ("says", says), ("since", instance?.ChangedAt));
    }

    private static bool IsOnlyUnpaid(UnitState unit, Instance instance) =>
        instance.Subject.Entity == "receivable" && unit.Cases.Values.All(item => item.Instance != instance.Id);

    private static (string State, string Says) Running(Instance instance)
    {
        // What a person has to see to is more telling than what is merely under way.
        var waiting = instance.Steps.Values.Where(step => !step.IsDone && step.Reason is not null)
            .OrderByDescending(step => step.Data.Flag("attention") == true).ThenBy(step => step.Since).FirstOrDefault();
        return waiting is null ? ("running", "Being set up.")
            : waiting.Data.Flag("attention") == true ? ("waiting", waiting.Reason!)
            : ("running", $"Being set up: {waiting.Reason}.");
    }
}
