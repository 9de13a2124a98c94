using System.Globalization;
using Throughline.Engine.Entries;
using Throughline.Model.Ledger;
using Throughline.Simulation.Firm;

namespace Throughline.Simulation.Checkers;

/// <summary>
/// The value ledger: what was posted for a line leads to where it stands, and adds up to nothing; the balances are the sum of all postings; every approved hour of a
/// known engagement stands in it exactly once, and no other.
/// </summary>
internal sealed class MoneyIsConserved : IChecker
{
    public IEnumerable<string> WhenAtRest(SimulationRun run)
    {
        var rows = run.Store.FindEntriesAsync(new EntryFilter(Max: int.MaxValue), CancellationToken.None).Result;
        var books = new Dictionary<(LedgerAccount, Model.Currency), (decimal Quantity, decimal Amount)>();
        foreach (var row in rows)
        {
            var posted = run.Store.PostedAsync(row.Id, CancellationToken.None).Result;
            var postings = posted.SelectMany(transaction => transaction.Postings).ToArray();
            var stands = LineValue.Of(postings.Where(posting => posting.Account != LedgerAccount.Approved)
                .Select(posting => new Portion(posting.Account, posting.Quantity, posting.Amount)));
            if (!stands.Equals(row.Value))
            {
                yield return $"time {row.ExternalId} stands at {row.Value}, and what was posted for it leads to {stands}";
            }

            if (!posted.Select(transaction => transaction.Number).SequenceEqual(Enumerable.Range(1, row.Transactions)))
            {
                yield return $"time {row.ExternalId} says that it has {row.Transactions} transactions, and {posted.Length} are there";
            }

            foreach (var left in posted.GroupBy(transaction => transaction.Scope).Where(group => group.Key != row.Scope))
            {
                var remains = LineValue.Of(left.SelectMany(transaction => transaction.Postings).Select(posting => new Portion(posting.Account, posting.Quantity, posting.Amount)));
                if (!remains.Portions.IsEmpty)
                {
                    yield return $"time {row.ExternalId} belongs to {row.Scope}, and {remains} of it stand in the books of {left.Key}";
                }
            }

            foreach (var posting in postings)
            {
                var sum = books.GetValueOrDefault((posting.Account, posting.Amount.Currency));
                books[(posting.Account, posting.Amount.Currency)] = (sum.Quantity + posting.Quantity, sum.Amount + posting.Amount.Amount);
            }
        }

        foreach (var group in books.GroupBy(item => item.Key.Item2).Where(group => group.Sum(item => item.Value.Quantity) != 0 || group.Sum(item => item.Value.Amount) != 0))
        {
            yield return $"the ledger does not balance in {group.Key}";
        }

        var balances = run.Store.TotalsAsync(CancellationToken.None).Result.ToDictionary(
            balance => (balance.Account, balance.Amount.Currency), balance => (balance.Quantity, balance.Amount.Amount));
        foreach (var (key, sum) in books.Where(item => item.Value != default && balances.GetValueOrDefault(item.Key) != item.Value))
        {
            yield return $"the balance of {key} is {balances.GetValueOrDefault(key)}, and its postings add up to {sum}";
        }

        foreach (var difference in run.Systems.Time.All.Select(line => Difference(run, line, [.. rows])).OfType<string>())
        {
            yield return difference;
        }
    }

    private static string? Difference(SimulationRun run, TimeChange line, IReadOnlyCollection<EntryRow> rows)
    {
        var row = rows.SingleOrDefault(each => each.ExternalId == line.Id.ToString(CultureInfo.InvariantCulture));
        var expected = new TimeExpectation(run, line);
        var hours = row?.Value.Quantity ?? 0;
        if (!line.IsApproved)
        {
            return hours == 0 ? null : $"time {line.Id} ({line.Name}) is not approved, and {hours} h of it stand in the ledger";
        }

        return !expected.IsPlaceable || hours == line.Fields.Number("hours") ? null
            : $"time {line.Id} ({line.Name}) is approved with {line.Fields.Number("hours")} h, and {hours} h of it stand in the ledger";
    }
}
