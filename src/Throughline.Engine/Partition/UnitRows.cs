using System.Collections.Immutable;
using Throughline.Engine.Cases;
using Throughline.Engine.Process;
using Throughline.Model;

namespace Throughline.Engine.Partition;

/// <summary>Unit state to and from rows. Only what differs is written.</summary>
public static class UnitRows
{
    private const string MergedId = "@merged";
    private const string MoveId = "move";

    /// <summary>The unit that the one of these rows was merged into; null where it was not.</summary>
    public static string? MergedInto(IEnumerable<StateRow> rows) =>
        rows.FirstOrDefault(row => row is { Kind: StateKind.Subscription, Id: MergedId })?.Data?.Text("unit");

    public static UnitState Read(UnitKey key, IEnumerable<StateRow> rows)
    {
        var unit = UnitState.Empty(key);
        foreach (var row in rows)
        {
            var data = row.Data!;
            switch (row.Kind)
            {
                case StateKind.Record: unit = unit.With(RecordFrom(data)); break;
                case StateKind.Target: unit = unit.With(TargetFrom(row.Id, data)); break;
                case StateKind.Instance: unit = unit.With(InstanceRows.Read(data)); break;
                case StateKind.Case: unit = unit.With(CaseRows.Read(data)); break;
                case StateKind.Subscription when row.Id == MergedId: unit = unit with { MergedInto = data.Text("unit") }; break;
                case StateKind.Subscription: unit = unit with { Subscribers = unit.Subscribers.Add(row.Id) }; break;
                case StateKind.Move: unit = unit with { Move = MoveFrom(data) }; break;
                case StateKind.Dropped: unit = unit with { Dropped = unit.Dropped.Add(CaseId.Parse(row.Id)) }; break;
                case StateKind.Series: unit = unit with { Series = unit.Series.SetItem(row.Id, (long)data.Number("last")!) }; break;
            }
        }

        return unit;
    }

    public static IEnumerable<StateRow> Difference(UnitState before, UnitState after)
    {
        if (ReferenceEquals(before, after))
        {
            return [];
        }

        var key = after.Key;
        var merged = before.MergedInto == after.MergedInto || after.MergedInto is null
            ? []
            : new[] { new StateRow(key, StateKind.Subscription, MergedId, Fields.Of(("unit", after.MergedInto))) };
        return Changed(key, StateKind.Record, before.Records, after.Records, id => id.ToString(), Write)
            .Concat(Changed(key, StateKind.Target, before.Targets, after.Targets, id => id, Write))
            .Concat(Changed(key, StateKind.Instance, before.Instances, after.Instances, id => id.ToString(), InstanceRows.Write))
            .Concat(Changed(key, StateKind.Case, before.Cases, after.Cases, id => id.ToString(), CaseRows.Write))
            .Concat(after.Subscribers.Except(before.Subscribers).Select(subscriber => new StateRow(key, StateKind.Subscription, subscriber, Fields.Empty)))
            .Concat(merged)
            .Concat(before.Move == after.Move ? [] : [new StateRow(key, StateKind.Move, MoveId, after.Move is { } move ? Write(move) : null)])
            .Concat(after.Dropped.Except(before.Dropped).Select(dropped => new StateRow(key, StateKind.Dropped, dropped.ToString(), Fields.Empty)))
            .Concat(before.Dropped.Except(after.Dropped).Select(dropped => new StateRow(key, StateKind.Dropped, dropped.ToString(), null)))
            .Concat(after.Series.Except(before.Series).Select(series => new StateRow(key, StateKind.Series, series.Key, Fields.Of(("last", series.Value)))));
    }

    public static CanonicalRecord RecordFrom(Fields data) => new(
        new RecordId(data.Text("entity")!, data.Text("key")!), data.Nested("attributes")!, data.Text("owner"), data.Nested("versions") ?? Fields.Empty);

    public static Target TargetFrom(string id, Fields data) => new(
        id,
        new RecordId(data.Text("entity")!, data.Text("key")!),
        data.Text("map")!,
        InstanceId.Parse(data.Text("instance")!),
        data.Text("step")!,
        data.Text("system")!,
        data.Text("targetEntity")!,
        data.Text("externalId"),
        data.Text("doneHash"),
        data.Text("sentHash"),
        data.Text("inFlight") is { } command ? CommandId.Parse(command) : null,
        (int)(data.Number("occurrence") ?? 0),
        data.Nested("failure") is { } failure ? new TargetFailure(failure.Text("code")!, failure.Text("message")!, failure.Text("evidence")) : null,
        data.Flag("created") == true,
        data.Flag("undone") == true,
        data.Nested("answer"));

    private static Move MoveFrom(Fields data) => new(
        Scope.Parse(data.Text("scope")!), data.Flag("claimed") == true, data.Nested("payload"), PlainTime.Instant(data, "since"), data.Flag("cameBack") == true);

    private static IEnumerable<StateRow> Changed<TKey, TValue>(
        UnitKey unit, StateKind kind, ImmutableDictionary<TKey, TValue> before, ImmutableDictionary<TKey, TValue> after, Func<TKey, string> id, Func<TValue, Fields> write)
        where TKey : notnull
        where TValue : class
    {
        if (ReferenceEquals(before, after))
        {
            return [];
        }

        var set = after.Where(pair => !ReferenceEquals(before.GetValueOrDefault(pair.Key), pair.Value)).Select(pair => new StateRow(unit, kind, id(pair.Key), write(pair.Value)));
        var gone = before.Keys.Where(key => !after.ContainsKey(key)).Select(key => new StateRow(unit, kind, id(key), null));
        return set.Concat(gone);
    }

    private static Fields Write(Move move) =>
        Fields.Of(("scope", move.Home.ToString()), ("payload", move.Waiting), ("since", move.Since), ("claimed", move.HasIdHere), ("cameBack", move.CameBack));

    private static Fields Write(CanonicalRecord record) => Fields.Of(
        ("entity", record.Id.Entity), ("key", record.Id.Key), ("attributes", record.Attributes), ("owner", record.Owner), ("versions", record.Versions));

    private static Fields Write(Target target) => Fields.Of(
        ("entity", target.Record.Entity),
        ("key", target.Record.Key),
        ("map", target.Map),
        ("instance", target.Instance.ToString()),
        ("step", target.Step),
        ("system", target.System),
        ("targetEntity", target.Entity),
        ("externalId", target.ExternalId),
        ("doneHash", target.DoneHash),
        ("sentHash", target.SentHash),
        ("inFlight", target.InFlight?.ToString()),
        ("occurrence", target.Occurrence),
        ("failure", target.Failure is { } failure ? Fields.Of(("code", failure.Code), ("message", failure.Message), ("evidence", failure.Evidence)) : null),
        ("created", target.Created),
        ("undone", target.Undone),
        ("answer", target.Answer));
}
