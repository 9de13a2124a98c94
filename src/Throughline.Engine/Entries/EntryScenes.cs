using System.Collections.Concurrent;
using System.Collections.Immutable;
using Throughline.Engine.Partition;
using Throughline.Model;

namespace Throughline.Engine.Entries;

/// <summary>
/// The engagements that entries belong to, kept for a moment: entries only look at them, and one that found something missing looks again. Never put
/// into the memory of the partition worker, which holds what it has committed itself.
/// </summary>
internal sealed class EntryScenes(PartitionWorker partitions, TimeProvider time)
{
    private const int KeptMax = 2_000;
    private static readonly TimeSpan KeptFor = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<Scope, Kept> _kept = new();

    public async Task<ImmutableArray<(Scope Scope, EntryScene Scene)>> OfAsync(
        ImmutableArray<Scope> scopes, Landscape.Landscape landscape, CancellationToken cancellation)
    {
        var found = ImmutableArray.CreateBuilder<(Scope, EntryScene)>(scopes.Length);
        var missing = new List<UnitKey>();
        foreach (var scope in scopes)
        {
            var key = new UnitKey(scope, "");
            var kept = _kept.GetValueOrDefault(scope);
            var current = partitions.InMemory(key) ?? (kept is not null && time.GetElapsedTime(kept.Read) < KeptFor ? kept.Unit : null);
            if (current is null)
            {
                missing.Add(key);
            }
            else
            {
                found.Add((scope, Scene(current, kept, kept?.Read ?? time.GetTimestamp(), landscape)));
            }
        }

        if (missing.Count > 0)
        {
            if (_kept.Count > KeptMax)
            {
                _kept.Clear();
            }

            var now = time.GetTimestamp();
            found.AddRange((await partitions.ReadUnitsAsync([.. missing], cancellation))
                .Select(unit => (unit.Key.Scope, Scene(unit, _kept.GetValueOrDefault(unit.Key.Scope), now, landscape))));
        }

        return found.ToImmutable();
    }

    private EntryScene Scene(UnitState unit, Kept? kept, long read, Landscape.Landscape landscape)
    {
        if (kept is not null && ReferenceEquals(kept.Unit, unit) && ReferenceEquals(kept.Landscape, landscape))
        {
            return kept.Scene;
        }

        var scene = new EntryScene(landscape, unit);
        _kept[unit.Key.Scope] = new Kept(unit, landscape, scene, read);
        return scene;
    }

    private sealed record Kept(UnitState Unit, Landscape.Landscape Landscape, EntryScene Scene, long Read);
}
