using Throughline.Engine.Cases;
using Throughline.Model;

namespace Throughline.Engine.Partition;

/// <summary>A system that does not take anything is one case for integration operations, settled by itself when it does again.</summary>
internal static class LaneDecider
{
    public static CaseId CaseOf(string system) => CaseId.Derive("lane", system);

    public static void Apply(Turn turn)
    {
        var system = turn.Envelope.Payload.Text("system")!;
        var id = CaseOf(system);
        if (turn.Envelope.Payload.Flag("blocked") != true)
        {
            turn.Close(id, CaseStatus.Settled, null, $"{system} takes what the hub sends again");
            return;
        }

        var refused = turn.Envelope.Payload.Flag("refused") == true;
        turn.Open(id, "system", system, [CaseAction.Retry], new CaseWords(
            "integration-ops",
            (refused ? $"{system} does not accept the hub's credentials: " : $"{system} cannot be reached: ") + turn.Envelope.Payload.Text("reason"),
            (refused ? "Correct the credentials of the system or its rights there." : "Look whether the system runs and the network leads to it.")
                + " Everything for it stays queued; the hub tries again by itself and this case settles itself."));
    }
}
