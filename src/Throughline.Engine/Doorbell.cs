using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Threading.Channels;

namespace Throughline.Engine;

/// <summary>
/// Wakes the worker of a partition. A ring is only a hint: work is found in the store, and every hub also looks there on its own.
/// In one process this is a channel; in a cluster a broker stands behind the same port.
/// </summary>
public interface IDoorbell
{
    /// <summary>Rings for partitions that have new work. Never blocks and never fails: a lost ring is made good by the next look.</summary>
    void Ring(int partition);

    /// <summary>
    /// The partitions to look at next, at least one and at most <paramref name="max"/>: whatever has rung by now. One that rings while it is
    /// worked on is delivered again afterwards.
    /// </summary>
    ValueTask<ImmutableArray<int>> NextAsync(int max, CancellationToken cancellation);

    /// <summary>The partition was worked on; it may be delivered again.</summary>
    void Answered(int partition);
}

/// <summary>Doorbells within one process: one pending ring per partition, however often it was rung, and one worker per partition at a time.</summary>
public sealed class InProcessDoorbell : IDoorbell
{
    private const int Quiet = 0;
    private const int Rung = 1;
    private const int Working = 2;
    private const int WorkingAndRung = 3;

    private readonly Channel<int> _channel = Channel.CreateUnbounded<int>();
    private readonly ConcurrentDictionary<int, int> _states = new();
    private readonly Lock _gate = new();

    public void Ring(int partition)
    {
        lock (_gate)
        {
            switch (_states.GetValueOrDefault(partition))
            {
                case Quiet:
                    _states[partition] = Rung;
                    _channel.Writer.TryWrite(partition);
                    break;
                case Working:
                    _states[partition] = WorkingAndRung;
                    break;
            }
        }
    }

    public async ValueTask<ImmutableArray<int>> NextAsync(int max, CancellationToken cancellation)
    {
        var partitions = ImmutableArray.CreateBuilder<int>();
        partitions.Add(await _channel.Reader.ReadAsync(cancellation));
        while (partitions.Count < max && _channel.Reader.TryRead(out var another))
        {
            partitions.Add(another);
        }

        lock (_gate)
        {
            foreach (var partition in partitions)
            {
                _states[partition] = Working;
            }
        }

        return partitions.DrainToImmutable();
    }

    public void Answered(int partition)
    {
        lock (_gate)
        {
            if (_states[partition] == WorkingAndRung)
            {
                _states[partition] = Rung;
                _channel.Writer.TryWrite(partition);
            }
            else
            {
                _states[partition] = Quiet;
            }
        }
    }
}
