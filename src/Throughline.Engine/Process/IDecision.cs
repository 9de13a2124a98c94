using System.Collections.Immutable;
using Throughline.Engine.Partition;
using Throughline.Landscape;
using Throughline.Model;

namespace Throughline.Engine.Process;

/// <summary>A named pure decision of a process: from what is known, the records that follow from it. No I/O, no clock, no randomness.</summary>
public interface IDecision
{
    /// <summary>The name that <c>decision:</c> in a process definition refers to.</summary>
    string Name { get; }

    DecisionResult Decide(DecisionInput input);
}

/// <param name="Subject">The subject's attributes, with <c>key</c>.</param>
/// <param name="Records">All records of the unit.</param>
/// <param name="Owner">Who owns what this step derived before; records of other owners are not its own.</param>
public sealed record DecisionInput(Fields Subject, ImmutableArray<CanonicalRecord> Records, Landscape.Landscape Landscape, string Owner)
{
    public IEnumerable<CanonicalRecord> Of(string entity) => Records.Where(record => record.Id.Entity == entity);

    public Fields? Find(string entity, string? key) => Records.FirstOrDefault(record => record.Id.Entity == entity && record.Id.Key == key)?.Attributes;
}

/// <summary>The whole set of records that the decision derives (what it derived before and is missing now, falls away), or why it cannot.</summary>
public sealed record DecisionResult(ImmutableArray<DerivedRecord> Records, ImmutableArray<DecisionProblem> Problems)
{
    public static DecisionResult Refuse(params ReadOnlySpan<DecisionProblem> problems) => new([], [.. problems]);
}

public sealed record DerivedRecord(string Entity, string Key, Fields Attributes);

/// <summary>Why a decision cannot be made, for people, and what they can do.</summary>
public sealed record DecisionProblem(string Queue, string Says, string Remedy, Money? Amount);
