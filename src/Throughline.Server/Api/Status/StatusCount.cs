using System.Collections.Immutable;
using Throughline.Engine.Partition;
using Throughline.Model;

namespace Throughline.Server.Api.Status;

/// <summary>One of the numbers that say how much there is.</summary>
/// <param name="Name">In the API.</param>
/// <param name="Words">On the page, after the number.</param>
/// <param name="Stops">It stops at <see cref="HubCounts.Max"/>, which then means "or more".</param>
internal sealed record StatusCount(string Name, string Words, Func<HubCounts, long> Of, bool Stops = true)
{
    /// <summary>In the order in which people read them.</summary>
    public static readonly ImmutableArray<StatusCount> All =
    [
        new("instancesRunning", "processes running", counts => counts.InstancesRunning),
        new("instancesDone", "processes complete", counts => counts.InstancesDone),
        new("instancesEnded", "rejected or merged", counts => counts.InstancesEnded),
        new("casesOpen", "open cases", counts => counts.CasesOpen),
        new("commandsWaiting", "writes waiting", counts => counts.CommandsWaiting),
        new("commandsInDoubt", "writes in doubt", counts => counts.CommandsInDoubt),
        new("envelopesWaiting", "messages waiting", counts => counts.EnvelopesWaiting, Stops: false),
        new("entriesWaiting", "messages about time entries waiting", counts => counts.EntriesWaiting, Stops: false),
        new("parked", "set aside", counts => counts.Parked),
    ];

    /// <summary>All of them, with the names of those that are "or more".</summary>
    public static Fields ToFields(HubCounts counts) => Fields.Of(
        [.. All.Select(count => (count.Name, (object?)count.Of(counts))),
            ("atLeast", All.Where(count => count.Stops && count.Of(counts) >= HubCounts.Max).Select(count => count.Name))]);
}
