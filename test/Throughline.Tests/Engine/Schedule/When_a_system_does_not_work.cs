using Microsoft.Extensions.Logging;
using Throughline.Engine.Delivery;
using Throughline.Engine.Schedule;
using Throughline.Tests.Engine.Delivery;
using Xunit;

namespace Throughline.Tests.Engine.Schedule;

/// <summary>An outage is told when it begins and when it is over, and not with every try.</summary>
public sealed class When_a_system_does_not_work
{
    private readonly ManualClock _clock = new(new DateTimeOffset(2026, 11, 21, 9, 0, 0, TimeSpan.Zero));
    private readonly Lines _lines = new();
    private readonly OutageLog _outage;

    public When_a_system_does_not_work() => _outage = new OutageLog("erp", _clock, _lines);

    [Fact]
    public void Should_say_it_once_and_once_that_it_is_over()
    {
        for (var i = 0; i < 50; i++)
        {
            _outage.Failed("reading Account", "connection refused");
            _outage.Failed("reading Contract", "connection refused");
            _outage.Stands(OutageLog.Writing, "connection refused");
            _clock.Pass(TimeSpan.FromSeconds(1));
        }

        _outage.Works("reading Account");
        _outage.Works("reading Contract");
        Assert.True(_outage.IsOut);
        Assert.StartsWith("TL1301 erp does not work (reading Account: connection refused).", Assert.Single(_lines.Written), StringComparison.Ordinal);
        _outage.Works(OutageLog.Writing);
        _outage.Works(OutageLog.Writing);
        Assert.False(_outage.IsOut);
        Assert.Equal("TL1303 erp works again, after 50 seconds and 100 failed tries", Assert.Single(_lines.Written[1..]));
    }

    [Fact]
    public void Should_count_at_most_once_a_minute()
    {
        for (var i = 0; i <= 150; i++)
        {
            _outage.Failed("reading Account", "no answer");
            _clock.Pass(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(
            ["TL1302 erp has not worked since 2026-11-21 09:00:00 UTC: 61 more tries failed, the last one at reading Account: no answer",
                "TL1302 erp has not worked since 2026-11-21 09:00:00 UTC: 60 more tries failed, the last one at reading Account: no answer"],
            _lines.Written[1..]);
    }

    [Fact]
    public void Should_tell_of_a_second_outage_as_of_the_first()
    {
        _outage.Failed("reading Account", "no answer");
        _outage.Works("reading Account");
        _outage.Failed("reading Account", "no answer");
        Assert.Equal(["TL1301", "TL1303", "TL1301"], _lines.Written.Select(line => line[..6]));
    }

    [Fact]
    public void Should_be_over_when_no_try_has_failed_for_a_while()
    {
        var quiet = TimeSpan.FromSeconds(5);
        _outage.Failed("intake", "disk full");
        _clock.Pass(quiet);
        _outage.Failed("timers", "disk full");
        _clock.Pass(quiet);
        _outage.OverUnlessFailedWithin(quiet);
        Assert.True(_outage.IsOut);
        _clock.Pass(TimeSpan.FromSeconds(1));
        _outage.OverUnlessFailedWithin(quiet);
        _outage.OverUnlessFailedWithin(quiet);
        Assert.False(_outage.IsOut);
        Assert.Equal("TL1303 erp works again, after 11 seconds and 2 failed tries", Assert.Single(_lines.Written[1..]));
    }

    /// <summary>A refusal of one record concerns that record, whatever else happens.</summary>
    [Fact]
    public void Should_count_writes_that_fail_with_it_and_still_tell_of_refused_ones()
    {
        var lane = new LaneLog(new LoggerOf<Lane>(_lines), _outage);
        Write(lane, "transient: connection refused");
        Assert.Single(_lines.Written);
        _outage.Stands(OutageLog.Writing, "connection refused");
        Write(lane, "transient: connection refused");
        Write(lane, "throttled: slow down");
        Assert.Equal(2, _lines.Written.Count);
        Write(lane, "validation: no such customer");
        Assert.EndsWith("validation: no such customer", _lines.Written[^1], StringComparison.Ordinal);
        _outage.Works(OutageLog.Writing);
        Assert.EndsWith("and 2 failed tries", _lines.Written[^1], StringComparison.Ordinal);
    }

    private static void Write(LaneLog lane, string failure) => lane.Log<IReadOnlyList<KeyValuePair<string, object?>>>(
        LogLevel.Warning, new EventId(1201), [new("Failure", failure)], null, (state, _) => $"TL1201 {state[0].Value}");

    private sealed class Lines : ILogger
    {
        public List<string> Written { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Written.Add(formatter(state, exception));
    }

    private sealed class LoggerOf<T>(ILogger log) : ILogger<T>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => log.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => log.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            log.Log(logLevel, eventId, state, exception, formatter);
    }
}
