using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Partition;
using Throughline.Model;

namespace Throughline.Tests.Engine.Partition;

/// <summary>A partition store that fails where a test says so, and gives state as a database would: read anew from JSON.</summary>
internal sealed class FaultyStore(IPartitionStore store) : IPartitionStore
{
    /// <summary>Before a commit; what it throws keeps the commit from being made.</summary>
    public Action<ImmutableArray<PartitionCommit>> Before { get; set; } = _ => { };

    /// <summary>After a commit; what it throws loses the answer.</summary>
    public Action<ImmutableArray<PartitionCommit>> After { get; set; } = _ => { };

    /// <summary>After envelopes were read.</summary>
    public Action HasRead { get; set; } = () => { };

    public List<ImmutableArray<PartitionCommit>> Commits { get; } = [];

    public List<UnitKey> Loaded { get; } = [];

    /// <summary>Units that cannot be read.</summary>
    public HashSet<UnitKey> Unreadable { get; } = [];

    /// <summary>Envelopes that were set aside and read again.</summary>
    public int ParkedRead { get; private set; }

    public Task<long> TakePartitionAsync(int partition, string owner, CancellationToken cancellation) => store.TakePartitionAsync(partition, owner, cancellation);

    public Task<ImmutableArray<int>> PartitionsWithWorkAsync(CancellationToken cancellation) => store.PartitionsWithWorkAsync(cancellation);

    public async Task<ImmutableArray<Envelope>> ReadEnvelopesAsync(ImmutableArray<int> partitions, int maxEach, CancellationToken cancellation)
    {
        var envelopes = await store.ReadEnvelopesAsync(partitions, maxEach, cancellation);
        HasRead();
        return envelopes;
    }

    public Task<ImmutableArray<FoundUnit>> FindUnitsAsync(ImmutableArray<UnitLookup> lookups, CancellationToken cancellation) =>
        store.FindUnitsAsync(lookups, cancellation);

    public async Task<ImmutableArray<StateRow>> LoadUnitsAsync(ImmutableArray<UnitKey> units, CancellationToken cancellation)
    {
        Loaded.AddRange(units);
        if (units.Any(Unreadable.Contains))
        {
            throw new InvalidOperationException("a state row that nobody can read");
        }

        return [.. (await store.LoadUnitsAsync(units, cancellation)).Select(row => row with { Data = Fields.Parse(row.Data!.ToJson()) })];
    }

    public async Task CommitAsync(ImmutableArray<PartitionCommit> commits, CancellationToken cancellation)
    {
        Before(commits);
        await store.CommitAsync(commits, cancellation);
        Commits.Add(commits);
        After(commits);
    }

    public async Task<ImmutableArray<ParkedEnvelope>> ReadParkedAsync(ImmutableArray<UnitKey> units, CancellationToken cancellation)
    {
        var parked = await store.ReadParkedAsync(units, cancellation);
        ParkedRead += parked.Length;
        return parked;
    }
}
