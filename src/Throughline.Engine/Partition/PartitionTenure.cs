namespace Throughline.Engine.Partition;

/// <summary>Which partitions a hub has taken, under which epochs, as far as it knows. Only the fence in a commit knows for sure.</summary>
internal sealed class PartitionTenure
{
    private readonly Dictionary<int, long> _epochs = [];
    private readonly HashSet<int> _lost = [];
    private readonly Lock _gate = new();

    public bool Has(int partition)
    {
        lock (_gate)
        {
            return _epochs.ContainsKey(partition) && !_lost.Contains(partition);
        }
    }

    /// <summary>Also of one that was lost while it is worked on; its commit will be fenced.</summary>
    /// <exception cref="FencedException">It was given back meanwhile, because somebody else's commit for it was fenced.</exception>
    public long EpochOf(int partition)
    {
        lock (_gate)
        {
            return _epochs.TryGetValue(partition, out var epoch) ? epoch : throw new FencedException($"partition {partition} was given back while it was worked on");
        }
    }

    /// <summary>Does something while this hub has a partition under an epoch and cannot take it anew; nothing where it no longer has.</summary>
    public void While(int partition, long epoch, Action act)
    {
        lock (_gate)
        {
            if (_epochs.TryGetValue(partition, out var held) && held == epoch && !_lost.Contains(partition))
            {
                act();
            }
        }
    }

    public void Took(int partition, long epoch)
    {
        lock (_gate)
        {
            _epochs[partition] = epoch;
            _lost.Remove(partition);
        }
    }

    /// <summary>Another hub has taken it, if later than this one.</summary>
    public void Lose(int partition, long toEpoch)
    {
        lock (_gate)
        {
            if (_epochs.TryGetValue(partition, out var epoch) && epoch < toEpoch)
            {
                _lost.Add(partition);
            }
        }
    }

    public void Forget(int partition)
    {
        lock (_gate)
        {
            _epochs.Remove(partition);
            _lost.Remove(partition);
        }
    }
}
