using System.Collections.Concurrent;
using Throughline.Engine;
using Throughline.Engine.Partition;
using Throughline.Model;

namespace Throughline.Server.Console;

/// <summary>
/// The names of master records (customers), for a page that shows the processes about them. A store can only be asked for a whole scope, so
/// names are kept, and a scope is read again only for a record that is not known yet, at most twice a minute.
/// </summary>
internal sealed class MasterNames(IHubStore store, TimeProvider time)
{
    private static readonly TimeSpan ReadEvery = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<UnitKey, string> _names = new();
    private readonly ConcurrentDictionary<Scope, DateTimeOffset> _read = new();

    /// <summary>The record's own name, or null where it is not known (yet).</summary>
    public string? Of(UnitKey unit) => _names.GetValueOrDefault(unit);

    public async Task LoadAsync(IEnumerable<UnitKey> units, CancellationToken cancellation)
    {
        var unknown = units.Where(unit => unit.Scope.Kind != Scope.EngagementKind && !_names.ContainsKey(unit)).Select(unit => unit.Scope).Distinct();
        foreach (var scope in unknown.ToArray())
        {
            var now = time.GetUtcNow();
            if (_read.TryGetValue(scope, out var last) && now - last < ReadEvery)
            {
                continue;
            }

            _read[scope] = now;
            foreach (var rows in (await store.LoadScopeAsync(scope, cancellation)).Where(row => row.Data is not null).GroupBy(row => row.Unit))
            {
                if (UnitRows.Read(rows.Key, rows).Of(scope.Kind).FirstOrDefault()?.Attributes.Text("name") is { Length: > 0 } name)
                {
                    _names[rows.Key] = name;
                }
            }
        }
    }
}
