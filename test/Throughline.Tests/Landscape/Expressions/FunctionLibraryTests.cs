using Throughline.Landscape.Expressions;
using Throughline.Model;
using Xunit;

namespace Throughline.Tests.Landscape.Expressions;

public sealed class FunctionLibraryTests
{
    private static readonly FunctionLibrary Library = FunctionLibrary.Empty
        .With("lookup", 2, arguments => (arguments[0], arguments[1]) is ("country", "Deutschland")
            ? "DE"
            : throw new EvaluationException($"the table '{arguments[0]}' has no entry '{arguments[1]}'"))
        .With("daysBetween", 2, arguments => DateOnly.Parse((string)arguments[1]!, null).DayNumber - DateOnly.Parse((string)arguments[0]!, null).DayNumber)
        .With("kindOf", 1, arguments => arguments[0]?.GetType().Name);

    private static readonly ExpressionScope Scope = new() { Functions = Library };

    [Theory]
    [InlineData("lookup('country', 'Deutschland')", "DE")]
    [InlineData("lookup('country', 'Mars') == 'DE' || true", true)]
    [InlineData("daysBetween('2026-11-21', '2026-12-21') + 1", 31L)]
    [InlineData("kindOf(timestamp(0))", nameof(DateTimeOffset))]
    [InlineData("kindOf(duration('1s'))", nameof(TimeSpan))]
    [InlineData("kindOf(money(1, 'EUR'))", nameof(Money))]
    [InlineData("kindOf(decimal('1'))", nameof(Decimal))]
    [InlineData("kindOf(null)", null)]
    [InlineData("['Deutschland'].map(name, lookup('country', name))[0]", "DE")]
    public void When_a_registered_function_is_called_Should_work_like_a_standard_one(string text, object? expected) =>
        Assert.Equal(expected, Expression.Parse(text, Scope).Evaluate(Eval.Bind()));

    [Fact]
    public void When_a_function_refuses_Should_give_its_sentence_and_the_place()
    {
        var failed = Assert.Throws<EvaluationException>(() => Expression.Parse("1 == 1 && lookup('country', 'Mars') == 'M'", Scope).Evaluate(Eval.Bind()));

        Assert.StartsWith("the table 'country' has no entry 'Mars' (line 1, column 11", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void When_the_number_of_arguments_is_wrong_Should_be_refused_at_parse_time() =>
        Assert.Contains("takes 2 arguments, but 1 is given", Eval.Refused("lookup('country')", Scope).Message, StringComparison.Ordinal);

    [Fact]
    public void When_functions_are_listed_Should_name_the_registered_ones() =>
        Assert.Equal(["lookup"], Expression.Parse("lookup('country', 'Deutschland')", Scope).Functions);

    [Theory]
    [InlineData("size")]
    [InlineData("startsWith")]
    [InlineData("map")]
    [InlineData("has")]
    [InlineData("lookup")]
    [InlineData("in")]
    [InlineData("while")]
    [InlineData("a.b")]
    [InlineData("")]
    public void When_a_name_is_taken_or_no_name_Should_be_refused(string name) =>
        Assert.Throws<ArgumentException>(() => Library.With(name, 0, _ => null));
}
