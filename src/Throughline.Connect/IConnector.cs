using System.Collections.Immutable;
using Throughline.Model;

namespace Throughline.Connect;

/// <summary>
/// One connected system, seen as source records and writes. A connector speaks the wire; what a record means is the
/// landscape's business. It never retries, sleeps or remembers: it classifies what happened and Delivery decides.
/// Members may be called concurrently. None is called after disposal.
/// </summary>
public interface IConnector : IAsyncDisposable
{
    Manifest Manifest { get; }

    /// <summary>Asks the system who we are and what it is, changing nothing. Never throws for what the system says.</summary>
    Task<ConnectionReport> TestAsync(CancellationToken cancellation);

    /// <summary>
    /// Reads records that changed since <paramref name="from"/> (all, where null), in pages. The cursor of a page is safe to keep
    /// once that page is durable: reading again from it skips nothing, though it may repeat what was seen (overlap).
    /// The sequence ends when the system has no more; the caller comes back later with the last cursor.
    /// </summary>
    /// <exception cref="ConnectorException">The page could not be read; nothing after the last cursor is lost.</exception>
    IAsyncEnumerable<SourcePage> ReadAsync(string entity, Cursor? from, CancellationToken cancellation);

    /// <summary>
    /// Looks a record up by the values of one of the entity's declared find keys, or by <see cref="FindRequest.ById"/>.
    /// Returns every match, so that an ambiguous key is seen. This is how a command in doubt is probed (invariant 3),
    /// so it must see a record as soon as the system has accepted it.
    /// </summary>
    /// <exception cref="ConnectorException">The look-up itself failed; nothing is known about the record.</exception>
    Task<ImmutableArray<SourceRecord>> FindAsync(FindRequest request, CancellationToken cancellation);

    /// <summary>
    /// Writes items in order and answers one receipt per item, in the same order. Never throws for an item or for the
    /// transport; what is not known to have failed is <see cref="Failure.InDoubt"/>.
    /// </summary>
    Task<ImmutableArray<Receipt>> WriteAsync(ImmutableArray<WriteItem> items, CancellationToken cancellation);
}

/// <summary>Makes connectors of one kind; stateless and listed in the catalogue.</summary>
public interface IConnectorKind
{
    Manifest Manifest { get; }

    /// <summary>Makes a connector. Opens nothing: the first call does.</summary>
    IConnector Create(ConnectorContext context);
}

/// <summary>
/// What a connector is given. Configuration has been checked against the manifest; secrets are resolved at each use, so they rotate
/// without restart.
/// </summary>
/// <param name="System">The system's name in the landscape, for messages and the client name in the vendor's log.</param>
/// <param name="Configuration">Values of the manifest's configuration fields, without secrets.</param>
/// <param name="Secret">The current value of a secret field.</param>
/// <param name="Transport">The bottom of the HTTP stack; shared, not to be disposed.</param>
public sealed record ConnectorContext(
    string System,
    Fields Configuration,
    Func<string, string> Secret,
    HttpMessageHandler Transport,
    TimeProvider Time);

/// <summary>An opaque, connector-made place in a stream of changes.</summary>
public sealed record Cursor(string Value);

/// <summary>A page of source records and the cursor that is safe once they are durable.</summary>
public sealed record SourcePage(ImmutableArray<SourceRecord> Records, Cursor Next);

/// <summary>One record as a system sent it.</summary>
/// <param name="Entity">The vendor's own name of the kind of record, for example <c>Opportunity</c> or <c>party.party</c>.</param>
/// <param name="ExternalId">The system's id of the record.</param>
/// <param name="Version">Grows with every change where the system has such a thing (time stamp or lock version), else null.</param>
/// <param name="Fields">The content, with the vendor's names.</param>
/// <param name="Deleted">True where the system says that the record is gone.</param>
public sealed record SourceRecord(string Entity, string ExternalId, string? Version, Fields Fields, bool Deleted = false);

/// <summary>A look-up by equality on the named fields.</summary>
public sealed record FindRequest(string Entity, Fields Key)
{
    public const string IdField = "@id";

    /// <summary>A look-up by the system's own id.</summary>
    public static FindRequest ById(string entity, string externalId) => new(entity, Fields.Of((IdField, externalId)));
}

public enum WriteOperation
{
    /// <summary>Make a new record.</summary>
    Create,

    /// <summary>Change the named fields of the record <see cref="WriteItem.ExternalId"/>.</summary>
    Update,

    /// <summary>Take back a creation: delete, cancel or archive, whichever the manifest says for the entity.</summary>
    Undo,
}

/// <summary>One write to a system. Its content was frozen when it was decided.</summary>
/// <param name="IdempotencyKey">Stored before the write; sent along where the system takes one.</param>
/// <param name="ExternalId">The record to change or undo; null for a creation.</param>
/// <param name="Find">The business key by which the record can be found again; null only where the landscape declares none.</param>
/// <param name="ExpectedVersion">
/// Where given and the system supports it, the write is refused with <see cref="Failure.Conflict"/> if the record has another version.
/// </param>
public sealed record WriteItem(
    string IdempotencyKey,
    string Entity,
    WriteOperation Operation,
    string? ExternalId,
    Fields? Find,
    Fields Fields,
    string? ExpectedVersion = null);

/// <summary>What became of one write. Either <see cref="ExternalId"/> is set or <see cref="Failure"/>.</summary>
public sealed record Receipt
{
    private Receipt()
    {
    }

    public string? ExternalId { get; private init; }

    /// <summary>The version after the write, where the system says so.</summary>
    public string? Version { get; private init; }

    /// <summary>Further facts of the answer that later steps may use (child ids, numbers the system issued).</summary>
    public Fields Answer { get; private init; } = Fields.Empty;

    public Failure? Failure { get; private init; }

    public bool IsDone => Failure is null;

    public static Receipt Done(string externalId, string? version = null, Fields? answer = null) =>
        new() { ExternalId = externalId, Version = version, Answer = answer ?? Fields.Empty };

    public static Receipt Failed(Failure failure) => new() { Failure = failure };
}

/// <summary>The answer of a connection test: identity and product where it works, the failure where it does not.</summary>
public sealed record ConnectionReport(string Summary, Failure? Failure)
{
    public bool Works => Failure is null;
}

/// <summary>A read or look-up that failed, with the reason in the family that Delivery understands.</summary>
public sealed class ConnectorException : Exception
{
    public ConnectorException(Failure failure)
        : base(failure.Message) => Failure = failure;

    public ConnectorException(Failure failure, Exception inner)
        : base(failure.Message, inner) => Failure = failure;

    public Failure Failure { get; }
}
