using System.Collections.Immutable;
using Throughline.Engine.Partition;
using Throughline.Model;

namespace Throughline.Engine.Process;

/// <summary>Instances to and from documents.</summary>
public static class InstanceRows
{
    public static Fields Write(Instance instance) => Fields.Of(
        ("id", instance.Id.ToString()),
        ("process", instance.Process),
        ("definition", instance.Definition),
        ("entity", instance.Subject.Entity),
        ("key", instance.Subject.Key),
        ("status", instance.Status),
        ("held", instance.Held),
        ("steps", Fields.From(instance.Steps.OrderBy(step => step.Key, StringComparer.Ordinal).Select(step => new KeyValuePair<string, object?>(step.Key, Fields.Of(
            ("done", step.Value.IsDone), ("reason", step.Value.Reason), ("since", step.Value.Since), ("due", step.Value.Due), ("data", step.Value.Data)))))),
        ("requesters", instance.Requesters.Select(requester => Fields.Of(
            ("requestId", requester.RequestId), ("scope", requester.Scope.ToString()), ("unit", requester.Unit), ("correlation", requester.CorrelationId)))),
        ("correlation", instance.CorrelationId),
        ("request", instance.Request),
        ("startedAt", instance.StartedAt),
        ("changedAt", instance.ChangedAt),
        ("seen", instance.Seen),
        ("watch", instance.Watch),
        ("requestedBy", instance.RequestedBy));

    public static Instance Read(Fields data) => new(
        InstanceId.Parse(data.Text("id")!),
        data.Text("process")!,
        data.Text("definition")!,
        new RecordId(data.Text("entity")!, data.Text("key")!),
        Enum.Parse<InstanceStatus>(data.Text("status")!),
        data.Flag("held") == true,
        (data.Nested("steps") ?? Fields.Empty).ToImmutableDictionary(pair => pair.Key, pair => ReadStep((Fields)pair.Value!)),
        [.. data.NestedList("requesters").Select(requester => new Requester(
            requester.Text("requestId")!, Scope.Parse(requester.Text("scope")!), requester.Text("unit")!, requester.Text("correlation")!))],
        data.Text("correlation")!,
        data.Nested("request") ?? Fields.Empty,
        PlainTime.Instant(data, "startedAt")!.Value,
        PlainTime.Instant(data, "changedAt")!.Value,
        data.Text("seen"),
        PlainTime.Instant(data, "watch"))
    {
        // Called "askers" before.
        RequestedBy = [.. (data.ContainsKey("requestedBy") ? data.List("requestedBy") : data.List("askers")).OfType<string>()],
    };

    private static StepState ReadStep(Fields data) =>
        new(data.Flag("done") == true, data.Text("reason"), PlainTime.Instant(data, "since"), PlainTime.Instant(data, "due"), data.Nested("data") ?? Fields.Empty);
}
