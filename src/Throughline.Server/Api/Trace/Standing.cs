using Throughline.Engine.Cases;
using Throughline.Engine.Partition;
using Throughline.Engine.Process;
using Throughline.Model;

namespace Throughline.Server.Api.Trace;

/// <summary>Where an engagement stands, in one word and one sentence.</summary>
internal static class Standing
{
    public static Fields Of(UnitState unit, IEnumerable<Case> open)
    {
        // Of several processes the first one that is not at its end says how the whole stands.
        var instance = unit.Instances.Values.OrderBy(each => each is { Held: false, Status: InstanceStatus.Done or InstanceStatus.Undone })
            .ThenBy(each => each.Status == InstanceStatus.Undone).ThenBy(each => each.StartedAt).FirstOrDefault();
        var cases = open.ToArray();
        var (state, says) = instance switch
        {
            null => ("not-won", "Known, but not won yet: nothing has been set up."),
            { Held: true } => ("held", "On hold: the reason for it was taken back. Nothing more is written."),
            { Status: InstanceStatus.Done } => ("active", "Complete: the project is set up everywhere."),
            { Status: InstanceStatus.Undoing } => ("undoing", "Rejected: what was created is being taken back."),
            { Status: InstanceStatus.Undone } => ("undone", "Rejected: what was created was taken back."),
            _ when cases.Length > 0 => ("waiting", cases[0].Says),
            _ => Running(instance),
        };
        return Fields.Of(("state", state), ("says", says), ("since", instance?.ChangedAt));
    }

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
