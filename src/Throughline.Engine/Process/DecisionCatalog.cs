using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Throughline.Engine.Process;

/// <summary>The decisions that process definitions may name.</summary>
public sealed class DecisionCatalog(IEnumerable<IDecision> decisions)
{
    private readonly FrozenDictionary<string, IDecision> _decisions = decisions.ToFrozenDictionary(decision => decision.Name, StringComparer.Ordinal);

    public ImmutableHashSet<string> Names => [.. _decisions.Keys];

    public IDecision this[string name] => _decisions[name];
}
