using System.Collections.Immutable;
using Throughline.Engine.Ledger;

namespace Throughline.Store.Postgres;

public sealed partial class PostgresHubStore
{
    private static void Write(PostgresBatch batch, ImmutableArray<LedgerTransaction> transactions)
    {
        if (transactions.IsEmpty)
        {
            return;
        }

        var postings = transactions.SelectMany(transaction => transaction.Postings.Select(posting => (Of: transaction, Posting: posting))).ToImmutableArray();
        batch.Add(
            "select post_ledger($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
            Column(transactions, transaction => transaction.Line.Value),
            Column(transactions, transaction => transaction.Number),
            Column(transactions, transaction => StoredText.Of(transaction.Scope)),
            Column(transactions, Day),
            Column(transactions, transaction => StoredText.Prose(transaction.Why)),
            Column(transactions, transaction => transaction.Release),
            Column(transactions, transaction => transaction.Cause.Value),
            Column(transactions, transaction => StoredTime.At(transaction.At)),
            Column(postings, each => each.Of.Line.Value),
            Column(postings, each => each.Of.Number),
            Column(postings, each => StoredText.Of(each.Of.Scope)),
            Column(postings, each => (int)each.Posting.Account),
            Column(postings, each => each.Posting.Amount.Currency.Code),
            Column(postings, each => StoredPosting.Quantity(each.Posting.Quantity)),
            Column(postings, each => StoredPosting.Amount(each.Posting.Amount)));
    }
}
