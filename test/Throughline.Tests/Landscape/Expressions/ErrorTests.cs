using Throughline.Landscape.Expressions;
using Xunit;

namespace Throughline.Tests.Landscape.Expressions;

public sealed class ErrorTests
{
    private static readonly ExpressionScope SourceOnly = new() { Variables = ["source"] };

    [Theory]
    [InlineData("", 1, 1, "empty")]
    [InlineData("  // nothing", 1, 1, "empty")]
    [InlineData("1 +", 1, 4, "ends here")]
    [InlineData("a &&\n  b ||", 2, 7, "ends here")]
    [InlineData("(1 + 2", 1, 1, "not closed")]
    [InlineData("1 + 2)", 1, 6, "closes nothing")]
    [InlineData("a b", 1, 3, "operator")]
    [InlineData("a = b", 1, 3, "==")]
    [InlineData("'abc", 1, 1, "not closed")]
    [InlineData("1 + 'a\nb'", 1, 5, "not closed")]
    [InlineData("'\\q'", 1, 2, "escape")]
    [InlineData("'\\ud800'", 1, 2, "Unicode")]
    [InlineData("b'\\u0041'", 1, 3, "escape")]
    [InlineData("9223372036854775808", 1, 1, "out of range")]
    [InlineData("-9223372036854775809", 1, 1, "out of range")]
    [InlineData("99999999999999999999u", 1, 1, "too large")]
    [InlineData("0x", 1, 1, "hexadecimal")]
    [InlineData("5x", 1, 1, "neither")]
    [InlineData("a ? b", 1, 6, ":")]
    [InlineData("{a}", 1, 3, "key")]
    [InlineData("[1, 2", 1, 1, "not closed")]
    [InlineData("f(1, ", 1, 6, "ends here")]
    [InlineData("a.", 1, 3, "dot")]
    [InlineData("a.1", 1, 2, "operator")]
    [InlineData("while + 1", 1, 1, "reserved")]
    [InlineData("Type{a: 1}", 1, 5, "map")]
    [InlineData("a.`b", 1, 3, "backquotes")]
    [InlineData("a # b", 1, 3, "'#'")]
    [InlineData("nope(1)", 1, 1, "no function 'nope'")]
    [InlineData("startsWith('a', 'b')", 1, 1, "on a value")]
    [InlineData("'a'.decimal()", 1, 5, "not called on a value")]
    [InlineData("decimal()", 1, 1, "takes 1 argument")]
    [InlineData("money(1, 'EUR', 3)", 1, 1, "1 to 2 arguments")]
    [InlineData("[1].map(x)", 1, 5, "'map' is written")]
    [InlineData("[1].map(x.y, 1)", 1, 11, "plain name")]
    [InlineData("has(a)", 1, 5, "has(...)")]
    [InlineData("has(a['b'])", 1, 6, "has(...)")]
    [InlineData("'a'.matches('(')", 1, 13, "pattern")]
    [InlineData("'a'.matches('(?=b)')", 1, 13, "pattern")]
    public void When_a_text_is_wrong_Should_say_what_and_where(string text, int line, int column, string part)
    {
        var error = Eval.Refused(text);

        Assert.Contains(part, error.Message, StringComparison.Ordinal);
        Assert.Equal((line, column), (error.Line, error.Column));
    }

    [Fact]
    public void When_variables_are_declared_Should_refuse_every_other_name_at_once()
    {
        Assert.False(Expression.TryParse("sorce.Amount > 1 &&\n limt == source.x && [1].all(i, i > 0 && j > 0)", SourceOnly, out _, out var errors));

        Assert.Equal([(0, 1, 1), (21, 2, 2), (61, 2, 42)], errors.Select(error => (error.Offset, error.Line, error.Column)));
        Assert.Contains("'sorce' here; there are source", errors[0].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void When_a_character_is_half_of_a_pair_Should_be_named_by_its_code() =>
        Assert.Contains("U+D800", Eval.Refused("a " + (char)0xD800).Message, StringComparison.Ordinal);

    [Fact]
    public void When_Parse_refuses_Should_carry_all_errors()
    {
        var refused = Assert.Throws<ExpressionException>(() => Expression.Parse("a + b", SourceOnly));

        Assert.Equal(2, refused.Errors.Count);
        Assert.StartsWith("Line 1, column 1: ", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1 +\n 2 / (3 - 3)", 2, 4, "divide by zero")]
    [InlineData("source.Amount + source.Tax", 1, 24, "no field 'Tax'")]
    [InlineData("source.Name.first", 1, 13, "type string has no fields")]
    [InlineData("[1, 2].all(i, i)", 1, 15, "true or false")]
    [InlineData("source.Amount ? 1 : 2", 1, 8, "true or false")]
    [InlineData("source.Name && true", 1, 8, "true or false")]
    [InlineData("other.x", 1, 1, "no variable 'other'")]
    [InlineData("source.Name.startsWith(1)", 1, 13, "(string, int)")]
    public void When_an_evaluation_fails_Should_say_what_and_where(string text, int line, int column, string part)
    {
        var failed = Eval.Fails(text, Eval.Source("""{"Amount": 5, "Name": "x"}"""));

        Assert.Contains(part, failed.Message, StringComparison.Ordinal);
        Assert.Equal((line, column), (failed.Line, failed.Column));
        Assert.False(failed.IsCostLimit);
    }

    [Fact]
    public void When_unchecked_Should_meet_unknown_names_only_where_the_evaluation_reaches_them()
    {
        var unchecked_ = Expression.Parse("nope(1) || x == 1", new ExpressionScope { Checked = false });

        Assert.Equal(true, unchecked_.Evaluate(Eval.Bind(("x", 1L))));
        Assert.Throws<EvaluationException>(() => unchecked_.Evaluate(Eval.Bind(("x", 2L))));
    }
}
