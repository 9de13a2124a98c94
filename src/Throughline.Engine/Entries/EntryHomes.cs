using System.Collections.Concurrent;
using System.Collections.Immutable;
using Throughline.Engine.Intake;
using Throughline.Model;

namespace Throughline.Engine.Entries;

/// <summary>
/// Tells intake which engagement an entry belongs to, so that it is stored in the right stream at once. An id belongs to one engagement for good,
/// so what was found is remembered; what was not found is asked for each time.
/// </summary>
public sealed class EntryHomes(IEntryStore store)
{
    private const int RememberedMax = 20_000;

    private readonly ConcurrentDictionary<HomeLookup, Scope> _known = new();

    public async Task<ImmutableArray<IntakeItem>> PlaceAsync(ImmutableArray<IntakeItem> items, CancellationToken cancellation)
    {
        if (!items.Any(item => item.Home is not null))
        {
            return items;
        }

        ImmutableArray<HomeLookup> missing = [.. items.Select(item => item.Home).OfType<HomeLookup>().Distinct().Where(lookup => !_known.ContainsKey(lookup))];
        if (!missing.IsEmpty)
        {
            if (_known.Count > RememberedMax)
            {
                _known.Clear();
            }

            foreach (var (lookup, home) in await store.FindHomesAsync(missing, cancellation))
            {
                _known[lookup] = home;
            }
        }

        return [.. items.Select(item => item.Home is { } lookup && _known.TryGetValue(lookup, out var home)
            ? item with { Envelope = item.Envelope with { Scope = home, CorrelationId = home.ToString() } }
            : item)];
    }
}
