using System.Collections.Immutable;
using System.Globalization;
using Throughline.Engine.Cases;
using Throughline.Engine.Intake;
using Throughline.Engine.Partition;
using Throughline.Model;

namespace Throughline.Engine.Delivery;

/// <summary>
/// Tells people when a system as a whole is the reason that nothing goes on: refused credentials at once, an outage when it lasts. The
/// message opens or settles one case per system, as any other decision, in the system's own scope.
/// </summary>
/// <remarks>
/// What was told may be lost with the store, or come later than what another hub told after it. So the case itself is looked at now and
/// then, and where it says something else than the lane, that is told again.
/// </remarks>
internal sealed class LaneWatch(
    IEnumerable<Lane> lanes, TimeProvider time, Func<string, bool> isDriven, Func<CaseId, CancellationToken, Task<Case?>> findCase,
    Func<ImmutableArray<IntakeItem>, Task> append)
{
    public const string ScopeKind = "system";

    private static readonly TimeSpan OutageAfter = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan CompareEvery = TimeSpan.FromSeconds(10);

    // Nothing is known of what was told before a restart, so the first look tells every lane's state.
    private readonly Dictionary<string, (bool IsBlocked, long At)> _told = new(StringComparer.Ordinal);

    /// <summary>Appends what has changed since the last look.</summary>
    /// <exception cref="StoreUnavailableException">Nothing was told, or it is not known whether it was; the next look tells it again.</exception>
    public async Task LookAsync(CancellationToken cancellation)
    {
        var changes = new List<(string System, bool IsBlocked, IntakeItem Item)>();
        foreach (var lane in lanes)
        {
            if (!isDriven(lane.System))
            {
                // Who drives it tells; should it come back here, nothing is known of what was told meanwhile.
                _told.Remove(lane.System);
                continue;
            }

            var circuit = lane.Circuit;
            var isBlocked = circuit.OpenSince is { } since && (circuit.RefusesUs || time.GetUtcNow() - since >= OutageAfter);
            if (isBlocked == circuit.OpenSince is not null && !await IsToldAsync(lane.System, isBlocked, cancellation))
            {
                changes.Add((lane.System, isBlocked, Item(lane.System, circuit, isBlocked)));
            }
        }

        await append([.. changes.Select(change => change.Item)]);
        foreach (var (system, isBlocked, _) in changes)
        {
            _told[system] = (isBlocked, time.GetTimestamp());
        }
    }

    private async Task<bool> IsToldAsync(string system, bool isBlocked, CancellationToken cancellation)
    {
        if (!_told.TryGetValue(system, out var told) || told.IsBlocked != isBlocked)
        {
            return false;
        }

        if (time.GetElapsedTime(told.At) < CompareEvery)
        {
            return true;
        }

        _told[system] = (isBlocked, time.GetTimestamp());
        return await findCase(LaneDecider.CaseOf(system), cancellation) is { Status: CaseStatus.Open } == isBlocked;
    }

    private IntakeItem Item(string system, LaneCircuit circuit, bool isBlocked)
    {
        var now = time.GetUtcNow();
        var scope = new Scope(ScopeKind, system);
        var envelope = new NewEnvelope(
            EnvelopeId.New(time), scope, "", EnvelopeKind.LaneState,
            Fields.Of(("system", system), ("blocked", isBlocked), ("reason", circuit.Reason), ("refused", circuit.RefusesUs)), scope.ToString(), null, now, now);
        return new IntakeItem("@hub", "lane", $"{system}|{isBlocked}|{now.ToString("O", CultureInfo.InvariantCulture)}", null, envelope);
    }
}
