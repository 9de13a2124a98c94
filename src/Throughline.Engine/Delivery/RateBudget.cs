namespace Throughline.Engine.Delivery;

/// <summary>
/// Spreads calls evenly: at most so many a second, with a burst of one second's worth. By the time that has passed, not by the clock on the
/// wall: one that was ahead and is set right would else hold the lane back for as long as it was wrong.
/// </summary>
internal sealed class RateBudget(int perSecond, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly TimeSpan _step = TimeSpan.FromSeconds(1.0 / Math.Max(1, perSecond));
    private readonly long _start = time.GetTimestamp();
    private TimeSpan _next;

    /// <summary>Waits until a call may be made.</summary>
    public async ValueTask TakeAsync()
    {
        TimeSpan wait;
        lock (_gate)
        {
            // As if a second had passed unused before the first call.
            var now = time.GetElapsedTime(_start) + TimeSpan.FromSeconds(1);
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
