using System.Collections.Immutable;

namespace Throughline.Engine.Cluster;

/// <summary>
/// Doorbells of several hubs. What rings for a partition that this hub has taken is worked here, so that partitions do not wander; any other ring goes to the
/// broker, and the hub that gets it takes the partition. A bell is kept until its partition was worked on, so that those of a hub that dies ring elsewhere.
/// </summary>
internal sealed class ClusterDoorbell(IBroker broker) : IDoorbell
{
    private readonly InProcessDoorbell _local = new();
    private readonly Dictionary<int, List<BrokerMessage>> _rung = [];
    private readonly Dictionary<int, List<BrokerMessage>> _inHand = [];
    private readonly Lock _gate = new();

    /// <summary>Whether this hub has taken a partition, as far as it knows.</summary>
    public Func<int, bool> IsOurs { get; set; } = _ => false;

    public void Ring(int partition)
    {
        if (IsOurs(Bell.PartitionOf(partition)))
        {
            _local.Ring(partition);
        }
        else
        {
            broker.Ring(partition);
        }
    }

    /// <summary>This hub is to look, whoever has the partition.</summary>
    public void RingHere(int partition) => _local.Ring(partition);

    public void BellRang(int partition, BrokerMessage message)
    {
        lock (_gate)
        {
            (_rung.TryGetValue(partition, out var messages) ? messages : _rung[partition] = []).Add(message);
        }

        _local.Ring(partition);
    }

    public async ValueTask<ImmutableArray<int>> NextAsync(int max, CancellationToken cancellation)
    {
        var partitions = await _local.NextAsync(max, cancellation);
        lock (_gate)
        {
            foreach (var partition in partitions)
            {
                if (_rung.Remove(partition, out var messages))
                {
                    _inHand[partition] = messages;
                }
            }
        }

        return partitions;
    }

    public void Answered(int partition)
    {
        _local.Answered(partition);
        List<BrokerMessage>? messages;
        lock (_gate)
        {
            _inHand.Remove(partition, out messages);
        }

        messages?.ForEach(message => message.Done());
    }
}
