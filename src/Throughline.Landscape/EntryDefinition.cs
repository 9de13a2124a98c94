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
    string Name, string Title, string From, Expression Ready, ImmutableArray<EntryCheck> Checks, EntryValuation? Value, string Map, int Batch, TimeSpan Within, Place Place)
{
    /// <summary>How what is unbilled comes on an invoice; null where nothing of it is ever billed.</summary>
    public EntryBilling? Bill { get; init; }
}

/// <summary>How entries come on an invoice. Expressions see what those of <see cref="EntryDefinition"/> see.</summary>
/// <param name="Reference">What the invoices are counted by, such as the code of the workstream: entries with the same reference come on one invoice.</param>
/// <param name="Text">What the invoice says of an entry; entries with the same text and rate are one line.</param>
/// <param name="Cap">What must not be exceeded by all invoices of the reference together; null where nothing limits them.</param>
public sealed record EntryBilling(Expression Reference, Expression Text, Expression? Cap, Place Place);

/// <summary>One thing that must hold for an entry; where it does not, the entry is held and a case tells of all that are held for the same reason.</summary>
public sealed record EntryCheck(string Name, Expression Require, CaseText Case, Place Place);
