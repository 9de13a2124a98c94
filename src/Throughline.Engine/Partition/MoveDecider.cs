using System.Collections.Immutable;
using System.Globalization;
using Throughline.Engine.Cases;
using Throughline.Engine.Intake;
using Throughline.Engine.Process;
using Throughline.Model;

namespace Throughline.Engine.Partition;

/// <summary>
/// An opportunity comes to its own address first, also where it extends another one: only there one writer can say whether something was
/// written for it already. If not, it moves to the engagement that it belongs to, and the address remembers where it went, so that a
/// tombstone, which names no parent, finds it. If something stands, a person decides.
/// </summary>
internal static class MoveDecider
{
    /// <summary>In the payload of a record that was passed on: its address keeps the crosswalk, since an id belongs to one unit for good.</summary>
    public const string KeepsCrosswalk = "movedFrom";

    private const string CaseKind = "move";
    private const string Scope = "scope";
    private const string Payload = "payload";
    private const string Since = "since";
    private const string Hops = "hops";
    private const string Claimed = "claimed";

    // A parent of a parent of a parent; beyond that they lead in a circle.
    private const int HopsMax = 8;
    private static readonly TimeSpan Within = TimeSpan.FromDays(1);
    private static readonly RecordId Id = new("move", "move");

    /// <summary>True while a parent is known that the opportunity cannot move to yet: here it goes on without it.</summary>
    public static bool IsPending(UnitState unit) => unit.Records.GetValueOrDefault(Id)?.Attributes.Nested(Payload) is not null;

    /// <summary>True where the envelope belongs elsewhere and was passed on, or waits until it can be.</summary>
    public static bool Take(Turn turn, PreparedEnvelope prepared)
    {
        if (turn.State.Records.GetValueOrDefault(Id)?.Attributes is { } move && !IsPending(turn.State))
        {
            PassOn(turn, prepared, move);
            return true;
        }

        if (!IsOwn(turn, prepared))
        {
            return false;
        }

        var (system, record) = SourcePayload.Read(turn.Envelope.Payload);
        var home = record.Deleted ? turn.State.Key.Scope : Placement.HomeOf(turn.Landscape, system, record);
        if (home == turn.State.Key.Scope)
        {
            if (!record.Deleted && IsPending(turn.State))
            {
                turn.State = turn.State with { Records = turn.State.Records.Remove(Id) };
                turn.Close(CaseOf(turn), CaseStatus.Settled, null, $"{system} sent it without that parent");
            }

            return false;
        }

        Plan(turn, home);
        return Advance(turn);
    }

    /// <summary>Moves what waits to be moved as soon as nothing stands in its way. True where nothing else may happen here.</summary>
    public static bool Advance(Turn turn)
    {
        if (!IsPending(turn.State))
        {
            return false;
        }

        var move = turn.State.Records[Id].Attributes;
        var home = Model.Scope.Parse(move.Text(Scope)!);
        var isCircle = turn.State.Records.ContainsKey(new RecordId(Placement.Opportunity, home.Key));
        var standing = turn.State.Targets.Values.Where(target => Stands(turn, target)).OrderBy(target => target.Id, StringComparer.Ordinal).ToArray();
        if (isCircle || standing.Length > 0)
        {
            Tell(turn, home, isCircle, standing);
            return false;
        }

        // A status text may be on its way to the CRM; the next one, from there, must not be overtaken by it.
        if (turn.State.Targets.Values.FirstOrDefault(target => target.InFlight is not null) is { } last)
        {
            Wait(turn, home, move, last);
            return true;
        }

        Move(turn, home, move);
        return true;
    }

    private static bool IsOwn(Turn turn, PreparedEnvelope prepared) =>
        turn.Envelope.Kind == EnvelopeKind.SourceRecord && prepared is { Entity: Placement.Opportunity, Inward.Key: { } key }
        && turn.State.Key.Scope == Model.Scope.Engagement(key);

    private static void Plan(Turn turn, Scope home)
    {
        var known = turn.State.Records.GetValueOrDefault(Id)?.Attributes;
        var since = known?.Text(Since);
        if (since is null)
        {
            since = turn.Now.ToString("O", CultureInfo.InvariantCulture);
            turn.Timer("move", turn.Now + Within, Fields.Empty);
        }

        var isClaimed = turn.State.Records.ContainsKey(new RecordId(Placement.Opportunity, turn.State.Key.Scope.Key));
        turn.State = turn.State.With(new CanonicalRecord(
            Id, Fields.Of((Scope, home.ToString()), (Payload, turn.Envelope.Payload), (Since, since), (Claimed, isClaimed)), "hub", Fields.Empty));
    }

    // What a person had taken back does not stand, though a customer, say, was kept; a status text in the CRM is no record of its own.
    private static bool Stands(Turn turn, Target target) =>
        !target.Undone && turn.Landscape.OutwardMaps.GetValueOrDefault(target.Map)?.UpdateOnly != true
        && turn.State.Instances.GetValueOrDefault(target.Instance)?.Status != InstanceStatus.Undone
        && (target.ExternalId is not null || target.InFlight is not null || target.Failure?.Code == "in-doubt");

    private static void Move(Turn turn, Scope home, Fields move)
    {
        var key = new RecordId(Placement.Opportunity, turn.State.Key.Scope.Key);
        var isClaimed = move.Flag(Claimed) == true;
        if (isClaimed)
        {
            turn.Tell(
                "merged", $"The sale {ProcessRunner.NameOf(turn.State, key)} extends {home.Key}: it goes on in that engagement. Nothing had been written for it here.",
                record: key);
        }

        foreach (var open in turn.State.Cases.Values.ToArray())
        {
            turn.Close(open.Id, CaseStatus.Settled, null, $"the sale goes on in the engagement of {home.Key}");
        }

        Send(turn, EnvelopeKind.SourceRecord, home, move.Nested(Payload)!, isClaimed);
        foreach (var record in turn.State.Records.Values.Where(record => record.Owner is null && record.Id != key).OrderBy(record => record.Id.ToString(), StringComparer.Ordinal))
        {
            foreach (var (system, version) in record.Versions)
            {
                turn.Send(EnvelopeKind.Change, home, "", Fields.Of(
                    (PayloadNames.System, system), (PayloadNames.Version, version), ("entity", record.Id.Entity), ("key", record.Id.Key),
                    ("attributes", record.Attributes), (PayloadNames.Deleted, false)), home.ToString());
            }
        }

        foreach (var subscriber in turn.State.Subscribers.Where(subscriber => subscriber != home.ToString()).Order(StringComparer.Ordinal))
        {
            turn.Send(EnvelopeKind.Subscribe, home, "", Fields.Of((Scope, subscriber)), home.ToString());
        }

        turn.Timer("move", null, Fields.Empty);
        turn.State = turn.State with
        {
            Records = turn.State.Records.Where(pair => pair.Value.Owner == "hub").ToImmutableDictionary()
                .SetItem(Id, new CanonicalRecord(Id, Fields.Of((Scope, home.ToString()), (Claimed, isClaimed)), "hub", Fields.Empty)),
            Targets = ImmutableDictionary<string, Target>.Empty,
            Instances = ImmutableDictionary<InstanceId, Instance>.Empty,
        };
    }

    private static void PassOn(Turn turn, PreparedEnvelope prepared, Fields move)
    {
        var home = Model.Scope.Parse(move.Text(Scope)!);
        switch (turn.Envelope.Kind)
        {
            case EnvelopeKind.SourceRecord:
                var isOwn = IsOwn(turn, prepared);
                if (isOwn)
                {
                    NoticeOtherParent(turn, home);
                }

                Send(turn, EnvelopeKind.SourceRecord, home, turn.Envelope.Payload, isOwn && move.Flag(Claimed) == true);
                break;
            case EnvelopeKind.Change:
                Send(turn, EnvelopeKind.Change, home, turn.Envelope.Payload, false);
                break;
            case EnvelopeKind.Subscribe when turn.Envelope.Payload.Text(Scope) != home.ToString():
                Send(turn, EnvelopeKind.Subscribe, home, turn.Envelope.Payload, false);
                break;
            case EnvelopeKind.PersonAction:
                PersonDecider.Apply(turn);
                break;
            default:
                // Answers to what was asked for here; it is asked for again where the sale is now.
                break;
        }
    }

    private static void Send(Turn turn, EnvelopeKind kind, Scope home, Fields payload, bool keepsCrosswalk)
    {
        var hops = (payload.Number(Hops) ?? 0) + 1;
        if (hops > HopsMax)
        {
            throw new InvalidOperationException("the parents of these opportunities lead back to themselves; correct them in the CRM");
        }

        payload = payload.With(Hops, hops);
        turn.Send(kind, home, "", keepsCrosswalk ? payload.With(KeepsCrosswalk, turn.State.Key.Scope.ToString()) : payload, home.ToString());
    }

    // What was planned and written there belongs to that engagement; the hub does not carry it about after the CRM.
    private static void NoticeOtherParent(Turn turn, Scope home)
    {
        var (system, record) = SourcePayload.Read(turn.Envelope.Payload);
        if (record.Deleted)
        {
            return;
        }

        var wanted = Placement.HomeOf(turn.Landscape, system, record);
        if (wanted == home)
        {
            turn.Close(CaseOf(turn), CaseStatus.Settled, null, $"{system} sent it with its old parent again");
            return;
        }

        var own = turn.State.Key.Scope;
        turn.Open(NewCase(
            turn, null, own.Key,
            $"The opportunity {own.Key} {(wanted == own ? "no longer extends another one" : $"extends {wanted.Key} now")} in {system}, "
                + $"but the hub keeps it in the engagement of {home.Key}, where its set-up began.",
            $"Give it back its parent {home.Key} in {system}; or reject its set-up there and enter the sale as a new opportunity. 'retry' closes this case.",
            null, [CaseAction.Retry]));
    }

    private static void Tell(Turn turn, Scope home, bool isCircle, Target[] standing)
    {
        var id = new RecordId(Placement.Opportunity, turn.State.Key.Scope.Key);
        var instance = turn.State.Instances.Values.FirstOrDefault(item => item.Subject == id);
        if (instance?.Status == InstanceStatus.Undoing)
        {
            return;
        }

        var name = ProcessRunner.NameOf(turn.State, id);
        var amount = turn.State.Records.GetValueOrDefault(id)?.Attributes.Money("amount");
        if (isCircle)
        {
            turn.Open(NewCase(
                turn, null, name, $"The sale {name} was made an extension of {home.Key}, which extends it itself. The hub leaves it where it is.",
                "Take one of the two parents out in the CRM; this case then closes by itself.", amount, [CaseAction.Retry]));
            return;
        }

        var what = string.Join(", ", standing.Take(3).Select(target => $"{target.Entity} {target.ExternalId ?? "(just being created)"} in {target.System}"))
            + (standing.Length > 3 ? $" and {standing.Length - 3} more" : "");
        turn.Open(NewCase(
            turn, instance?.Id, name,
            $"The sale {name} was made an extension of {home.Key} after it had been set up on its own: {what}. The hub leaves it on its own and does not move "
                + "what stands there.",
            "Take the parent out again in the CRM, and it stays on its own. Or 'reject': what was created for it is taken back, and then it is set up anew as a "
                + $"part of {home.Key}.",
            amount, instance is null ? [CaseAction.Retry] : [CaseAction.Retry, CaseAction.Reject]));
    }

    private static void Wait(Turn turn, Scope home, Fields move, Target last)
    {
        if (turn.Now < DateTimeOffset.Parse(move.Text(Since)!, CultureInfo.InvariantCulture) + Within)
        {
            return;
        }

        var name = ProcessRunner.NameOf(turn.State, new RecordId(Placement.Opportunity, turn.State.Key.Scope.Key));
        turn.Open(NewCase(
            turn, null, name, $"The sale {name} is to go on in the engagement of {home.Key}, but waits since {move.Text(Since)} for {last.System} to take its status.",
            $"Look whether {last.System} runs and takes what the hub sends; then it goes on and this case closes, both by themselves.", null, [CaseAction.Retry]));
    }

    private static CaseId CaseOf(Turn turn) => CaseId.Derive(turn.State.Key.Scope.ToString(), CaseKind, "");

    private static Case NewCase(Turn turn, InstanceId? instance, string subject, string says, string remedy, Money? amount, ImmutableArray<CaseAction> actions) => new(
        CaseOf(turn), turn.State.Key, turn.CorrelationId, instance, null, CaseKind, "pmo", subject, says, remedy, amount, CaseStatus.Open, actions, null,
        turn.Now, turn.Now + InstanceRun.CaseOverdueAfter, null, null, null);
}
