using Throughline.Engine.Cases;
using Throughline.Engine.Partition;
using Throughline.Engine.Process;

namespace Throughline.Simulation.Checkers;

/// <summary>
/// Whoever waits has a clock that will ring or a case that is open, and once every deadline has passed a case; what was set aside always has
/// one.
/// </summary>
internal sealed class NothingWaitsForEver : IChecker
{
    public IEnumerable<string> WhenAtRest(SimulationRun run)
    {
        var clocks = run.Store.Timers();
        foreach (var (unit, instance) in Waiting(run))
        {
            var hasClock = clocks.Any(timer => timer.Unit == unit.Key && timer.Id.StartsWith($"{instance.Id}|", StringComparison.Ordinal));
            if (!hasClock && !HasCase(unit, instance))
            {
                yield return $"{instance.Process} of {instance.Subject} waits without a clock or a case";
            }
        }

        foreach (var parked in run.Store.ListParkedAsync(null, int.MaxValue, CancellationToken.None).Result)
        {
            var key = new UnitKey(parked.Envelope.Scope, parked.Envelope.Content.Unit);
            if (!Load(run, key).Cases.Values.Any(item => item.Kind is Case.ParkedKind or Case.UnmappedKind))
            {
                yield return $"an envelope of {key} is set aside ({parked.Reason}) without a case";
            }
        }
    }

    public IEnumerable<string> WhenDeadlinesHavePassed(SimulationRun run) =>
        Waiting(run).Where(waiting => !HasCase(waiting.Unit, waiting.Instance))
            .Select(waiting => $"{waiting.Instance.Process} of {waiting.Instance.Subject} still waits after every deadline, and no case says so: {Reasons(waiting.Instance)}");

    private static string Reasons(Instance instance) =>
        string.Join("; ", instance.Steps.Where(step => step.Value.Reason is not null).OrderBy(step => step.Key, StringComparer.Ordinal)
            .Select(step => $"{step.Key}: {step.Value.Reason}"));

    private static bool HasCase(UnitState unit, Instance instance) => unit.Cases.Values.Any(item => item.Instance == instance.Id || item.Kind == Case.ParkedKind);

    private static IEnumerable<(UnitState Unit, Instance Instance)> Waiting(SimulationRun run) =>
        run.Store.ListInstancesAsync(null, null, null, int.MaxValue, CancellationToken.None).Result.Select(row => row.Unit).Distinct()
            .Select(key => Load(run, key))
            .SelectMany(unit => unit.Instances.Values.Where(instance => instance.Held || instance.Status is InstanceStatus.Running or InstanceStatus.Undoing)
                .Select(instance => (unit, instance)));

    private static UnitState Load(SimulationRun run, UnitKey key) => UnitRows.Read(key, run.Store.LoadUnitsAsync([key], CancellationToken.None).Result);
}
