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
    public static IDisposable Until(DateTimeOffset until, TimeProvider time)
    {
        var outer = Current.Value;
        Current.Value = new Deadline(until, time);
        return new Scope(outer);
    }

    /// <summary>By the clock, or by the time that has gone by since: either may be wrong.</summary>
    public static bool HasPassed => Current.Value is { } deadline && deadline.HasPassed;

    private sealed class Deadline(DateTimeOffset until, TimeProvider time)
    {
        private readonly long _began = time.GetTimestamp();
        private readonly TimeSpan _left = until - time.GetUtcNow();

        public bool HasPassed => time.GetUtcNow() > until || time.GetElapsedTime(_began) > _left;
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
