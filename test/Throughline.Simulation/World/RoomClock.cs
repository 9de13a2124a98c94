namespace Throughline.Simulation.World;

/// <summary>The clock of one room. It may be wrong (<see cref="Skew"/>); how fast time passes is the same everywhere.</summary>
internal sealed class RoomClock(TheWorld world, Room room) : TimeProvider
{
    public TimeSpan Skew { get; set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => world.Now + Skew;

    public override long GetTimestamp() => world.Now.UtcTicks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new RoomTimer(world, room, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class RoomTimer(TheWorld world, Room room, Action callback) : ITimer
    {
        private int _generation;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var generation = ++_generation;
            if (dueTime >= TimeSpan.Zero)
            {
                world.At(dueTime, room, () => Fire(generation, period));
            }

            return true;
        }

        public void Dispose() => _generation++;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Fire(int generation, TimeSpan period)
        {
            if (generation != _generation)
            {
                return;
            }

            if (period > TimeSpan.Zero)
            {
                world.At(period, room, () => Fire(generation, period));
            }

            callback();
        }
    }
}
