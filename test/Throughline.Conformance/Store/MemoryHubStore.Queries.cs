using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Cases;
using Throughline.Engine.Delivery;
using Throughline.Engine.Lineage;
using Throughline.Engine.Partition;
using Throughline.Model;

namespace Throughline.Conformance.Store;

public sealed partial class MemoryHubStore
{
    public Task<ImmutableArray<Case>> ListCasesAsync(CaseFilter filter, CancellationToken cancellation) => Do(() =>
        Page(
            _data.Cases.Values.OrderByDescending(item => item.OpenedAt).ThenByDescending(item => item.Id.ToString(), StringComparer.Ordinal),
            item => item.Id.Value,
            filter.After,
            item => (filter.Status is null || item.Status == filter.Status)
                && (filter.Queue is null || item.Queue == filter.Queue)
                && (filter.CorrelationId is null || item.CorrelationId == filter.CorrelationId),
            filter.Max));

    public Task<Case?> FindCaseAsync(CaseId id, CancellationToken cancellation) => Do(() => _data.Cases.GetValueOrDefault(id));

    public Task<ImmutableArray<Case>> FindCasesAsync(IdRange ids, int max, CancellationToken cancellation) => Do(() =>
        Within(_data.Cases.Values, item => item.Id.ToString(), ids, max));

    public Task<ImmutableArray<InstanceRow>> FindInstancesAsync(IdRange ids, int max, CancellationToken cancellation) => Do(() =>
        Within(_data.Instances.Values, row => row.Id.ToString(), ids, max));

    public Task<ImmutableArray<Scope>> FindScopesAsync(string id, CancellationToken cancellation) => Do(() =>
    {
        var isId = Guid.TryParse(id, out var guid);
        var known = _data.State.Where(unit => unit.Value.Count > 0).Select(unit => unit.Key.Scope)
            .Concat(_data.Commands.Select(held => held.Content.Unit.Scope))
            .Concat(_data.Cases.Values.Select(item => item.Unit.Scope))
            .Concat(_data.Instances.Values.Select(instance => instance.Unit.Scope))
            .Concat(_data.Lineage.Select(entry => entry.Scope))
            .Where(scope => scope.ToString() == id);
        return _data.Crosswalk.Values.Where(row => row.ExternalId == id).Select(row => row.Unit.Scope)
            .Concat(_data.Matches.Where(row => row.Key == id).Select(row => row.Scope))
            .Concat(known)
            .Concat(_data.Instances.Values.Where(instance => isId && instance.Id.Value == guid).Select(instance => instance.Unit.Scope))
            .Concat(_data.Commands.Where(held => isId && held.Content.Id.Value == guid).Select(held => held.Content.Unit.Scope))
            .Concat(_data.Cases.Values.Where(item => isId && item.Id.Value == guid).Select(item => item.Unit.Scope))
            .Distinct()
            .OrderBy(scope => scope.ToString(), ByBytes)
            .ToImmutableArray();
    });

    public Task<ImmutableArray<LineageEntry>> ReadLineageAsync(string correlationId, long after, int max, CancellationToken cancellation) => Do(() =>
        _data.Lineage.Where(entry => entry.Number > after && (entry.CorrelationId == correlationId || entry.Scope.ToString() == correlationId))
            .Take(max)
            .ToImmutableArray());

    public Task<ImmutableArray<StateRow>> LoadScopeAsync(Scope scope, CancellationToken cancellation) => Do(() =>
        _data.State.Where(unit => unit.Key.Scope == scope).SelectMany(unit => unit.Value.Values)
            .OrderBy(row => row.Unit.Unit, ByBytes).ThenBy(row => row.Kind).ThenBy(row => row.Id, ByBytes)
            .ToImmutableArray());

    public Task<ImmutableArray<InstanceRow>> ListInstancesAsync(
        string? process, string? status, string? after, int max, CancellationToken cancellation) => Do(() =>
        Page(
            _data.Instances.Values.OrderByDescending(row => row.StartedAt).ThenByDescending(row => row.Id.ToString(), StringComparer.Ordinal),
            row => row.Id.Value,
            after,
            row => (process is null || row.Process == process) && (status is null || row.Status == status),
            max));

    public Task<ImmutableArray<Command>> ListCommandsAsync(Scope scope, int max, CancellationToken cancellation) => Do(() =>
        _data.Commands.Select(held => held.Content).Where(command => command.Unit.Scope == scope).OrderBy(command => command.CreatedAt).TakeLast(max).ToImmutableArray());

    public Task<ImmutableArray<PublishedEvent>> ReadEventsAsync(long after, int max, CancellationToken cancellation) => Do(() =>
        _data.Events.Where(item => item.Number > after).Take(max).ToImmutableArray());

    public Task<ImmutableArray<ParkedEnvelope>> ListParkedAsync(Scope? scope, int max, CancellationToken cancellation) => Do(() =>
        _data.Parked.Where(item => scope is null || item.Envelope.Scope == scope).Take(max).ToImmutableArray());

    public Task<HubCounts> CountAsync(CancellationToken cancellation) => Do(() => new HubCounts(
        Enumerable.Range(0, Scope.PartitionCount).Sum(partition => (long)Waiting(partition).Count()),
        Enumerable.Range(0, Scope.PartitionCount).Sum(partition => (long)WaitingEntries(partition).Count()),
        _data.Parked.Count,
        _data.Commands.Count(held => held.Content.Status is CommandStatus.Waiting or CommandStatus.Sending),
        _data.Commands.Count(held => held.Content.Status == CommandStatus.InDoubt),
        _data.Cases.Values.Count(item => item.Status == CaseStatus.Open),
        _data.Instances.Values.Count(row => row.Status.ToUpperInvariant() is "RUNNING" or "HELD" or "UNDOING"),
        _data.Instances.Values.Count(row => row.Status.ToUpperInvariant() is "DONE"),
        _data.Instances.Values.Count(row => row.Status.ToUpperInvariant() is "UNDONE" or "MERGED")));

    private static ImmutableArray<T> Within<T>(IEnumerable<T> all, Func<T, string> id, IdRange ids, int max) =>
    [
        .. all.Where(each => string.CompareOrdinal(id(each), ids.First.ToString("N")) >= 0 && string.CompareOrdinal(id(each), ids.Last.ToString("N")) <= 0)
            .OrderBy(id, StringComparer.Ordinal).Take(max),
    ];

    /// <summary>What follows the given row in a sorted list; nothing where the row is unknown.</summary>
    private static ImmutableArray<T> Page<T>(IEnumerable<T> sorted, Func<T, Guid> id, string? after, Func<T, bool> isWanted, int max)
    {
        if (after is not null)
        {
            sorted = Guid.TryParse(after, out var last) ? sorted.SkipWhile(row => id(row) != last).Skip(1) : [];
        }

        return [.. sorted.Where(isWanted).Take(max)];
    }
}
