using Throughline.Engine.Pricing;
using Throughline.Model;
using Xunit;

namespace Throughline.Tests.Engine.Pricing;

/// <summary>X12: of a price the sentence is kept, and whoever asks why reads the rate from there.</summary>
public sealed class When_a_price_is_said
{
    [Theory]
    [InlineData(8, 150, "EUR", "8 x 150.00 EUR, rate of everybody (rate card W)")]
    [InlineData(0.333333, 1234.5, "GBP", "0.333333 x 1,234.50 GBP, rate of everybody (rate card W)")]
    [InlineData(-2, 15000, "JPY", "-2 x 15,000 JPY, rate of everybody (rate card W)")]
    [InlineData(7.5, 99.999, "EUR", "7.5 x 99.999 EUR, rate of everybody (rate card W)")]
    public void Should_name_the_rate_that_is_read_from_it_again(double quantity, double rate, string currency, string said)
    {
        var price = Money.Of((decimal)rate, currency);

        Assert.Equal(said, PriceText.Of((decimal)quantity, price, "rate of everybody (rate card W)"));
        Assert.Equal(price, PriceText.RateIn(said));
        Assert.Equal(price, PriceText.RateIn(said + "; up to the cap"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("covered by the fee")]
    [InlineData("several rates of rate card W hold for everybody on 2026-06-17: 150.00 EUR and 156.00 EUR")]
    [InlineData("it is said to be 8 x 150.00 EUR, which it is not")]
    [InlineData("8 x 150.00 euros, rate of everybody")]
    public void Should_find_none_where_none_is_named(string? said) => Assert.Null(PriceText.RateIn(said));
}
