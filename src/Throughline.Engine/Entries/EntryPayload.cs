using Throughline.Model;

namespace Throughline.Engine.Entries;

/// <summary>What an envelope says of one entry.</summary>
/// <param name="Attributes">Null where the record could not be mapped.</param>
/// <param name="Failure">Why it could not.</param>
internal sealed record EntryChange(
    EntryId Id, Scope Scope, string System, string Entity, string SourceEntity, string ExternalId, string? Version, Fields? Attributes, bool Deleted, string? Failure,
    EnvelopeId Envelope)
{
    /// <summary>Where it is to go on: its system has booked it on another engagement than that of <see cref="Scope"/>, which holds it. Null where it is to stay.</summary>
    public Scope? Home { get; init; }
}

/// <summary>The contents of the envelopes of entries.</summary>
internal static class EntryPayload
{
    private const string Attributes = "attributes";
    private const string Source = "sourceEntity";
    private const string Id = "id";
    private const string Failure = "failure";
    public const string Home = "home";

    /// <summary>The newest form of an entry, for a scope that holds it or is to: where the two differ, that of the change is where it is to go on.</summary>
    public static Fields Rebooked(EntryChange change, Scope to) => Fields.Of(
        (Id, change.Id.ToString()), (PayloadNames.System, change.System), (PayloadNames.Entity, change.Entity), (Source, change.SourceEntity),
        (PayloadNames.ExternalId, change.ExternalId), (PayloadNames.Version, change.Version), (PayloadNames.Deleted, change.Deleted),
        (Attributes, change.Attributes ?? Fields.Empty), (Failure, change.Failure), (Home, change.Scope == to ? null : change.Scope.ToString()));

    public static bool IsMapped(Fields payload) => payload.Nested(Attributes) is not null;

    public static EntryChange Read(Envelope envelope)
    {
        var payload = envelope.Payload;
        // What could not be mapped says nothing of the entry: its attributes are not those of one that is empty.
        var failure = payload.Text(Failure);
        var change = new EntryChange(
            EntryId.Parse(payload.Text(Id)!), envelope.Scope, payload.Text(PayloadNames.System)!, payload.Text(PayloadNames.Entity)!, payload.Text(Source)!,
            payload.Text(PayloadNames.ExternalId)!, payload.Text(PayloadNames.Version), failure is null ? payload.Nested(Attributes) : null,
            payload.Flag(PayloadNames.Deleted) == true, failure, envelope.Id);
        return change with { Home = payload.Text(Home) is { } home ? Scope.Parse(home) : null };
    }
}

/// <summary>The receipt of a batch of which not every line was taken as it was sent: its entries are to be looked at. What became of them stands with the batch.</summary>
internal sealed record BatchReceipt(CommandId Command)
{
    public Fields ToFields() => Fields.Of(("command", Command.ToString()));

    public static BatchReceipt From(Fields payload) => new(CommandId.Parse(payload.Text("command")!));
}
