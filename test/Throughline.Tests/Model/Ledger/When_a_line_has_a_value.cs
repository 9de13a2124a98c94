using Throughline.Model;
using Throughline.Model.Ledger;
using Xunit;

namespace Throughline.Tests.Model.Ledger;

/// <summary>X1, invariant 7: every unit of an approved line is in exactly one account, and what leads from one value to the next adds up to nothing.</summary>
public sealed class When_a_line_has_a_value
{
    private static readonly LineValue Eight = LineValue.Nothing.Worth(LedgerAccount.Unbilled, 8m, Euro(1200m));

    [Fact]
    public void Should_come_from_what_was_approved()
    {
        Assert.Equal(
            [new Posting(LedgerAccount.Approved, -8m, Euro(-1200m)), new Posting(LedgerAccount.Unbilled, 8m, Euro(1200m))], Eight.PostingsFrom(LineValue.Nothing));
        Assert.Empty(Eight.PostingsFrom(Eight));
    }

    [Fact]
    public void Should_post_the_difference_alone_when_it_is_corrected()
    {
        var corrected = Eight.Worth(LedgerAccount.Unbilled, 6.5m, Euro(975m));

        Assert.Equal(
            [new Posting(LedgerAccount.Approved, 1.5m, Euro(225m)), new Posting(LedgerAccount.Unbilled, -1.5m, Euro(-225m))], corrected.PostingsFrom(Eight));
    }

    [Fact]
    public void Should_move_between_accounts_without_a_new_approval()
    {
        Assert.Equal([new Posting(LedgerAccount.Held, 8m, Euro(1200m)), new Posting(LedgerAccount.Unbilled, -8m, Euro(-1200m))], Eight.Hold().PostingsFrom(Eight));
    }

    [Fact]
    public void Should_be_nothing_again_when_its_approval_goes() => Assert.Equal(LineValue.Nothing, Eight.Withdraw());

    [Fact]
    public void Should_owe_back_what_was_invoiced_beyond_its_worth()
    {
        var invoiced = LineValue.Of(new Portion(LedgerAccount.Invoiced, 8m, Euro(1200m)));

        Assert.Equal(
            LineValue.Of(new Portion(LedgerAccount.Unbilled, -1.5m, Euro(-225m)), new Portion(LedgerAccount.Invoiced, 8m, Euro(1200m))),
            invoiced.Worth(LedgerAccount.Unbilled, 6.5m, Euro(975m)));
        Assert.Equal(0m, invoiced.Withdraw().Quantity);
        Assert.Equal(8m, invoiced.Withdraw().Portions.Single(portion => portion.Account == LedgerAccount.Invoiced).Quantity);
        Assert.Equal(invoiced, invoiced.Hold());
    }

    [Fact]
    public void Should_keep_what_has_no_price_by_its_quantity()
    {
        var held = LineValue.Nothing.Worth(LedgerAccount.Held, 3m, Money.Zero(LineValue.NoCurrency));
        var priced = held.Worth(LedgerAccount.Unbilled, 3m, Euro(450m));

        Assert.Equal(3m, held.Quantity);
        Assert.Equal(3m, priced.Quantity);
        Assert.Equal(
            [
                new Posting(LedgerAccount.Approved, -3m, Euro(-450m)), new Posting(LedgerAccount.Approved, 3m, Money.Zero(LineValue.NoCurrency)),
                new Posting(LedgerAccount.Held, -3m, Money.Zero(LineValue.NoCurrency)), new Posting(LedgerAccount.Unbilled, 3m, Euro(450m)),
            ],
            priced.PostingsFrom(held));
    }

    [Fact]
    public void Should_refuse_to_mix_currencies_on_one_invoiced_line() => Assert.Throws<InvalidOperationException>(() =>
        LineValue.Of(new Portion(LedgerAccount.Paid, 8m, Euro(1200m))).Worth(LedgerAccount.Unbilled, 8m, Money.Of(1300m, "USD")));

    [Fact]
    public void Should_come_back_from_a_store_as_it_was()
    {
        var value = LineValue.Of(new Portion(LedgerAccount.Invoiced, 8m, Euro(1200.01m)), new Portion(LedgerAccount.WrittenDown, -0.333333m, Money.Of(-7m, "JPY")));

        Assert.Equal(value, LineValue.Of(Fields.Parse(value.ToFields()!.ToJson())));
        Assert.Null(LineValue.Nothing.ToFields());
        Assert.Equal(LineValue.Nothing, LineValue.Of((Fields?)null));
        Assert.Throws<FormatException>(() => LineValue.Of(Fields.Parse("""{"portions":[{"account":"elsewhere","quantity":1,"amount":1,"currency":"EUR"}]}""")));
    }

    /// <summary>Whatever values follow each other, each step adds up to nothing, and all of them together lead to the last.</summary>
    [Fact]
    public void Should_conserve_money_through_any_history()
    {
        var random = new Random(20261122);
        for (var round = 0; round < 200; round++)
        {
            var value = LineValue.Nothing;
            var books = LineValue.Nothing;
            for (var step = 0; step < 12; step++)
            {
                var after = Next(value, random);
                var postings = after.PostingsFrom(value);
                Assert.All(postings.GroupBy(posting => posting.Amount.Currency), alike => Assert.Equal(
                    (0m, 0m), (alike.Sum(posting => posting.Quantity), alike.Sum(posting => posting.Amount.Amount))));
                books = LineValue.Of([
                    .. books.Portions, .. postings.Where(posting => posting.Account != LedgerAccount.Approved)
                        .Select(posting => new Portion(posting.Account, posting.Quantity, posting.Amount))]);
                value = after;
                Assert.Equal(value, books);
            }
        }
    }

    [Fact]
    public void Should_go_on_in_parts_and_never_by_more_than_stands_there()
    {
        var value = LineValue.Of(new Portion(LedgerAccount.Unbilled, 8m, Euro(1200m))).Move(LedgerAccount.Unbilled, LedgerAccount.InBatch, 2m, Euro(300m));

        Assert.Equal("unbilled 6 / 900.00 EUR, in-batch 2 / 300.00 EUR", value.ToString());
        Assert.True(value.IsBilled);
        Assert.False(value.Move(LedgerAccount.InBatch, LedgerAccount.Unbilled, 2m, Euro(300m)).IsBilled);
        Assert.Throws<InvalidOperationException>(() => value.Move(LedgerAccount.InBatch, LedgerAccount.Invoiced, 2m, Euro(300.01m)));
        Assert.Throws<InvalidOperationException>(() => value.Move(LedgerAccount.InBatch, LedgerAccount.Invoiced, 2.5m, Euro(300m)));
        Assert.Throws<InvalidOperationException>(() => value.Move(LedgerAccount.InBatch, LedgerAccount.Invoiced, -1m, Euro(-1m)));
        Assert.Throws<InvalidOperationException>(() => value.Move(LedgerAccount.InBatch, LedgerAccount.Invoiced, 2m, Money.Of(300m, "USD")));
    }

    private static LineValue Next(LineValue value, Random random) => random.Next(5) switch
    {
        0 => value.Hold(),
        1 => value.Withdraw(),
        // A part of what may be billed goes on an invoice.
        2 when value.Portions.FirstOrDefault(portion => portion.Account == LedgerAccount.Unbilled) is { } open =>
            value.Move(LedgerAccount.Unbilled, LedgerAccount.Invoiced, open.Quantity / 2, open.Amount * 0.75m),
        _ => value.Worth((LedgerAccount)random.Next(1, 5), random.Next(0, 97) / 4m, Euro(random.Next(0, 1_000_000) / 100m)),
    };

    private static Money Euro(decimal amount) => Money.Of(amount, "EUR");
}
