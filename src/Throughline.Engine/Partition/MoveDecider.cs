using System.Collections.Immutable;
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
    private const string Hops = "hops";

    // A parent of a parent of a parent ...: what is passed on further than that goes round.
    private const int HopsMax = 32;
    private static readonly TimeSpan Within = TimeSpan.FromDays(1);

    /// <summary>True while a parent is known that the opportunity cannot move to yet: here it goes on without it.</summary>
    public static bool IsPending(UnitState unit) => unit.Move is { IsPending: true };

    /// <summary>True where the envelope belongs elsewhere and was passed on, or waits until it can be.</summary>
    public static bool Take(Turn turn, PreparedEnvelope prepared)
    {
        if (turn.State.Move is { IsPending: false } move)
        {
            if (IsOwn(turn, prepared) && turn.Envelope.Payload.Number(Hops) > 0)
            {
                ComeBack(turn);
                return false;
            }

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
                turn.State = turn.State with { Move = null };
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
        if (turn.State.Move is not { Waiting: { } record } move)
        {
            return false;
        }

        var home = move.Home;
        // One that came back stays until a person says that its parents have been mended.
        var isCircle = turn.State.Records.ContainsKey(new RecordId(Placement.Opportunity, home.Key)) || (move.CameBack && turn.State.Cases.ContainsKey(CaseOf(turn)));
        var standing = turn.State.Targets.Values.Where(target => Stands(turn, target)).OrderBy(target => target.Id, StringComparer.Ordinal).ToArray();
        if (isCircle || standing.Length > 0)
        {
            Tell(turn, home, isCircle, standing);
            return false;
        }

        // A status text may be on its way to the CRM; the next one, from there, must not be overtaken by it.
        if (turn.State.Targets.Values.FirstOrDefault(target => target.InFlight is not null) is { } last)
        {
            Wait(turn, move, last);
            return true;
        }

        Go(turn, move, record);
        return true;
    }

    private static bool IsOwn(Turn turn, PreparedEnvelope prepared) =>
        turn.Envelope.Kind == EnvelopeKind.SourceRecord && prepared is { Entity: Placement.Opportunity, Inward.Key: { } key }
        && turn.State.Key.Scope == Model.Scope.Engagement(key);

    private static void Plan(Turn turn, Scope home)
    {
        if (turn.State.Move?.Since is not { } since)
        {
            since = turn.Now;
            turn.Timer("move", turn.Now + Within, Fields.Empty);
        }

        var hasIdHere = turn.State.Records.ContainsKey(new RecordId(Placement.Opportunity, turn.State.Key.Scope.Key));
        var cameBack = turn.State.Move is { CameBack: true } before && before.Home == home;
        turn.State = turn.State with { Move = new Move(home, hasIdHere, turn.Envelope.Payload, since, cameBack) };
    }

    // What a person had taken back does not stand, though a customer, say, was kept; a status text in the CRM is no record of its own.
    private static bool Stands(Turn turn, Target target) =>
        !target.Undone && turn.Landscape.OutwardMaps.GetValueOrDefault(target.Map)?.UpdateOnly != true
        && turn.State.Instances.GetValueOrDefault(target.Instance)?.Status != InstanceStatus.Undone
        && (target.ExternalId is not null || target.InFlight is not null || target.Failure?.Code == "in-doubt");

    private static void Go(Turn turn, Move move, Fields record)
    {
        var home = move.Home;
        var key = new RecordId(Placement.Opportunity, turn.State.Key.Scope.Key);
        if (move.HasIdHere)
        {
            turn.Tell(
                "merged", $"The sale {ProcessRunner.NameOf(turn.State, key)} extends {home.Key}: it goes on in that engagement. Nothing had been written for it here.",
                record: key);
        }

        foreach (var open in turn.State.Cases.Values.ToArray())
        {
            turn.Close(open.Id, CaseStatus.Settled, null, $"the sale goes on in the engagement of {home.Key}");
        }

        Send(turn, EnvelopeKind.SourceRecord, home, record, move.HasIdHere);
        foreach (var other in turn.State.Records.Values.Where(other => other.Owner is null && other.Id != key).OrderBy(other => other.Id.ToString(), StringComparer.Ordinal))
        {
            foreach (var (system, version) in other.Versions)
            {
                turn.Send(EnvelopeKind.Change, home, "", Fields.Of(
                    (PayloadNames.System, system), (PayloadNames.Version, version), ("entity", other.Id.Entity), ("key", other.Id.Key),
                    ("attributes", other.Attributes), (PayloadNames.Deleted, false)), home.ToString());
            }
        }

        foreach (var subscriber in turn.State.Subscribers.Where(subscriber => subscriber != home.ToString()).Order(StringComparer.Ordinal))
        {
            turn.Send(EnvelopeKind.Subscribe, home, "", Fields.Of((Scope, subscriber)), home.ToString());
        }

        turn.Timer("move", null, Fields.Empty);
        turn.State = turn.State with
        {
            Move = new Move(home, move.HasIdHere),
            Records = ImmutableDictionary<RecordId, CanonicalRecord>.Empty,
            Targets = ImmutableDictionary<string, Target>.Empty,
            Instances = ImmutableDictionary<InstanceId, Instance>.Empty,
        };
    }

    // What was sent on to its parent arrives at its own address again: the parents lead in a circle, which nobody could see from one of
    // them while all were on their way. So it is at home here once more.
    private static void ComeBack(Turn turn)
    {
        var payload = turn.Envelope.Payload.Without(Hops).Without(KeepsCrosswalk);
        var (system, record) = SourcePayload.Read(payload);
        var home = record.Deleted ? turn.State.Key.Scope : Placement.HomeOf(turn.Landscape, system, record);
        if (home == turn.State.Key.Scope)
        {
            turn.State = turn.State with { Move = null };
            turn.Close(CaseOf(turn), CaseStatus.Settled, null, $"{system} sent it without that parent");
            return;
        }

        // It is applied here now, and its id is taken for this unit, if it was not before.
        turn.State = turn.State with { Move = new Move(home, HasIdHere: true, payload, turn.Now, CameBack: true) };
        turn.Timer("move", turn.Now + Within, Fields.Empty);
        Tell(turn, home, isCircle: true, []);
    }

    private static void PassOn(Turn turn, PreparedEnvelope prepared, Move move)
    {
        var home = move.Home;
        switch (turn.Envelope.Kind)
        {
            case EnvelopeKind.SourceRecord:
                var isOwn = IsOwn(turn, prepared);
                if (isOwn)
                {
                    NoticeOtherParent(turn, home);
                }

                Send(turn, EnvelopeKind.SourceRecord, home, turn.Envelope.Payload, isOwn && move.HasIdHere);
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
            TellOfTooManyHops(turn, kind, payload);
            return;
        }

        payload = payload.With(Hops, hops);
        turn.Send(kind, home, "", keepsCrosswalk ? payload.With(KeepsCrosswalk, turn.State.Key.Scope.ToString()) : payload, home.ToString());
    }

    private static void TellOfTooManyHops(Turn turn, EnvelopeKind kind, Fields payload)
    {
        var what = $"{payload.Text(PayloadNames.Entity)} {payload.Text(PayloadNames.ExternalId) ?? payload.Text("key")} of {payload.Text(PayloadNames.System)}";
        if (kind != EnvelopeKind.SourceRecord)
        {
            turn.Tell("not-applied", $"A change of {what} was passed on {HopsMax} times from one opportunity to its parent, so it was not taken over.");
            return;
        }

        turn.Open(CaseId.Derive(turn.State.Key.Scope.ToString(), CaseKind, what), CaseKind, what, [CaseAction.Retry], new CaseWords(
            "pmo",
            $"{what} was passed on {HopsMax} times from one opportunity to its parent: the parents lead back to themselves, or are more than {HopsMax}. It was not taken over.",
            $"Correct the parents in the CRM and save {what} there once more; then it is taken over. 'retry' closes this case."));
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
                turn, null, name,
                $"The sale {name} was made an extension of {home.Key}, which extends it itself, at once or by way of others. The hub leaves it where it is.",
                "Take one of these parents out in the CRM. Where that is the parent of this sale, the case closes by itself; else 'retry'.", amount, [CaseAction.Retry]));
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

    private static void Wait(Turn turn, Move move, Target last)
    {
        if (turn.Now < move.Since + Within)
        {
            return;
        }

        var name = ProcessRunner.NameOf(turn.State, new RecordId(Placement.Opportunity, turn.State.Key.Scope.Key));
        turn.Open(NewCase(
            turn, null, name,
            $"The sale {name} is to go on in the engagement of {move.Home.Key}, but waits since {PlainTime.Of(move.Since!.Value)} for {last.System} to take its status.",
            $"Look whether {last.System} runs and takes what the hub sends; then it goes on and this case closes, both by themselves.", null, [CaseAction.Retry]));
    }

    private static CaseId CaseOf(Turn turn) => CaseId.Derive(turn.State.Key.Scope.ToString(), CaseKind, "");

    private static Case NewCase(Turn turn, InstanceId? instance, string subject, string says, string remedy, Money? amount, ImmutableArray<CaseAction> actions)
    {
        var words = new CaseWords("pmo", says, remedy, amount);
        return Case.Opened(CaseOf(turn), turn.State.Key, turn.CorrelationId, CaseKind, subject, words, actions, turn.Now) with { Instance = instance };
    }
}
