using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Throughline.Connect;
using Throughline.Engine.Intake;
using Throughline.Model;

namespace Throughline.Engine.Schedule;

/// <summary>
/// Reads one kind of record of one system from its durable cursor on. The cursor moves only after the page is durable, and the connector
/// overlaps, so a record is seen twice rather than never; what was seen is dropped by its content key.
/// </summary>
public sealed partial class Poller(string system, string entity, IConnector connector, IntakeService intake, ICursorStore store, ILogger<Poller> log)
{
    public string System => system;

    public string Entity => entity;

    /// <summary>Why the last reading failed, null where it worked.</summary>
    public Failure? LastFailure { get; private set; }

    /// <summary>Reads until the system has no more; returns how many records were new.</summary>
    public async Task<int> ReadAsync(CancellationToken cancellation)
    {
        var cursor = await store.ReadCursorAsync(system, entity, cancellation);
        var fresh = 0;
        try
        {
            await foreach (var page in connector.ReadAsync(entity, cursor is null ? null : new Cursor(cursor), cancellation))
            {
                var answers = await intake.TakeAsync([.. page.Records.Select(record => new IntakeRequest(system, entity, null, null, record))]);
                fresh += answers.Count(answer => answer.Receipt?.Outcome == IntakeOutcome.Accepted);
                await store.WriteCursorAsync(system, entity, page.Next.Value, cancellation);
            }

            LastFailure = null;
        }
        catch (ConnectorException e)
        {
            LastFailure = e.Failure;
            LogFailure(system, entity, e.Failure.Message);
        }

        return fresh;
    }

    [LoggerMessage(EventId = 1301, Level = LogLevel.Warning, Message = "TL1301 reading {Entity} of {System} failed and is tried again: {Failure}")]
    private partial void LogFailure(string system, string entity, string failure);
}
