using System.Collections.Immutable;
using Throughline.Model;

namespace Throughline.Engine.Entries;

/// <summary>Which entries people ask for. They come newest first, as far as their systems say when they were made: by id, falling.</summary>
/// <param name="ExternalId">The id in the entry's own system. It has no index: without a scope it is looked for among the newest <see cref="LookedAtMax"/>.</param>
/// <param name="After">The last one of the page before.</param>
public sealed record EntryFilter(Scope? Scope = null, EntryStatus? Status = null, string? ExternalId = null, EntryId? After = null, int Max = 100)
{
    public const int LookedAtMax = 20_000;
}

/// <summary>How many entries stand alike, and their hours.</summary>
/// <param name="IsTaken">Sent, and the target has taken the batch.</param>
/// <param name="Reason">Why they wait or are held.</param>
public sealed record EntryCount(EntryStatus Status, bool IsTaken, string? Reason, long Count, decimal Hours)
{
    /// <summary>So many of the newest are counted, and as many that wait or are held; a number that reaches it means "or more".</summary>
    public const int Max = 10_000;
}

/// <summary>What people ask about entries. Each question is bounded, however long the history.</summary>
public interface IEntryQueries
{
    Task<ImmutableArray<EntryRow>> FindEntriesAsync(EntryFilter filter, CancellationToken cancellation);

    /// <param name="scope">Null for all scopes.</param>
    Task<ImmutableArray<EntryCount>> CountEntriesAsync(Scope? scope, CancellationToken cancellation);
}
