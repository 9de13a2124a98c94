using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Logging.Abstractions;
using Throughline.Connect;
using Throughline.Engine;
using Throughline.Engine.Delivery;
using Throughline.Engine.Entries;
using Throughline.Engine.Intake;
using Throughline.Engine.Partition;
using Throughline.Engine.Process;
using Throughline.Processes;

namespace Throughline.Benchmarks;

/// <summary>
/// The same processes, maps and decisions as the hub's, put together so that each step is a transaction of its own: the hub without its ways to do
/// several things at once. What such a hub can do beside each other it does: partitions are worked by many, calls to a system run together.
/// </summary>
internal sealed class StepByStep : IAsyncDisposable
{
    // More than the cores, so that waiting for a commit costs nothing: what is compared is work, not idleness.
    private const int Workers = 16;
    private static readonly TimeProvider Time = TimeProvider.System;
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);

    private readonly MeasuredStore _store;
    private readonly InProcessDoorbell _doorbell = new();
    private readonly GroupCommit _commit;
    private readonly PartitionWorker _worker;
    private readonly ImmutableArray<Lane> _lanes;
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _signals = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _loops = [];

    public StepByStep(MeasuredStore store, HubUnderTest hub)
    {
        _store = store;
        var definitions = new DefinitionLibrary();
        foreach (var definition in hub.Landscape.Processes.Values)
        {
            definitions.Add(definition);
        }

        var release = new ReleaseHolder(hub.Landscape);
        _commit = new GroupCommit(store, _doorbell);
        Intake = new IntakeService(release, _commit, new EntryHomes(store), system => hub.Connectors.GetValueOrDefault(system)?.Manifest, Time);
        _worker = new PartitionWorker(store, release, ProcessCatalog.Decisions, definitions, _doorbell, Time, NullLogger<PartitionWorker>.Instance)
        {
            CommandsDecided = systems =>
            {
                foreach (var lane in _lanes!.Where(lane => systems.Contains(lane.System)))
                {
                    lane.Ring();
                }
            },
        };
        _lanes =
        [
            .. hub.Landscape.Systems.Values.Select(system => new Lane(
                system, hub.Connectors[system.Name], store, _doorbell, new LaneCircuit(), Time, new Random(1), NullLogger<Lane>.Instance)),
        ];
        foreach (var lane in _lanes)
        {
            var signal = _signals[lane.System] = new SemaphoreSlim(0);
            lane.Woken = () => signal.Release();
        }
    }

    public IntakeService Intake { get; }

    public void Start()
    {
        for (var i = 0; i < Workers; i++)
        {
            Loop(WorkAsync);
        }

        Loop(LookAsync);
        foreach (var lane in _lanes)
        {
            Loop(cancellation => DriveAsync(lane, cancellation));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_loops);
        foreach (var lane in _lanes)
        {
            await lane.DisposeAsync();
        }

        await _commit.DisposeAsync();
        _stop.Dispose();
    }

    private async Task WorkAsync(CancellationToken cancellation)
    {
        var bells = await _doorbell.NextAsync(1, cancellation);
        try
        {
            // The store gives one envelope at a time.
            while (!Bell.IsOfEntries(bells[0]) && await _worker.WorkAsync(bells, "bench", cancellation) > 0)
            {
            }
        }
        finally
        {
            _doorbell.Answered(bells[0]);
        }
    }

    private async Task LookAsync(CancellationToken cancellation)
    {
        foreach (var partition in await _store.PartitionsWithWorkAsync(cancellation))
        {
            _doorbell.Ring(partition);
        }

        await Task.Delay(LookEvery, Time, cancellation);
    }

    private async Task DriveAsync(Lane lane, CancellationToken cancellation)
    {
        if (await lane.WorkAsync("bench", cancellation) == 0)
        {
            await _signals[lane.System].WaitAsync(LookEvery, cancellation);
        }
    }

    private void Loop(Func<CancellationToken, Task> once) => _loops.Add(Task.Run(async () =>
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await once(_stop.Token);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // Nothing is made good here: what hangs because of it ends the measurement.
                await Console.Error.WriteLineAsync($"throughline-bench: a step of the stepwise hub failed: {e.Message}");
                return;
            }
        }
    }));
}

/// <summary>
/// A store that never does two things in one transaction: one delivery, one envelope's decision, one claim, one conclusion each. They run beside each
/// other where the database lets them.
/// </summary>
/// <param name="isAlone">The database has one writer, which would otherwise join what waits for it into one commit.</param>
internal sealed class StepByStepStore(IHubStore inner, bool isAlone) : MeasuredStore(inner, TimeProvider.System)
{
    private const int ClaimsMax = 8;

    private readonly SemaphoreSlim _writer = new(isAlone ? 1 : int.MaxValue);

    public override async Task<ImmutableArray<IntakeReceipt>> AppendAsync(ImmutableArray<IntakeItem> items, CancellationToken cancellation) =>
        Together(await Task.WhenAll(items.Select(item => WriteAsync(() => base.AppendAsync([item], cancellation)))));

    public override async Task<ImmutableArray<Envelope>> ReadEnvelopesAsync(ImmutableArray<int> partitions, int maxEach, CancellationToken cancellation) =>
        await base.ReadEnvelopesAsync(partitions[..1], 1, cancellation);

    public override Task CommitAsync(ImmutableArray<PartitionCommit> commits, CancellationToken cancellation) => WriteAsync(async () =>
    {
        await base.CommitAsync(commits, cancellation);
        return true;
    });

    public override async Task<ImmutableArray<Command>> ClaimCommandsAsync(
        string system, long epoch, DateTimeOffset now, DateTimeOffset sendBefore, int max, CancellationToken cancellation)
    {
        // More at once only where there are more, so that few of them find nothing.
        var claimed = ImmutableArray.CreateBuilder<Command>();
        for (var several = 1; claimed.Count < max; several = Math.Min(several * 2, Math.Min(ClaimsMax, max - claimed.Count)))
        {
            var some = Together(await Task.WhenAll(
                Enumerable.Range(0, several).Select(_ => WriteAsync(() => base.ClaimCommandsAsync(system, epoch, now, sendBefore, 1, cancellation)))));
            claimed.AddRange(some);
            if (some.Length < several)
            {
                break;
            }
        }

        return claimed.DrainToImmutable();
    }

    public override async Task<ImmutableArray<int>> ConcludeAsync(string system, long epoch, ImmutableArray<CommandOutcome> outcomes, CancellationToken cancellation) =>
        [.. Together(await Task.WhenAll(outcomes.Select(outcome => WriteAsync(() => base.ConcludeAsync(system, epoch, [outcome], cancellation))))).Distinct()];

    private static ImmutableArray<T> Together<T>(ImmutableArray<T>[] parts) => [.. parts.SelectMany(part => part)];

    private async Task<T> WriteAsync<T>(Func<Task<T>> write)
    {
        await _writer.WaitAsync();
        try
        {
            return await write();
        }
        finally
        {
            _writer.Release();
        }
    }
}
