using Throughline.Engine.Intake;
using Throughline.Engine.Lineage;
using Throughline.Engine.Process;
using Throughline.Model;

namespace Throughline.Engine.Partition;

/// <summary>Tells what a system changed, would have changed or deleted: who, which record, and each attribute with its old and new value.</summary>
internal static class SourceStory
{
    // A customer that a thousand sales wait for would otherwise be told a thousand times in one commit.
    private const int EngagementsMax = 20;

    public static void TellOlder(Turn turn, string system, RecordId id, string version, string seen, string? differs)
    {
        turn.Occasion = $"{system} sent an older state of {NameOf(turn, id)}";
        Tell(turn, turn.CorrelationId, "not-applied", system, id,
            $"{turn.Occasion} (of {version}; known is that of {seen}), so nothing changed.{(differs is null ? "" : $" Not taken over: {differs}.")}");
    }

    public static void TellSameMoment(Turn turn, string system, RecordId id, string version, string differs)
    {
        turn.Occasion = $"{system} sent another state of {NameOf(turn, id)} of the same moment as the known one";
        Tell(turn, turn.CorrelationId, "not-applied", system, id,
            $"{turn.Occasion} ({version}), and which is the last one cannot be told from that, so nothing changed; the hub reads it there itself. Not taken over: {differs}.");
    }

    /// <param name="refused">Attributes that belong to somebody else.</param>
    public static void TellRefused(Turn turn, string system, RecordId id, Fields before, IEnumerable<(string Name, object? Value, string Owner)> refused)
    {
        foreach (var owned in refused.GroupBy(each => each.Owner).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            var wanted = before.Merge(Fields.Of([.. owned.Select(each => (each.Name, each.Value))]));
            if (ChangeWords.Between(id.Entity, before, wanted) is { } differs)
            {
                Tell(turn, turn.CorrelationId, "not-applied", system, id,
                    $"{system} sent other values for {NameOf(turn, id)}, which belong to {(owned.Key == "hub" ? "the hub" : owned.Key)}, so nothing of this changed: {differs}.");
            }
        }
    }

    public static void TellChange(Turn turn, string system, RecordId id, Fields before, Fields after, bool deleted)
    {
        var name = NameOf(turn, id);
        // A record that is here for the first time is not a correction; so it is where somebody asked for it before it came.
        var differs = before.Count == 0 ? null : ChangeWords.Between(id.Entity, before, after);
        turn.Occasion = deleted ? $"{system} deleted {name}" : differs is null ? $"{system} sent {name}" : $"{system} changed {name}: {differs}";
        if (deleted)
        {
            var takenBack = id.Entity == Placement.Opportunity ? " except that it is no longer won" : "";
            TellEverywhere(turn, "deleted", system, id,
                $"{system} says that {name} was deleted there; the hub keeps what it knows{takenBack}{(differs is null ? "" : $" ({differs})")}");
        }
        else if (differs is not null)
        {
            TellEverywhere(turn, "changed", system, id, turn.Occasion);
        }
    }

    // What subscribes is told by the change that is passed on to it. What waits for a master record hears of it here.
    private static void TellEverywhere(Turn turn, string kind, string system, RecordId id, string text)
    {
        var waiting = turn.State.Key.Unit.Length == 0 ? []
            : turn.State.Instances.Values.OrderBy(instance => instance.StartedAt).ThenBy(instance => instance.Id.ToString(), StringComparer.Ordinal)
                .SelectMany(instance => instance.Requesters.Select(requester => requester.CorrelationId).Prepend(instance.CorrelationId))
                .Where(correlation => correlation != turn.CorrelationId).Distinct(StringComparer.Ordinal).ToArray();
        text += waiting.Length > EngagementsMax ? $". It concerns {waiting.Length} engagements and is told under {EngagementsMax} of them." : ".";
        foreach (var correlation in waiting.Take(EngagementsMax).Prepend(turn.CorrelationId))
        {
            Tell(turn, correlation, kind, system, id, text);
        }
    }

    private static void Tell(Turn turn, string correlation, string kind, string system, RecordId id, string text)
    {
        var payload = turn.Envelope.Payload;
        var isSource = turn.Envelope.Kind == EnvelopeKind.SourceRecord;
        turn.TellUnder(
            correlation, kind, text, system, isSource ? payload.Text(PayloadNames.Entity) : id.Entity, isSource ? payload.Text(PayloadNames.ExternalId) : id.Key, id);
    }

    private static string NameOf(Turn turn, RecordId id) => $"the {ChangeWords.Title(id.Entity)} {ProcessRunner.NameOf(turn.State, id)}";
}
