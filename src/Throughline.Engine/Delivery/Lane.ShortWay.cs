using System.Collections.Immutable;

namespace Throughline.Engine.Delivery;

/// <summary>Room in a lane for commands that are claimed in the commit that decides them.</summary>
internal readonly record struct LaneRoom(long Epoch, DateTimeOffset SendBefore, int Count);

/// <summary>The lane's end of the short way.</summary>
public sealed partial class Lane
{
    private static readonly TimeSpan HandedMax = TimeSpan.FromSeconds(1);

    private int _kept;
    private int _handed;
    private DateTimeOffset _takeBackAt = DateTimeOffset.MinValue;

    internal ShortWay? ShortWay { get; set; }

    /// <summary>
    /// Keeps room for commands that are about to be decided; null where there is none, or where others wait in the store, which come first. Followed by
    /// <see cref="Send"/> or <see cref="GiveUp"/>, and not by a new epoch before that.
    /// </summary>
    internal LaneRoom? TryKeepRoom(int wanted)
    {
        var now = time.GetUtcNow();
        lock (_gate)
        {
            var mayClaim = _epoch is not null && !_isUncertain && !IsResting && !Volatile.Read(ref _isStopping) && circuit.OpenUntil is null
                && Volatile.Read(ref _isRung) == 0 && now < _lookAt;
            if (!mayClaim || IsFull(Concurrency + _ahead))
            {
                return null;
            }

            var room = Concurrency + _ahead - _running.Count - _kept;
            LookAhead(now, wanted >= room);
            var count = Math.Min(wanted, room);
            _kept += count;
            return new LaneRoom(_epoch!.Value, now + SendWindow, count);
        }
    }

    /// <summary>They have been committed as being sent.</summary>
    internal void Send(LaneRoom room, ImmutableArray<Command> commands)
    {
        Begin(room.Epoch, commands, command => _sender.SendAsync(command, IsHeld), isProbe: false);
        lock (_gate)
        {
            _kept -= room.Count;
        }

        // While the room was kept the lane may have looked and found itself full, and the call that would wake it may be back already.
        if (Volatile.Read(ref _isRung) == 1)
        {
            Woken?.Invoke();
        }
    }

    /// <param name="isUnknown">They may have been committed all the same, and only a newer epoch finds them then.</param>
    internal void GiveUp(LaneRoom room, bool isUnknown)
    {
        lock (_gate)
        {
            _kept -= room.Count;
            _isUncertain |= isUnknown;
        }

        Woken?.Invoke();
    }

    /// <summary>The store has them, each with the receipt that was decided.</summary>
    internal void Concluded(HandedOutcome handed)
    {
        bool isAwaited;
        lock (_gate)
        {
            _handed--;
            _unconcluded.Remove(handed.Outcome.Command);
            isAwaited = IsResting || _isUncertain;
        }

        if (isAwaited)
        {
            Woken?.Invoke();
        }
    }

    /// <summary>The store has it not, or nobody knows: it is concluded the long way, where an outcome that is there already is seen to be the same.</summary>
    internal void TakeBack(HandedOutcome handed)
    {
        _finished.Enqueue((handed.Epoch, handed.Outcome));
        lock (_gate)
        {
            _handed--;
        }

        Woken?.Invoke();
    }

    private void Finish(long epoch, CommandOutcome outcome)
    {
        if (outcome.Receipt is { Kind: EnvelopeKind.Receipt } && ShortWay is { } way && !Volatile.Read(ref _isStopping))
        {
            lock (_gate)
            {
                _handed++;
            }

            if (way.TryHand(new HandedOutcome(this, epoch, outcome, time.GetUtcNow())))
            {
                return;
            }

            lock (_gate)
            {
                _handed--;
            }
        }

        _finished.Enqueue((epoch, outcome));
    }

    private void TakeBackWhatNobodyTook(TimeSpan after)
    {
        var now = time.GetUtcNow();
        if (ShortWay is not { } way || (after > TimeSpan.Zero && now < _takeBackAt))
        {
            return;
        }

        _takeBackAt = now + LookEvery;
        foreach (var handed in way.TakeBack(this, after > TimeSpan.Zero ? now - after : DateTimeOffset.MaxValue))
        {
            TakeBack(handed);
        }
    }

    // Claimed in groups where much is ahead, but never so that slow calls keep others from a slot that is free.
    private bool IsFull(int target) => _running.Count + _kept >= Math.Min(target, Math.Max(Concurrency, (target / 2) + 1));
}
