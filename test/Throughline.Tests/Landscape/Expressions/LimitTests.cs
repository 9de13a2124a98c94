using FsCheck;
using FsCheck.Fluent;
using Throughline.Landscape.Expressions;
using Xunit;

namespace Throughline.Tests.Landscape.Expressions;

/// <summary>Hostile or broken input ends in a declared error, never in a hang, a full memory or a dead process.</summary>
public sealed class LimitTests
{
    public static TheoryData<string, string> Hostile() => new()
    {
        { new string('(', 50_000) + new string(')', 50_000), "250 levels" },
        { new string('(', 100_000), "250 levels" },
        { new string('[', 100_000), "250 levels" },
        { string.Concat(Enumerable.Repeat("{1:", 33_000)), "250 levels" },
        { string.Concat(Enumerable.Repeat("f(", 50_000)), "250 levels" },
        { new string('!', 99_999) + "1", "250 levels" },
        { new string('-', 99_999) + "x", "250 levels" },
        { "1" + string.Concat(Enumerable.Repeat("+1", 49_000)), "250 levels" },
        { "a" + string.Concat(Enumerable.Repeat(".b", 49_000)), "250 levels" },
        { "a" + string.Concat(Enumerable.Repeat("[0]", 33_000)), "250 levels" },
        { "a" + string.Concat(Enumerable.Repeat(".b()", 24_000)), "250 levels" },
        { string.Concat(Enumerable.Repeat("a?b:", 24_000)) + "c", "250 levels" },
        { string.Concat(Enumerable.Repeat("a?", 49_000)) + "c", ":" },
        { new string(' ', 100_001), "100001 characters" },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public void When_a_text_is_hostile_Should_be_refused_with_a_sentence(string text, string part) =>
        Assert.Contains(part, Eval.Refused(text).Message, StringComparison.Ordinal);

    [Fact]
    public void When_nesting_is_just_allowed_Should_be_parsed_and_evaluated_on_a_small_stack()
    {
        var nested = new string('[', 248) + "1" + new string(']', 248);
        var macros = string.Concat(Enumerable.Range(0, 120).Select(i => $"[1].map(x{i}, ")) + "x0" + new string(')', 120);
        var chain = "1" + string.Concat(Enumerable.Repeat(" + 1", 249));
        object?[] results = [];
        var thread = new Thread(() => results = [Eval.Of($"{nested} == {nested}"), Eval.Of($"size({macros})"), Eval.Of(chain)], 512 * 1024);
        thread.Start();
        thread.Join();

        Assert.Equal([true, 1L, 250L], results);
    }

    [Fact]
    public void When_many_conditions_stand_in_a_row_Should_not_count_as_deep() =>
        Assert.Equal(true, Eval.Of(string.Join(" || ", Enumerable.Repeat("false", 5_000)) + " || true"));

    [Theory]
    [InlineData("ten.all(a, ten.all(b, ten.all(c, ten.all(d, ten.all(e, a + b + c + d + e >= 0)))))")]
    [InlineData("big.all(x, x in big)")]
    [InlineData("big.map(x, big)  == big.map(x, big)")]
    [InlineData("big.map(x, big + big + big)")]
    [InlineData("big.map(x, text + text)")]
    [InlineData("big.map(x, text.replace('', text))")]
    [InlineData("text.replace('', text)")]
    [InlineData("big.map(x, text.contains('b'))")]
    [InlineData("big.map(x, text.matches('b'))")]
    [InlineData("big.map(x, 'b'.matches('a' + string(x)))")]
    [InlineData("big.map(x, text == text + 'x')")]
    [InlineData("big.map(x, '%s%s%s'.format([text, text, text]))")]
    [InlineData("big.map(x, text).join(text)")]
    [InlineData("big.map(x, text.split(''))")]
    [InlineData("distinct(big.map(x, [x]))")]
    [InlineData("big.map(x, sum(big))")]
    [InlineData("big.map(x, size(text))")]
    [InlineData("big.map(x, text.charAt(x))")]
    [InlineData("big.exists(x, text < text + 'x' && false) || true")]
    public void When_an_evaluation_works_too_long_Should_be_stopped_at_the_cost_limit(string text)
    {
        var big = Enumerable.Range(0, 5_000).Select(i => (object?)(long)i).ToArray();

        var failed = Eval.Fails(text, ("big", big), ("ten", big[..10]), ("text", new string('a', 20_000)));

        Assert.True(failed.IsCostLimit);
        Assert.Contains("100000 operations", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void When_the_limit_is_set_Should_count_each_evaluation_anew()
    {
        var expression = Expression.Parse("list.map(x, x + 1).size()", new ExpressionScope { CostLimit = 50 });
        var small = Eval.Bind(("list", Enumerable.Repeat((object?)1L, 10).ToArray()));

        Assert.All(Enumerable.Range(0, 100), _ => Assert.Equal(10L, expression.Evaluate(small)));
        Assert.Throws<EvaluationException>(() => expression.Evaluate(Eval.Bind(("list", Enumerable.Repeat((object?)1L, 100).ToArray()))));
    }

    [Fact]
    public void When_a_pattern_is_evil_Should_still_answer_quickly()
    {
        Assert.Equal(false, Eval.Of("text.matches('^(a+)+$')", ("text", new string('a', 50_000) + "!")));
        Assert.Contains("pattern", Eval.Refused("'a'.matches('((a{1000}){1000}){1000}')").Message, StringComparison.Ordinal);
        Assert.Contains("1000", Eval.Refused($"'a'.matches('{new string('a', 1001)}')").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void When_any_text_is_parsed_Should_give_an_expression_or_declared_errors() =>
        Prop.ForAll<string?>(text => Survives(text ?? "")).QuickCheckThrowOnFailure();

    // Texts made of words of the language reach far deeper than random characters.
    [Fact]
    public void When_words_of_the_language_stand_in_any_order_Should_give_a_value_or_declared_errors()
    {
        string[] words =
        [
            "1", "2u", "1.5", "'a'", "b'a'", "true", "null", "x", "y", "source", "in", "(", ")", "[", "]", "{", "}", ",", ".", "?", ":",
            "==", "<", "+", "-", "*", "/", "%", "!", "&&", "||", ".?a", "[?0]", ".map(x, ", ".all(x, ", ".filter(i, ", "has(", "size(",
            "decimal('1.5')", "money(1, 'EUR')", "int(", "string(", "type(", ".orValue(", ".optMap(z, ", "optional.of(", "optional.none()",
            "sum(", "distinct(", ".join(", ".format(", "timestamp(0)", "duration('1s')", ".getHours('UTC')", ".split('')",
            ".transformMap(k, v, ", "'%s %d %.2f'", "[1, 2]", "{'a': 1}", "-9223372036854775808", "\\", "\n", "//",
        ];
        var texts = Gen.Elements(words).ListOf().Select(parts => string.Concat(parts));
        Prop.ForAll(texts.ToArbitrary(), Survives).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));
    }

    [Fact]
    public void When_well_formed_expressions_are_combined_at_random_Should_give_a_value_or_a_declared_error()
    {
        var random = new Random(20261121);
        var parsed = 0;
        for (var i = 0; i < 5_000; i++)
        {
            var text = Grown(random, 4);
            Assert.True(Survives(text), text);
            parsed += Expression.TryParse(text, new ExpressionScope { Checked = false }, out _, out _) ? 1 : 0;
        }

        Assert.True(parsed > 3_500, $"only {parsed} of 5000 were expressions, so the test proves little");
    }

    private static string Grown(Random random, int depth)
    {
        string[] leaves =
        [
            "1", "-1", "0", "2u", "1.5", "0.0/0.0", "'a'", "''", "b'\\xff'", "true", "null", "x", "source.a", "source", "source.l", "[]",
            "{}", "timestamp(0)", "duration('1s')", "decimal('1.5')", "money(2, 'EUR')", "optional.none()", "int", "9223372036854775807",
            "-9223372036854775808", "18446744073709551615u",
        ];
        string[] shapes =
        [
            "(@ + @)", "(@ - @)", "(@ * @)", "(@ / @)", "(@ % @)", "(@ == @)", "(@ < @)", "(@ in @)", "(@ && @)", "(@ || @)", "(@ ? @ : @)",
            "!@", "(-@)", "[@, @]", "{@: @}", "@[@]", "@[?@]", "(@).a", "(@).?a", "has((@).a)", "@.map(x, @)", "@.filter(x, @)",
            "@.all(x, @)", "@.exists_one(x, @)", "@.transformMap(k, x, @)", "@.transformList(i, x, @, @)", "optional.of(@)",
            "optional.ofNonZeroValue(@)", "(@).orValue(@)", "(@).optMap(x, @)", "size(@)", "int(@)", "uint(@)", "double(@)", "string(@)",
            "bytes(@)", "bool(@)", "type(@)", "dyn(@)", "decimal(@)", "money(@, @)", "money(@)", "round(@, @)", "sum(@)", "distinct(@)",
            "timestamp(@)", "duration(@)", "@.charAt(@)", "@.indexOf(@, @)", "@.lastIndexOf(@, @)", "@.substring(@, @)",
            "@.replace(@, @, @)", "@.split(@, @)", "@.join(@)", "@.reverse()", "'%s %d %f %e %x %b'.format([@, @, @])", "'%s'.format([@])",
            "'%f'.format([@])", "'%e'.format([@])", "'%x'.format([@])", "'%b'.format([@])", "@.getHours(@)", "@.getDate()", "@.matches(@)",
            "@.contains(@)", "strings.quote(@)",
        ];
        return depth == 0 || random.Next(5) == 0
            ? leaves[random.Next(leaves.Length)]
            : string.Concat(shapes[random.Next(shapes.Length)].Select(c => c == '@' ? Grown(random, depth - 1) : c.ToString()));
    }

    private static bool Survives(string text)
    {
        foreach (var isChecked in new[] { true, false })
        {
            if (!Expression.TryParse(text, new ExpressionScope { Checked = isChecked }, out var expression, out var errors))
            {
                Assert.NotEmpty(errors);
                Assert.All(errors, error => Assert.InRange(error.Offset, 0, text.Length));
                continue;
            }

            try
            {
                expression.Evaluate(Eval.Bind(("x", 1L), Eval.Source("""{"a": 1.5, "l": [1, "b", null]}""")));
            }
            catch (EvaluationException failed)
            {
                Assert.InRange(failed.Offset, 0, text.Length);
            }
        }

        return true;
    }
}
