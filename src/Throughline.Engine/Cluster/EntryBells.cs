using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Throughline.Engine.Cluster;

/// <summary>
/// Rings for entries that wait, wherever their partition is worked. Without a broker nobody hears that of a partition whose hub is gone, so whoever sees its entries
/// stand takes it.
/// </summary>
internal sealed class EntryBells(IBroker broker, ClusterDoorbell doorbell, TimeProvider time)
{
    /// <summary>
    /// Longer than for a partition's other work: a backlog of entries takes its writer seconds, and no place in the stream tells from outside that it moves.
    /// </summary>
    public static readonly TimeSpan StandStill = TimeSpan.FromSeconds(3);

    private readonly Dictionary<int, long> _since = [];

    /// <param name="partitions">All in which entries wait now.</param>
    public void Ring(ImmutableArray<int> partitions)
    {
        var before = _since.ToFrozenDictionary();
        _since.Clear();
        foreach (var partition in partitions)
        {
            var since = before.GetValueOrDefault(partition, time.GetTimestamp());
            if (broker.Trouble is not null && time.GetElapsedTime(since) >= StandStill)
            {
                doorbell.RingHere(Bell.OfEntries(partition));
                since = time.GetTimestamp();
            }
            else
            {
                doorbell.Ring(Bell.OfEntries(partition));
            }

            _since[partition] = since;
        }
    }
}
