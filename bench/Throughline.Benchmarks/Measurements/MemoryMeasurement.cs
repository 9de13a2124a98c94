using System.Globalization;

namespace Throughline.Benchmarks.Measurements;

/// <summary>What the process of a hub holds: at rest, and with many entries queued for a target that is away.</summary>
internal sealed class MemoryMeasurement : Measurement
{
    private const double RestMax = 200;
    private const double QueuedMax = 600;
    private static readonly TimeProvider Time = TimeProvider.System;

    public override string Name => "memory";

    public override string About => "resident memory at rest and with entries queued for a stopped target [--queued 1000000]";

    public override int RoundsMax => 3;

    public override async Task<IReadOnlyList<Finding>> MeasureAsync(string store, Options options)
    {
        await using var stage = await EntryStage.OpenAsync(store);
        await using var server = await BenchServer.OfAsync(stage.Hub, stage.Store);
        await Task.Delay(TimeSpan.FromSeconds(options.IsQuick ? 0.2 : 3), Time, CancellationToken.None);
        var rest = Machine.Memory * 1.048576;
        stage.Hub.Stop();
        var queued = options.Size("queued", 1_000_000, 2_000);
        await stage.TakeInAsync(queued);
        await stage.UntilAsync(
            () => stage.Store.Operations.GetValueOrDefault("commit entries").Items >= queued,
            () => $"{stage.Store.Operations.GetValueOrDefault("commit entries").Items} of {queued} entries are decided");
        // The highest that the kernel has seen of the process, so it does not matter when one looks.
        var peak = Machine.PeakMemory * 1.048576;
        return
        [
            new Finding("memory at rest", store, rest, "MB resident", RestMax, "MB allowed", rest / RestMax, new Wanted(OfRatio: false, AtLeast: false, RestMax)),
            new Finding(
                $"memory with {queued.ToString("N0", CultureInfo.InvariantCulture)} entries queued", store, peak, "MB resident at most", QueuedMax, "MB allowed", peak / QueuedMax,
                new Wanted(OfRatio: false, AtLeast: false, QueuedMax))
            {
                Notes = new Dictionary<string, double> { ["MB in the end"] = Machine.Memory * 1.048576, ["MB on the heap in the end"] = GC.GetTotalMemory(false) / 1e6 },
            },
        ];
    }
}

/// <summary>Whether the memory of a hub grows under a load that stays the same.</summary>
internal sealed class SoakMeasurement : Measurement
{
    private static readonly TimeProvider Time = TimeProvider.System;

    public override string Name => "soak";

    public override string About => "growth of resident memory under a steady load; an hour, so only when it is named [--soak-seconds 3600, --rate 500 entries/s]";

    public override bool IsOnlyWhenNamed => true;

    public override int RoundsMax => 1;

    public override async Task<IReadOnlyList<Finding>> MeasureAsync(string store, Options options)
    {
        await using var stage = await EntryStage.OpenAsync(store);
        var (seconds, rate) = (options.Size("soak-seconds", 3_600, 2), options.Size("rate", 500, 200));
        await stage.PlayAsync(rate);
        var begin = Time.GetTimestamp();
        var samples = new List<double>();
        for (var second = 0; second < seconds; second++)
        {
            await stage.PlayAsync(rate);
            var left = TimeSpan.FromSeconds(second + 1) - Time.GetElapsedTime(begin);
            await Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero, Time, CancellationToken.None);
            samples.Add(Machine.Memory * 1.048576);
        }

        // The first sixth is warming up: code is compiled and pools fill.
        var tenth = Math.Max(1, seconds / 10);
        var (early, late) = (Median(samples.Skip(seconds / 6).Take(tenth)), Median(samples.TakeLast(tenth)));
        return
        [
            new Finding(
                $"memory after {seconds.ToString("N0", CultureInfo.InvariantCulture)} s of steady load", store, late, "MB resident", early, "MB after a sixth of it", late / early,
                new Wanted(OfRatio: true, AtLeast: false, 1.05))
            {
                Notes = new Dictionary<string, double> { ["highest MB"] = samples.Max(), ["seconds it took"] = Time.GetElapsedTime(begin).TotalSeconds },
            },
        ];
    }
}
