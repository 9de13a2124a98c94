using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Throughline.Model;

namespace Throughline.Benchmarks;

/// <summary>
/// One measurement: a fresh store, fresh sandboxes, a warm-up, then won deals through the whole of lead to project, between two
/// measurements of the machine's own limit.
/// </summary>
internal sealed class DealsRun(Options options, BenchStore bench, SandboxProcess sandboxes) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly TimeProvider Time = TimeProvider.System;

    private readonly ConcurrentDictionary<string, long> _starts = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, double> _latencies = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _window = new(options.Window);
    private readonly CountdownEvent _done = new(1);

    public static async Task RunAsync(Options options)
    {
        await using var bench = await BenchStore.OpenAsync(options.Store);
        await using var sandboxes = await SandboxProcess.StartAsync(options.Deals + options.WarmUp);
        using var run = new DealsRun(options, bench, sandboxes);
        Console.WriteLine((await run.MeasureAsync()).ToJson());
    }

    public void Dispose()
    {
        _window.Dispose();
        _done.Dispose();
    }

    private async Task<DealsResult> MeasureAsync()
    {
        await using var store = new MeasuredStore(bench.Open(), Time);
        await store.MigrateAsync(CancellationToken.None);
        store.Activated = Activated;
        store.Done = _ => _done.Signal();
        var before = await bench.LimitAsync();
        Sample start, end;
        DealsResult result;
        await using (var hub = new HubUnderTest(store, sandboxes.Where, _ => options.Targets == "null", NullLoggerFactory.Instance))
        {
            hub.Hub.Start();
            await ConcludeAsync();
            var rest = Machine.Memory;
            var deals = await hub.ReadDealsAsync();
            await PlayAsync(hub, deals[..options.WarmUp], 0);
            await ConcludeAsync();
            _latencies.Clear();
            store.Reset();
            start = await SampleAsync();
            var seconds = await PlayAsync(hub, deals[options.WarmUp..], options.Rate);
            end = await SampleAsync();
            // The server's own statistics arrive late.
            var operations = store.Operations;
            await ConcludeAsync();
            var statistics = await bench.StatisticsAsync();
            await CheckAsync(hub);
            result = Result(seconds, start, end, operations) with
            {
                MemoryAtRest = rest,
                StoreVersion = store.Description.Split(',')[0],
                CommitsPerSecond = (statistics.Commits - start.Statistics.Commits) / seconds,
                FlushesPerSecond = (statistics.Flushes - start.Statistics.Flushes) / seconds,
                LogKilobytesPerDeal = (statistics.LogBytes - start.Statistics.LogBytes) / 1024.0 / options.Deals,
            };
        }

        var after = await bench.LimitAsync();
        return result with { LimitCommits = (before.Commits + after.Commits) / 2, LimitBatchRows = (before.BatchRows + after.BatchRows) / 2 };
    }

    /// <summary>Plays deals and answers how many seconds passed from the first delivery to the last process done.</summary>
    private async Task<double> PlayAsync(HubUnderTest hub, ImmutableArray<WonDeal> deals, int rate)
    {
        _done.Reset(deals.Length);
        var begin = Time.GetTimestamp();
        var sending = new List<Task>(deals.Length);
        for (var i = 0; i < deals.Length; i++)
        {
            var deal = deals[i];
            if (rate == 0)
            {
                await WaitAsync(_window.WaitAsync(Patience), i);
                _starts[deal.Opportunity] = Time.GetTimestamp();
            }
            else
            {
                // The clock of a deal runs from when it was due, so that a hub that is behind is not flattered.
                var due = begin + (long)(i * (double)Time.TimestampFrequency / rate);
                var wait = Time.GetElapsedTime(Time.GetTimestamp(), due);
                await Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, Time, CancellationToken.None);
                _starts[deal.Opportunity] = due;
            }

            sending.Add(Task.Run(() => hub.SendAsync(deal)));
        }

        await Task.WhenAll(sending);
        await WaitAsync(Task.Run(() => _done.Wait(Patience)), deals.Length);
        return Time.GetElapsedTime(begin).TotalSeconds;
    }

    private async Task WaitAsync(Task<bool> waiting, int sent)
    {
        if (!await waiting)
        {
            throw new BenchException($"after {Patience.TotalMinutes} minutes {_latencies.Count} deals are active of {sent} sent; {await sandboxes.CountAsync()}");
        }
    }

    private void Activated(string opportunity)
    {
        if (!_latencies.TryAdd(opportunity, Time.GetElapsedTime(_starts[opportunity]).TotalMilliseconds))
        {
            throw new BenchException($"{opportunity} was activated twice");
        }

        _window.Release();
    }

    // A rate that leaves deals half done, or with a case for a person, would be worth nothing.
    private async Task CheckAsync(HubUnderTest hub)
    {
        var counts = await hub.Hub.Store.CountAsync(CancellationToken.None);
        var all = options.Deals + options.WarmUp;
        var standing = await sandboxes.CountAsync();
        var isComplete = options.Targets == "null"
            || (standing.Number("projects") == all && standing.Number("issues") == 4 * all && standing.Number("parties") == all && standing.Number("active") == all);
        if (!isComplete || _latencies.Count != options.Deals || counts.CasesOpen + counts.Parked + counts.CommandsInDoubt > 0)
        {
            throw new BenchException($"not every deal went through: {_latencies.Count} of {options.Deals} active; {counts}; {standing}");
        }
    }

    private DealsResult Result(double seconds, Sample start, Sample end, IReadOnlyDictionary<string, Operation> operations)
    {
        double[] sorted = [.. _latencies.Values.Order()];
        Operation Found(string name) => operations.GetValueOrDefault(name);
        string[] writing = ["append intake", "commit partitions", "claim commands", "settle commands"];
        return new DealsResult
        {
            Store = options.Store,
            Targets = options.Targets,
            Rate = options.Rate,
            StoreVersion = "",
            Deals = options.Deals,
            Seconds = seconds,
            DealsPerSecond = options.Deals / seconds,
            P50 = sorted[sorted.Length / 2],
            P99 = sorted[Math.Min(sorted.Length - 1, (int)(sorted.Length * 0.99))],
            CommandsPerSecond = (Found("settle commands").Items + Found("settled with the commit").Items) / seconds,
            WritesPerSecond = writing.Sum(name => Found(name).Calls) / seconds,
            CommitsPerSecond = 0,
            FlushesPerSecond = 0,
            LogKilobytesPerDeal = 0,
            MemoryAtRest = 0,
            MemoryPeak = Machine.PeakMemory,
            AllocatedPerDeal = (end.Allocated - start.Allocated) / 1024.0 / 1024.0 / options.Deals,
            HubProcessor = (end.Hub - start.Hub).TotalMilliseconds / options.Deals,
            SandboxProcessor = (end.Sandboxes - start.Sandboxes).TotalMilliseconds / options.Deals,
            PostgresProcessor = (end.Postgres - start.Postgres).TotalMilliseconds / options.Deals,
            LimitCommits = 0,
            LimitBatchRows = 0,
            Operations = operations.ToDictionary(
                pair => pair.Key,
                pair => new[]
                {
                    (double)pair.Value.Calls / options.Deals, pair.Value.Calls == 0 ? 0 : pair.Value.Waited.TotalMilliseconds / pair.Value.Calls,
                    (double)pair.Value.Items / options.Deals,
                }),
            Load = Machine.Load,
        };
    }

    private async Task<Sample> SampleAsync()
    {
        using var self = Process.GetCurrentProcess();
        return new Sample(
            self.TotalProcessorTime, sandboxes.Processor, await bench.ProcessorAsync(), GC.GetTotalAllocatedBytes(), await bench.StatisticsAsync());
    }

    private static Task ConcludeAsync() => Task.Delay(TimeSpan.FromSeconds(1.5), Time, CancellationToken.None);

    private readonly record struct Sample(
        TimeSpan Hub, TimeSpan Sandboxes, TimeSpan Postgres, long Allocated, (long Commits, long Flushes, long LogBytes) Statistics);
}
