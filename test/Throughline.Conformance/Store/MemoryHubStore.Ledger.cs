using System.Collections.Immutable;
using Throughline.Engine.Ledger;
using Throughline.Model;

namespace Throughline.Conformance.Store;

public sealed partial class MemoryHubStore
{
    public Task<ImmutableArray<LedgerBalance>> BalancesAsync(Scope scope, CancellationToken cancellation) => Do(() => Balances(scope).ToImmutableArray());

    public Task<ImmutableArray<LedgerBalance>> ListBalancesAsync(Scope? after, int max, CancellationToken cancellation) => Do(() => _data.Ledger.Values
        .Select(transaction => transaction.Scope).Distinct()
        .Where(scope => string.CompareOrdinal(scope.ToString(), after?.ToString() ?? "") > 0 && Balances(scope).Any()).OrderBy(scope => scope.ToString(), StringComparer.Ordinal)
        .Take(max).SelectMany(scope => Balances(scope)).ToImmutableArray());

    public Task<ImmutableArray<LedgerBalance>> TotalsAsync(CancellationToken cancellation) => Do(() => Balances(null).ToImmutableArray());

    public Task<ImmutableArray<LedgerTransaction>> PostedAsync(EntryId line, CancellationToken cancellation) => Do(() =>
        _data.Ledger.Values.Where(transaction => transaction.Line == line).OrderBy(transaction => transaction.Number).ToImmutableArray());

    public Task<ImmutableArray<LedgerTransaction>> ListPostedAsync(ImmutableArray<EntryId> entries, CancellationToken cancellation) => Do(() => _data.Ledger.Values
        .Where(transaction => entries.Contains(transaction.Line)).OrderBy(transaction => Order(transaction.Line.Value), StringComparer.Ordinal)
        .ThenBy(transaction => transaction.Number).ToImmutableArray());

    private IEnumerable<LedgerBalance> Balances(Scope? scope) => _data.Ledger.Values.Where(transaction => scope is null || transaction.Scope == scope)
        .SelectMany(transaction => transaction.Postings).GroupBy(posting => (posting.Account, posting.Amount.Currency))
        .Select(group => new LedgerBalance(
            scope, group.Key.Account, group.Sum(posting => posting.Quantity), new Money(group.Sum(posting => posting.Amount.Amount), group.Key.Currency)))
        .Where(balance => balance.Quantity != 0 || balance.Amount.Amount != 0)
        .OrderBy(balance => balance.Account).ThenBy(balance => balance.Amount.Currency.Code, StringComparer.Ordinal);

    private void CheckLedger(ImmutableArray<LedgerTransaction> transactions)
    {
        foreach (var transaction in transactions)
        {
            if (_data.Ledger.ContainsKey((transaction.Line, transaction.Number)) || transaction.Postings.GroupBy(posting => posting.Amount.Currency)
                .Any(alike => alike.Sum(posting => posting.Quantity) != 0 || alike.Sum(posting => posting.Amount.Amount) != 0))
            {
                throw new InvalidOperationException($"the ledger takes no such transaction of line {transaction.Line}");
            }
        }
    }

    private void Post(ImmutableArray<LedgerTransaction> transactions)
    {
        foreach (var transaction in transactions)
        {
            _data.Ledger.Add((transaction.Line, transaction.Number), transaction with { Why = Prose(transaction.Why)!, At = At(transaction.At) });
        }
    }
}
