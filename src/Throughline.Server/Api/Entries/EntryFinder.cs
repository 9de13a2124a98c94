using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Entries;
using Throughline.Model;

namespace Throughline.Server.Api.Entries;

/// <summary>Finds the entries that people mean by an id: the hub's own, or that of the system where they were entered.</summary>
internal static class EntryFinder
{
    private const int SameIdMax = 20;

    public static async Task<ImmutableArray<EntryRow>> FindEntryAsync(this IHubStore store, string text, CancellationToken cancellation)
    {
        if (Guid.TryParse(text, out var id) && await store.LoadEntriesAsync([new EntryId(id)], cancellation) is [var row])
        {
            return [row];
        }

        return text.Length == 0 ? [] : await store.FindEntriesAsync(new EntryFilter(ExternalId: text, Max: SameIdMax), cancellation);
    }
}
