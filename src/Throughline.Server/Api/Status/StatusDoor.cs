using Throughline.Engine;
using Throughline.Engine.Partition;
using Throughline.Model;
using Throughline.Server.Api.Answers;
using Throughline.Server.Api.Entries;
using Throughline.Server.Hosting;

namespace Throughline.Server.Api.Status;

/// <summary>How the hub is: <c>/health</c>, <c>/health/live</c>, <c>/api/v1/status</c>, <c>/api/v1/instances</c>, <c>/api/v1/events</c>.</summary>
internal sealed class StatusDoor(Doors doors)
{
    /// <summary>Whether the hub is to be sent anything: 200, or 503 where the store cannot be used or the hub is about to stop.</summary>
    public async Task HealthAsync(HttpContext context)
    {
        var status = doors.IsStopping ? "stopping" : !doors.Hub.StoreFails && await WorksAsync(context.RequestAborted) ? "ok" : "store-unavailable";
        await Answer.JsonAsync(context, status == "ok" ? 200 : 503, Fields.Of(
            ("status", status), ("version", Composition.Version), ("store", doors.Store.Description),
            ("data", Path.GetDirectoryName(doors.Parts.Token.FilePath)), ("cluster", Cluster(doors.Hub))));
    }

    /// <summary>Whether the program answers at all. It does not ask the store: a restart would not bring that back, and what is under way would have to be asked for.</summary>
    public static Task LiveAsync(HttpContext context) => Answer.JsonAsync(context, 200, Fields.Of(("status", "ok"), ("version", Composition.Version)));

    public async Task StatusAsync(HttpContext context) => await Answer.JsonAsync(context, 200, await ReadAsync(doors, context.RequestAborted));

    /// <summary>Everything that the status shows, for the API and the page.</summary>
    public static async Task<Fields> ReadAsync(Doors doors, CancellationToken cancellation)
    {
        var counts = await doors.Store.CountAsync(cancellation);
        return Fields.Of(
            ("version", Composition.Version),
            ("store", doors.Store.Description),
            ("landscape", Fields.Of(("name", doors.Landscape.Name), ("title", doors.Landscape.Title), ("release", doors.Landscape.Release))),
            ("now", doors.Time.GetUtcNow()),
            ("cluster", Cluster(doors.Hub)),
            ("counts", StatusCount.ToFields(counts)),
            ("entries", EntryCounts.ToFields(await doors.Store.CountEntriesAsync(null, cancellation))),
            ("lanes", doors.Hub.Lanes.Select(lane => Fields.Of(
                ("system", lane.System),
                ("drivenHere", doors.Hub.Drives(lane.System)),
                ("kind", doors.Landscape.Systems[lane.System].Kind),
                ("circuit", lane.Circuit.OpenUntil is null ? "closed" : lane.Circuit.IsTrying ? "trying" : "open"),
                ("openUntil", lane.Circuit.OpenUntil),
                ("reason", lane.Circuit.Reason)))),
            ("pollers", doors.Hub.Pollers.Select(entry => Fields.Of(
                ("system", entry.Poller.System), ("entity", entry.Poller.Entity), ("every", entry.Every),
                ("lastFailure", entry.Poller.LastFailure is { } failure ? Fields.Of(("code", failure.Code), ("message", failure.Message)) : null)))));
    }

    // An away broker is no reason to take a hub out of service: it works on.
    private static Fields? Cluster(Hub hub) => hub.Cluster is not { } cluster ? null : Fields.Of(
        ("hub", cluster.Hub), ("hubs", cluster.Hubs), ("broker", cluster.Broker), ("works", cluster.Trouble is null ? "by bells" : "by looking into the store"),
        ("says", cluster.Trouble is { } trouble ? $"The broker is away ({trouble}). The hubs look into the store themselves, slower; nothing is lost." : null),
        ("lanes", hub.Lanes.Select(lane => lane.System).Where(hub.Drives).Order(StringComparer.Ordinal)));

    public async Task InstancesAsync(HttpContext context)
    {
        var (max, problem) = context.Whole("max", 100, 1, RouteText.PageMax);
        if (problem is not null)
        {
            await Answer.ProblemAsync(context, problem);
            return;
        }

        var rows = await doors.Store.ListInstancesAsync(context.Query("process"), context.Query("status"), context.Query("after"), (int)max,
            context.RequestAborted);
        await Answer.JsonAsync(context, 200, Fields.Of(
            ("instances", rows.Select(Instance)), ("next", rows.Length == max ? rows[^1].Id.ToString() : null)));
    }

    public async Task EventsAsync(HttpContext context)
    {
        var (after, wrongAfter) = context.Whole("after", 0, 0, long.MaxValue);
        var (max, wrongMax) = context.Whole("max", 100, 1, RouteText.PageMax);
        if ((wrongAfter ?? wrongMax) is { } problem)
        {
            await Answer.ProblemAsync(context, problem);
            return;
        }

        var events = await doors.Store.ReadEventsAsync(after, (int)max, context.RequestAborted);
        await Answer.JsonAsync(context, 200, Fields.Of(
            ("events", events.Select(item => Fields.Of(
                ("number", item.Number), ("name", item.Name), ("engagement", item.CorrelationId), ("at", item.At), ("payload", item.Payload)))),
            ("next", events.Length == 0 ? after : events[^1].Number)));
    }

    public static Fields Instance(InstanceRow row) => Fields.Of(
        ("id", row.Id.ToString()), ("process", row.Process), ("status", row.Status), ("summary", row.Summary),
            ("scope", row.Unit.Scope.ToString()), ("unit", row.Unit.Unit),
        ("startedAt", row.StartedAt), ("changedAt", row.ChangedAt));

    private async Task<bool> WorksAsync(CancellationToken cancellation)
    {
        try
        {
            await doors.Store.CountAsync(cancellation);
            return true;
        }
        catch (StoreUnavailableException)
        {
            return false;
        }
    }
}
