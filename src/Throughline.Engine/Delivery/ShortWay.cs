using System.Collections.Immutable;
using Throughline.Model;

namespace Throughline.Engine.Delivery;

/// <summary>What became of a command, on its way from the lane to the partition worker of the same hub. The store does not know of it yet.</summary>
/// <param name="Epoch">Under which the lane claimed the command.</param>
/// <param name="Since">When it was handed over.</param>
internal sealed record HandedOutcome(Lane Lane, long Epoch, CommandOutcome Outcome, DateTimeOffset Since)
{
    public NewEnvelope Receipt => Outcome.Receipt!;
}

/// <summary>
/// The short way between the lanes and the partition workers of one hub: outcomes go to the worker of the partition in memory and are concluded in
/// its commit, and commands are claimed in the commit that decides them. It is only ever a shorter way for what the store does anyway: whatever
/// does not go through smoothly is given back to its lane and concluded by the store alone, and what a hub takes with it when it dies is asked for in the target.
/// </summary>
internal sealed class ShortWay(IReadOnlyDictionary<string, Lane> lanes, Func<int, bool> isOurs, IDoorbell doorbell)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, List<HandedOutcome>> _waiting = [];

    public Lane? Lane(string system) => lanes.GetValueOrDefault(system);

    /// <summary>Hands an outcome to the worker of its partition, if that is this hub's.</summary>
    public bool TryHand(HandedOutcome handed)
    {
        var partition = handed.Receipt.Scope.Partition;
        if (!isOurs(partition))
        {
            return false;
        }

        lock (_gate)
        {
            (_waiting.TryGetValue(partition, out var waiting) ? waiting : _waiting[partition] = []).Add(handed);
        }

        doorbell.Ring(partition);
        return true;
    }

    /// <summary>Everything that was handed over for some partitions, in the order in which it came.</summary>
    public ImmutableArray<HandedOutcome> Take(ImmutableArray<int> partitions)
    {
        lock (_gate)
        {
            return [.. partitions.SelectMany(partition => _waiting.Remove(partition, out var waiting) ? waiting : [])];
        }
    }

    /// <summary>What a lane handed over before some time and nobody took: the partition may have gone to another hub meanwhile.</summary>
    public ImmutableArray<HandedOutcome> TakeBack(Lane lane, DateTimeOffset before)
    {
        lock (_gate)
        {
            var back = _waiting.Values.SelectMany(waiting => waiting).Where(handed => handed.Lane == lane && handed.Since < before).ToImmutableArray();
            foreach (var handed in back)
            {
                _waiting[handed.Receipt.Scope.Partition].Remove(handed);
            }

            return back;
        }
    }
}
