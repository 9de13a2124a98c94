using System.Globalization;
using Throughline.Engine.Intake;
using Throughline.Model;

namespace Throughline.Engine.Delivery;

/// <summary>
/// Tells people when a system as a whole is the reason that nothing goes on: refused credentials at once, an outage when it lasts. The
/// message opens or settles one case per system, as any other decision, in the system's own scope.
/// </summary>
internal sealed class LaneWatch(IEnumerable<Lane> lanes, TimeProvider time, Func<string, bool> isDriven)
{
    public const string ScopeKind = "system";

    private static readonly TimeSpan OutageAfter = TimeSpan.FromSeconds(30);

    // Nothing is known of what was told before a restart, so the first look tells every lane's state.
    private readonly Dictionary<string, bool?> _told = lanes.ToDictionary(lane => lane.System, _ => (bool?)null);

    /// <summary>What has changed since the last look, to be appended.</summary>
    public IEnumerable<IntakeItem> Look()
    {
        var now = time.GetUtcNow();
        foreach (var lane in lanes)
        {
            if (!isDriven(lane.System))
            {
                // Who drives it tells; should it come back here, nothing is known of what was told meanwhile.
                _told[lane.System] = null;
                continue;
            }

            var circuit = lane.Circuit;
            var isBlocked = circuit.OpenSince is { } since && (circuit.RefusesUs || now - since >= OutageAfter);
            if (_told[lane.System] == isBlocked || (circuit.OpenSince is not null && !isBlocked))
            {
                continue;
            }

            _told[lane.System] = isBlocked;
            var scope = new Scope(ScopeKind, lane.System);
            var envelope = new NewEnvelope(
                EnvelopeId.New(time), scope, "", EnvelopeKind.LaneState,
                Fields.Of(("system", lane.System), ("blocked", isBlocked), ("reason", circuit.Reason), ("refused", circuit.RefusesUs)), scope.ToString(), null, now, now);
            yield return new IntakeItem("@hub", "lane", $"{lane.System}|{isBlocked}|{now.ToString("O", CultureInfo.InvariantCulture)}", null, envelope);
        }
    }
}
