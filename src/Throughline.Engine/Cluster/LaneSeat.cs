using System.Collections.Immutable;
using Throughline.Engine.Delivery;
using Throughline.Engine.Schedule;

namespace Throughline.Engine.Cluster;

/// <summary>
/// Whether this hub drives a lane. Who drives it has its row in the store, which lapses unless it is kept; that and the lane's epoch are the truth. The token says who
/// may take the row at once: the broker gives it to one hub, and to another as soon as that one is gone. A token counts only while its number is the row's.
/// Without a broker, whoever finds the row lapsed takes it. Who drives the lane also reads the system, so each source has one reader.
/// </summary>
internal sealed class LaneSeat(string system, string hub, ILaneStore lanes, ICursorStore cursors, IClusterStore cluster, IBroker broker, TimeProvider time)
    : ILaneStore, ICursorStore
{
    /// <summary>How long a driver that is not heard of keeps its lane.</summary>
    public static readonly TimeSpan ValidFor = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan KeepEvery = TimeSpan.FromSeconds(1);

    // Well before a broker closes the channel of who keeps a message too long (30 minutes by default). So lanes also come to hubs that joined later.
    private static readonly TimeSpan TokenKeptMax = TimeSpan.FromMinutes(10);

    private readonly Lock _gate = new();
    private (long Number, BrokerMessage Message, long Since)? _token;
    private bool _isFree;
    private bool _isVoid;
    private long? _epoch;
    private long _keptAt;

    public string System => system;

    /// <summary>The lane is this hub's, as far as it knows.</summary>
    public bool IsDriving
    {
        get
        {
            lock (_gate)
            {
                return _epoch is not null;
            }
        }
    }

    private bool MayTake
    {
        get
        {
            lock (_gate)
            {
                return _token is not null || (_isFree && broker.Trouble is not null);
            }
        }
    }

    /// <summary>Called when this hub begins to drive the lane.</summary>
    public Action? Taken { get; set; }

    public void TokenCame(long number, BrokerMessage message)
    {
        lock (_gate)
        {
            if (_epoch is null)
            {
                _token = (number, message, time.GetTimestamp());
                return;
            }
        }

        // It comes from before an outage of the broker, since there is none for a lane that is driven without one.
        message.Done();
    }

    /// <summary>The token went with the connection. Whoever drives goes on.</summary>
    public void TokenLost()
    {
        lock (_gate)
        {
            _token = null;
        }
    }

    /// <summary>Nobody drives the lane.</summary>
    public void FoundFree()
    {
        lock (_gate)
        {
            _isFree = true;
        }
    }

    /// <summary>One step of the lane, if it is this hub's or can be; returns how many commands moved.</summary>
    public async Task<int> WorkAsync(Lane lane, CancellationToken cancellation)
    {
        if (!IsDriving && !MayTake)
        {
            return 0;
        }

        try
        {
            await KeepAsync(cancellation);
            lane.IsResting = IsToBeLeft();
            var moved = await lane.WorkAsync(hub, cancellation);
            if (lane is { IsResting: true, IsIdle: true })
            {
                await LeaveAsync(lane, cancellation);
            }

            return moved;
        }
        catch (FencedException)
        {
            // Another hub drives it. That is no mishap here: it has our token, or we were silent for too long.
            Settle(token => token.GiveBack());
            lane.Leave();
            return 0;
        }
    }

    /// <summary>Finishes what is under way and hands the lane over; the row is kept meanwhile.</summary>
    /// <param name="ended">The lane takes no more steps.</param>
    public async Task StopAsync(Lane lane, Task ended)
    {
        using var done = new CancellationTokenSource();
        var keeping = KeepUntilAsync(done.Token);
        try
        {
            await ended;
            await lane.DisposeAsync();
        }
        finally
        {
            await done.CancelAsync();
            await keeping;
            await LeaveAsync(lane, CancellationToken.None);
        }
    }

    public async Task<long> TakeLaneAsync(string system, string owner, CancellationToken cancellation)
    {
        long? number;
        lock (_gate)
        {
            (number, _isFree) = (_token?.Number, false);
        }

        var at = time.GetTimestamp();
        if (await cluster.TakeLaneAsync(system, owner, number, ValidFor, cancellation) is { } epoch)
        {
            bool isNew;
            lock (_gate)
            {
                (isNew, _epoch, _keptAt, _isVoid) = (_epoch is null, epoch, at, number is null);
            }

            if (isNew)
            {
                Taken?.Invoke();
            }

            return epoch;
        }

        // Made void by a newer one, or somebody was quicker.
        Settle(token => token.Done());
        throw new FencedException($"The lane of {system} is driven by another hub.");
    }

    public Task<ImmutableArray<Command>> ClaimCommandsAsync(
        string system, long epoch, DateTimeOffset now, DateTimeOffset sendBefore, int max, CancellationToken cancellation) =>
        lanes.ClaimCommandsAsync(system, epoch, now, sendBefore, max, cancellation);

    public Task<ImmutableArray<Command>> ClaimInDoubtAsync(
        string system, long epoch, DateTimeOffset now, DateTimeOffset abandonedBefore, DateTimeOffset probeAgainAt, int max, CancellationToken cancellation) =>
        lanes.ClaimInDoubtAsync(system, epoch, now, abandonedBefore, probeAgainAt, max, cancellation);

    public Task<ImmutableArray<int>> ConcludeAsync(string system, long epoch, ImmutableArray<CommandOutcome> outcomes, CancellationToken cancellation) =>
        lanes.ConcludeAsync(system, epoch, outcomes, cancellation);

    public Task<string?> ReadCursorAsync(string system, string entity, CancellationToken cancellation) => cursors.ReadCursorAsync(system, entity, cancellation);

    public Task WriteCursorAsync(string system, string entity, string cursor, CancellationToken cancellation)
    {
        long? epoch;
        lock (_gate)
        {
            epoch = _epoch;
        }

        return epoch is { } ours
            ? cluster.WriteCursorAsync(system, entity, cursor, ours, cancellation)
            : throw new FencedException($"{system} is read by another hub now.");
    }

    private async Task KeepAsync(CancellationToken cancellation)
    {
        long epoch;
        bool isVoid;
        lock (_gate)
        {
            if (_epoch is null || (time.GetElapsedTime(_keptAt) < KeepEvery && (_token is not null || _isVoid)))
            {
                return;
            }

            (epoch, isVoid) = (_epoch.Value, _token is null && !_isVoid);
        }

        var at = time.GetTimestamp();
        if (!await cluster.KeepLaneAsync(system, epoch, isVoid, ValidFor, cancellation))
        {
            throw new FencedException($"The lane of {system} is driven by another hub.");
        }

        lock (_gate)
        {
            (_keptAt, _isVoid) = (at, _isVoid || isVoid);
        }
    }

    private async Task KeepUntilAsync(CancellationToken done)
    {
        while (!done.IsCancellationRequested)
        {
            try
            {
                await KeepAsync(CancellationToken.None);
            }
            catch (StoreUnavailableException)
            {
                // Perhaps it is back before the row lapses.
            }
            catch (FencedException)
            {
                // Nothing more to keep; what cannot be concluded is said by the lane.
                return;
            }

            await Task.Delay(KeepEvery, time, done).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Back to the broker's ways after an outage of it; and now and then, lest the broker should think that we hang.
    private bool IsToBeLeft()
    {
        lock (_gate)
        {
            return _epoch is not null && (_token is { } token ? time.GetElapsedTime(token.Since) > TokenKeptMax : broker.Trouble is null);
        }
    }

    private async Task LeaveAsync(Lane lane, CancellationToken cancellation)
    {
        long? epoch;
        bool hasToken;
        lock (_gate)
        {
            (epoch, hasToken) = (_epoch, _token is not null);
        }

        lane.Leave();
        Settle(token => token.GiveBack());
        if (epoch is { } left && !hasToken)
        {
            await cluster.LeaveLaneAsync(system, left, cancellation);
        }
    }

    private void Settle(Action<BrokerMessage> how)
    {
        BrokerMessage? message;
        lock (_gate)
        {
            message = _token?.Message;
            (_token, _epoch) = (null, null);
        }

        if (message is not null)
        {
            how(message);
        }
    }
}
