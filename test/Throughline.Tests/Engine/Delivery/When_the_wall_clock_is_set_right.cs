using System.Reflection;
using Throughline.Engine.Delivery;
using Xunit;

namespace Throughline.Tests.Engine.Delivery;

/// <summary>Found by the simulation: a lane that had worked under a clock far ahead stood still for as long as the clock had been wrong.</summary>
public sealed class When_the_wall_clock_is_set_right
{
    [Fact]
    public async Task Should_not_hold_back_the_calls_of_a_lane()
    {
        var clock = new WrongClock { Now = new DateTimeOffset(2026, 11, 20, 12, 0, 0, TimeSpan.Zero) };
        var budget = Activator.CreateInstance(typeof(Lane).Assembly.GetType("Throughline.Engine.Delivery.RateBudget")!, 20, clock)!;
        var take = budget.GetType().GetMethod("TakeAsync", BindingFlags.Public | BindingFlags.Instance)!;
        await (ValueTask)take.Invoke(budget, null)!;

        clock.Now -= TimeSpan.FromHours(1);
        await (ValueTask)take.Invoke(budget, null)!;

        Assert.Equal(TimeSpan.Zero, clock.Waited);
    }

    /// <summary>No time passes; the wall says what it likes.</summary>
    private sealed class WrongClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; }

        public TimeSpan Waited { get; private set; }

        public override DateTimeOffset GetUtcNow() => Now;

        public override long GetTimestamp() => 0;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Waited += dueTime;
            return System.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }
}
