using System.Collections.Immutable;
using System.Globalization;
using Throughline.Engine.Ledger;
using Throughline.Model;
using Throughline.Model.Ledger;

namespace Throughline.Store;

public abstract partial class SqlHubStore
{
    private const string BalanceColumns = "b.scope, b.account, b.currency, b.quantity, b.amount";
    private const int PostedOfMax = 500;
    private const string Filled = "(b.quantity <> 0 or b.amount <> 0)";

    public async Task<ImmutableArray<LedgerBalance>> BalancesAsync(Scope scope, CancellationToken cancellation) => await QueryAsync(
        $"select {BalanceColumns} from ledger_balance b where b.scope = $1 and {Filled} order by b.account, b.currency", Balance, cancellation, scope.ToString());

    public async Task<ImmutableArray<LedgerBalance>> ListBalancesAsync(Scope? after, int max, CancellationToken cancellation) => await QueryAsync(
        $"""
        select {BalanceColumns} from (select distinct b.scope from ledger_balance b where b.scope > $1 and {Filled} order by b.scope limit $2) as page
        join ledger_balance b on b.scope = page.scope where {Filled} order by b.scope, b.account, b.currency
        """,
        Balance, cancellation, after?.ToString() ?? "", max);

    public async Task<ImmutableArray<LedgerBalance>> TotalsAsync(CancellationToken cancellation) => await QueryAsync(
        """
        select account, currency, cast(sum(quantity) as bigint), cast(sum(amount) as bigint) from ledger_balance
        group by account, currency having sum(quantity) <> 0 or sum(amount) <> 0 order by account, currency
        """,
        row => new LedgerBalance(
            null, (LedgerAccount)row.Int(0), StoredPosting.Quantity(row.Long(2)), StoredPosting.Amount(row.Long(3), row.Text(1))),
        cancellation);

    public Task<ImmutableArray<LedgerTransaction>> PostedAsync(EntryId line, CancellationToken cancellation) => ListPostedAsync([line], cancellation);

    public async Task<ImmutableArray<LedgerTransaction>> ListPostedAsync(ImmutableArray<EntryId> entries, CancellationToken cancellation)
    {
        var all = ImmutableArray.CreateBuilder<LedgerTransaction>();
        foreach (var some in entries.Distinct().Chunk(PostedOfMax))
        {
            var search = new Search();
            var places = string.Join(", ", some.Select(entry => search.Add(entry.Value)));
            var rows = await QueryAsync(
                $"""
                select t.line, t.number, t.scope, t.work_date, t.why, t.release, t.envelope_id, t.at, p.account, p.currency, p.quantity, p.amount
                from ledger_transaction t join ledger_posting p on p.line = t.line and p.number = t.number
                where t.line in ({places}) order by t.line, t.number, p.account, p.currency
                """,
                Transaction, cancellation, search.Values);
            all.AddRange(rows.GroupBy(row => (row.Line, row.Number)).Select(group => group.First() with { Postings = [.. group.SelectMany(row => row.Postings)] }));
        }

        return [.. all.OrderBy(transaction => transaction.Line.ToString(), StringComparer.Ordinal).ThenBy(transaction => transaction.Number)];
    }

    // With one of its postings.
    private static LedgerTransaction Transaction(Row row) => new(
        new EntryId(row.Guid(0)), row.Int(1), row.Scope(2),
        row.TextOrNull(3) is { } day ? DateOnly.ParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture) : null,
        row.Text(4), row.Text(5), new EnvelopeId(row.Guid(6)), row.Time(7),
        [new Posting((LedgerAccount)row.Int(8), StoredPosting.Quantity(row.Long(10)), StoredPosting.Amount(row.Long(11), row.Text(9)))]);

    /// <summary>Refused, because money would not be conserved.</summary>
    private protected static InvalidOperationException Unbalanced(string why) => new($"The ledger takes no such transaction: {why}; nothing was written.");

    private static LedgerBalance Balance(Row row) => new(
        row.Scope(0), (LedgerAccount)row.Int(1), StoredPosting.Quantity(row.Long(3)), StoredPosting.Amount(row.Long(4), row.Text(2)));

    private protected static string? Day(LedgerTransaction transaction) => transaction.WorkDate is { } day ? Day(day) : null;
}
