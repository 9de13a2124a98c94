namespace Throughline.Engine.Delivery;

/// <summary>Spreads calls evenly: at most so many a second, with a burst of one second's worth.</summary>
internal sealed class RateBudget(int perSecond, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly TimeSpan _step = TimeSpan.FromSeconds(1.0 / Math.Max(1, perSecond));
    private DateTimeOffset _next = DateTimeOffset.MinValue;

    /// <summary>Waits until a call may be made.</summary>
    public async ValueTask TakeAsync()
    {
        TimeSpan wait;
        lock (_gate)
        {
            var now = time.GetUtcNow();
            var earliest = now - TimeSpan.FromSeconds(1);
            _next = (_next < earliest ? earliest : _next) + _step;
            wait = _next - now;
        }

        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, time);
        }
    }
}
