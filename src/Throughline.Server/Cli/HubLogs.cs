using Microsoft.Extensions.Logging.Console;

namespace Throughline.Server.Cli;

/// <summary>Logs of a running hub: one JSON document a line, on the error stream.</summary>
internal static class HubLogs
{
    public static ILoggerFactory Make(LogLevel least = LogLevel.Information) => LoggerFactory.Create(logging => logging
        .SetMinimumLevel(least)
        .AddFilter("Microsoft", LogLevel.Warning)
        // A failed start is told in words by the command.
        .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None)
        .AddJsonConsole(options =>
        {
            options.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
            options.UseUtcTimestamp = true;
            options.IncludeScopes = false;
        })
        .Services.Configure<ConsoleLoggerOptions>(options => options.LogToStandardErrorThreshold = LogLevel.Trace));
}
