using System.Collections.Immutable;
using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Throughline.Engine.Intake;
using Throughline.Model;

namespace Throughline.Benchmarks;

/// <summary>What a stretch of work has cost, a piece.</summary>
/// <param name="Hub">Microseconds of processor time of this process, the sender of the records included.</param>
/// <param name="Database">Microseconds of processor time of the database server; zero where there is none.</param>
/// <param name="Bytes">Written to the store's files and logs.</param>
internal readonly record struct Cost(double Hub, double Database, double Bytes);

/// <summary>A hub on a store of its own that approved lines of time are sent through, from intake to the acknowledged batch.</summary>
internal sealed class EntryStage : IAsyncDisposable
{
    private const int PerCall = 100;
    private const int Feeders = 4;
    private const int QueuedMax = 50_000;
    private static readonly TimeProvider Time = TimeProvider.System;
    private static readonly TimeSpan StillMax = TimeSpan.FromMinutes(2);

    private bool _ownsBench;
    private int _next;
    private long _done;

    private EntryStage(BenchStore bench, MeasuredStore store, HubUnderTest hub) => (Bench, Store, Hub) = (bench, store, hub);

    public BenchStore Bench { get; }

    public MeasuredStore Store { get; }

    public HubUnderTest Hub { get; }

    /// <param name="sandboxes">An ERP that is really called; null where it answers in memory.</param>
    /// <param name="decorate">Puts a store of its own around the bare one.</param>
    public static async Task<EntryStage> OpenAsync(
        string kind, SandboxProcess? sandboxes = null, Func<Engine.IHubStore, MeasuredStore>? decorate = null, bool isRunning = true)
    {
        var stage = await OnAsync(await BenchStore.OpenAsync(kind), sandboxes, decorate, isRunning);
        stage._ownsBench = true;
        return stage;
    }

    /// <summary>The same on a store that stays when the stage goes.</summary>
    public static async Task<EntryStage> OnAsync(
        BenchStore bench, SandboxProcess? sandboxes = null, Func<Engine.IHubStore, MeasuredStore>? decorate = null, bool isRunning = true)
    {
        var inner = bench.Open();
        var store = decorate?.Invoke(inner) ?? new MeasuredStore(inner, Time);
        await store.MigrateAsync(CancellationToken.None);
        await TimeLines.SetUpAsync(store, sandboxes?.Where.List("works").Select(id => (long)id!).ToArray());
        var hub = new HubUnderTest(store, sandboxes?.Where ?? BenchLandscape.Nowhere, system => sandboxes is null || system != "erp", NullLoggerFactory.Instance);
        var stage = new EntryStage(bench, store, hub);
        store.LinesDone = lines => Interlocked.Add(ref stage._done, lines);
        if (isRunning)
        {
            hub.Hub.Start();
        }

        return stage;
    }

    /// <summary>Sends the next entries; returns the seconds until all but those that nobody will acknowledge have been.</summary>
    public async Task<double> PlayAsync(int count, int unacknowledged = 0)
    {
        var begin = Time.GetTimestamp();
        var target = Interlocked.Read(ref _done) + count - unacknowledged;
        await TakeInAsync(count, target - count + unacknowledged);
        await UntilAsync(() => Interlocked.Read(ref _done) >= target, () => $"{target - _done} of {count} entries are not acknowledged");
        return Time.GetElapsedTime(begin).TotalSeconds;
    }

    /// <summary>Sends the next entries and returns when they are taken in.</summary>
    /// <param name="doneBefore">Keeps what is queued small, counted from there; null lets it grow.</param>
    public async Task TakeInAsync(int count, long? doneBefore = null)
    {
        var first = _next;
        _next += count;
        var (next, sent) = (first - PerCall, 0L);
        await Task.WhenAll(Enumerable.Range(0, Feeders).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Add(ref next, PerCall) is var from && from < first + count)
            {
                var records = Enumerable.Range(from, Math.Min(PerCall, first + count - from)).Select(TimeLines.Record);
                var answers = await Hub.Hub.Intake.TakeAsync([.. records.Select(record => new IntakeRequest("psa", record.Entity, null, null, record))]);
                if (answers.FirstOrDefault(answer => answer.Receipt?.Outcome != IntakeOutcome.Accepted) is { } refused)
                {
                    throw new BenchException("an entry was not taken in: " + string.Join("; ", refused.Problems));
                }

                Interlocked.Add(ref sent, answers.Length);
                // A source that sends faster than the hub works would only measure the queue.
                while (doneBefore is { } before && Interlocked.Read(ref sent) - (Interlocked.Read(ref _done) - before) > QueuedMax)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(2), Time, CancellationToken.None);
                }
            }
        })));
    }

    /// <summary>The same, and what each entry has cost; the store's log begins afresh, so that nothing from before is counted.</summary>
    public async Task<(double Rate, Cost Cost)> CostAsync(int count)
    {
        await Bench.CheckpointAsync();
        var before = (Self(), await Bench.ProcessorAsync(), await Bench.WrittenAsync());
        var seconds = await PlayAsync(count);
        await Bench.CheckpointAsync();
        var after = (Self(), await Bench.ProcessorAsync(), await Bench.WrittenAsync());
        return (count / seconds, new Cost(
            (after.Item1 - before.Item1).TotalMicroseconds / count, (after.Item2 - before.Item2).TotalMicroseconds / count, (after.Item3 - before.Item3) / (double)count));
    }

    /// <summary>Waits for something that is looked at again and again; gives up when nothing has been acknowledged for long.</summary>
    public async Task UntilAsync(Func<bool> holds, Func<string> what)
    {
        var (since, seen) = (Time.GetTimestamp(), Progress());
        while (!holds())
        {
            if (Progress() is var now && now != seen)
            {
                (since, seen) = (Time.GetTimestamp(), now);
            }

            if (Time.GetElapsedTime(since) > StillMax)
            {
                throw new BenchException($"nothing has moved for {StillMax.TotalMinutes} minutes: {what()}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(1), Time, CancellationToken.None);
        }

        long Progress() => Interlocked.Read(ref _done) + Store.Operations.GetValueOrDefault("commit entries").Items;
    }

    public async ValueTask DisposeAsync()
    {
        await Hub.DisposeAsync();
        await Store.DisposeAsync();
        if (_ownsBench)
        {
            await Bench.DisposeAsync();
        }
    }

    private static TimeSpan Self()
    {
        using var self = Process.GetCurrentProcess();
        return self.TotalProcessorTime;
    }
}
