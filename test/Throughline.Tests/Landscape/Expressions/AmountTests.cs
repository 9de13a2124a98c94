using Throughline.Model;
using Xunit;

namespace Throughline.Tests.Landscape.Expressions;

/// <summary>Decimals and money: what Throughline adds to CEL.</summary>
public sealed class AmountTests
{
    [Theory]
    [InlineData("decimal('0.1') + decimal('0.2')", "0.3")]
    [InlineData("decimal('0.1') * 3", "0.3")]
    [InlineData("1 - decimal('0.1')", "0.9")]
    [InlineData("10u / decimal('4')", "2.5")]
    [InlineData("decimal('7.5') % 2", "1.5")]
    [InlineData("-decimal('1.50')", "-1.50")]
    [InlineData("round(decimal('2.345'), 2)", "2.35")]
    [InlineData("round(-decimal('2.345'), 2)", "-2.35")]
    [InlineData("round(5, 2)", "5")]
    [InlineData("sum([decimal('0.1'), 2, decimal('0.3')])", "2.4")]
    [InlineData("decimal(0.1)", "0.1")]
    [InlineData("decimal(' 1'.trim())", "1")]
    public void When_decimals_are_computed_Should_be_exact(string text, string expected) =>
        Assert.Equal(decimal.Parse(expected, System.Globalization.CultureInfo.InvariantCulture), Eval.Of(text));

    [Theory]
    [InlineData("decimal('1.0') == 1", true)]
    [InlineData("decimal('1.0') == decimal('1.00')", true)]
    [InlineData("decimal('1.5') > 1 && 2 >= decimal('1.5') && decimal('1.5') != 1u", true)]
    [InlineData("2 in [decimal('2.0')]", true)]
    [InlineData("distinct([decimal('1.10'), decimal('1.1'), 2, decimal('2')]).size() == 2", true)]
    [InlineData("int(decimal('2.9')) == 2 && uint(decimal('2.9')) == 2u && double(decimal('0.5')) == 0.5", true)]
    [InlineData("string(decimal('1.50'))", "1.50")]
    [InlineData("string(type(decimal('1'))) + string(type(money(1, 'EUR')))", "decimalmoney")]
    public void When_decimals_are_compared_or_converted_Should_go_by_value(string text, object expected) => Assert.Equal(expected, Eval.Of(text));

    [Theory]
    [InlineData("decimal('1') + 1.5")]
    [InlineData("1.5 * decimal('1')")]
    [InlineData("decimal('1') == 1.5")]
    [InlineData("round(decimal('1') / 3, 2) < 0.5")]
    [InlineData("money(1, 'EUR') * 1.5")]
    public void When_a_decimal_meets_a_double_in_the_text_Should_be_refused_at_parse_time(string text) =>
        Assert.Contains("decimal('1.5')", Eval.Refused(text).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("source.Amount * 1.5")]
    [InlineData("source.Amount > 1.5")]
    [InlineData("source.Amount == 1.5")]
    [InlineData("source.Amount != 1.5")]
    [InlineData("source.Amount in [1.5]")]
    [InlineData("[source.Amount] == [1.5]")]
    [InlineData("{'a': source.Amount} == {'a': 1.5}")]
    [InlineData("sum([source.Amount, 1.5])")]
    [InlineData("distinct([source.Amount, 2.5])")]
    [InlineData("round(1.5, 1)")]
    [InlineData("money(1.5, 'EUR')")]
    public void When_a_decimal_meets_a_double_in_the_values_Should_be_an_error_of_the_evaluation(string text) =>
        Assert.Contains("double", Eval.Fails(text, Eval.Source("""{"Amount": 10.5}""")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("decimal('1e5')")]
    [InlineData("decimal('1,000')")]
    [InlineData("decimal('')")]
    [InlineData("decimal('0.12345678901234567890123456789012345')")]
    [InlineData("decimal('79228162514264337593543950336')")]
    [InlineData("decimal('79228162514264337593543950335') + 1")]
    [InlineData("decimal('1') / 0")]
    [InlineData("decimal('1') % 0")]
    [InlineData("decimal(1e40)")]
    [InlineData("round(decimal('1'), 29)")]
    [InlineData("round(decimal('1'), -1)")]
    [InlineData("money(1, 'Euro')")]
    [InlineData("money({'amount': 1})")]
    [InlineData("money({'amount': 1, 'currency': 'EUR', 'note': ''})")]
    [InlineData("money(1, 'EUR').cents")]
    [InlineData("money(1, 'EUR') + 1")]
    [InlineData("money(1, 'EUR') * money(1, 'EUR')")]
    [InlineData("money(decimal('79228162514264337593543950335'), 'EUR') * 2")]
    public void When_an_amount_cannot_be_right_Should_fail_rather_than_round_or_guess(string text) => Eval.Fails(text);

    [Fact]
    public void When_money_is_computed_Should_keep_its_currency()
    {
        var source = Eval.Source("""
            {"Price": {"amount": 10.50, "currency": "EUR"}, "Lines": [{"amount": 1, "currency": "EUR"}, {"amount": 2.25, "currency": "EUR"}]}
            """);

        Assert.Equal(Money.Of(21m, "EUR"), Eval.Of("money(source.Price) * 2", source));
        Assert.Equal(Money.Of(9.5m, "EUR"), Eval.Of("money(source.Price) - money(1, 'EUR')", source));
        Assert.Equal(Money.Of(5.25m, "EUR"), Eval.Of("decimal('0.5') * money(source.Price)", source));
        Assert.Equal(Money.Of(3.25m, "EUR"), Eval.Of("sum(source.Lines.map(line, money(line)))", source));
        Assert.Equal("10.50 EUR", Eval.Of("string(money(source.Price.amount, source.Price.currency))", source));
        Assert.Equal(10.5m, Eval.Of("money(source.Price).amount", source));
        Assert.Equal("EUR", Eval.Of("money(source.Price).currency", source));
        Assert.Equal(true, Eval.Of("has(money(source.Price).amount) && !has(money(source.Price).cents)", source));
        Assert.Equal(true, Eval.Of("money(source.Price) > money(10, 'EUR') && money(source.Price) == money(decimal('10.5'), 'EUR')", source));
        Assert.Equal(Money.Of(10.5m, "EUR"), Eval.Of("money(money(source.Price))", source));
        Assert.Equal(Money.Of(12m, "EUR"), Eval.Of("m + m", ("m", Money.Of(6m, "EUR"))));
    }

    [Theory]
    [InlineData("money(1, 'EUR') + money(1, 'USD')")]
    [InlineData("money(1, 'EUR') - money(1, 'USD')")]
    [InlineData("money(1, 'EUR') < money(1, 'USD')")]
    [InlineData("sum([money(1, 'EUR'), money(1, 'USD')])")]
    public void When_two_currencies_meet_Should_be_refused(string text) =>
        Assert.Contains("different currencies", Eval.Fails(text).Message, StringComparison.Ordinal);

    [Fact]
    public void When_two_currencies_are_asked_for_equality_Should_be_unequal() =>
        Assert.Equal(false, Eval.Of("money(1, 'EUR') == money(1, 'USD')"));

    [Fact]
    public void When_a_list_is_empty_Should_sum_to_zero() => Assert.Equal(0L, Eval.Of("sum([])"));
}
