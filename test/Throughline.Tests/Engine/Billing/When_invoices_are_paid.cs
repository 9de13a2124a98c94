using System.Collections.Immutable;
using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Throughline.Engine.Billing;
using Throughline.Engine.Entries;
using Throughline.Model;
using Throughline.Model.Ledger;
using Throughline.Tests.Engine.Entries;
using Xunit;

namespace Throughline.Tests.Engine.Billing;

/// <summary>D5, X1: what the ERP says of a posted invoice stands in the ledger, part by part, and can be taken back.</summary>
public sealed class When_invoices_are_paid
{
    private static readonly Scope Home = DecidedTime.Home;

    private readonly BilledTime _time = new();

    public When_invoices_are_paid()
    {
        _time.Book("a", "2026-06-15", 8m);
        _time.Book("b", "2026-06-16", 4m);
        _time.Draw("2026-06-30");
        _time.Settle("P-1-A/1", InvoiceDecider.Invoiced, "INV-7");
    }

    [Fact]
    public void Should_be_paid_as_a_whole_when_nothing_is_open()
    {
        _time.Pay("P-1-A/1", 2142m, open: 0m);

        Assert.Equal((1800m, 0m), (_time.Stands(LedgerAccount.Paid), _time.Stands(LedgerAccount.Invoiced)));
        Assert.Equal(LineValue.Of(new Portion(LedgerAccount.Paid, 8m, Euro(1200m))), _time["a"].Value);
        Assert.Equal("invoice P-1-A/1 (INV-7): 0.00 EUR of 2,142.00 EUR is open", _time.LastOf("a").Why);
        Assert.Equal(Euro(0m), _time.Invoice(1).Receivable!.Open);
    }

    /// <summary>A part of an entry is paid: its amount to the cent, its hours in proportion.</summary>
    [Fact]
    public void Should_be_paid_in_part_to_the_cent_without_the_tax()
    {
        _time.Pay("P-1-A/1", 2142m, open: 1142m);

        // 1,000.00 of 2,142.00 with tax is 840.34 of 1,800.00 without.
        Assert.Equal((840.34m, 959.66m), (_time.Stands(LedgerAccount.Paid), _time.Stands(LedgerAccount.Invoiced)));
        var split = Assert.Single(new[] { "a", "b" }, entry => _time[entry].Value.Portions.Length == 2);
        var portions = _time[split].Value.Portions;
        Assert.All(portions, portion => Assert.Equal((portion.Amount.Amount / 150m), portion.Quantity, 6));
    }

    [Fact]
    public void Should_come_to_the_same_by_parts_as_at_once()
    {
        foreach (var open in new[] { 2000m, 1999.99m, 700m, 0.01m, 0m })
        {
            _time.Pay("P-1-A/1", 2142m, open);
        }

        Assert.Equal(LineValue.Of(new Portion(LedgerAccount.Paid, 8m, Euro(1200m))), _time["a"].Value);
        Assert.Equal(LineValue.Of(new Portion(LedgerAccount.Paid, 4m, Euro(600m))), _time["b"].Value);
    }

    [Fact]
    public void Should_be_open_again_when_a_payment_is_taken_back()
    {
        _time.Pay("P-1-A/1", 2142m, open: 0m);
        _time.Pay("P-1-A/1", 2142m, open: 2142m);

        Assert.Equal((0m, 1800m), (_time.Stands(LedgerAccount.Paid), _time.Stands(LedgerAccount.Invoiced)));
        Assert.Equal(LineValue.Of(new Portion(LedgerAccount.Invoiced, 8m, Euro(1200m))), _time["a"].Value);
    }

    [Fact]
    public void Should_be_written_off_where_the_rest_was_given_up()
    {
        _time.Pay("P-1-A/1", 2142m, open: 0m, writtenOff: 119m);

        Assert.Equal((1700m, 100m, 0m), (_time.Stands(LedgerAccount.Paid), _time.Stands(LedgerAccount.WrittenOff), _time.Stands(LedgerAccount.Invoiced)));
    }

    /// <summary>Of the amount without tax the share of what is with it, halves away from zero; a cent that rounding leaves goes with what there is most of a reason for.</summary>
    [Theory]
    [InlineData(6.03, 6.00, 1.00, 0, 0, "5.03 0.00 0.00")]
    [InlineData(0.01, 0.02, 0, 0.01, 0.01, "0.00 0.00 0.01")]
    [InlineData(100, 119, 0, 0, 119, "0.00 0.00 100.00")]
    [InlineData(100, 119, 0, 19, 0, "84.03 15.97 0.00")]
    [InlineData(100, 0, 0, 0, 0, "100.00 0.00 0.00")]
    public void Should_share_the_tax_out(double amount, double gross, double open, double writtenOff, double credited, string parts)
    {
        var said = new Receivable(null, Euro((decimal)gross), Euro((decimal)open), Euro((decimal)writtenOff), Euro((decimal)credited), null, null);

        Assert.Equal(parts, string.Join(' ', said.Of(Euro((decimal)amount)).Select(part => part.Amount.Amount.ToString("0.00", CultureInfo.InvariantCulture))));
    }

    [Fact]
    public void Should_book_nothing_twice()
    {
        _time.Pay("P-1-A/1", 2142m, open: 0m);

        Assert.Empty(_time.Pay("P-1-A/1", 2142m, open: 0m).Ledger);
    }

    [Fact]
    public void Should_book_nothing_of_an_invoice_that_is_not_posted()
    {
        _time.Book("c", "2026-06-17", 1m);
        _time.Draw("2026-06-30");

        Assert.Empty(_time.Pay("P-1-A/2", 178.5m, open: 0m).Ledger);
        _time.Settle("P-1-A/2", InvoiceDecider.Released);
        Assert.Empty(_time.Pay("P-1-A/2", 178.5m, open: 0m).Ledger);
    }

    /// <summary>What was invoiced too much came back on a later invoice; each is paid by itself, in any order.</summary>
    [Fact]
    public void Should_pay_a_correction_apart_from_what_it_corrects()
    {
        _time.Book("a", "2026-06-15", 7m, number: 2);
        _time.Book("c", "2026-06-17", 2m);
        _time.Draw("2026-06-30");
        _time.Settle("P-1-A/2", InvoiceDecider.Invoiced, "INV-8");

        _time.Pay("P-1-A/2", 178.5m, open: 0m);

        Assert.Equal((150m, 1800m), (_time.Stands(LedgerAccount.Paid), _time.Stands(LedgerAccount.Invoiced)));
        Assert.Equal(LineValue.Of(new Portion(LedgerAccount.Invoiced, 8m, Euro(1200m)), new Portion(LedgerAccount.Paid, -1m, Euro(-150m))), _time["a"].Value);
        _time.Pay("P-1-A/1", 2142m, open: 0m);
        Assert.Equal((1950m, 0m), (_time.Stands(LedgerAccount.Paid), _time.Stands(LedgerAccount.Invoiced)));
        Assert.Equal(LineValue.Of(new Portion(LedgerAccount.Paid, 7m, Euro(1050m))), _time["a"].Value);
    }

    /// <summary>What was paid stays paid when the hours change later; the difference is what is billed or owed back.</summary>
    [Fact]
    public void Should_stay_paid_when_the_entry_changes_later()
    {
        _time.Pay("P-1-A/1", 2142m, open: 0m);
        _time.Book("a", "2026-06-15", 9m, number: 2);

        Assert.Equal(LineValue.Of(new Portion(LedgerAccount.Paid, 8m, Euro(1200m)), new Portion(LedgerAccount.Unbilled, 1m, Euro(150m))), _time["a"].Value);
    }

    [Fact]
    public void Should_know_at_once_what_was_paid_before_it_was_seen_posted()
    {
        _time.Book("c", "2026-06-17", 1m);
        _time.Draw("2026-06-30");

        _time.Settle("P-1-A/2", InvoiceDecider.Invoiced, "INV-8", Said(178.5m, 0m));

        Assert.Equal(150m, _time.Stands(LedgerAccount.Paid));
        Assert.Equal(1m, _time["c"].Value.Quantity);
    }

    /// <summary>Whatever is paid, given up and credited, in whatever parts: the lines add up to it to the cent, and no line has more than it is.</summary>
    [Fact]
    public void Should_always_add_up() => Prop.ForAll(
        Gen.Choose(-5_000, 20_000).ListOf().Where(amounts => amounts.Sum() > 0).SelectMany(amounts =>
            Gen.Choose(0, amounts.Sum()).SelectMany(paid => Gen.Choose(0, amounts.Sum() - paid).SelectMany(off => Gen.Elements(0, amounts.Sum() - paid - off)
                .Select(credited => (Amounts: amounts.ToArray(), Parts: new[] { paid, off, credited }))))).ToArbitrary(),
        given =>
        {
            var lines = given.Amounts.Select((cents, place) => new InvoiceLine(
                "X/1", Home, EntryId.Of("psa", "time_entry", place.ToString(CultureInfo.InvariantCulture), DecidedTime.Now), cents / 100m, Euro(cents / 100m), "", "")).ToArray();
            LedgerAccount[] accounts = [LedgerAccount.Paid, LedgerAccount.WrittenOff, LedgerAccount.Credited];
            ImmutableArray<(LedgerAccount, Money)> parts = [.. accounts.Zip(given.Parts, (account, cents) => (account, Euro(cents / 100m)))];

            var settled = LineSettlement.Of(lines, parts);

            Assert.Equal(parts.Select(part => part.Item2.Amount), accounts.Select(account =>
                settled.SelectMany(line => line.Parts).Where(part => part.Account == account).Sum(part => part.Amount.Amount)));
            Assert.All(settled, line => Assert.True(Math.Abs(line.Parts.Sum(part => part.Amount.Amount)) <= Math.Abs(line.Line.Amount.Amount)));
            Assert.Equal(settled.SelectMany(line => line.Parts), LineSettlement.Of(lines.Reverse(), parts).SelectMany(line => line.Parts));
            if (given.Parts.Sum() == given.Amounts.Sum())
            {
                Assert.All(settled, line => Assert.Equal(line.Line.Quantity, line.Parts.Sum(part => part.Quantity)));
            }
        }).QuickCheckThrowOnFailure();

    internal static Fields Said(decimal gross, decimal open, decimal writtenOff = 0m, decimal credited = 0m) => Fields.Of(
        ("gross", Euro(gross)), ("open", Euro(open)), ("writtenOff", writtenOff == 0 ? null : Euro(writtenOff)), ("credited", credited == 0 ? null : Euro(credited)),
        ("dueDate", "2026-07-31"));

    private static Money Euro(decimal amount) => Money.Of(amount, "EUR");
}
