using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Throughline.Landscape;

/// <summary>Which system owns which attribute, per legal entity and date (invariant 6).</summary>
public sealed class OwnershipTable(FrozenDictionary<string, EntityOwnership> entities)
{
    /// <summary>The owner of attributes that the hub itself derives.</summary>
    public const string Hub = "hub";

    public FrozenDictionary<string, EntityOwnership> Entities { get; } = entities;

    /// <summary>The owner of an attribute on a date: the most specific rule (legal entity, then date, then general) wins.</summary>
    public string OwnerOf(string entity, string attribute, string? legalEntity, DateOnly date)
    {
        var ownership = Entities[entity];
        if (!ownership.Attributes.TryGetValue(attribute, out var rules))
        {
            return ownership.Default;
        }

        var applicable = rules.Where(rule => (rule.LegalEntity is null || rule.LegalEntity == legalEntity) && (rule.From is null || rule.From <= date));
        return applicable.OrderByDescending(rule => rule.LegalEntity is not null).ThenByDescending(rule => rule.From).FirstOrDefault()?.Owner
            ?? ownership.Default;
    }
}

public sealed record EntityOwnership(string Entity, string Default, FrozenDictionary<string, ImmutableArray<OwnershipRule>> Attributes, Place Place);

public sealed record OwnershipRule(string Owner, string? LegalEntity, DateOnly? From, Place Place);
