using Throughline.Model;

namespace Throughline.Engine.Delivery;

/// <summary>
/// Keeps a lane from hammering a system that is down, throttling, or refusing our credentials. While it is open nothing is sent, and
/// the one call that tries whether the system is back counts as no attempt, so an outage of any length ends with everything queued.
/// </summary>
public sealed class LaneCircuit
{
    private const int FailuresToOpen = 5;
    private static readonly TimeSpan OpenFirst = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan OpenMax = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private int _failures;
    private TimeSpan _openFor = OpenFirst;

    /// <summary>Nothing is sent before this; null while closed.</summary>
    public DateTimeOffset? OpenUntil { get; private set; }

    /// <summary>Since when it has been open without a break; null while closed.</summary>
    public DateTimeOffset? OpenSince { get; private set; }

    /// <summary>It is open because the system does not accept our credentials.</summary>
    public bool RefusesUs { get; private set; }

    /// <summary>Why it is open, for people.</summary>
    public string? Reason { get; private set; }

    /// <summary>It was open and the next call shows whether the system is back.</summary>
    public bool IsTrying { get; private set; }

    public bool MayPass(DateTimeOffset now)
    {
        lock (_gate)
        {
            if (OpenUntil is { } until && now < until)
            {
                return false;
            }

            IsTrying = OpenUntil is not null;
            return true;
        }
    }

    /// <summary>A failure of the system as a whole rather than of this one record.</summary>
    public bool HoldsBack(Failure failure)
    {
        lock (_gate)
        {
            return OpenUntil is not null && failure is Failure.Transient or Failure.Throttled or Failure.Authentication;
        }
    }

    /// <summary>Takes the result of one call into account; null is success or a refusal of the content.</summary>
    public void Note(Failure? failure, DateTimeOffset now)
    {
        lock (_gate)
        {
            switch (failure)
            {
                case Failure.Throttled { RetryAfter: { } wait }:
                    Open(now, wait, failure);
                    break;
                case Failure.Authentication:
                    Open(now, Longer(), failure);
                    break;
                case Failure.Transient or Failure.Throttled or Failure.InDoubt:
                    if (++_failures >= FailuresToOpen || IsTrying)
                    {
                        Open(now, Longer(), failure);
                    }

                    break;
                default:
                    (_failures, _openFor, OpenUntil, OpenSince, Reason, IsTrying, RefusesUs) = (0, OpenFirst, null, null, null, false, false);
                    break;
            }
        }
    }

    private void Open(DateTimeOffset now, TimeSpan wait, Failure failure)
    {
        OpenSince ??= now;
        RefusesUs = failure is Failure.Authentication;
        if (OpenUntil is null || now + wait > OpenUntil)
        {
            (OpenUntil, Reason) = (now + wait, failure.Message);
        }
    }

    private TimeSpan Longer()
    {
        var now = _openFor;
        _openFor = TimeSpan.FromTicks(Math.Min(_openFor.Ticks * 2, OpenMax.Ticks));
        return now;
    }
}
