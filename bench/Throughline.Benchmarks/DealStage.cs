using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using Throughline.Engine;
using Throughline.Engine.Intake;

namespace Throughline.Benchmarks;

/// <summary>A hub on a store of its own that won deals are sent through, so many at a time.</summary>
internal sealed class DealStage : IAsyncDisposable
{
    private static readonly TimeProvider Time = TimeProvider.System;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly BenchStore _bench;
    private readonly MeasuredStore _store;
    private readonly HubUnderTest _hub;
    private readonly StepByStep? _steps;
    private readonly SemaphoreSlim _window;
    private int _finished;

    private DealStage(BenchStore bench, MeasuredStore store, HubUnderTest hub, StepByStep? steps, int window)
    {
        (_bench, _store, _hub, _steps, _window) = (bench, store, hub, steps, new SemaphoreSlim(window));
        store.Activated = _ => _window.Release();
        store.Done = _ => Interlocked.Increment(ref _finished);
    }

    public HubUnderTest Hub => _hub;

    public BenchStore Bench => _bench;

    private IntakeService Intake => _steps?.Intake ?? _hub.Hub.Intake;

    /// <param name="sandboxes">Systems that are really called; null where all answer in memory.</param>
    /// <param name="isStepByStep">Without any of the engine's ways to do several things in one transaction.</param>
    public static async Task<DealStage> OpenAsync(string kind, SandboxProcess? sandboxes, int window, bool isStepByStep = false)
    {
        var bench = await BenchStore.OpenAsync(kind);
        MeasuredStore store = isStepByStep ? new StepByStepStore(bench.Open(), isAlone: kind == "sqlite") : new MeasuredStore(bench.Open(), Time);
        await store.MigrateAsync(CancellationToken.None);
        var hub = new HubUnderTest(store, sandboxes?.Where ?? BenchLandscape.Nowhere, _ => sandboxes is null, NullLoggerFactory.Instance);
        var steps = isStepByStep ? new StepByStep(store, hub) : null;
        var stage = new DealStage(bench, store, hub, steps, window);
        if (steps is null)
        {
            hub.Hub.Start();
        }
        else
        {
            steps.Start();
        }

        return stage;
    }

    /// <summary>Plays deals; returns the seconds from the first delivery to the last process done.</summary>
    public async Task<double> PlayAsync(ImmutableArray<WonDeal> deals)
    {
        var begin = Time.GetTimestamp();
        var target = _finished + deals.Length;
        var sending = new List<Task>(deals.Length);
        foreach (var deal in deals)
        {
            if (!await _window.WaitAsync(Patience))
            {
                throw Stuck(target);
            }

            sending.Add(Task.Run(() => HubUnderTest.SendAsync(Intake, deal)));
        }

        await Task.WhenAll(sending);
        while (Volatile.Read(ref _finished) < target)
        {
            if (Time.GetElapsedTime(begin) > Patience)
            {
                throw Stuck(target);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(1), Time, CancellationToken.None);
        }

        return Time.GetElapsedTime(begin).TotalSeconds;
    }

    /// <summary>A rate that leaves deals half done, or with a case for a person, would be worth nothing.</summary>
    public async Task CheckAsync(int deals)
    {
        var counts = await _store.CountAsync(CancellationToken.None);
        if (_finished != deals || counts.CasesOpen + counts.Parked + counts.CommandsInDoubt > 0)
        {
            throw new BenchException($"not every deal went through: {_finished} of {deals}; {counts}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_steps is not null)
        {
            await _steps.DisposeAsync();
        }

        await _hub.DisposeAsync();
        await _store.DisposeAsync();
        await _bench.DisposeAsync();
        _window.Dispose();
    }

    private BenchException Stuck(int target) => new($"after {Patience.TotalMinutes} minutes {target - _finished} deals are not done");
}
