using Throughline.Engine.Billing;
using Throughline.Model;
using Throughline.Server.Api.Invoices;
using Throughline.Tests.Engine.Billing;
using Throughline.Tests.Engine.Entries;
using Xunit;

namespace Throughline.Tests.Server.Invoices;

/// <summary>X12: what the writer of entries keeps of a part is enough to say which line of the invoice it is on, to the cent, or that this cannot be said.</summary>
public sealed class When_entries_are_led_back_to_their_line
{
    private readonly BilledTime _time = new();

    [Fact]
    public void Should_tell_lines_of_several_rates_apart()
    {
        _time.Terms = new DecidedTime { Rates = [DecidedTime.Rate(150m), DecidedTime.Rate(156m, from: "2026-06-16")] };
        _time.Book("a", "2026-06-15", 8m);
        _time.Book("b", "2026-06-16", 7.5m);
        _time.Book("c", "2026-06-17", 0.25m);

        ShouldAddUp("P-1-A/1", lines: 2);
    }

    /// <summary>Where rounding each entry led to other cents than hours times rate, the line says its hours in words.</summary>
    [Fact]
    public void Should_find_a_line_that_is_one_piece()
    {
        _time.Terms = new DecidedTime { Rates = [DecidedTime.Rate(99.99m)] };
        for (var day = 1; day <= 3; day++)
        {
            _time.Book($"a{day}", $"2026-06-{day:00}", 0.333333m);
        }

        ShouldAddUp("P-1-A/1", lines: 1);
    }

    [Fact]
    public void Should_find_the_part_that_the_cap_left()
    {
        _time.Terms = new DecidedTime { Cap = Money.Of(2000m, "EUR") };
        _time.Book("a", "2026-06-15", 8m);
        _time.Book("b", "2026-06-16", 8m);

        ShouldAddUp("P-1-A/1", lines: 2);
    }

    [Fact]
    public void Should_find_corrections_of_what_was_billed()
    {
        _time.Book("a", "2026-06-15", 8m);
        _time.Book("z", "2026-06-15", 8m);
        _time.Draw();
        _time.Settle("P-1-A/1", InvoiceDecider.Invoiced, "INV-1");
        _time.Book("b", "2026-06-16", 8m);
        _time.Terms = new DecidedTime { Rates = [DecidedTime.Rate(156m)] };
        _time.Book("a", "2026-06-15", 8m, number: 2, isApproved: false);
        _time.Book("a", "2026-06-15", 8m, number: 3);
        _time.Book("z", "2026-06-15", 6m, number: 2);

        ShouldAddUp("P-1-A/2");
    }

    [Theory]
    [InlineData("Discovery", "8 x 150.00 EUR, rate of everybody (rate card W)", 8, 1200, 1)]
    [InlineData("Discovery", "8 x 156.00 EUR, rate of everybody (rate card W)", 8, 1248, null)]
    [InlineData("Disco", "8 x 150.00 EUR, rate of everybody (rate card W)", 8, 1200, null)]
    [InlineData("Discovery", "8 x 150.00 EUR, rate of everybody (rate card W); up to the cap", 4, 600, 2)]
    [InlineData("Discovery", "not approved any more; less what was billed of it before", -8, -1200, 2)]
    // A correction that may have been split by the cap or not: both lines are possible, so none is named.
    [InlineData("Discovery", "8 x 150.00 EUR, rate of everybody (rate card W); less what was billed of it before", 4, 600, null)]
    public void Should_name_no_line_where_it_cannot_be_told(string text, string why, double hours, double amount, int? line)
    {
        var euros = Money.Of(150m, "EUR");
        var shown = new ShownLines(Fields.Of(("lines", new[]
        {
            Fields.Of(("text", "Discovery"), ("quantity", 16m), ("rate", euros), ("amount", euros * 16)),
            Fields.Of(("text", "Discovery, -4 h"), ("quantity", 1m), ("rate", euros * -4), ("amount", euros * -4)),
        })));

        Assert.Equal(line, shown.LineOf(new InvoiceLine("P-1-A/1", DecidedTime.Home, DecidedTime.Id, (decimal)hours, Money.Of((decimal)amount, "EUR"), text, why)));
    }

    private void ShouldAddUp(string key, int? lines = null)
    {
        var shows = _time.Draw().NestedList("drawings").Single().Nested("attributes")!;
        var shown = new ShownLines(shows);
        Assert.Equal(lines ?? shown.Count, shown.Count);
        var parts = _time.Lines.Where(line => line.Invoice == key).ToLookup(shown.LineOf);
        Assert.Empty(parts[null]);
        Assert.All(shown.All, line =>
        {
            var mine = parts[(int)line.Number("line")!.Value].ToArray();
            Assert.Equal(line.Money("amount")!.Value.Amount, mine.Sum(part => part.Amount.Amount));
            Assert.Equal(line.Number("entryCount"), mine.Length);
        });
    }
}
