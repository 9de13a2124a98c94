using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Throughline.Connect;
using Throughline.Landscape;
using Throughline.Model;

namespace Throughline.Engine.Delivery;

/// <summary>
/// The one way to one system: takes commands in order of importance, marks them durably as being sent, sends them within the system's
/// limits, and concludes them with their receipts. It is the only place that sends anything twice (invariant 5), and never after silence
/// without asking the target first (invariant 3). Calls run beside each other; a slow one holds up nothing but its own record.
/// </summary>
public sealed partial class Lane(
    SystemDeclaration system, IConnector connector, ILaneStore store, IDoorbell doorbell, LaneCircuit circuit, TimeProvider time, Random random, ILogger<Lane> log)
    : IAsyncDisposable
{
    private const int AheadMax = 256;
    internal static readonly TimeSpan SendWindow = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ProbeAgain = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ProbeLookEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Brisk = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly CommandSender _sender = new(system, connector, time);
    private readonly SemaphoreSlim _slots = new(Math.Max(1, system.Limits.Concurrency));
    private readonly HashSet<Task> _running = [];

    // From the claim until the store has its outcome.
    private readonly HashSet<CommandId> _unconcluded = [];
    private readonly ConcurrentQueue<(long Epoch, CommandOutcome Outcome)> _finished = new();
    private long? _epoch;

    // The last epoch that this hub took, and when it last took the lane from somebody else, by elapsed time.
    private long _takenLast = long.MinValue;
    private long _tookOverAt;
    private bool _isUncertain;
    private bool _isStopping;
    private int _ahead;
    private int _isRung;
    private DateTimeOffset _lookAt = DateTimeOffset.MinValue;
    private DateTimeOffset _claimedAt = DateTimeOffset.MinValue;
    private DateTimeOffset _filledAt = DateTimeOffset.MinValue;
    private DateTimeOffset _probeLookAt = DateTimeOffset.MinValue;

    public string System => system.Name;

    public LaneCircuit Circuit => circuit;

    /// <summary>Called when there may be something to do: commands were decided, or a call has come back.</summary>
    public Action? Woken { get; set; }

    /// <summary>Says that commands for this system were decided. Only a hint: the lane also looks by itself.</summary>
    public void Ring()
    {
        Volatile.Write(ref _isRung, 1);
        Woken?.Invoke();
    }

    /// <summary>What has come back is concluded, and nothing new is begun.</summary>
    public bool IsResting { get; set; }

    /// <summary>Nothing is under way.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_gate)
            {
                return _running.Count + _kept + _handed == 0 && _finished.IsEmpty;
            }
        }
    }

    /// <summary>This hub does not drive the lane any more.</summary>
    public void Leave() => Drive(null);

    private int Concurrency => Math.Max(1, system.Limits.Concurrency);

    private int Running
    {
        get
        {
            lock (_gate)
            {
                return _running.Count + _kept;
            }
        }
    }

    /// <summary>One step: concludes what has come back, then begins what is due; returns how many commands moved.</summary>
    public async Task<int> WorkAsync(string owner, CancellationToken cancellation)
    {
        try
        {
            TakeBackWhatNobodyTook(HandedMax);
            if (IsResting || (_isUncertain && !IsIdle))
            {
                return await ConcludeAsync();
            }

            if (_epoch is null || _isUncertain)
            {
                Drive(null);
                Drive(await store.TakeLaneAsync(system.Name, owner, cancellation));
                if (_epoch != _takenLast + 1)
                {
                    _tookOverAt = time.GetTimestamp();
                }

                _takenLast = _epoch!.Value;
            }

            var epoch = _epoch!.Value;
            var concluded = await ConcludeAsync();
            if (!circuit.MayPass(time.GetUtcNow()) || (circuit.IsTrying && Running > 0))
            {
                return concluded;
            }

            var begun = await ProbeAsync(epoch) + await SendAsync(epoch);
            if (begun == 0 && circuit.IsTrying)
            {
                Try();
            }

            return concluded + begun;
        }
        catch (FencedException)
        {
            // Another hub drives the lane. What is still under way there will be asked for by it; nothing of ours counts any more.
            Drive(null);
            throw;
        }
    }

    // Without an epoch nothing is claimed, so a new one makes sure of everything again.
    private void Drive(long? epoch)
    {
        lock (_gate)
        {
            _epoch = epoch;
            _isUncertain &= epoch is null;
        }
    }

    /// <summary>Begins nothing more, waits for the calls under way and concludes them.</summary>
    public async ValueTask DisposeAsync()
    {
        Volatile.Write(ref _isStopping, true);
        Task[] running;
        lock (_gate)
        {
            running = [.. _running];
        }

        await Task.WhenAll(running);
        _slots.Dispose();
        TakeBackWhatNobodyTook(TimeSpan.Zero);
        await ConcludeAsync();
    }

    private async Task<int> ProbeAsync(long epoch)
    {
        var now = time.GetUtcNow();
        if (now < _probeLookAt)
        {
            return 0;
        }

        // While the circuit is half open one call at a time finds out whether the system is back.
        var max = circuit.IsTrying ? 1 : Math.Min(Concurrency, Concurrency + _ahead - Running);
        if (max <= 0)
        {
            return 0;
        }

        // What a former driver claimed it may still be sending, for as long as a claim is good; its clock and ours may differ, so both are asked.
        var late = system.Limits.TimeOut + system.Limits.Margin;
        var abandoned = time.GetElapsedTime(_tookOverAt) < SendWindow + late ? DateTimeOffset.UnixEpoch : now - late;
        var commands = await ClaimAsync(() => store.ClaimInDoubtAsync(
            system.Name, epoch, now, abandoned, now + system.Limits.TimeOut + ProbeAgain, max, CancellationToken.None));
        _probeLookAt = commands.Length == max ? now : now + ProbeLookEvery;
        return Begin(epoch, commands, _sender.ProbeAsync, isProbe: true);
    }

    private async Task<int> SendAsync(long epoch)
    {
        var now = time.GetUtcNow();
        int max;
        lock (_gate)
        {
            var target = circuit.IsTrying ? 1 : Concurrency + _ahead;
            if (IsFull(target) || (Interlocked.Exchange(ref _isRung, 0) == 0 && now < _lookAt && !circuit.IsTrying))
            {
                return 0;
            }

            max = target - _running.Count - _kept;
            // Nobody keeps room beside this claim.
            _lookAt = now;
        }

        var commands = await ClaimAsync(() => store.ClaimCommandsAsync(system.Name, epoch, now, now + SendWindow, max, CancellationToken.None));
        lock (_gate)
        {
            _lookAt = commands.Length == max ? now : now + LookEvery;
            LookAhead(now, commands.Length == max);
        }

        return Begin(epoch, commands, command => _sender.SendAsync(command, IsHeld), isProbe: false);
    }

    // A system that answers quickly is given more with each mark in the store; a slow one no more than can be sent in time.
    private void LookAhead(DateTimeOffset now, bool isBusy)
    {
        var isSlow = now - _claimedAt > Slow;
        var isBrisk = isBusy && now - _filledAt < Brisk;
        _claimedAt = now;
        _filledAt = isBusy ? now : _filledAt;
        _ahead = isSlow ? _ahead / 2
            : isBrisk ? Math.Min(Math.Min(AheadMax, system.Limits.PerSecond), (_ahead * 2) + Concurrency)
            : _ahead;
    }

    // Not called off by stopping, which would leave what it marked in doubt. Whether one that failed was committed is not known; what
    // it may have marked is found again only under a newer epoch.
    private async Task<ImmutableArray<Command>> ClaimAsync(Func<Task<ImmutableArray<Command>>> claim)
    {
        try
        {
            return await claim();
        }
        catch
        {
            lock (_gate)
            {
                _isUncertain = true;
            }

            throw;
        }
    }

    private bool IsHeld() => Volatile.Read(ref _isStopping) || circuit.OpenUntil > time.GetUtcNow();

    private int Begin(long epoch, ImmutableArray<Command> commands, Func<Command, Task<SendResult>> act, bool isProbe)
    {
        // A question that waited long for its turn becomes due a second time. Its late answer "not there" must not meet a new attempt
        // that the first answer led to: that would be sent twice.
        foreach (var command in commands)
        {
            var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (_gate)
            {
                if (!_unconcluded.Add(command.Id))
                {
                    // Still under way from before this hub lost the lane and took it again: only a newer epoch finds it once more.
                    _isUncertain |= !isProbe;
                    continue;
                }

                _running.Add(begun.Task);
            }

            // The place in the queue is taken here, so that the most important goes first.
            var slot = _slots.WaitAsync();
            _ = Background.Run(() => CallAsync(epoch, command, act, isProbe, slot, begun));
        }

        return commands.Length;
    }

    private async Task CallAsync(long epoch, Command command, Func<Command, Task<SendResult>> act, bool isProbe, Task slot, TaskCompletionSource begun)
    {
        await slot;
        try
        {
            var result = !isProbe && IsHeld() ? new SendResult { NotSent = true } : await GuardedAsync(() => act(command), isProbe, command.Id);
            Finish(epoch, Conclude(command, result));
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // A defect of ours after the answer: without an outcome the command would be in nobody's hands.
            LogDefect(e, command.Id, system.Name);
            var failure = $"in-doubt: what {system.Name} answered could not be worked out ({e.GetType().Name}); see TL1202 in the log";
            _finished.Enqueue((epoch, new CommandOutcome(command.Id, CommandStatus.InDoubt, time.GetUtcNow() + system.Limits.Margin + ProbeAgain, failure, null)));
        }
        finally
        {
            _slots.Release();
            lock (_gate)
            {
                _running.Remove(begun.Task);
            }

            begun.SetResult();
            Woken?.Invoke();
        }
    }

    // Nothing is due by which to find out whether the system is back, and it would count as out until something is.
    private void Try()
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _running.Add(begun.Task);
        }

        _ = Background.Run(async () =>
        {
            var answer = await GuardedAsync(_sender.TryAsync, isProbe: true);
            circuit.Note(answer.Failure, time.GetUtcNow());
            lock (_gate)
            {
                _running.Remove(begun.Task);
            }

            begun.SetResult();
            Woken?.Invoke();
        });
    }

    // A defect of a connector strikes one command, not the others; and since nobody knows how far it came, the target is asked.
    private async Task<SendResult> GuardedAsync(Func<Task<SendResult>> act, bool isProbe, CommandId? command = null)
    {
        try
        {
            return await act();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            LogDefect(e, command, system.Name);
            var failure = new Failure.InDoubt($"the connector of {system.Name} failed unexpectedly ({e.GetType().Name}); see TL1202 in the log");
            return new SendResult { WasProbe = isProbe, Failure = failure };
        }
    }

    [LoggerMessage(EventId = 1202, Level = LogLevel.Error, Message = "TL1202 an unexpected failure at command {Command} to {System}; the target is asked")]
    private partial void LogDefect(Exception e, CommandId? command, string system);

    [LoggerMessage(EventId = 1203, Level = LogLevel.Error, Message = "TL1203 the answer of {System} to command {Command} cannot be kept; a case asks a person to look there")]
    private partial void LogUnkept(Exception e, CommandId command, string system);
}
