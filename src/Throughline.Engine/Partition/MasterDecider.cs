using System.Collections.Immutable;
using System.Globalization;
using Throughline.Engine.Cases;
using Throughline.Engine.Lineage;
using Throughline.Engine.Process;
using Throughline.Landscape;
using Throughline.Model;
using Throughline.Model.Canonical;

namespace Throughline.Engine.Partition;

/// <summary>Find-or-create of master records and numbers. All of one entity stand in one scope, so two requests for one customer meet here in order.</summary>
internal static class MasterDecider
{
    /// <summary>In the payload of a request that was passed on: the record that was asked for, and why it is the same.</summary>
    private const string MergedFrom = "mergedFrom";

    public static void ApplyRequest(Turn turn)
    {
        var payload = turn.Envelope.Payload;
        var process = payload.Text("process")!;
        var requester = new Requester(payload.Text("requestId")!, Scope.Parse(payload.Text("scope")!), payload.Text("unit") ?? "", turn.CorrelationId);
        if (StepDefinition.Request.AsksForNumber(process))
        {
            Number(turn, process[StepDefinition.Request.NumberPrefix.Length..], requester);
            return;
        }

        var definition = turn.Landscape.Processes[process];
        var subject = new RecordId(definition.Subject, turn.State.Key.Unit);
        TellOfMerge(turn, subject, payload.Nested(MergedFrom));
        var id = InstanceId.Derive(definition.Name, turn.State.Key.Scope.ToString(), turn.State.Key.Unit, subject.ToString());
        if (turn.State.Instances.GetValueOrDefault(id) is { } running)
        {
            turn.State = turn.State.With((running with
            {
                Requesters = [.. running.Requesters.Where(r => r.RequestId != requester.RequestId), requester],
            }).AndRequestedBy(requester.CorrelationId));
        }
        else
        {
            if (!turn.State.Records.ContainsKey(subject))
            {
                turn.State = turn.State.With(new CanonicalRecord(subject, Fields.Empty, null, Fields.Empty));
            }

            ProcessRunner.Start(turn, definition, subject, payload.Nested("item") ?? Fields.Empty, [requester]);
        }
    }

    /// <summary>
    /// A record whose identity key (tax id) is already another unit's: the later one is merged into it unless it has already been
    /// written somewhere, in which case a person has to say which one stays.
    /// </summary>
    public static void MergeIfSame(Turn turn, PreparedEnvelope prepared, RecordId id)
    {
        if (prepared.SameAs is not { } other || other == turn.State.Key.Unit || turn.State.Key.Unit.Length == 0)
        {
            return;
        }

        // An older state that was not applied says nothing about who this is.
        var schema = EntityCatalog.Find(id.Entity)!;
        var given = prepared.Inward?.Attributes ?? Fields.Empty;
        if (schema.IdentityKeys.Any(name => given.Text(name) != turn.State.Records.GetValueOrDefault(id)?.Attributes.Text(name)))
        {
            return;
        }

        var why = Why(turn.State, id);
        if (turn.State.Targets.Values.Any(target => target.ExternalId is not null || target.InFlight is not null))
        {
            var caseId = CaseId.Derive(turn.State.Key.Scope.ToString(), turn.State.Key.Unit, "duplicate");
            turn.Open(caseId, "duplicate", ProcessRunner.NameOf(turn.State, id), [CaseAction.Retry], new CaseWords(
                "data-steward",
                $"The {ChangeWords.Title(id.Entity)} {ProcessRunner.NameOf(turn.State, id)} is the same as {other}: {why}. Both already stand in other systems.",
                "Decide which record stays, correct the other one at its source, then 'retry'."));
            return;
        }

        var what = ChangeWords.Title(id.Entity);
        turn.Tell("merged", $"The {what} {ProcessRunner.NameOf(turn.State, id)} is the same as {other}: {why}. There is one {what} for both.", record: id);
        foreach (var instance in turn.State.Instances.Values)
        {
            foreach (var requester in instance.Requesters)
            {
                SendRequest(turn, instance, requester, other, AsMerged(turn.State, id));
            }
        }

        foreach (var open in turn.State.Cases.Values.ToArray())
        {
            turn.Close(open.Id, CaseStatus.Settled, null, $"it is the same as {other}: {why}");
        }

        turn.State = turn.State with { MergedInto = other, Instances = ImmutableDictionary<InstanceId, Instance>.Empty };
    }

    public static void PassOn(Turn turn, PreparedEnvelope prepared, string other)
    {
        switch (turn.Envelope.Kind)
        {
            case EnvelopeKind.Request:
                var payload = turn.Envelope.Payload;
                var id = new RecordId(turn.State.Key.Scope.Kind, turn.State.Key.Unit);
                turn.Send(EnvelopeKind.Request, turn.State.Key.Scope, other, payload.ContainsKey(MergedFrom) ? payload : payload.With(MergedFrom, AsMerged(turn.State, id)));
                break;
            case EnvelopeKind.SourceRecord when prepared.Inward is { } inward:
                turn.Tell("received", $"{turn.Envelope.Payload.Text(PayloadNames.System)} sent {prepared.Entity} {inward.Key}, "
                    + $"which was merged into {other}; {other} keeps its own values.", record: new RecordId(turn.State.Key.Scope.Kind, turn.State.Key.Unit));
                break;
            default:
                break;
        }
    }

    // Who asked for the one is given the other, and its story says why; here both names are known.
    private static void TellOfMerge(Turn turn, RecordId subject, Fields? merged)
    {
        if (merged is not null)
        {
            var what = ChangeWords.Title(subject.Entity);
            turn.Tell(
                "merged", $"{merged.Text("name")} is the same {what} as {ProcessRunner.NameOf(turn.State, subject)}: {merged.Text("why")}. There is one {what} for both.",
                record: subject);
        }
    }

    private static Fields AsMerged(UnitState unit, RecordId id) => Fields.Of(("name", ProcessRunner.NameOf(unit, id)), ("why", Why(unit, id)));

    private static string Why(UnitState unit, RecordId id) => "both have the " + string.Join(" and the ", EntityCatalog.Find(id.Entity)!.IdentityKeys
        .Select(name => (name, Value: unit.Records.GetValueOrDefault(id)?.Attributes.Text(name))).Where(key => key.Value is { Length: > 0 })
        .Select(key => $"{ChangeWords.Title(key.name)} {key.Value}"));

    private static void SendRequest(Turn turn, Instance instance, Requester requester, string unit, Fields merged) =>
        turn.Send(EnvelopeKind.Request, turn.State.Key.Scope, unit, Fields.Of(
            ("requestId", requester.RequestId), ("process", instance.Process), ("item", instance.Request),
            ("scope", requester.Scope.ToString()), ("unit", requester.Unit), (MergedFrom, merged)), requester.CorrelationId);

    // A request is appended exactly once, so it is counted exactly once.
    private static void Number(Turn turn, string series, Requester requester)
    {
        var range = turn.Landscape.Parameters.Nested("numbering")?.Nested(series) ?? Fields.Empty;
        var next = turn.State.Series.TryGetValue(series, out var last) ? last + 1 : (long)(range.Number("start") ?? 1);
        turn.State = turn.State with { Series = turn.State.Series.SetItem(series, next) };
        var number = (range.Text("prefix") ?? "") + next.ToString("D" + (long)(range.Number("digits") ?? 5), CultureInfo.InvariantCulture);
        ProcessRunner.Reply(turn, requester, Fields.Of(("number", number)));
    }
}
