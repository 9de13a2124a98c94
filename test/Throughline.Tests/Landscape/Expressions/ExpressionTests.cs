using Throughline.Landscape.Expressions;
using Throughline.Model;
using Xunit;

namespace Throughline.Tests.Landscape.Expressions;

public sealed class ExpressionTests
{
    [Fact]
    public void When_a_rule_reads_a_document_Should_give_its_verdict()
    {
        var source = Eval.Source("""{"Amount": 1200.50, "Stage": "Won", "Lines": [{"Hours": 3}, {"Hours": 5}]}""");

        Assert.Equal(true, Eval.Of("source.Amount > 1000 && source.Stage in ['Won', 'Signed']", source));
        Assert.Equal(8L, Eval.Of("sum(source.Lines.map(line, line.Hours))", source));
        Assert.Equal("Won/1200.50", Eval.Of("source.Stage + '/' + string(source.Amount)", source));
    }

    [Fact]
    public void When_an_expression_is_evaluated_by_many_threads_Should_each_see_its_own_variables()
    {
        var expression = Expression.Parse("[1, 2, 3].map(i, i * x).exists(y, y == 3 * x) ? x : -1");

        Parallel.For(0, 2000, x => Assert.Equal((long)x, expression.Evaluate(Eval.Bind(("x", (long)x)))));
    }

    [Theory]
    [InlineData("source.Missing")]
    [InlineData("source.Empty.Below")]
    [InlineData("source['Missing']")]
    [InlineData("source.Name.Below")]
    [InlineData("source.?Empty.Below.orValue(1)")]
    public void When_a_field_is_missing_or_below_null_Should_be_an_error_as_in_CEL(string text) =>
        Eval.Fails(text, Eval.Source("""{"Name": "x", "Empty": null}"""));

    // The forms that the documentation of Expression offers to authors who want to be lenient.
    [Theory]
    [InlineData("has(source.Missing)", false)]
    [InlineData("has(source.Empty)", true)]
    [InlineData("source.Empty", null)]
    [InlineData("source.?Missing.orValue('-')", "-")]
    [InlineData("source[?'Missing'].orValue('-')", "-")]
    [InlineData("source.?Missing.Below.Deeper.orValue(null)", null)]
    [InlineData("source.?Name.orValue('-')", "x")]
    [InlineData("source.Empty == null ? null : source.Empty.Below", null)]
    [InlineData("source.?Name", "x")]
    [InlineData("source.?Missing", null)]
    public void When_a_lenient_form_is_used_Should_give_a_value(string text, object? expected) =>
        Assert.Equal(expected, Eval.Of(text, Eval.Source("""{"Name": "x", "Empty": null}""")));

    [Fact]
    public void When_results_have_another_form_outside_Should_give_values_of_dotnet()
    {
        Assert.Equal(new DateTimeOffset(2026, 11, 21, 7, 30, 0, TimeSpan.Zero), Eval.Of("timestamp('2026-11-21T08:30:00+01:00')"));
        Assert.Equal(TimeSpan.FromMinutes(90), Eval.Of("duration('1h30m')"));
        Assert.Equal(new object?[] { TimeSpan.FromSeconds(1), 1L }, Assert.IsAssignableFrom<IReadOnlyList<object?>>(Eval.Of("[duration('1s'), 1]")));
        var map = Assert.IsAssignableFrom<IReadOnlyDictionary<string, object?>>(Eval.Of("{'a': {'b': duration('1s')}, ?'c': optional.none()}"));
        Assert.Equal(TimeSpan.FromSeconds(1), Assert.IsAssignableFrom<IReadOnlyDictionary<string, object?>>(map["a"])["b"]);
        Assert.Equal(["a"], map.Keys);
        Assert.Equal("x", Assert.IsAssignableFrom<IReadOnlyDictionary<object, object?>>(Eval.Of("{1: 'x'}"))[1L]);
        Assert.Equal(Fields.Of(("a", 1)), Fields.Normalize(Eval.Of("{'a': 1}")));
    }

    [Fact]
    public void When_variables_hold_values_of_dotnet_Should_take_them_as_values_of_the_language()
    {
        var moment = new DateTimeOffset(2026, 1, 1, 1, 0, 0, TimeSpan.FromHours(1));
        var map = new Dictionary<string, object?> { ["a"] = "x" };

        Assert.Equal(true, Eval.Of("t + d == timestamp('2026-01-01T01:00:00Z')", ("t", moment), ("d", TimeSpan.FromHours(1))));
        Assert.Equal(true, Eval.Of("n + 1 == 3 && l[0] == 7 && m.a == 'x'", ("n", 2), ("l", new object?[] { 7 }), ("m", map)));
        Assert.Equal(true, Eval.Of("day < '2026-12-01'", ("day", new DateOnly(2026, 11, 21))));
        Assert.Contains(".NET type", Eval.Fails("x == 1", ("x", new Uri("http://localhost"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void When_references_are_asked_for_Should_name_variables_paths_and_functions()
    {
        var expression = Expression.Parse(
            "source.Amount > limit && has(source.Owner.Name) && source.?Discount.orValue(0) == 0 && source['Stage'].startsWith('W')"
            + " && source.Lines.all(line, line.Hours > target.Hours) && optional.of(1).hasValue() && type(limit) == int");

        Assert.Equal(["limit", "source", "target"], expression.Variables);
        Assert.Equal(["source.Amount", "source.Discount", "source.Lines", "source.Owner.Name", "source.Stage", "target.Hours"], expression.FieldPaths);
        Assert.Equal(["all", "has", "hasValue", "optional.of", "orValue", "startsWith", "type"], expression.Functions);
    }

    [Fact]
    public void When_a_macro_hides_a_variable_Should_count_only_the_outer_use()
    {
        var expression = Expression.Parse("[1].exists(source, source.a == 1) || .source.b == 1 || source.c[source.d] == 1");

        Assert.Equal(["source"], expression.Variables);
        Assert.Equal(["source.b", "source.c", "source.d"], expression.FieldPaths);
    }

    // The conformance cases for these build messages, which this implementation leaves out.
    [Theory]
    [InlineData("[ . x . y [ 0 ] ] [ 0 ] == ( 18 - 1 ) && ! false ? 1 : 2")]
    [InlineData("[\t.\tx\t.\ty\t[\t0\t]\t]\t[\t0\t]\t==\t(\t18\t-\t1\t)\t&&\t!\tfalse\t?\t1\t:\t2")]
    [InlineData("[\r.\nx\f.\ny\r[\n0\f]\r]\n[\n0\r]\n==\f(\n18\r-\n1\f)\n&&\r!\nfalse\f?\n1\r:\n2")]
    [InlineData("[// @\n.// @\nx// @ \r @\n.y[0]// ]\n][0]==(18-1)// && false\n&&!false?1:2// end")]
    public void When_blanks_and_comments_stand_between_words_Should_pass_over_them(string text) =>
        Assert.Equal(1L, Eval.Of(text, ("x", new Dictionary<string, object?> { ["y"] = new object?[] { 17L } })));

    [Theory]
    [InlineData("{'a': 1,}.a", 1L)]
    [InlineData("[1, 2,][1]", 2L)]
    [InlineData("1 - -1", 2L)]
    [InlineData("2 - 1 - 1", 0L)]
    [InlineData("1 + 2 * 3 - 4 / 2 % 3", 5L)]
    [InlineData("-2 * 3 + 1", -5L)]
    [InlineData("-[1, 2].size()", -2L)]
    [InlineData("true ? 1 : false ? 2 : 3", 1L)]
    [InlineData("false || true && false ? 1 : 2", 2L)]
    [InlineData("1 in [1] == true", true)]
    [InlineData("!true || !false", true)]
    [InlineData(".5 + 1.5", 2.0)]
    public void When_operators_stand_together_Should_bind_as_in_CEL(string text, object expected) => Assert.Equal(expected, Eval.Of(text));

    [Theory]
    [InlineData("'abc'.replace('', '-')", "-a-b-c-")]
    [InlineData("'abc'.replace('', '-', 2)", "-a-bc")]
    [InlineData("'a-b-c'.replace('-', '', 1)", "ab-c")]
    [InlineData("'a,b,c'.split(',', 2)[1]", "b,c")]
    [InlineData("'😀bc'.split('', 2)[1]", "bc")]
    [InlineData("'😀bc'.charAt(1)", "b")]
    [InlineData("'😀bc'.substring(0, 1)", "😀")]
    [InlineData("'😀bc'.indexOf('c')", 2L)]
    [InlineData("'b😀a😀'.lastIndexOf('😀', 2)", 1L)]
    [InlineData("'\uFF5E' < '😀'", true)]
    [InlineData("'%.1f %.2f %.2f'.format([0.25, decimal('0.125'), 2])", "0.2 0.13 2.00")]
    [InlineData("'%b %o %x %e'.format([-5, -8, -255, 123456.0])", "-101 -10 -ff 1.234560e+05")]
    [InlineData("'%e'.format([1e-300])", "1.000000e-300")]
    [InlineData("timestamp('2026-03-29T00:59:59Z').getHours('Europe/Berlin')", 1L)]
    [InlineData("timestamp('2026-03-29T01:00:00Z').getHours('Europe/Berlin')", 3L)]
    [InlineData("string(duration('-1m0.5s'))", "-60.5s")]
    [InlineData("string(duration('1h') - duration('1ns'))", "3599.999999999s")]
    [InlineData("[3, 1].transformMapEntry(i, v, {v: i})[1]", 1L)]
    [InlineData("distinct([1, 1u, 1.0, 'a', 'a', null, null, [1], [1u]]).size()", 4L)]
    public void When_functions_work_at_their_edges_Should_give_this(string text, object expected) => Assert.Equal(expected, Eval.Of(text));

    [Theory]
    [InlineData("timestamp('2026-11-21T08:30:00Z').getHours('../../etc/passwd')", "not a time zone")]
    [InlineData("timestamp('2026-11-21 08:30:00')", "not a timestamp")]
    [InlineData("timestamp('2026-11-21T08:30:00.Z')", "not a timestamp")]
    [InlineData("duration('5')", "not a duration")]
    [InlineData("duration('--5s')", "not a duration")]
    [InlineData("'a'.matches('(' + 'b')", "pattern")]
    [InlineData("[1, 'a'].join()", "'join'")]
    [InlineData("sum([1, 'a'])", "'+'")]
    [InlineData("'%.101f'.format([1.0])", "precision")]
    [InlineData("[1].map(x, y)", "no variable 'y'")]
    public void When_a_function_cannot_use_its_arguments_Should_say_why(string text, string part) =>
        Assert.Contains(part, Eval.Fails(text).Message, StringComparison.Ordinal);
}
