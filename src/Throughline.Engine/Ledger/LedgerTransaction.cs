using System.Collections.Immutable;
using Throughline.Model;
using Throughline.Model.Ledger;

namespace Throughline.Engine.Ledger;

/// <summary>One change of where a line stands: postings that add up to nothing in each currency. Written once, never changed or deleted.</summary>
/// <param name="Line">The entry that the value is of.</param>
/// <param name="Number">1 for the first of this line, then without a gap.</param>
/// <param name="Scope">The engagement in whose books it stands.</param>
/// <param name="WorkDate">The day of the work, which never changes by what happens later; null where the line does not say.</param>
/// <param name="Why">For people: the rule and the rate that led to this value, or what keeps it from one.</param>
/// <param name="Release">The landscape by which it was decided.</param>
/// <param name="Cause">What brought it about.</param>
public sealed record LedgerTransaction(
    EntryId Line, int Number, Scope Scope, DateOnly? WorkDate, string Why, string Release, EnvelopeId Cause, DateTimeOffset At, ImmutableArray<Posting> Postings)
{
    /// <summary>Quantities are kept to the millionth.</summary>
    public const int QuantityDecimals = 6;

    /// <summary>No currency has more.</summary>
    public const int AmountDecimals = 4;

    /// <summary>No line has a larger quantity: nine million such lines still add up exactly in 64 bits.</summary>
    public const decimal QuantityMax = 1_000_000m;

    /// <summary>No line has a larger amount: nine hundred thousand such lines still add up exactly in 64 bits.</summary>
    public const decimal AmountMax = 1_000_000_000m;
}

/// <summary>What stands in one account.</summary>
/// <param name="Scope">The engagement; null for the whole firm.</param>
public sealed record LedgerBalance(Scope? Scope, LedgerAccount Account, decimal Quantity, Money Amount);

/// <summary>What people ask of the ledger, which is written together with the entries (<see cref="Entries.EntryCommit.Ledger"/>).</summary>
public interface ILedgerQueries
{
    /// <summary>Balances of one engagement, by account and currency; accounts in which nothing stands are left out.</summary>
    Task<ImmutableArray<LedgerBalance>> BalancesAsync(Scope scope, CancellationToken cancellation);

    /// <summary>Balances of at most <paramref name="max"/> engagements, in the order of their scopes, from behind a scope on.</summary>
    Task<ImmutableArray<LedgerBalance>> ListBalancesAsync(Scope? after, int max, CancellationToken cancellation);

    /// <summary>Balances of all engagements together.</summary>
    Task<ImmutableArray<LedgerBalance>> TotalsAsync(CancellationToken cancellation);

    /// <summary>All that was posted for a line, oldest first.</summary>
    Task<ImmutableArray<LedgerTransaction>> PostedAsync(EntryId line, CancellationToken cancellation);
}
