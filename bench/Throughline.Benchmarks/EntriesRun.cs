using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Throughline.Connect;
using Throughline.Engine;
using Throughline.Engine.Intake;
using Throughline.Engine.Partition;
using Throughline.Engine.Process;
using Throughline.Model;

namespace Throughline.Benchmarks;

/// <summary>
/// One measurement: approved time entries from intake to the acknowledged micro-batch, against a target that answers at once in this process,
/// between two measurements of how fast the same rows go into a bare table of the same store in batches of 500.
/// </summary>
internal sealed class EntriesRun(Options options, BenchStore bench)
{
    private const int PerCall = 100;
    private const int QueuedMax = 50_000;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private static readonly TimeProvider Time = TimeProvider.System;
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = false };

    private long _done;

    public static async Task RunAsync(Options options)
    {
        await using var bench = await BenchStore.OpenAsync(options.Store);
        Console.WriteLine(JsonSerializer.Serialize(await new EntriesRun(options, bench).MeasureAsync(), Json));
    }

    private async Task<Dictionary<string, object>> MeasureAsync()
    {
        await using var store = new MeasuredStore(bench.Open(), Time);
        await store.MigrateAsync(CancellationToken.None);
        store.LinesDone = lines => Interlocked.Add(ref _done, lines);
        var rows = TimeLines.BareRows;
        var before = await bench.RowsAsync(rows);
        double seconds;
        (TimeSpan Hub, TimeSpan Postgres, long Allocated, (long Commits, long Flushes, long LogBytes) Statistics) start, end;
        ImmutableSortedDictionary<string, Operation> operations;
        await using (var hub = new HubUnderTest(store, BenchLandscape.Nowhere, _ => true, NullLoggerFactory.Instance))
        {
            await TimeLines.SetUpAsync(hub.Hub.Store);
            hub.Hub.Start();
            await PlayAsync(hub.Hub, 0, options.WarmUp);
            store.Reset();
            start = await SampleAsync();
            seconds = await PlayAsync(hub.Hub, options.WarmUp, options.Entries);
            end = await SampleAsync();
            operations = store.Operations.ToImmutableSortedDictionary();
        }

        var after = await bench.RowsAsync(rows);
        var (rate, limit) = (options.Entries / seconds, (before + after) / 2);
        return new Dictionary<string, object>
        {
            ["Store"] = options.Store, ["Entries"] = options.Entries, ["EntriesPerSecond"] = Math.Round(rate), ["BareRowsPerSecond"] = Math.Round(limit),
            ["Ratio"] = Math.Round(rate / limit, 3),
            ["HubMicroseconds"] = Math.Round((end.Hub - start.Hub).TotalMicroseconds / options.Entries, 1),
            ["PostgresMicroseconds"] = Math.Round((end.Postgres - start.Postgres).TotalMicroseconds / options.Entries, 1),
            ["AllocatedBytes"] = (end.Allocated - start.Allocated) / options.Entries,
            ["LogBytes"] = (end.Statistics.LogBytes - start.Statistics.LogBytes) / options.Entries,
            ["PeakMemory"] = Machine.PeakMemory, ["Load"] = Machine.Load,
            ["Operations"] = operations.ToDictionary(
                pair => pair.Key, pair => new[] { pair.Value.Calls, Math.Round(pair.Value.Waited.TotalMilliseconds / Math.Max(1, pair.Value.Calls), 2), pair.Value.Items }),
        };
    }

    private async Task<double> PlayAsync(Hub hub, int first, int count)
    {
        var begin = Time.GetTimestamp();
        var (next, sent, target) = (first - PerCall, (long)first, (long)first + count);
        await Task.WhenAll(Enumerable.Range(0, options.Feeders).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Add(ref next, PerCall) is var from && from < target)
            {
                var records = Enumerable.Range(from, (int)Math.Min(PerCall, target - from)).Select(TimeLines.Record);
                var answers = await hub.Intake.TakeAsync([.. records.Select(record => new IntakeRequest("psa", record.Entity, null, null, record))]);
                if (answers.FirstOrDefault(answer => answer.Receipt?.Outcome != IntakeOutcome.Accepted) is { } refused)
                {
                    throw new BenchException("an entry was not taken in: " + string.Join("; ", refused.Problems));
                }

                // A source that sends faster than the hub works would only measure the queue.
                while (Interlocked.Add(ref sent, 0) - Interlocked.Read(ref _done) > QueuedMax)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(2), Time, CancellationToken.None);
                }

                Interlocked.Add(ref sent, answers.Length);
            }
        })));
        while (Interlocked.Read(ref _done) < target)
        {
            if (Time.GetElapsedTime(begin) > Patience)
            {
                throw new BenchException($"after {Patience.TotalMinutes} minutes {_done} of {target} entries were acknowledged");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(2), Time, CancellationToken.None);
        }

        return Time.GetElapsedTime(begin).TotalSeconds;
    }

    private async Task<(TimeSpan Hub, TimeSpan Postgres, long Allocated, (long Commits, long Flushes, long LogBytes) Statistics)> SampleAsync()
    {
        using var self = Process.GetCurrentProcess();
        return (self.TotalProcessorTime, await bench.ProcessorAsync(), GC.GetTotalAllocatedBytes(), await bench.StatisticsAsync());
    }
}
