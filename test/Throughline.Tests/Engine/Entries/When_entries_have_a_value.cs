using Throughline.Engine.Entries;
using Throughline.Engine.Ledger;
using Throughline.Landscape;
using Throughline.Model;
using Throughline.Model.Ledger;
using Xunit;

namespace Throughline.Tests.Engine.Entries;

/// <summary>D3, X1: approved time goes into the value ledger at the rate of its day, and each change of it is a posting of its own.</summary>
public sealed class When_entries_have_a_value
{
    private readonly DecidedTime _time = new();

    [Fact]
    public void Should_be_billed_at_the_rate_of_the_engagement_once_it_is_approved()
    {
        var (row, posted) = Take(null, DecidedTime.Said(1, 7.5m));

        Assert.Equal(LineValue.Of(new Portion(LedgerAccount.Unbilled, 7.5m, Euro(1125m))), row.Value);
        Assert.Equal("7.5 x 150.00 EUR, rate of everybody (rate card W)", row.ValueSays);
        Assert.Equal((1, DecidedTime.Home, new DateOnly(2026, 11, 20)), (posted!.Number, posted.Scope, posted.WorkDate));
        Assert.Equal(row.ValueSays, posted.Why);
        Assert.Equal([(LedgerAccount.Approved, -7.5m, -1125m), (LedgerAccount.Unbilled, 7.5m, 1125m)], Sides(posted));
    }

    [Fact]
    public void Should_be_worth_nothing_before_it_is_approved()
    {
        var (row, posted) = Take(null, DecidedTime.Said(1, isApproved: false));

        Assert.Equal(LineValue.Nothing, row.Value);
        Assert.Null(posted);
    }

    [Fact]
    public void Should_be_corrected_by_the_difference()
    {
        var (first, _) = Take(null, DecidedTime.Said(1));
        var (row, posted) = Take(first, DecidedTime.Said(2, 6.5m));

        Assert.Equal(2, posted!.Number);
        Assert.Equal([(LedgerAccount.Approved, 1.5m, 225m), (LedgerAccount.Unbilled, -1.5m, -225m)], Sides(posted));
        Assert.Equal(975m, Assert.Single(row.Value.Portions).Amount.Amount);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Should_leave_the_books_when_its_approval_goes_or_it_is_deleted(bool isDeleted)
    {
        var (first, _) = Take(null, DecidedTime.Said(1));
        var (row, posted) = Take(first, DecidedTime.Said(2, isApproved: isDeleted, isDeleted: isDeleted));

        Assert.Equal(LineValue.Nothing, row.Value);
        Assert.Equal(isDeleted ? "it was deleted" : "it is not approved", posted!.Why);
        Assert.Equal([(LedgerAccount.Approved, 8m, 1200m), (LedgerAccount.Unbilled, -8m, -1200m)], Sides(posted));
    }

    /// <summary>P19, P20: what is approved and cannot go on is not forgotten: it is held, with its hours, and a case says why.</summary>
    [Fact]
    public void Should_be_held_when_a_check_refuses_it()
    {
        var (row, posted) = Take(null, DecidedTime.Said(1, isOnTask: false));

        Assert.Equal((EntryStatus.Held, "task"), (row.Status, row.Reason));
        Assert.Equal(LineValue.Of(new Portion(LedgerAccount.Held, 8m, Money.Zero(LineValue.NoCurrency))), row.Value);
        Assert.Contains("no task", posted!.Why, StringComparison.Ordinal);

        var (sound, _) = Take(row, DecidedTime.Said(2));
        Assert.Equal(LineValue.Of(new Portion(LedgerAccount.Unbilled, 8m, Euro(1200m))), sound.Value);
    }

    [Fact]
    public void Should_be_held_at_its_worth_when_what_came_last_cannot_be_read()
    {
        var (first, _) = Take(null, DecidedTime.Said(1));
        var (row, _) = Take(first, DecidedTime.Said(2, failure: "the hours are missing"));

        Assert.Equal(LineValue.Of(new Portion(LedgerAccount.Held, 8m, Euro(1200m))), row.Value);
    }

    [Fact]
    public void Should_wait_for_a_rate_and_not_be_billed_without_one()
    {
        var (row, _) = Take(null, DecidedTime.Said(1), new DecidedTime { Rates = [DecidedTime.Rate(150m, from: "2026-12-01")] });

        Assert.Equal((EntryStatus.Held, EntryReasons.ByPrice), (row.Status, row.Reason));
        Assert.Equal(LedgerAccount.Held, Assert.Single(row.Value.Portions).Account);
        Assert.Contains("no rate of rate card W holds on 2026-11-20", row.Says, StringComparison.Ordinal);
    }

    [Fact]
    public void Should_not_be_billed_in_another_currency_than_the_customer_agreed_to()
    {
        var (row, _) = Take(null, DecidedTime.Said(1), new DecidedTime { Rates = [DecidedTime.Rate(150m, currency: "USD")] });

        Assert.Equal(EntryReasons.ByPrice, row.Reason);
        Assert.Contains("its rate is in USD, and it is billed in EUR", row.Says, StringComparison.Ordinal);
    }

    [Fact]
    public void Should_round_each_line_to_the_cent()
    {
        var (row, _) = Take(null, DecidedTime.Said(1, 0.333333m), new DecidedTime { Rates = [DecidedTime.Rate(100.01m)] });

        Assert.Equal(new Portion(LedgerAccount.Unbilled, 0.333333m, Euro(33.34m)), Assert.Single(row.Value.Portions));
    }

    [Fact]
    public void Should_leave_the_books_of_the_engagement_that_it_leaves()
    {
        var (first, _) = Take(null, DecidedTime.Said(1));
        var turn = _time.Turn(DecidedTime.Home, first);
        turn.MoveHome(first, Scope.Engagement("007"));
        var commit = turn.ToCommit();

        Assert.Equal(LineValue.Nothing, commit.Rows.Single().Value);
        Assert.Equal(DecidedTime.Home, commit.Ledger.Single().Scope);
        Assert.Equal([(LedgerAccount.Approved, 8m, 1200m), (LedgerAccount.Unbilled, -8m, -1200m)], Sides(commit.Ledger.Single()));
    }

    /// <summary>X3: the case says how much money waits for it, where that is in one currency and known.</summary>
    [Fact]
    public void Should_tell_what_is_at_stake_where_it_is_held()
    {
        var (first, _) = Take(null, DecidedTime.Said(1));
        var (priced, _) = Take(first, DecidedTime.Said(2, failure: "the hours are missing"));
        var (unpriced, _) = Take(null, DecidedTime.Said(1, isOnTask: false));

        Assert.Equal(Euro(1200m), EntryTrouble.Of([priced], isMore: false).NestedList("reasons").Single().Money("amount"));
        Assert.Null(EntryTrouble.Of([unpriced], isMore: false).NestedList("reasons").Single().Money("amount"));
    }

    /// <summary>Both in one turn, where both engagements are of one partition: the old books lose all of it, the new ones get all of it.</summary>
    [Fact]
    public void Should_stand_in_the_books_of_the_new_engagement_alone_when_it_moves_and_is_said_again()
    {
        var (first, _) = Take(null, DecidedTime.Said(1));
        var turn = _time.Turn(DecidedTime.Home, first with { Scope = DecidedTime.Elsewhere });
        turn.MoveHome(first with { Scope = DecidedTime.Elsewhere }, DecidedTime.Home);
        turn.Take(DecidedTime.Said(2, 10m));
        var posted = turn.ToCommit().Ledger;

        Assert.Equal([(DecidedTime.Elsewhere, 2), (DecidedTime.Home, 3)], posted.Select(transaction => (transaction.Scope, transaction.Number)));
        Assert.Equal([(LedgerAccount.Approved, 8m, 1200m), (LedgerAccount.Unbilled, -8m, -1200m)], Sides(posted[0]));
        Assert.Equal([(LedgerAccount.Approved, -10m, -1500m), (LedgerAccount.Unbilled, 10m, 1500m)], Sides(posted[1]));
    }

    [Fact]
    public void Should_leave_its_day_as_a_whole_when_that_is_corrected()
    {
        var (first, _) = Take(null, DecidedTime.Said(1));
        var turn = _time.Turn(DecidedTime.Home, first);
        var said = DecidedTime.Said(2);
        turn.Take(said with { Attributes = said.Attributes!.With("date", "2026-11-19") });
        var posted = turn.ToCommit().Ledger;

        Assert.Equal(
            [(new DateOnly(2026, 11, 20), -8m), (new DateOnly(2026, 11, 19), 8m)],
            posted.Select(transaction => (transaction.WorkDate!.Value, transaction.Postings.Single(posting => posting.Account == LedgerAccount.Unbilled).Quantity)));
    }

    [Fact]
    public void Should_say_what_holds_it_now_and_not_what_held_it_first()
    {
        var (first, _) = Take(null, DecidedTime.Said(1, isOnTask: false));
        var unrated = new DecidedTime { Rates = [DecidedTime.Rate(150m, from: "2026-12-01")] };
        var (row, posted) = Take(first, DecidedTime.Said(2), unrated);

        Assert.Equal(EntryReasons.ByPrice, row.Reason);
        Assert.Contains("no rate", row.ValueSays, StringComparison.Ordinal);
        Assert.Null(posted);
    }

    [Fact]
    public void Should_bill_nothing_at_nought()
    {
        var (row, _) = Take(null, DecidedTime.Said(1), new DecidedTime { Rates = [DecidedTime.Rate(0m)] });

        Assert.Equal(EntryReasons.ByPrice, row.Reason);
        Assert.StartsWith("nothing is billed at 0.00 EUR", row.Says, StringComparison.Ordinal);
    }

    /// <summary>What the ledger cannot count is held at what it was worth before, and said.</summary>
    [Fact]
    public void Should_hold_what_is_beyond_all_amounts()
    {
        var (first, _) = Take(null, DecidedTime.Said(1));
        var (row, _) = Take(first, DecidedTime.Said(2, 79_000_000_000_000_000_000m));

        Assert.Equal((EntryStatus.Held, "hours"), (row.Status, row.Reason));
        Assert.Equal(LineValue.Of(new Portion(LedgerAccount.Held, 8m, Euro(1200m))), row.Value);
    }

    /// <summary>Whatever comes in whatever order, also together, also twice: the end is what was said last, and the postings add up to it.</summary>
    [Fact]
    public void Should_end_alike_whatever_the_order_in_which_it_was_told()
    {
        var random = new Random(20261122);
        EntryChange[] said = [
            DecidedTime.Said(1), DecidedTime.Said(2, 6.5m), DecidedTime.Said(3, isOnTask: false), DecidedTime.Said(4, 4m, isApproved: false), DecidedTime.Said(5, 5m)];
        for (var round = 0; round < 100; round++)
        {
            var order = said.Concat(said.Take(random.Next(said.Length))).ToArray();
            random.Shuffle(order);
            EntryRow? row = null;
            var books = LineValue.Nothing;
            foreach (var chunk in order.Chunk(1 + random.Next(3)))
            {
                var turn = row is null ? _time.Turn(DecidedTime.Home) : _time.Turn(DecidedTime.Home, row);
                foreach (var change in chunk)
                {
                    turn.Take(change);
                }

                var commit = turn.ToCommit();
                row = commit.Rows.SingleOrDefault() ?? row;
                books = LineValue.Of([
                    .. books.Portions, .. commit.Ledger.SelectMany(transaction => transaction.Postings).Where(posting => posting.Account != LedgerAccount.Approved)
                        .Select(posting => new Portion(posting.Account, posting.Quantity, posting.Amount))]);
                Assert.Equal(row!.Value, books);
            }

            Assert.Equal(LineValue.Of(new Portion(LedgerAccount.Unbilled, 5m, Euro(750m))), row!.Value);
        }
    }

    private (EntryRow Row, LedgerTransaction? Posted) Take(EntryRow? known, EntryChange change, DecidedTime? time = null)
    {
        var turn = known is null ? (time ?? _time).Turn(DecidedTime.Home) : (time ?? _time).Turn(DecidedTime.Home, known);
        turn.Take(change);
        var commit = turn.ToCommit();
        return (commit.Rows.Single(), commit.Ledger.SingleOrDefault());
    }

    private static IEnumerable<(LedgerAccount Account, decimal Quantity, decimal Amount)> Sides(LedgerTransaction transaction) =>
        transaction.Postings.Select(posting => (posting.Account, posting.Quantity, posting.Amount.Amount));

    private static Money Euro(decimal amount) => Money.Of(amount, "EUR");
}
