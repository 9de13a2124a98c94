using System.Diagnostics.CodeAnalysis;
using Throughline.Model;

namespace Throughline.Engine.Partition;

/// <summary>
/// Units as this hub last committed them, so that the next envelope need not read and parse them again. Right as long as the hub is the
/// only writer of a unit's partition, which the fence in every commit proves: whoever is fenced, or does not know what became of a
/// commit, forgets the partition. Two generations bound the memory: what was not asked for during the last one is dropped.
/// </summary>
internal sealed class UnitCache(int generationMax = 1_000)
{
    private readonly Lock _gate = new();
    private Dictionary<UnitKey, UnitState> _young = [];
    private Dictionary<UnitKey, UnitState> _old = [];

    public bool TryGet(UnitKey key, [NotNullWhen(true)] out UnitState? state)
    {
        lock (_gate)
        {
            if (_young.TryGetValue(key, out state))
            {
                return true;
            }

            if (_old.TryGetValue(key, out state))
            {
                Keep(state);
                return true;
            }

            return false;
        }
    }

    public void Put(UnitState state)
    {
        lock (_gate)
        {
            Keep(state);
        }
    }

    public void Forget(int partition)
    {
        lock (_gate)
        {
            foreach (var generation in new[] { _young, _old })
            {
                foreach (var key in generation.Keys.Where(key => key.Scope.Partition == partition).ToArray())
                {
                    generation.Remove(key);
                }
            }
        }
    }

    private void Keep(UnitState state)
    {
        if (_young.Count >= generationMax && !_young.ContainsKey(state.Key))
        {
            (_old, _young) = (_young, []);
        }

        _young[state.Key] = state;
    }
}
