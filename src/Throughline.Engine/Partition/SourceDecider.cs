using Throughline.Engine.Cases;
using Throughline.Engine.Intake;
using Throughline.Engine.Lineage;
using Throughline.Model;

namespace Throughline.Engine.Partition;

/// <summary>
/// Applies what a system says: attribute by attribute, as far as that system owns it. What it does not own changes nothing and is
/// visible; what is older than what is known changes nothing; nothing that came from a system is ever sent back to it as a change,
/// because targets are compared with what the target was last seen to hold.
/// </summary>
internal static class SourceDecider
{
    public static void Apply(Turn turn, PreparedEnvelope prepared)
    {
        var payload = turn.Envelope.Payload;
        var system = payload.Text(PayloadNames.System)!;
        var externalId = payload.Text(PayloadNames.ExternalId)!;
        var inward = prepared.Inward ?? throw new InvalidOperationException("a source record that was not mapped");
        var id = new RecordId(prepared.Entity!, turn.State.Key.Unit.Length > 0 ? turn.State.Key.Unit : inward.Key!);
        var told = payload.Text(PayloadNames.Reference) is { } reference ? $" (its reference: {reference})" : "";
        turn.Tell("received", $"{system} sent {payload.Text(PayloadNames.Entity)} {externalId}{told}.", system, payload.Text(PayloadNames.Entity), externalId, id);
        if (payload.Text(MoveDecider.KeepsCrosswalk) is null)
        {
            turn.Crosswalk.Add(new CrosswalkRow(system, payload.Text(PayloadNames.Entity)!, externalId, turn.State.Key, id.Entity, id.Key));
        }
        else
        {
            // Found here by people all the same.
            turn.Matches.Add(new MatchRow(turn.State.Key.Scope, id.Entity, externalId, turn.State.Key.Unit));
        }

        var attributes = MoveDecider.IsPending(turn.State) ? inward.Attributes.Without("parent") : inward.Attributes;
        turn.Occasion = $"{system} sent {payload.Text(PayloadNames.Entity)} {externalId} in a state that can be mapped";
        turn.Close(Case.UnmappedId(system, payload.Text(PayloadNames.Entity)!, externalId), CaseStatus.Settled, null, null);
        Apply(turn, system, payload.Text(PayloadNames.Version), id, attributes, payload.Flag(PayloadNames.Deleted) == true, IsHearsay(turn, payload));
        FollowReferences(turn, system, id, attributes);
        MasterDecider.MergeIfSame(turn, prepared, id);
    }

    public static void ApplyChange(Turn turn)
    {
        var payload = turn.Envelope.Payload;
        Apply(turn, payload.Text(PayloadNames.System)!, payload.Text(PayloadNames.Version), new RecordId(payload.Text("entity")!, payload.Text("key")!),
            payload.Nested("attributes") ?? Fields.Empty, payload.Flag(PayloadNames.Deleted) == true);
    }

    /// <summary>Another scope wants to know: it is told everything known now, and every change from now on.</summary>
    public static void ApplySubscription(Turn turn)
    {
        var subscriber = turn.Envelope.Payload.Text("scope")!;
        if (!turn.State.Subscribers.Contains(subscriber))
        {
            turn.State = turn.State with { Subscribers = turn.State.Subscribers.Add(subscriber) };
        }

        foreach (var record in turn.State.Records.Values.Where(record => record.Owner is null).OrderBy(record => record.Id.ToString(), StringComparer.Ordinal))
        {
            foreach (var (system, version) in record.Versions)
            {
                Forward(turn, subscriber, system, version as string, record.Id, record.Attributes, false);
            }
        }
    }

    // Sent by somebody else, while the hub reads the same there by itself and so hears of it once more.
    private static bool IsHearsay(Turn turn, Fields payload) => payload.Flag(PayloadNames.Sent) == true
        && turn.Landscape.Systems.TryGetValue(payload.Text(PayloadNames.System)!, out var system)
        && system.Reads.Any(read => read.Entity == payload.Text(PayloadNames.Entity));

    private static void Apply(Turn turn, string system, string? version, RecordId id, Fields changes, bool deleted, bool isHearsay = false)
    {
        var known = turn.State.Records.GetValueOrDefault(id);
        var before = known?.Attributes ?? Fields.Empty;
        if (known?.Versions.Text(system) is { } seen && version is not null && IsOlder(version, seen))
        {
            SourceStory.TellOlder(turn, system, id, version, seen, deleted ? null : ChangeWords.Between(id.Entity, before, before.Merge(changes)));
            return;
        }

        // Stamps count whole seconds in some systems, so two states may have the same one and come in any order. What the hub reads there next is the last one.
        if (isHearsay && !deleted && known?.Versions.Text(system) is { } same && version is not null && !IsOlder(same, version)
            && ChangeWords.Between(id.Entity, before, before.Merge(changes)) is { } differs)
        {
            SourceStory.TellSameMoment(turn, system, id, version, differs);
            return;
        }

        if (deleted)
        {
            changes = id.Entity == Placement.Opportunity ? Fields.Of(("won", false)) : Fields.Empty;
        }

        var (after, refused) = Merge(turn, system, id, before, changes);
        SourceStory.TellRefused(turn, system, id, before, refused);
        var versions = (known?.Versions ?? Fields.Empty).With(system, version ?? known?.Versions.Text(system));
        turn.State = turn.State.With(new CanonicalRecord(id, after, known?.Owner, versions));
        SourceStory.TellChange(turn, system, id, before, after, deleted);
        if (!before.Equals(after))
        {
            LookupKeys.Publish(turn, id, after);
            foreach (var subscriber in turn.State.Subscribers.Order(StringComparer.Ordinal))
            {
                Forward(turn, subscriber, system, version, id, after, deleted);
            }
        }
    }

    private static (Fields After, List<(string Name, object? Value, string Owner)> Refused) Merge(Turn turn, string system, RecordId id, Fields before, Fields changes)
    {
        var refused = new List<(string, object?, string)>();
        var accepted = new List<(string, object?)>();
        var legalEntity = before.Text("legalEntity");
        var today = DateOnly.FromDateTime(turn.Now.UtcDateTime);
        foreach (var (name, value) in changes)
        {
            var owner = turn.Landscape.Ownership.OwnerOf(id.Entity, name, legalEntity, today);
            if (owner == system)
            {
                accepted.Add((name, value));
            }
            else if (!Same(before.Get(name), value))
            {
                refused.Add((name, value, owner));
            }
        }

        return (before.Merge(Fields.Of([.. accepted])), refused);
    }

    // A sale refers to its contract, whose changes come to an address of their own: this scope asks to be told of them.
    private static void FollowReferences(Turn turn, string system, RecordId id, Fields attributes)
    {
        if (turn.State.Key.Scope.Kind == Scope.EngagementKind && id.Entity == Placement.Opportunity
            && attributes.Text("contract") is { Length: > 0 } contract && contract != turn.State.Key.Scope.Key)
        {
            turn.Send(EnvelopeKind.Subscribe, Scope.Engagement(contract), "", Fields.Of(("scope", turn.State.Key.Scope.ToString()), (PayloadNames.System, system)));
        }
    }

    private static void Forward(Turn turn, string subscriber, string system, string? version, RecordId id, Fields attributes, bool deleted) =>
        turn.Send(EnvelopeKind.Change, Scope.Parse(subscriber), "", Fields.Of(
            (PayloadNames.System, system), (PayloadNames.Version, version), ("entity", id.Entity), ("key", id.Key),
            ("attributes", attributes), (PayloadNames.Deleted, deleted)), subscriber);

    private static bool Same(object? left, object? right) => Fields.Of(("v", left)).Equals(Fields.Of(("v", right)));

    /// <summary>True where one version is known to be newer than another; equal, older and unknown ones are not.</summary>
    public static bool IsNewer(string? version, string? seen) => version is not null && seen is not null && IsOlder(seen, version);

    private static bool IsOlder(string version, string seen)
    {
        var culture = System.Globalization.CultureInfo.InvariantCulture;
        if (decimal.TryParse(version, culture, out var number) && decimal.TryParse(seen, culture, out var before))
        {
            return number < before;
        }

        // Stamps of one system may come with and without fractions of a second (from a webhook, from a query).
        return DateTimeOffset.TryParse(version, culture, out var at) && DateTimeOffset.TryParse(seen, culture, out var then)
            ? at < then
            : string.CompareOrdinal(version, seen) < 0;
    }
}
