using System.Collections.Immutable;
using Throughline.Engine.Delivery;
using Throughline.Engine.Entries;
using Throughline.Model;

namespace Throughline.Conformance.Store;

public sealed partial class MemoryHubStore
{
    public Task<ImmutableArray<EntryRow>> FindEntriesAsync(EntryFilter filter, CancellationToken cancellation) => Do(() => _data.Entries.Values
        .OrderByDescending(row => Order(row.Id.Value), StringComparer.Ordinal)
        .Take(filter is { ExternalId: not null, Scope: null } ? EntryFilter.LookedAtMax : int.MaxValue)
        .Where(row => (filter.Scope is null || row.Scope == filter.Scope) && (filter.Status is null || row.Status == filter.Status)
            && (filter.ExternalId is null || row.ExternalId == filter.ExternalId)
            && (filter.After is not { } after || string.CompareOrdinal(Order(row.Id.Value), Order(after.Value)) < 0))
        .Take(filter.Max).ToImmutableArray());

    public Task<ImmutableArray<EntryCount>> CountEntriesAsync(Scope? scope, CancellationToken cancellation) => Do(() => _data.Entries.Values
        .Where(row => scope is null || row.Scope == scope)
        .GroupBy(row => (row.Status, IsTaken: IsTaken(row), row.Reason))
        .OrderBy(group => group.Key.Status).ThenBy(group => group.Key.IsTaken).ThenBy(group => group.Key.Reason, StringComparer.Ordinal)
        .Select(group => new EntryCount(
            group.Key.Status, group.Key.IsTaken, group.Key.Reason, group.Count(), group.Sum(row => row.Attributes.Number("hours") ?? 0))).ToImmutableArray());

    private bool IsTaken(EntryRow row) => row is { Status: EntryStatus.Sent, Batch: { } batch }
        && _data.CommandsById.TryGetValue(batch, out var held) && held.Content.Status == CommandStatus.Done;
}
