using System.Collections.Immutable;
using Throughline.Connect;
using Throughline.Engine.Intake;
using Throughline.Model;

namespace Throughline.Engine.Schedule;

/// <summary>
/// Reads one kind of record of one system from its durable cursor on. The cursor moves only after the page is durable, and the connector
/// overlaps, so a record is seen twice rather than never; what was seen is dropped by its content key.
/// </summary>
public sealed class Poller
{
    private readonly IConnector _connector;
    private readonly IntakeService _intake;
    private readonly ICursorStore _store;
    private readonly OutageLog _outage;

    internal Poller(string system, string entity, IConnector connector, IntakeService intake, ICursorStore store, OutageLog outage) =>
        (System, Entity, _connector, _intake, _store, _outage) = (system, entity, connector, intake, store, outage);

    public string System { get; }

    public string Entity { get; }

    private string Part => "reading " + Entity;

    /// <summary>Why the last reading failed, null where it worked.</summary>
    public Failure? LastFailure { get; private set; }

    /// <summary>Reads until the system has no more; returns how many records were new.</summary>
    public async Task<int> ReadAsync(CancellationToken cancellation)
    {
        var cursor = await _store.ReadCursorAsync(System, Entity, cancellation);
        var fresh = 0;
        try
        {
            await foreach (var page in _connector.ReadAsync(Entity, cursor is null ? null : new Cursor(cursor), cancellation))
            {
                var answers = await _intake.TakeAsync([.. page.Records.Select(record => new IntakeRequest(System, Entity, null, null, record))]);
                fresh += answers.Count(answer => answer.Receipt?.Outcome == IntakeOutcome.Accepted);
                await _store.WriteCursorAsync(System, Entity, page.Next.Value, cancellation);
            }

            LastFailure = null;
            _outage.Works(Part);
        }
        catch (ConnectorException e)
        {
            LastFailure = e.Failure;
            _outage.Failed(Part, e.Failure.Message);
        }

        return fresh;
    }

    /// <summary>Another hub reads it now; what this one knew of it is over.</summary>
    public void Leave()
    {
        LastFailure = null;
        _outage.Works(Part);
    }
}
