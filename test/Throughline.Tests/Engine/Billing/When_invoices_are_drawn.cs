using Throughline.Engine.Billing;
using Throughline.Engine.Entries;
using Throughline.Model;
using Throughline.Model.Ledger;
using Throughline.Tests.Engine.Entries;
using Xunit;

namespace Throughline.Tests.Engine.Billing;

/// <summary>D4, invariant 7: what is unbilled comes on one invoice and on no other, up to the cap, and goes on from there.</summary>
public sealed class When_invoices_are_drawn
{
    private readonly BilledTime _time = new();

    [Fact]
    public void Should_be_one_invoice_of_a_workstream_with_a_line_for_each_task_and_rate()
    {
        _time.Terms = new DecidedTime { Rates = [DecidedTime.Rate(150m), DecidedTime.Rate(156m, from: "2026-06-16")] };
        _time.Book("a", "2026-06-15", 8m);
        _time.Book("b", "2026-06-16", 7.5m);
        _time.Book("c", "2026-06-17", 0.25m);
        _time.Book("d", "2026-07-01", 8m);

        var told = _time.Draw("2026-06-30");

        var invoice = _time.Invoice(1);
        Assert.Equal((InvoiceStatus.Drawn, 15.75m, Euro(2409m), 3), (invoice.Status, invoice.Quantity, invoice.Amount, invoice.EntryCount));
        var attributes = told.NestedList("drawings").Single().Nested("attributes")!;
        Assert.Equal(
            ["Discovery 8 x 150.00 EUR = 1,200.00 EUR (1)", "Discovery 7.75 x 156.00 EUR = 1,209.00 EUR (2)"], attributes.NestedList("lines").Select(Text));
        Assert.Equal(("W", "001A", "DE", "ann"), (attributes.Text("workstream"), attributes.Text("billingAccount"), attributes.Text("legalEntity"), attributes.Text("drawnBy")));
        Assert.Equal((2409m, 1248m), (_time.Stands(LedgerAccount.InBatch), _time.Stands(LedgerAccount.Unbilled)));
        Assert.Equal("8 x 150.00 EUR, rate of everybody (rate card W); on invoice P-1-A/1", _time.LastOf("a").Why);
        Assert.Equal(1248m, Assert.Single(_time["d"].Value.Portions).Amount.Amount);
    }

    [Fact]
    public void Should_draw_nothing_twice()
    {
        _time.Book("a", "2026-06-15", 8m);
        _time.Draw();

        var told = _time.Draw();

        Assert.Empty(told.NestedList("drawings"));
        Assert.Single(_time.Invoices);
        Assert.Single(_time.Lines);
    }

    /// <summary>S2, step 4: 165,000.00 of 200,000.00 are used and 35,088.00 worked; one entry is split by amount.</summary>
    [Fact]
    public void Should_stop_at_the_cap_to_the_cent_and_hold_the_rest()
    {
        _time.Terms = new DecidedTime { Cap = Euro(200_000m), Rates = [DecidedTime.Rate(150m), DecidedTime.Rate(156m, from: "2026-06-16")] };
        _time.Billed(165_000m);
        for (var day = 1; day <= 10; day++)
        {
            _time.Book($"a{day}", $"2026-06-{day:00}", 8m);
        }

        for (var day = 16; day <= 26; day++)
        {
            _time.Book($"a{day}", $"2026-06-{day:00}", 8m);
        }

        for (var day = 16; day <= 27; day++)
        {
            _time.Book($"b{day}", $"2026-06-{day:00}", 5m);
        }

        var told = _time.Draw("2026-06-30").NestedList("drawings").Single();

        Assert.Equal(Euro(35_000m), _time.Invoice(2).Amount);
        Assert.Equal((35_000m, 88m, 0m), (_time.Stands(LedgerAccount.InBatch), _time.Stands(LedgerAccount.Held), _time.Stands(LedgerAccount.Unbilled)));
        Assert.Equal(-35_088m, _time.Stands(LedgerAccount.Approved));
        Assert.Equal((Euro(88m), Euro(200_000m)), (told.Money("over"), told.Money("cap")));
        var split = _time["b27"];
        Assert.Equal(LineValue.Of(new Portion(LedgerAccount.InBatch, 4.435897m, Euro(692m)), new Portion(LedgerAccount.Held, 0.564103m, Euro(88m))), split.Value);
        Assert.Contains("88.00 EUR of it is beyond the cap of 200,000.00 EUR", split.ValueSays, StringComparison.Ordinal);
        // The part is no matter of hours times a rate, so the ERP is shown its amount.
        Assert.Contains("Discovery, 4.435897 h 1 x 692.00 EUR = 692.00 EUR (1)", told.Nested("attributes")!.NestedList("lines").Select(Text));
    }

    /// <summary>S2, step 8: a change order raises the cap.</summary>
    [Fact]
    public void Should_bill_what_was_beyond_the_cap_once_that_is_raised()
    {
        _time.Terms = new DecidedTime { Cap = Euro(1000m) };
        _time.Book("a", "2026-06-15", 8m);
        _time.Draw();
        Assert.Equal("the cap of 1,000.00 EUR is used up; 200.00 EUR of approved work is beyond it", _time.Draw().NestedList("drawings").Single().Text("says"));

        _time.Terms = new DecidedTime { Cap = Euro(1500m) };
        var told = _time.Draw().NestedList("drawings").Single();

        Assert.Equal((Euro(1000m), Euro(200m)), (_time.Invoice(1).Amount, _time.Invoice(2).Amount));
        Assert.Null(told.Get("over"));
        Assert.Equal((1200m, 0m), (_time.Stands(LedgerAccount.InBatch), _time.Stands(LedgerAccount.Held)));
        Assert.Equal(8m, _time.Lines.Sum(line => line.Quantity));
    }

    [Fact]
    public void Should_be_invoiced_when_the_ERP_has_posted_it_and_billable_again_when_it_is_given_up()
    {
        _time.Book("a", "2026-06-15", 8m);
        _time.Draw();
        _time.Settle("P-1-A/1", InvoiceDecider.Released);
        Assert.Equal((InvoiceStatus.Withdrawn, 1200m), (_time.Invoice(1).Status, _time.Stands(LedgerAccount.Unbilled)));

        _time.Draw();
        _time.Settle("P-1-A/2", InvoiceDecider.Invoiced, "INV-2026-7");
        // The same once more, and the other fate after it: neither does anything.
        _time.Settle("P-1-A/2", InvoiceDecider.Invoiced, "INV-2026-7");
        _time.Settle("P-1-A/2", InvoiceDecider.Released);

        Assert.Equal((InvoiceStatus.Posted, "INV-2026-7"), (_time.Invoice(2).Status, _time.Invoice(2).Number));
        Assert.Equal((0m, 0m, 1200m), (_time.Stands(LedgerAccount.Unbilled), _time.Stands(LedgerAccount.InBatch), _time.Stands(LedgerAccount.Invoiced)));
        Assert.Equal("invoice P-1-A/2 is posted as INV-2026-7", _time.LastOf("a").Why);
    }

    /// <summary>M3: a new rate re-prices what is unbilled; what was billed is adjusted on the next invoice.</summary>
    [Fact]
    public void Should_be_billed_at_the_rate_of_today_and_adjust_what_was_billed_at_another()
    {
        _time.Book("a", "2026-06-15", 8m);
        _time.Draw();
        _time.Settle("P-1-A/1", InvoiceDecider.Invoiced, "INV-1");
        _time.Book("b", "2026-06-16", 8m);
        _time.Terms = new DecidedTime { Rates = [DecidedTime.Rate(156m)] };
        _time.Book("a", "2026-06-15", 8m, number: 2, isApproved: false);
        _time.Book("a", "2026-06-15", 8m, number: 3);

        var lines = _time.Draw().NestedList("drawings").Single().Nested("attributes")!.NestedList("lines");

        Assert.Equal(["Discovery 8 x 156.00 EUR = 1,248.00 EUR (1)", "Discovery, correction 1 x 48.00 EUR = 48.00 EUR (1)"], lines.Select(Text).Order(StringComparer.Ordinal));
        Assert.Equal((1200m, 1296m), (_time.Stands(LedgerAccount.Invoiced), _time.Stands(LedgerAccount.InBatch)));
    }

    [Fact]
    public void Should_give_back_on_the_next_invoice_what_was_billed_too_much()
    {
        _time.Book("a", "2026-06-15", 8m);
        _time.Draw();
        _time.Settle("P-1-A/1", InvoiceDecider.Invoiced, "INV-1");
        _time.Book("a", "2026-06-15", 6m, number: 2);
        Assert.Equal(-300m, _time.Stands(LedgerAccount.Unbilled));
        var told = _time.Draw().NestedList("drawings").Single();
        Assert.Contains("300.00 EUR would be owed", told.Text("says"), StringComparison.Ordinal);
        Assert.Equal(Euro(300m), told.Money("owed"));
        Assert.Single(_time.Invoices);

        _time.Book("b", "2026-06-16", 8m);
        _time.Draw();

        Assert.Equal((Euro(900m), 6m), (_time.Invoice(2).Amount, _time.Invoice(2).Quantity));
        Assert.Equal(0m, _time.Stands(LedgerAccount.Unbilled));
    }

    /// <summary>Or the two invoices would cancel each other in the account that both of them have to leave.</summary>
    [Theory]
    [InlineData(InvoiceDecider.Invoiced, 300)]
    [InlineData(InvoiceDecider.Released, 1500)]
    public void Should_correct_what_is_on_an_invoice_only_when_that_is_posted_or_given_up(string to, int next)
    {
        _time.Book("a", "2026-06-15", 8m);
        _time.Draw();
        _time.Book("a", "2026-06-15", 6m, number: 2);
        _time.Book("b", "2026-06-16", 4m);
        _time.Draw();
        Assert.Equal((Euro(600m), 1), (_time.Invoice(2).Amount, _time.Invoice(2).EntryCount));
        Assert.Equal((1800m, -300m), (_time.Stands(LedgerAccount.InBatch), _time.Stands(LedgerAccount.Unbilled)));

        _time.Settle("P-1-A/1", to, "INV-1");
        _time.Settle("P-1-A/2", InvoiceDecider.Invoiced, "INV-2");
        _time.Book("c", "2026-06-17", 4m);
        _time.Draw();

        Assert.Equal(Euro(next), _time.Invoice(3).Amount);
        Assert.Equal(0m, _time.Stands(LedgerAccount.Unbilled));
    }

    /// <summary>An entry whose approval went after it was invoiced is owed back, and is not priced as if it were approved.</summary>
    [Fact]
    public void Should_give_back_what_is_not_approved_any_more()
    {
        _time.Book("a", "2026-06-15", 8m);
        _time.Draw();
        _time.Settle("P-1-A/1", InvoiceDecider.Invoiced, "INV-1");
        _time.Book("a", "2026-06-15", 8m, number: 2, isApproved: false);
        _time.Book("b", "2026-06-16", 10m);

        _time.Draw();

        Assert.Equal((Euro(300m), 2m), (_time.Invoice(2).Amount, _time.Invoice(2).Quantity));
        Assert.Equal((1200m, 300m, -1500m), (_time.Stands(LedgerAccount.Invoiced), _time.Stands(LedgerAccount.InBatch), _time.Stands(LedgerAccount.Approved)));
    }

    [Theory]
    [InlineData(0.33, 133.37, 3, "Discovery, 0.99 h at 133.37 EUR 1 x 132.03 EUR = 132.03 EUR (3)")]
    [InlineData(0.333333, 150, 3, "Discovery, 0.999999 h at 150.00 EUR 1 x 150.00 EUR = 150.00 EUR (3)")]
    [InlineData(2.25, 133.33, 2, "Discovery, 4.5 h at 133.33 EUR 1 x 599.98 EUR = 599.98 EUR (2)")]
    [InlineData(0.5, 133.37, 1, "Discovery, 0.5 h at 133.37 EUR 1 x 66.69 EUR = 66.69 EUR (1)")]
    [InlineData(7.75, 150, 2, "Discovery 15.5 x 150.00 EUR = 2,325.00 EUR (2)")]
    public void Should_show_the_ERP_what_adds_up_there_to_the_cent(double hours, double rate, int count, string line)
    {
        _time.Terms = new DecidedTime { Rates = [DecidedTime.Rate((decimal)rate)] };
        for (var entry = 0; entry < count; entry++)
        {
            _time.Book("e" + entry, "2026-06-15", (decimal)hours);
        }

        var attributes = _time.Draw().NestedList("drawings").Single().Nested("attributes")!;

        Assert.Equal(line, Text(Assert.Single(attributes.NestedList("lines"))));
        Assert.Equal(attributes.Money("amount"), attributes.NestedList("lines").Single().Money("amount"));
    }

    [Fact]
    public void Should_bill_nothing_of_what_is_held()
    {
        _time.Book("a", "2026-06-15", 25m);
        _time.Say(DecidedTime.Said(1, entry: "b", date: "2026-06-15", isOnTask: false));

        Assert.Empty(_time.Draw().NestedList("drawings"));
        Assert.Equal((EntryStatus.Held, EntryStatus.Held), (_time["a"].Status, _time["b"].Status));
    }

    [Fact]
    public void Should_say_that_a_cap_in_another_currency_keeps_it_from_being_billed()
    {
        _time.Terms = new DecidedTime { Cap = Money.Of(1000m, "USD") };
        _time.Book("a", "2026-06-15", 8m);

        Assert.Equal("its cap is in USD, and it is billed in EUR, so nothing of it is billed", _time.Draw().NestedList("drawings").Single().Text("says"));
        Assert.Equal(1200m, _time.Stands(LedgerAccount.Unbilled));
    }

    /// <summary>ADR 0016: the books of the engagement have its invoice, so it stays in them until it is credited.</summary>
    [Fact]
    public void Should_not_leave_the_engagement_that_it_was_billed_in()
    {
        _time.Book("a", "2026-06-15", 8m);
        _time.Draw();
        var moved = DecidedTime.Said(2, entry: "a", date: "2026-06-15");
        _time.Say(moved with { Home = Scope.Engagement("007"), Attributes = moved.Attributes!.With("task", "99").With("workstream", "99") });

        Assert.Equal((DecidedTime.Home, EntryStatus.Waiting), (_time["a"].Scope, _time["a"].Status));
        Assert.Contains("does not know in this engagement", _time["a"].Says, StringComparison.Ordinal);
        Assert.Equal(1200m, _time.Stands(LedgerAccount.InBatch));
    }

    /// <summary>What stands in batch is what the open invoices have, each for itself, so that each can be settled whatever becomes of the others.</summary>
    [Theory]
    [InlineData(6, 1)]
    [InlineData(0, 1)]
    [InlineData(6, 2)]
    public void Should_settle_each_of_several_invoices_whose_entries_were_corrected_in_between(int corrected, int first)
    {
        _time.Book("a", "2026-06-15", 8m);
        _time.Draw();
        _time.Book("a", "2026-06-15", corrected == 0 ? 8m : corrected, number: 2, isApproved: corrected != 0);
        _time.Book("b", "2026-06-16", 20m);
        _time.Draw();
        Assert.Equal(Euro(3000m), _time.Invoice(2).Amount);

        _time.Settle($"P-1-A/{first}", InvoiceDecider.Invoiced, "INV-1");
        _time.Settle($"P-1-A/{3 - first}", InvoiceDecider.Invoiced, "INV-2");
        Assert.Equal((0m, 4200m), (_time.Stands(LedgerAccount.InBatch), _time.Stands(LedgerAccount.Invoiced)));
        Assert.Equal((corrected - 8) * 150m, _time.Stands(LedgerAccount.Unbilled));

        _time.Book("c", "2026-06-17", 10m);
        _time.Draw();
        Assert.Equal(Euro(1500m + ((corrected - 8) * 150m)), _time.Invoice(3).Amount);
    }

    [Fact]
    public void Should_owe_back_what_was_billed_and_is_not_billable_any_more()
    {
        _time.Book("a", "2026-06-15", 8m);
        _time.Draw();
        _time.Settle("P-1-A/1", InvoiceDecider.Invoiced, "INV-1");
        var said = DecidedTime.Said(2, entry: "a", date: "2026-06-15");
        _time.Say(said with { Attributes = said.Attributes!.With("billable", false) });
        Assert.Equal(-1200m, _time.Stands(LedgerAccount.Unbilled));
        _time.Book("b", "2026-06-16", 10m);

        _time.Draw();

        Assert.Equal((Euro(300m), 0m), (_time.Invoice(2).Amount, _time.Stands(LedgerAccount.Unbilled)));
        Assert.Equal(8m, _time["a"].Value.Portions.Single(portion => portion.Account == LedgerAccount.NonBillable).Quantity);
    }

    /// <summary>Hours that changed where the amount did not wait for an invoice that something else comes on.</summary>
    [Fact]
    public void Should_not_draw_hours_without_an_amount_alone()
    {
        _time.Book("a", "2026-06-15", 8m);
        _time.Draw();
        _time.Settle("P-1-A/1", InvoiceDecider.Invoiced, "INV-1");
        _time.Terms = new DecidedTime { Rates = [DecidedTime.Rate(160m)] };
        _time.Book("a", "2026-06-15", 7.5m, number: 2);
        Assert.Equal("what is unbilled of it comes to nothing", _time.Draw().NestedList("drawings").Single().Text("says"));
        _time.Book("b", "2026-06-16", 1m);

        _time.Draw();

        Assert.Equal((0.5m, Euro(160m)), (_time.Invoice(2).Quantity, _time.Invoice(2).Amount));
    }

    [Fact]
    public void Should_fill_the_room_that_a_correction_makes_with_what_was_booked_late()
    {
        _time.Terms = new DecidedTime { Cap = Euro(1200m) };
        _time.Book("a", "2026-06-01", 4m);
        _time.Book("c", "2026-06-03", 4m);
        _time.Draw();
        _time.Settle("P-1-A/1", InvoiceDecider.Invoiced, "INV-1");
        _time.Book("b", "2026-06-02", 2m);
        _time.Book("c", "2026-06-03", 3m, number: 2);

        var told = _time.Draw().NestedList("drawings").Single();

        Assert.Equal((Euro(0m), Euro(150m)), (_time.Invoice(2).Amount, told.Money("over")));
        Assert.Equal((150m, 0m), (_time.Stands(LedgerAccount.Held), _time.Stands(LedgerAccount.Unbilled)));
    }

    [Fact]
    public void Should_keep_what_is_beyond_the_cap_as_it_is_where_nothing_can_be_drawn()
    {
        _time.Terms = new DecidedTime { Cap = Euro(1000m) };
        _time.Book("a", "2026-06-15", 8m);
        _time.Draw();
        _time.Settle("P-1-A/1", InvoiceDecider.Invoiced, "INV-1");
        _time.Terms = new DecidedTime { Cap = Money.Of(1000m, "USD") };

        Assert.NotEqual(true, _time.Draw().NestedList("drawings").Single().Flag("isCapLookedAt"));
        Assert.Equal((200m, 0m), (_time.Stands(LedgerAccount.Held), _time.Stands(LedgerAccount.Unbilled)));
    }

    [Fact]
    public void Should_bill_no_part_of_a_cent_where_the_cap_has_one()
    {
        _time.Terms = new DecidedTime { Cap = Euro(1000.005m) };
        _time.Book("a", "2026-06-15", 8m);
        _time.Draw();

        Assert.Equal((Euro(1000m), 200m), (_time.Invoice(1).Amount, _time.Stands(LedgerAccount.Held)));
    }

    [Fact]
    public void Should_stay_held_when_its_invoice_is_given_up_and_it_is_not_sound_any_more()
    {
        _time.Book("a", "2026-06-15", 8m);
        _time.Draw();
        _time.Say(DecidedTime.Said(2, entry: "a", date: "2026-06-15", isOnTask: false));
        _time.Settle("P-1-A/1", InvoiceDecider.Released);

        Assert.Equal((1200m, 0m), (_time.Stands(LedgerAccount.Held), _time.Stands(LedgerAccount.Unbilled)));
        Assert.Empty(_time.Draw().NestedList("drawings"));
    }

    /// <summary>Whatever order entries come in, and however they are grouped into drawings: to the cent the same is billed, and nothing twice.</summary>
    [Fact]
    public void Should_bill_the_same_whatever_the_order()
    {
        var random = new Random(20261122);
        for (var round = 0; round < 50; round++)
        {
            var time = new BilledTime { Terms = new DecidedTime { Cap = Euro(9_000m), Rates = [DecidedTime.Rate(133.37m)] } };
            var entries = Enumerable.Range(1, 12).Select(day => (Name: "e" + day, Date: $"2026-06-{day:00}", Hours: (decimal)(day % 8) + 0.33m)).ToArray();
            random.Shuffle(entries);
            foreach (var entry in entries)
            {
                time.Book(entry.Name, entry.Date, entry.Hours);
            }

            time.Draw("2026-06-30");
            var corrected = entries[random.Next(entries.Length)];
            time.Book(corrected.Name, corrected.Date, corrected.Hours, number: 2, isApproved: false);
            time.Book(corrected.Name, corrected.Date, corrected.Hours, number: 3);
            time.Draw("2026-06-30");

            var worth = entries.Sum(entry => decimal.Round(entry.Hours * 133.37m, 2, MidpointRounding.AwayFromZero));
            Assert.Equal(Math.Min(9_000m, worth), time.Stands(LedgerAccount.InBatch));
            Assert.Equal(-worth, time.Stands(LedgerAccount.Approved));
            Assert.Equal(time.Stands(LedgerAccount.InBatch), time.Lines.Sum(line => line.Amount.Amount));
            Assert.Equal(time.Stands(LedgerAccount.InBatch), time.Invoices.Sum(invoice => invoice.Amount.Amount));
            Assert.Equal(worth - Math.Min(9_000m, worth), time.Stands(LedgerAccount.Held));
        }
    }

    private static string Text(Fields line) => FormattableString.Invariant(
        $"{line.Text("text")} {line.Number("quantity"):0.######} x {line.Money("rate")} = {line.Money("amount")} ({line.Number("entryCount")})");

    private static Money Euro(decimal amount) => Money.Of(amount, "EUR");
}
