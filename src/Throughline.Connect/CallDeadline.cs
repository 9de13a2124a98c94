namespace Throughline.Connect;

/// <summary>
/// Until when the call that runs now may still begin to send something. Delivery sets it around a write; <see cref="HttpPipeline"/> looks at it before each request, however
/// many the connector makes for one call, and once more when the bytes are about to leave. A timer would not do: a process that was frozen for a minute may go on with its next
/// request before its timers are looked at, and by then another hub may have asked the target and sent the write itself.
/// </summary>
public static class CallDeadline
{
    private static readonly AsyncLocal<Deadline?> Current = new();

    /// <summary>Holds until it is disposed, for the calls made meanwhile.</summary>
    /// <param name="until">By the clock by which the successor counts.</param>
    /// <param name="atMost">From now on, whatever the clock says: it may have been set back.</param>
    public static IDisposable Until(DateTimeOffset until, TimeSpan atMost, TimeProvider time)
    {
        var left = until - time.GetUtcNow();
        return Set(new Deadline(until, left < atMost ? left : atMost, time));
    }

    /// <summary>None for the calls made until this is disposed: what only reads does no harm at any time, and is needed to say what a write has made.</summary>
    public static IDisposable None() => Set(null);

    /// <summary>How long a request may still take; null without a deadline. An answer that comes later would come after the successor has asked.</summary>
    public static TimeSpan? Left => Current.Value?.Left;

    /// <summary>By the clock, or by the time that has gone by since: either may be wrong.</summary>
    public static bool HasPassed => Left < TimeSpan.Zero;

    private static Scope Set(Deadline? deadline)
    {
        var outer = Current.Value;
        Current.Value = deadline;
        return new Scope(outer);
    }

    private sealed class Deadline(DateTimeOffset until, TimeSpan length, TimeProvider time)
    {
        private readonly long _began = time.GetTimestamp();

        public TimeSpan Left
        {
            get
            {
                var (byClock, byTime) = (until - time.GetUtcNow(), length - time.GetElapsedTime(_began));
                return byClock < byTime ? byClock : byTime;
            }
        }
    }

    private sealed class Scope(Deadline? outer) : IDisposable
    {
        public void Dispose() => Current.Value = outer;
    }
}

/// <summary>Thrown where a request would have left after its call's deadline.</summary>
internal sealed class TooLateException() : Exception("the time in which it might be sent had passed");

/// <summary>Content that leaves in time or not at all: HTTP connections may take seconds to be made, after the request was handed over.</summary>
internal sealed class TimelyContent : HttpContent
{
    private readonly HttpContent _content;

    public TimelyContent(HttpContent content)
    {
        _content = content;
        foreach (var header in content.Headers)
        {
            Headers.TryAddWithoutValidation(header.Key, header.Value);
        }
    }

    protected override Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context) =>
        CallDeadline.HasPassed ? Task.FromException(new TooLateException()) : _content.CopyToAsync(stream, context);

    protected override bool TryComputeLength(out long length)
    {
        length = _content.Headers.ContentLength ?? -1;
        return length >= 0;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _content.Dispose();
        }

        base.Dispose(disposing);
    }
}
