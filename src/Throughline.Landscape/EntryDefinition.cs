using System.Collections.Immutable;
using Throughline.Landscape.Expressions;

namespace Throughline.Landscape;

/// <summary>
/// What becomes of the entries of one kind (time, expense): which of them are ready, what must hold for each, and as what they stand in which
/// system. Expressions see the entry under its entity's name, the records of its engagement that it belongs to (<c>task</c>,
/// <c>workstream</c>, empty where there is none), <c>records</c>, <c>parameters</c> and <c>legalEntity</c>.
/// </summary>
/// <param name="From">The canonical entity.</param>
/// <param name="Ready">Whether an entry is to stand in the target: approved, for example. What is not is kept, and taken back where it stood.</param>
/// <param name="Map">The outward map that says where and as what.</param>
/// <param name="Batch">Entries in one call at the most.</param>
/// <param name="Within">How long an entry may wait for something (its project, an id) before a person is told.</param>
/// <param name="Value">What it is worth; null where such entries bear no money.</param>
public sealed record EntryDefinition(
    string Name, string Title, string From, Expression Ready, ImmutableArray<EntryCheck> Checks, EntryValuation? Value, string Map, int Batch, TimeSpan Within, Place Place);

/// <summary>One thing that must hold for an entry; where it does not, the entry is held and a case tells of all that are held for the same reason.</summary>
public sealed record EntryCheck(string Name, Expression Require, CaseText Case, Place Place);
