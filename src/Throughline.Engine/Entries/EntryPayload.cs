using System.Collections.Immutable;
using System.Globalization;
using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Engine.Entries;

/// <summary>What an envelope says of one entry.</summary>
/// <param name="Attributes">Null where the record could not be mapped.</param>
/// <param name="Failure">Why it could not.</param>
internal sealed record EntryChange(
    EntryId Id, Scope Scope, string System, string Entity, string SourceEntity, string ExternalId, string? Version, Fields? Attributes, bool Deleted, string? Failure,
    EnvelopeId Envelope)
{
    /// <summary>The entry as it stood in the scope that it comes from; null where it is new or its scope has always been this one.</summary>
    public EntryRow? Before { get; init; }

    /// <summary>Where it is to go on: its system has booked it on another engagement than that of <see cref="Scope"/>, which holds it. Null where it is to stay.</summary>
    public Scope? Home { get; init; }
}

/// <summary>The contents of the envelopes of entries.</summary>
internal static class EntryPayload
{
    private const string Attributes = "attributes";
    private const string Source = "sourceEntity";
    private const string Id = "id";
    private const string Unmapped = "unmapped";

    /// <summary>An entry that goes on to another scope, mapped already, with what of it stands in the target.</summary>
    public static Fields Moved(EntryRow row) => Content(row.Id, row.System, row.Entity, row.SourceEntity, row.ExternalId, row.Version, row.Deleted, row.Attributes)
        .With("sentHash", row.SentHash).With("batch", row.Batch?.ToString()).With("place", row.Place).With("sends", row.Sends).With("isKnown", true);

    /// <summary>Asks the scope that holds an entry to let it go on to another one.</summary>
    public static Fields Rebooked(EntryChange change) => Content(
        change.Id, change.System, change.Entity, change.SourceEntity, change.ExternalId, change.Version, change.Deleted, change.Attributes ?? Fields.Empty)
        .With("home", change.Scope.ToString()).With(Unmapped, change.Failure);

    public static bool IsMapped(Fields payload) => payload.Nested(Attributes) is not null;

    public static EntryChange Read(Envelope envelope)
    {
        var payload = envelope.Payload;
        var change = new EntryChange(
            EntryId.Parse(payload.Text(Id)!), envelope.Scope, payload.Text(PayloadNames.System)!, payload.Text(PayloadNames.Entity)!, payload.Text(Source)!,
            payload.Text(PayloadNames.ExternalId)!, payload.Text(PayloadNames.Version), payload.Nested(Attributes), payload.Flag(PayloadNames.Deleted) == true,
            payload.Text(Unmapped), envelope.Id);
        var home = payload.Text("home") is { } scope ? Scope.Parse(scope) : (Scope?)null;
        return payload.Flag("isKnown") != true ? change with { Home = home } : change with
        {
            Before = new EntryRow(
                change.Id, change.Scope, change.System, change.Entity, change.SourceEntity, change.ExternalId, null, EntryStatus.Kept, Fields.Empty, payload.Text("sentHash"),
                payload.Text("batch") is { } batch ? CommandId.Parse(batch) : null, (int)(payload.Number("place") ?? 0), (int)(payload.Number("sends") ?? 0), null, null, null,
                null, envelope.Id, envelope.Content.ReceivedAt),
        };
    }

    private static Fields Content(
        EntryId id, string system, string entity, string sourceEntity, string externalId, string? version, bool deleted, Fields attributes) => Fields.Of(
        (Id, id.ToString()), (PayloadNames.System, system), (PayloadNames.Entity, entity), (Source, sourceEntity), (PayloadNames.ExternalId, externalId),
        (PayloadNames.Version, version), (PayloadNames.Deleted, deleted), (Attributes, attributes));
}

/// <summary>What the receipt of a batch says where not all went well.</summary>
/// <param name="Failure">Why nothing of the batch was taken; null where only some lines were refused.</param>
/// <param name="Refused">By line.</param>
internal sealed record BatchReceipt(CommandId Command, (string Code, string Message)? Failure, ImmutableDictionary<int, string> Refused)
{
    /// <summary>Lines that the target does not have, while it has others: they are sent once more.</summary>
    public ImmutableArray<int> Again { get; init; } = [];

    public Fields ToFields() => Fields.Of(
        ("command", Command.ToString()),
        ("code", Failure?.Code),
        ("message", Failure?.Message),
        ("refused", Fields.Of([.. Refused.Select(line => (line.Key.ToString(CultureInfo.InvariantCulture), (object?)line.Value))])),
        ("again", Again.Select(place => (object?)(long)place).ToArray()));

    public static BatchReceipt From(Fields payload) => new(
        CommandId.Parse(payload.Text("command")!),
        payload.Text("code") is { } code ? (code, payload.Text("message")!) : null,
        (payload.Nested("refused") ?? Fields.Empty).ToImmutableDictionary(line => int.Parse(line.Key, CultureInfo.InvariantCulture), line => (string)line.Value!))
    {
        Again = [.. payload.List("again").OfType<long>().Select(place => (int)place)],
    };
}

/// <summary>What a batch was answered, as it is kept with its command: the ids of its lines in the target.</summary>
public static class BatchAnswer
{
    private const string Ids = "ids";

    public static Fields Of(ImmutableArray<string?> ids) => Fields.Of((Ids, ids.Select(id => (object?)id).ToArray()));

    public static ImmutableArray<string?> Read(Fields answer) => [.. answer.List(Ids).Select(id => id as string)];
}
