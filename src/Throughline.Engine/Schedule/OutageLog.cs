using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Throughline.Engine.Schedule;

/// <summary>
/// What the log says of one system, or of the store, that does not work: a line when that begins, one when it is over, and in between how often it failed, at most once a
/// minute. Every try of an outage would say the same; the details are on the status page.
/// </summary>
internal sealed partial class OutageLog(string system, TimeProvider time, ILogger log)
{
    /// <summary>The part of a system that its lane is; the others are the records that are read.</summary>
    public const string Writing = "writing";

    private static readonly TimeSpan SayEvery = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly HashSet<string> _failing = new(StringComparer.Ordinal);
    private DateTimeOffset _since;
    private long _saidAt;
    private long _failedAt;
    private int _failed;
    private int _failedSinceSaid;

    /// <summary>Some part of it does not work.</summary>
    public bool IsOut
    {
        get
        {
            lock (_gate)
            {
                return _failing.Count > 0;
            }
        }
    }

    /// <summary>One try failed.</summary>
    public void Failed(string part, string failure)
    {
        lock (_gate)
        {
            Begin(part, failure);
            (_failed, _failedSinceSaid, _failedAt) = (_failed + 1, _failedSinceSaid + 1, time.GetTimestamp());
            if (time.GetElapsedTime(_saidAt) >= SayEvery)
            {
                LogStillOut(system, _since.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture), _failedSinceSaid, part, failure);
                (_saidAt, _failedSinceSaid) = (time.GetTimestamp(), 0);
            }
        }
    }

    /// <summary>A part is known not to work; no try is counted.</summary>
    public void Stands(string part, string failure)
    {
        lock (_gate)
        {
            Begin(part, failure);
        }
    }

    /// <summary>A part works, or is no longer this hub's.</summary>
    public void Works(string part)
    {
        lock (_gate)
        {
            if (_failing.Remove(part) && _failing.Count == 0)
            {
                LogOver(system, (long)(time.GetUtcNow() - _since).TotalSeconds, _failed);
            }
        }
    }

    /// <summary>
    /// It is over where no try failed for that long: for what many loops use, of which some wait for hours between two tries. Where nobody tried nobody knows,
    /// and it counts as working.
    /// </summary>
    public void OverUnlessFailedWithin(TimeSpan quiet)
    {
        lock (_gate)
        {
            if (_failing.Count > 0 && time.GetElapsedTime(_failedAt) > quiet)
            {
                _failing.Clear();
                LogOver(system, (long)(time.GetUtcNow() - _since).TotalSeconds, _failed);
            }
        }
    }

    private void Begin(string part, string failure)
    {
        if (_failing.Add(part) && _failing.Count == 1)
        {
            (_since, _saidAt, _failed, _failedSinceSaid) = (time.GetUtcNow(), time.GetTimestamp(), 0, 0);
            LogOut(system, part, failure);
        }
    }

    [LoggerMessage(EventId = 1301, Level = LogLevel.Warning,
        Message = "TL1301 {System} does not work ({Part}: {Failure}). The hub tries again by itself, and nothing is lost; "
            + "it says when it works again, and how often it failed at most once a minute")]
    private partial void LogOut(string system, string part, string failure);

    [LoggerMessage(EventId = 1302, Level = LogLevel.Warning,
        Message = "TL1302 {System} has not worked since {Since} UTC: {Count} more tries failed, the last one at {Part}: {Failure}")]
    private partial void LogStillOut(string system, string since, int count, string part, string failure);

    [LoggerMessage(EventId = 1303, Level = LogLevel.Warning, Message = "TL1303 {System} works again, after {Seconds} seconds and {Count} failed tries")]
    private partial void LogOver(string system, long seconds, int count);
}

/// <summary>The log of a lane, without a line for each write that meets a system of which it was said already that it does not work.</summary>
internal sealed class LaneLog(ILogger<Delivery.Lane> log, OutageLog outage) : ILogger<Delivery.Lane>
{
    private const int WriteFailed = 1201;

    // Those of the system as a whole; what is wrong with one record is told whatever else happens.
    private static readonly string[] Passing = ["transient: ", "throttled: ", "authentication: "];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => log.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel) => log.IsEnabled(logLevel);

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (eventId.Id == WriteFailed && outage.IsOut && state is IReadOnlyList<KeyValuePair<string, object?>> values
            && values.FirstOrDefault(value => value.Key == "Failure").Value is string failure && Passing.Any(code => failure.StartsWith(code, StringComparison.Ordinal)))
        {
            outage.Failed(OutageLog.Writing, failure);
        }
        else
        {
            log.Log(logLevel, eventId, state, exception, formatter);
        }
    }
}
