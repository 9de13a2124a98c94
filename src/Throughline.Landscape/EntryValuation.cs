using System.Collections.Immutable;
using Throughline.Landscape.Expressions;

namespace Throughline.Landscape;

/// <summary>What an approved entry is worth to the customer. Expressions see what those of <see cref="EntryDefinition"/> see.</summary>
/// <param name="Quantity">How much of it there is, such as its hours.</param>
/// <param name="Date">The day by which rates are looked up: that of the work.</param>
/// <param name="Currency">The currency of billing.</param>
/// <param name="State">The name of an open account of the ledger: unbilled, covered or non-billable.</param>
/// <param name="Cards">The rate cards that may hold for it, a list of records with <c>rates</c>.</param>
/// <param name="Facts">What rates may be made for, by name: each must be a field of a rate.</param>
/// <param name="Precedence">
/// Which rate wins: the first combination of facts for which there is one. A rate is of the combination of the facts that it names. The empty combination is the rate
/// of everybody.
/// </param>
public sealed record EntryValuation(
    Expression Quantity,
    Expression Date,
    Expression Currency,
    Expression State,
    Expression Cards,
    ImmutableArray<(string Name, Expression Is)> Facts,
    ImmutableArray<ImmutableArray<string>> Precedence,
    Place Place);
