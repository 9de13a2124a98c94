namespace Throughline.Simulation.World;

/// <summary>
/// Time, order and chance, all from one seed. What is due at the same moment happens in an order that the seed draws, as it would on a
/// thread pool; nothing happens beside it.
/// </summary>
internal sealed class TheWorld
{
    private readonly PriorityQueue<(Room Room, Action Act), (long At, uint Draw, long Number)> _queue = new();
    private readonly int _seed;
    private readonly Random _order;
    private long _number;

    public TheWorld(int seed, bool keepsLog)
    {
        _seed = seed;
        _order = Chance("order");
        Trace = new Trace(this, keepsLog);
        Outside = new Room(this, "outside");
        Clock = new RoomClock(this, Outside);
    }

    public DateTimeOffset Now { get; private set; } = new(2026, 11, 20, 10, 0, 0, TimeSpan.Zero);

    public Trace Trace { get; }

    /// <summary>Where people, senders, networks and target systems live.</summary>
    public Room Outside { get; }

    public RoomClock Clock { get; }

    public long Steps { get; private set; }

    /// <summary>Chance for one purpose, so that drawing more for one leaves the others as they were.</summary>
    public Random Chance(string purpose) => new(unchecked((int)Trace.Mix(Trace.Mix(Trace.Start, purpose), (ulong)(uint)_seed)));

    public void At(TimeSpan delay, Room room, Action act) =>
        _queue.Enqueue((room, act), ((Now + delay).UtcTicks, (uint)_order.Next(), _number++));

    /// <summary>Later, outside of any hub: it happens whatever becomes of whoever caused it.</summary>
    public void Later(TimeSpan delay, Action act) => At(delay, Outside, act);

    /// <summary>Lets time pass until something is so; false where it did not come to be so within the time.</summary>
    public bool Pass(TimeSpan atMost, TimeSpan lookEvery, Func<bool> isSo)
    {
        var end = Now + atMost;
        while (Now < end)
        {
            Pass(lookEvery);
            if (isSo())
            {
                return true;
            }
        }

        return false;
    }

    public void Pass(TimeSpan time)
    {
        var end = Now + time;
        while (_queue.TryPeek(out _, out var next) && next.At <= end.UtcTicks)
        {
            var (room, act) = _queue.Dequeue();
            Now = next.At > Now.UtcTicks ? new DateTimeOffset(next.At, TimeSpan.Zero) : Now;
            Steps++;
            room.Enter(act);
        }

        Now = end;
    }

    /// <summary>A long time in which nothing ran, as for a machine that slept: everything that came due meanwhile happens at its end.</summary>
    public void Leap(TimeSpan time) => Now += time;
}
