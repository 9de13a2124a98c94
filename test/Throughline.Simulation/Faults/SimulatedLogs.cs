using Microsoft.Extensions.Logging;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Faults;

/// <summary>What hubs write into their logs; what names a defect is kept for the checkers.</summary>
internal sealed class SimulatedLogs(TheWorld world)
{
    private const int StepFailed = 1001;

    /// <summary>Envelopes that could not be processed (TL1101), connectors that threw (TL1202), loops that failed for another reason than the store.</summary>
    public List<string> Defects { get; } = [];

    public ILoggerFactory Of(string hub) => new Factory(this, hub);

    private void Take(string hub, LogLevel level, EventId id, string text, Exception? exception)
    {
        if (level < LogLevel.Warning)
        {
            return;
        }

        var isExpected = id.Id == StepFailed && exception is Throughline.Engine.StoreUnavailableException or Throughline.Engine.FencedException;
        // The exception's text may hold ids that the machine drew; its kind says enough for the number of the run.
        world.Trace.Note(hub, $"log TL{id.Id}{(exception is null ? "" : ": " + exception.GetType().Name)}");
        if (level >= LogLevel.Error && !isExpected)
        {
            Defects.Add($"{hub}: {text} {exception}");
        }
    }

    private sealed class Factory(SimulatedLogs logs, string hub) : ILoggerFactory, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
            // Nobody else listens.
        }

        public void Dispose()
        {
            // Holds nothing.
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            logs.Take(hub, logLevel, eventId, formatter(state, exception), exception);
    }
}
