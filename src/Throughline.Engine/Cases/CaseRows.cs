using System.Collections.Immutable;
using Throughline.Engine.Partition;
using Throughline.Model;

namespace Throughline.Engine.Cases;

/// <summary>Cases to and from documents.</summary>
public static class CaseRows
{
    public static Fields Write(Case item) => Fields.Of(
        ("id", item.Id.ToString()),
        ("scope", item.Unit.Scope.ToString()),
        ("unit", item.Unit.Unit),
        ("correlation", item.CorrelationId),
        ("instance", item.Instance?.ToString()),
        ("step", item.Step),
        ("kind", item.Kind),
        ("queue", item.Queue),
        ("subject", item.Subject),
        ("says", item.Says),
        ("remedy", item.Remedy),
        ("amount", item.Amount),
        ("status", item.Status),
        ("actions", item.Actions.Select(action => action.ToString())),
        ("notBy", item.NotBy),
        ("openedAt", item.OpenedAt),
        ("dueAt", item.DueAt),
        ("closedAt", item.ClosedAt),
        ("closedBy", item.ClosedBy),
        ("reason", item.Reason));

    public static Case Read(Fields data) => new(
        CaseId.Parse(data.Text("id")!),
        new UnitKey(Scope.Parse(data.Text("scope")!), data.Text("unit")!),
        data.Text("correlation")!,
        data.Text("instance") is { } instance ? InstanceId.Parse(instance) : null,
        data.Text("step"),
        data.Text("kind")!,
        data.Text("queue")!,
        data.Text("subject")!,
        data.Text("says")!,
        data.Text("remedy")!,
        data.Money("amount"),
        Enum.Parse<CaseStatus>(data.Text("status")!),
        [.. data.List("actions").OfType<string>().Select(Enum.Parse<CaseAction>)],
        data.Text("notBy"),
        PlainTime.Instant(data, "openedAt")!.Value,
        PlainTime.Instant(data, "dueAt")!.Value,
        PlainTime.Instant(data, "closedAt"),
        data.Text("closedBy"),
        data.Text("reason"));
}
