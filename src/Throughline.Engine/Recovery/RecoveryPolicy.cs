using Throughline.Model;

namespace Throughline.Engine.Recovery;

/// <summary>What Delivery does next about one command.</summary>
public abstract record RecoveryAction
{
    private RecoveryAction()
    {
    }

    /// <summary>Send again after a delay.</summary>
    public sealed record RetryAfter(TimeSpan Delay) : RecoveryAction;

    /// <summary>Ask the target whether it has the record, after a delay, and send nothing before that.</summary>
    public sealed record Probe(TimeSpan Delay) : RecoveryAction;

    /// <summary>Tell the scope that it failed; a case asks a person.</summary>
    public sealed record GiveUp : RecoveryAction;
}

/// <summary>
/// The one place that says how failures are answered (invariant 5): a pure function of the failure, how often it was tried, and a number
/// from 0 to 1 that spreads the delays. Printed in words by <see cref="Describe"/>.
/// </summary>
public static class RecoveryPolicy
{
    /// <summary>Attempts at one command before a person is asked, where the target keeps failing.</summary>
    public const int AttemptsMax = 20;

    public static readonly TimeSpan DelayFirst = TimeSpan.FromSeconds(1);

    /// <summary>As long as a lane waits at most for a system that was away: a write with much bad luck must not stand behind long after all others.</summary>
    public static readonly TimeSpan DelayMax = TimeSpan.FromMinutes(1);

    /// <param name="attempt">Attempts made so far, 1 after the first.</param>
    /// <param name="spread">From 0 to 1; the delay is between half and the whole of its nominal length.</param>
    public static RecoveryAction Decide(Failure failure, int attempt, double spread) => failure switch
    {
        Failure.Throttled { RetryAfter: { } wait } => new RecoveryAction.RetryAfter(wait > TimeSpan.Zero ? wait : Delay(attempt, spread)),
        Failure.Transient or Failure.Throttled => attempt >= AttemptsMax ? new RecoveryAction.GiveUp() : new RecoveryAction.RetryAfter(Delay(attempt, spread)),
        Failure.InDoubt => new RecoveryAction.Probe(TimeSpan.Zero),
        Failure.Duplicate => new RecoveryAction.Probe(TimeSpan.Zero),
        _ => new RecoveryAction.GiveUp(),
    };

    /// <summary>1 s, 2 s, 4 s ... up to a minute, each shortened by up to a half.</summary>
    public static TimeSpan Delay(int attempt, double spread)
    {
        var nominal = Math.Min(DelayFirst.TotalSeconds * Math.Pow(2, Math.Clamp(attempt - 1, 0, 20)), DelayMax.TotalSeconds);
        return TimeSpan.FromSeconds(nominal * (0.5 + (0.5 * spread)));
    }

    public static IReadOnlyList<string> Describe() =>
    [
        $"throttled: waits as long as the target asks, else as for transient faults",
        $"transient: again after 1 s, 2 s, 4 s ... at most {DelayMax.TotalSeconds:0} s, each shortened by up to a half so that hubs do not "
            + $"return together; after {AttemptsMax} attempts a case",
        "in doubt, duplicate: the target is asked by business key before anything is sent again",
        "authentication: the lane stops, shows why, and looks again by itself; everything stays queued and nothing is given up",
        "missing reference in the target: a case at once, and another try every 10 minutes in case somebody adds the record",
        "validation, conflict, ownership, policy, unknown: a case at once",
    ];
}
