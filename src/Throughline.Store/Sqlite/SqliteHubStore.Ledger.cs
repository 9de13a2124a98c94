using System.Collections.Immutable;
using Throughline.Engine.Ledger;

namespace Throughline.Store.Sqlite;

public sealed partial class SqliteHubStore
{
    private static void Write(SqliteSession session, ImmutableArray<LedgerTransaction> transactions)
    {
        foreach (var transaction in transactions)
        {
            if (transaction.Postings.GroupBy(posting => posting.Amount.Currency)
                .Any(alike => alike.Sum(posting => posting.Quantity) != 0 || alike.Sum(posting => posting.Amount.Amount) != 0))
            {
                throw Unbalanced($"a transaction of line {transaction.Line} does not add up to nothing");
            }

            if (session.Run(
                """
                insert into ledger_transaction (line, number, scope, work_date, why, release, envelope_id, at) values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing
                """,
                transaction.Line.Value, transaction.Number, StoredText.Of(transaction.Scope), Day(transaction), StoredText.Prose(transaction.Why), transaction.Release,
                transaction.Cause.Value, StoredTime.At(transaction.At)) == 0)
            {
                throw Unbalanced($"line {transaction.Line} has a transaction {transaction.Number} already");
            }

            foreach (var posting in transaction.Postings)
            {
                var (quantity, amount) = (StoredPosting.Quantity(posting.Quantity), StoredPosting.Amount(posting.Amount));
                session.Run(
                    "insert into ledger_posting (line, number, account, currency, quantity, amount) values ($1, $2, $3, $4, $5, $6)",
                    transaction.Line.Value, transaction.Number, (int)posting.Account, posting.Amount.Currency.Code, quantity, amount);
                session.Run(
                    """
                    insert into ledger_balance (scope, account, currency, quantity, amount) values ($1, $2, $3, $4, $5)
                    on conflict (scope, account, currency) do update set quantity = quantity + excluded.quantity, amount = amount + excluded.amount
                    """,
                    StoredText.Of(transaction.Scope), (int)posting.Account, posting.Amount.Currency.Code, quantity, amount);
            }
        }

        foreach (var scope in transactions.Select(transaction => StoredText.Of(transaction.Scope)).Distinct())
        {
            if (session.Query(
                "select currency from ledger_balance where scope = $1 group by currency having sum(quantity) <> 0 or sum(amount) <> 0 limit 1",
                row => row.Text(0), scope) is [_, ..])
            {
                throw Unbalanced($"the books of {scope} do not balance");
            }
        }
    }
}
