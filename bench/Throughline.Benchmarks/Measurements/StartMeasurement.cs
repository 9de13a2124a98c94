using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;

namespace Throughline.Benchmarks.Measurements;

/// <summary>How long a hub that is started on much open work takes until the first of it is committed, from the start of its process.</summary>
internal sealed class StartMeasurement : Measurement
{
    private const int Starts = 5;
    private static readonly TimeProvider Time = TimeProvider.System;

    public override string Name => "start";

    public override string About =>
        "start with open envelopes and running instances until the first commit, against a start with few [--open 1000000 --instances 10000 --few 50000]";

    public override int RoundsMax => 1;

    public override async Task<IReadOnlyList<Finding>> MeasureAsync(string store, Options options)
    {
        var (open, instances) = (options.Size("open", 1_000_000, 5_000), options.Size("instances", 10_000, 10));
        var few = options.Size("few", 50_000, 5_000);
        await using var bench = await BenchStore.OpenAsync(store);
        await using var small = await BenchStore.OpenAsync(store);
        var deals = await WonDeals.LearnAsync();
        // Enough that the starts do not use it up.
        await FillAsync(small, deals, few, 1);
        await FillAsync(bench, deals, open, instances);
        await bench.CheckpointAsync();
        var (measured, limit, ratio) = await InTurnsAsync(options.Looks(Starts), () => StartAsync(store, small), () => StartAsync(store, bench));
        return
        [
            new Finding(
                string.Create(CultureInfo.InvariantCulture, $"start with {open:N0} open envelopes, {instances:N0} instances"), store, measured, "s to the first commit", limit,
                string.Create(CultureInfo.InvariantCulture, $"s with {few:N0} open"), ratio, new Wanted(OfRatio: false, AtLeast: false, 3)),
        ];
    }

    /// <summary>The second process: a hub on a store that is there; says when its first commit is durable, and ends when its input does.</summary>
    public static async Task HostAsync(Options options)
    {
        await using var store = new MeasuredStore(BenchStore.Open(options.Store, options.Given("at")!), Time);
        await store.MigrateAsync(CancellationToken.None);
        await using var hub = new HubUnderTest(store, BenchLandscape.Nowhere, _ => true, NullLoggerFactory.Instance);
        hub.Stop();
        var first = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        store.Committed = () => first.TrySetResult();
        hub.Hub.Start();
        await first.Task;
        Console.WriteLine("committed");
        await Console.In.ReadLineAsync();
    }

    // Deals whose targets are away leave their processes running; then a hub whose workers stand still takes in what stays open.
    private static async Task FillAsync(BenchStore bench, WonDeals deals, int open, int instances)
    {
        await using (var store = new MeasuredStore(bench.Open(), Time))
        {
            await store.MigrateAsync(CancellationToken.None);
            await using var hub = new HubUnderTest(store, BenchLandscape.Nowhere, _ => true, NullLoggerFactory.Instance);
            hub.Stop();
            hub.Hub.Start();
            for (var sent = 0; sent < instances; sent += 500)
            {
                await Task.WhenAll(deals.Take(sent, Math.Min(500, instances - sent)).Select(deal => Task.Run(() => hub.SendAsync(deal))));
            }

            var begin = Time.GetTimestamp();
            while ((await store.CountAsync(CancellationToken.None)).InstancesRunning < Math.Min(instances, Engine.Partition.HubCounts.Max))
            {
                if (Time.GetElapsedTime(begin) > TimeSpan.FromMinutes(5))
                {
                    throw new BenchException($"after five minutes {await store.CountAsync(CancellationToken.None)} of {instances} deals sent");
                }

                await Task.Delay(TimeSpan.FromMilliseconds(100), Time, CancellationToken.None);
            }
        }

        await using var stage = await EntryStage.OnAsync(bench, isRunning: false);
        await stage.TakeInAsync(open);
    }

    private static async Task<double> StartAsync(string store, BenchStore bench)
    {
        var begin = Time.GetTimestamp();
        using var process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["start-hub", "--store", store, "--at", bench.Where])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true,
        })!;
        var line = await process.StandardOutput.ReadLineAsync();
        var seconds = Time.GetElapsedTime(begin).TotalSeconds;
        // At once: what it goes on to work would be missing at the next start.
        process.Kill();
        await process.WaitForExitAsync();
        return line == "committed" ? seconds : throw new BenchException("the hub that was started ended before its first commit");
    }
}
