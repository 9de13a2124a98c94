using Throughline.Engine.Billing;
using Throughline.Engine.Entries;
using Throughline.Model;
using Throughline.Model.Ledger;
using Throughline.Tests.Engine.Entries;
using Xunit;

namespace Throughline.Tests.Engine.Billing;

/// <summary>X5: a credit note takes back exactly its lines, once; they are billed again when it is posted, and nothing counts twice on the way.</summary>
public sealed class When_invoices_are_credited
{
    private const string First = "P-1-A/1";
    private const string Note = "P-1-A/2";

    private readonly BilledTime _time = new() { Terms = new DecidedTime { Rates = [DecidedTime.Rate(150m), DecidedTime.Rate(156m, from: "2026-06-16")] } };

    public When_invoices_are_credited()
    {
        // Line 1 is 8 h at 150.00, line 2 is 4 h at 156.00: 1,824.00 without tax, 2,170.56 with it.
        _time.Book("a", "2026-06-15", 8m);
        _time.Book("b", "2026-06-16", 4m);
        _time.Draw("2026-06-30");
        _time.Settle(First, InvoiceDecider.Invoiced, "INV-1", When_invoices_are_paid.Said(2170.56m, 2170.56m));
    }

    [Fact]
    public void Should_wait_until_the_ERP_has_it_posted_before_anything_is_billed_again()
    {
        var told = _time.Credit(First);

        var note = _time.Invoice(2);
        Assert.Equal((InvoiceStatus.Drawn, First, -12m, Euro(-1824m), 2), (note.Status, note.Credits, note.Quantity, note.Amount, note.EntryCount));
        Assert.Equal((0m, 1824m, 0m), (Stands(LedgerAccount.Invoiced), Stands(LedgerAccount.InBatch), Stands(LedgerAccount.Unbilled)));
        Assert.Equal("credit note P-1-A/2 is to take it back from invoice P-1-A/1 (not agreed)", _time.LastOf("a").Why);
        Assert.Equal((Note, First, "not agreed"), (told.Text("invoice"), told.Text("credits"), told.Nested("attributes")!.Text("reason")));
        Assert.Empty(_time.Draw().NestedList("drawings"));

        Post(Note, 2170.56m);

        Assert.Equal((InvoiceStatus.Posted, "CN-P-1-A/2"), (_time.Invoice(2).Status, _time.Invoice(2).Number));
        Assert.Equal((0m, 0m, 1824m), (Stands(LedgerAccount.Invoiced), Stands(LedgerAccount.InBatch), Stands(LedgerAccount.Unbilled)));
        Assert.Equal("credit note P-1-A/2 is posted as CN-P-1-A/2: what invoice P-1-A/1 had of it may be billed again", _time.LastOf("a").Why);
        Assert.Equal(-1824m, Stands(LedgerAccount.Approved));
    }

    [Fact]
    public void Should_take_back_exactly_the_lines_that_are_named()
    {
        var told = _time.Credit(First, 2);
        Post(Note, 742.56m);

        Assert.Equal([2L], told.List("places").OfType<long>());
        Assert.Equal(LineValue.Of(new Portion(LedgerAccount.Invoiced, 8m, Euro(1200m))), _time["a"].Value);
        Assert.Equal(LineValue.Of(new Portion(LedgerAccount.Unbilled, 4m, Euro(624m))), _time["b"].Value);
        Assert.Equal([(Note, -4m, -624m, 1)], _time.Lines.Where(line => line.Invoice == Note)
            .Select(line => (line.Invoice, line.Quantity, line.Amount.Amount, line.Place!.Value)));
    }

    [Fact]
    public void Should_be_billed_again_at_the_rates_of_then()
    {
        _time.Credit(First, 1);
        Post(Note, 1428m);
        _time.Terms = new DecidedTime { Rates = [DecidedTime.Rate(140m), DecidedTime.Rate(156m, from: "2026-06-16")] };

        _time.Draw();

        Assert.Equal((null, Euro(1120m), 1), (_time.Invoice(3).Credits, _time.Invoice(3).Amount, _time.Invoice(3).EntryCount));
        Assert.Equal("8 x 140.00 EUR, rate of everybody (rate card W); on invoice P-1-A/3", _time.LastOf("a").Why);
        Assert.Equal((624m, 1120m, 0m), (Stands(LedgerAccount.Invoiced), Stands(LedgerAccount.InBatch), Stands(LedgerAccount.Unbilled)));
        _time.Settle("P-1-A/3", InvoiceDecider.Invoiced, "INV-3");
        Assert.Equal((1744m, -1744m), (Stands(LedgerAccount.Invoiced), Stands(LedgerAccount.Approved)));
    }

    [Fact]
    public void Should_leave_everything_as_it_was_when_it_is_rejected()
    {
        var before = (_time["a"].Value, _time["b"].Value);
        _time.Credit(First);
        _time.Settle(Note, InvoiceDecider.Released);
        _time.Settle(Note, InvoiceDecider.Released);

        Assert.Equal(InvoiceStatus.Withdrawn, _time.Invoice(2).Status);
        Assert.Equal(before, (_time["a"].Value, _time["b"].Value));
        Assert.Equal("credit note P-1-A/2 was given up, so it stays on invoice P-1-A/1", _time.LastOf("a").Why);
        // And may be asked for once more.
        Assert.Equal("P-1-A/3", _time.Credit(First).Text("invoice"));
    }

    [Fact]
    public void Should_credit_no_line_twice()
    {
        _time.Credit(First, 2);

        Assert.Equal("its line 2 is on credit note P-1-A/2 already", _time.Credit(First, 2).Text("says"));
        Assert.Equal("its line 2 is on credit note P-1-A/2 already; name the others with --lines", _time.Credit(First).Text("says"));
        Post(Note, 742.56m);
        Assert.Equal("its line 2 is on credit note P-1-A/2 already", _time.Credit(First, 2).Text("says"));
        Assert.Equal(1200m, Stands(LedgerAccount.Invoiced));

        Assert.Equal("P-1-A/3", _time.Credit(First, 1).Text("invoice"));
        Post("P-1-A/3", 1428m);
        Assert.Equal((0m, 1824m), (Stands(LedgerAccount.Invoiced), Stands(LedgerAccount.Unbilled)));
    }

    [Fact]
    public void Should_be_refused_where_it_cannot_be_right()
    {
        _time.Book("c", "2026-06-17", 1m);
        _time.Draw();

        Assert.Equal("it is not posted yet: reject it instead (throughline cases list), and its entries may be billed again", _time.Credit(Note).Text("says"));
        _time.Settle(Note, InvoiceDecider.Released);
        Assert.Contains("given up before it was posted", _time.Credit(Note).Text("says"), StringComparison.Ordinal);
        Assert.Equal("there is no invoice P-1-A/9", _time.Credit("P-1-A/9").Text("says"));
        Assert.Equal("it has no line 3, 7; its lines are 1 to 2", _time.Credit(First, 7, 1, 3).Text("says"));
        _time.Credit(First, 1);
        Post("P-1-A/3", 1428m);
        Assert.Contains("it is a credit note itself, of invoice P-1-A/1", _time.Credit("P-1-A/3").Text("says"), StringComparison.Ordinal);
        Assert.Single(_time.Invoices, invoice => invoice.Credits is not null);
    }

    [Fact]
    public void Should_be_whole_or_nothing_where_it_is_not_known_which_entry_is_on_which_line()
    {
        for (var place = 0; place < _time.Lines.Count; place++)
        {
            _time.Lines[place] = _time.Lines[place] with { Place = null };
        }

        Assert.Contains("credit it as a whole", _time.Credit(First, 1).Text("says"), StringComparison.Ordinal);
        Assert.Equal(Note, _time.Credit(First).Text("invoice"));
        Assert.Equal("it is on credit note P-1-A/2 already", _time.Credit(First).Text("says"));
    }

    /// <summary>What is paid is owed back, which is a matter of the ERP; what is open may be credited whichever lines the payment covers.</summary>
    [Fact]
    public void Should_credit_what_is_open_after_a_part_was_paid_and_no_more()
    {
        // 952.00 with tax is 800.00 without, so 1,024.00 of 1,824.00 is open.
        _time.Pay(First, 2170.56m, open: 1218.56m);

        Assert.Contains("1,824.00 EUR without tax is to be taken back, and only 1,024.00 EUR of it is still open", _time.Credit(First).Text("says"), StringComparison.Ordinal);
        Assert.Contains("only 1,024.00 EUR", _time.Credit(First, 1).Text("says"), StringComparison.Ordinal);
        _time.Credit(First, 2);
        Post(Note, 742.56m);

        // Whatever part of the payment covered that line covers the other one now.
        Assert.Equal((800m, 400m, 624m, 0m), (Stands(LedgerAccount.Paid), Stands(LedgerAccount.Invoiced), Stands(LedgerAccount.Unbilled), Stands(LedgerAccount.Credited)));
        Assert.Equal(LineValue.Of(new Portion(LedgerAccount.Unbilled, 4m, Euro(624m))), _time["b"].Value);
        Assert.Equal(1200m, _time["a"].Value.Portions.Sum(portion => portion.Amount.Amount));
    }

    /// <summary>The ERP shows the hub's own note as credited on what it credits, once finance has set it off: that is no second credit.</summary>
    [Fact]
    public void Should_not_count_again_what_the_ERP_says_of_its_own_credit_note()
    {
        _time.Credit(First, 2);
        Post(Note, 742.56m);

        _time.Pay(First, 2170.56m, open: 1428m, credited: 742.56m);
        Assert.Equal((1200m, 0m, 624m), (Stands(LedgerAccount.Invoiced), Stands(LedgerAccount.Credited), Stands(LedgerAccount.Unbilled)));
        // What is credited beside it, by hand, stands as credited.
        _time.Pay(First, 2170.56m, open: 1309m, credited: 861.56m);
        Assert.Equal((1100m, 100m), (Stands(LedgerAccount.Invoiced), Stands(LedgerAccount.Credited)));
        _time.Pay(First, 2170.56m, open: 0m, credited: 861.56m);
        Assert.Equal((0m, 1100m, 100m), (Stands(LedgerAccount.Invoiced), Stands(LedgerAccount.Paid), Stands(LedgerAccount.Credited)));
        Assert.Empty(_time.Pay(Note, -742.56m, open: 0m).Ledger);
        Assert.Equal(0m, _time.Invoice(2).Receivable!.Open.Amount);
    }

    /// <summary>Finance has not set it off, and the customer pays the rest.</summary>
    [Fact]
    public void Should_be_paid_when_the_rest_is_paid_though_the_note_is_not_set_off()
    {
        _time.Credit(First, 2);
        Post(Note, 742.56m);

        _time.Pay(First, 2170.56m, open: 742.56m);

        Assert.Equal((0m, 1200m, 624m), (Stands(LedgerAccount.Invoiced), Stands(LedgerAccount.Paid), Stands(LedgerAccount.Unbilled)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Should_add_up_when_a_payment_arrives_while_it_waits(bool isPosted)
    {
        _time.Credit(First);
        _time.Pay(First, 2170.56m, open: 0m);
        Assert.Equal((-1824m, 1824m, 1824m), (Stands(LedgerAccount.Invoiced), Stands(LedgerAccount.Paid), Stands(LedgerAccount.InBatch)));

        if (isPosted)
        {
            // The ERP has both: the note is owed back there, and the work is to be billed anew.
            Post(Note, 2170.56m);
            Assert.Equal((0m, 0m, 1824m), (Stands(LedgerAccount.Invoiced), Stands(LedgerAccount.Paid), Stands(LedgerAccount.Unbilled)));
        }
        else
        {
            _time.Settle(Note, InvoiceDecider.Released);
            Assert.Equal((0m, 1824m, 0m), (Stands(LedgerAccount.Invoiced), Stands(LedgerAccount.Paid), Stands(LedgerAccount.Unbilled)));
        }
    }

    [Fact]
    public void Should_make_room_under_the_cap_only_when_it_is_posted()
    {
        var rates = new[] { DecidedTime.Rate(150m), DecidedTime.Rate(156m, from: "2026-06-16") };
        _time.Terms = new DecidedTime { Cap = Euro(1824m), Rates = rates };
        _time.Credit(First, 2);
        _time.Book("c", "2026-06-14", 2m);
        _time.Draw();
        Assert.Equal((300m, 624m), (Stands(LedgerAccount.Held), Stands(LedgerAccount.InBatch)));

        Post(Note, 742.56m);
        _time.Draw();

        // In the order of the work: what was booked late, and what is left of the room.
        Assert.Equal((624m, 300m, 1200m), (Stands(LedgerAccount.InBatch), Stands(LedgerAccount.Held), Stands(LedgerAccount.Invoiced)));
    }

    [Fact]
    public void Should_stay_held_where_it_is_not_sound_any_more_and_owe_nothing_where_it_is_not_approved()
    {
        _time.Credit(First);
        _time.Say(DecidedTime.Said(2, entry: "a", date: "2026-06-15", isOnTask: false));
        _time.Book("b", "2026-06-16", 4m, number: 2, isApproved: false);

        Post(Note, 2170.56m);

        Assert.Equal(LineValue.Of(new Portion(LedgerAccount.Held, 8m, Euro(1200m))), _time["a"].Value);
        Assert.Equal(LineValue.Nothing, _time["b"].Value);
        Assert.Empty(_time.Draw().NestedList("drawings"));
    }

    /// <summary>Its correction is on an invoice that is drawn: each settles for itself.</summary>
    [Fact]
    public void Should_settle_beside_an_invoice_with_a_correction_of_what_it_takes_back()
    {
        _time.Book("a", "2026-06-15", 6m, number: 2);
        _time.Book("c", "2026-06-17", 10m);
        _time.Draw();
        Assert.Equal(Euro(1260m), _time.Invoice(2).Amount);
        _time.Credit(First, 1);

        _time.Settle(Note, InvoiceDecider.Invoiced, "INV-2");
        Post("P-1-A/3", 1428m);

        // 6 h are worth 900.00; 300.00 less were invoiced, so 1,200.00 are to come.
        Assert.Equal(LineValue.Of(new Portion(LedgerAccount.Unbilled, 8m, Euro(1200m)), new Portion(LedgerAccount.Invoiced, -2m, Euro(-300m))), _time["a"].Value);
        Assert.Equal(0m, Stands(LedgerAccount.InBatch));
    }

    /// <summary>Once nothing of it is billed any more it may be booked on another engagement.</summary>
    [Fact]
    public void Should_be_free_to_leave_the_engagement()
    {
        _time.Credit(First, 1);
        Post(Note, 1428m);
        var moved = DecidedTime.Said(3, entry: "a", date: "2026-06-15");

        _time.Say(moved with { Home = Scope.Engagement("007"), Attributes = moved.Attributes!.With("task", "99").With("workstream", "99") });

        Assert.Equal(Scope.Engagement("007"), _time["a"].Scope);
        Assert.Equal((0m, 624m), (Stands(LedgerAccount.Unbilled), Stands(LedgerAccount.Invoiced)));
    }

    /// <summary>Whatever is drawn, posted, credited, rejected, paid and corrected, in whatever order: nothing is lost, and nothing is billed twice net.</summary>
    [Fact]
    public void Should_always_add_up()
    {
        for (var seed = 1; seed <= 60; seed++)
        {
            var random = new Random(seed);
            var time = new BilledTime { Terms = new DecidedTime { Rates = [DecidedTime.Rate(133.37m)] } };
            var (hours, number) = (Enumerable.Range(0, 6).ToDictionary(each => "e" + each, each => 1.25m + each), 1);
            foreach (var (entry, count) in hours)
            {
                time.Book(entry, $"2026-06-{10 + (int)count:00}", count);
            }

            for (var move = 0; move < 40; move++)
            {
                Move(time, random, hours, ref number);
                Check(time, hours, seed);
            }

            foreach (var invoice in time.Invoices.Where(invoice => invoice.Status == InvoiceStatus.Drawn).ToArray())
            {
                time.Settle(invoice.Key, random.Next(2) == 0 ? InvoiceDecider.Invoiced : InvoiceDecider.Released, "N", Gross(invoice, 1m));
            }

            Check(time, hours, seed);
            Assert.Equal(0m, time.Stands(LedgerAccount.InBatch));
        }
    }

    private static void Move(BilledTime time, Random random, Dictionary<string, decimal> hours, ref int number)
    {
        Invoice? Any(InvoiceStatus status) => time.Invoices.Where(invoice => invoice.Status == status).OrderBy(_ => random.Next()).FirstOrDefault();
        switch (random.Next(6))
        {
            case 0:
                time.Draw();
                break;
            case 1 when Any(InvoiceStatus.Drawn) is { } drawn:
                time.Settle(drawn.Key, random.Next(4) == 0 ? InvoiceDecider.Released : InvoiceDecider.Invoiced, "N", Gross(drawn, 1m));
                break;
            case 2 when Any(InvoiceStatus.Posted) is { } posted:
                time.Credit(posted.Key, random.Next(2) == 0 ? [] : [1]);
                break;
            case 3 when Any(InvoiceStatus.Posted) is { } paid:
                var (gross, share) = (Gross(paid, 1m).Money("gross")!.Value.Amount, random.Next(5) / 4m);
                time.Pay(paid.Key, gross, decimal.Round(gross * share, 2), credited: random.Next(3) == 0 ? decimal.Round(gross * (1 - share) / 2, 2) : 0m);
                break;
            case 4:
                var entry = "e" + random.Next(hours.Count);
                hours[entry] = 0.5m + random.Next(12);
                time.Book(entry, $"2026-06-{10 + entry[1] - '0':00}", hours[entry], number: Math.Min(59, ++number));
                break;
        }
    }

    private static void Check(BilledTime time, Dictionary<string, decimal> hours, int seed)
    {
        foreach (var (entry, _) in hours)
        {
            // What is on invoices less what is on posted credit notes is what stands beyond the open accounts: nothing else is billed, and nothing of it twice.
            var row = time[entry];
            var on = time.Lines.Where(line => line.Entry == row.Id).Select(line => (line.Amount, Invoice: time.Invoices.Single(invoice => invoice.Key == line.Invoice)))
                .Where(each => each.Invoice.Credits is null ? each.Invoice.Status != InvoiceStatus.Withdrawn : each.Invoice.Status == InvoiceStatus.Posted)
                .Sum(each => each.Amount.Amount);
            var billed = row.Value.Portions.Where(portion => !portion.Account.IsOpen()).Sum(portion => portion.Amount.Amount);
            Assert.True(on == billed, $"seed {seed}: {entry} is on invoices with {on}, and {billed} of it is billed");
            var worth = decimal.Round(row.Attributes.Number("hours")!.Value * 133.37m, 2, MidpointRounding.AwayFromZero);
            Assert.True(row.Value.Portions.Sum(portion => portion.Amount.Amount) == worth, $"seed {seed}: {entry} is worth {worth} and stands as {row.Value}");
        }

        Assert.Equal(-hours.Keys.Sum(entry => time[entry].Value.Portions.Sum(portion => portion.Amount.Amount)), time.Stands(LedgerAccount.Approved));
    }

    private static Fields Gross(Invoice invoice, decimal open)
    {
        var gross = decimal.Round(invoice.Amount.Amount * 1.19m, 2, MidpointRounding.AwayFromZero);
        return When_invoices_are_paid.Said(gross, gross * open);
    }

    private void Post(string note, decimal gross) => _time.Settle(note, InvoiceDecider.Invoiced, $"CN-{note}", When_invoices_are_paid.Said(-gross, -gross));

    private decimal Stands(LedgerAccount account) => _time.Stands(account);

    private static Money Euro(decimal amount) => Money.Of(amount, "EUR");
}
