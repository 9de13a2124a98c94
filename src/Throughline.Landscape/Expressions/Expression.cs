using System.Diagnostics.CodeAnalysis;

namespace Throughline.Landscape.Expressions;

/// <summary>
/// A rule or mapping of the landscape in the Common Expression Language (https://github.com/google/cel-spec), compiled once and
/// evaluated any number of times, also at the same time by several threads. It has no loops, no side effects and no I/O, and
/// every evaluation has a cost limit.
/// <para>
/// Values are null, bool, <see cref="long"/> (int), <see cref="ulong"/> (uint), <see cref="double"/>, string, byte[] (bytes),
/// <c>IReadOnlyList&lt;object?&gt;</c>, <c>IReadOnlyDictionary&lt;string, object?&gt;</c> such as <see cref="Throughline.Model.Fields"/>
/// (<c>IReadOnlyDictionary&lt;object, object?&gt;</c> where keys are not texts), <see cref="DateTimeOffset"/> (timestamp) and
/// <see cref="TimeSpan"/> (duration). Beyond CEL there are <see cref="decimal"/> and <see cref="Throughline.Model.Money"/>:
/// <c>decimal('0.1')</c>, <c>money(12, 'EUR')</c>, <c>money(source.Price)</c>, <c>m.amount</c>, <c>m.currency</c>,
/// <c>round(x, 2)</c> (halves away from zero), <c>sum(list)</c> (0 for an empty list), <c>distinct(list)</c>. Whole numbers join
/// decimals freely; a decimal never meets a double such as <c>1.5</c>, write <c>decimal('1.5')</c>. Two currencies never meet.
/// Dates are ISO texts, which compare in the right order as texts.
/// </para>
/// <para>
/// Reading a field that a document does not have is an error, as in CEL, and so is reading below null; a field that is there
/// with the value null reads as null. An author who wants to be lenient writes so:
/// <c>has(source.Discount)</c> asks; <c>source.?Discount.orValue(0)</c> and <c>source[?'Discount'].orValue(0)</c> put a value in
/// its place; <c>source.?Account.Name.orValue(null)</c> is null where <c>Account</c> or <c>Name</c> is missing. Where
/// <c>Account</c> may also be present as null, ask first: <c>source.Account == null ? null : source.Account.Name</c>.
/// An expression whose result is an optional gives its value, or null where it is none.
/// </para>
/// </summary>
public sealed class Expression
{
    /// <summary>The longest text that is parsed, in characters.</summary>
    public const int TextLengthMax = 100_000;

    /// <summary>How deep parts may be nested; each operator of a chain such as a + b + c counts as one level.</summary>
    public const int DepthMax = 250;

    private readonly Func<Frame, object?> _run;
    private readonly int _slots;
    private readonly int _costLimit;

    private Expression(string text, Func<Frame, object?> run, int slots, int costLimit, References references)
    {
        (Text, _run, _slots, _costLimit) = (text, run, slots, costLimit);
        (Variables, FieldPaths, Functions) = (references.Variables, references.Paths, references.Functions);
    }

    public string Text { get; }

    /// <summary>The variables it reads, each once, sorted; for example <c>source</c>. Names that a macro declares are not among them.</summary>
    public IReadOnlyList<string> Variables { get; }

    /// <summary>
    /// The fields it reads, each once, sorted, as far as they can be told from the text: <c>source.Amount</c> for
    /// <c>source.Amount</c>, <c>source.?Amount</c>, <c>source['Amount']</c> and <c>has(source.Amount)</c>. A path that is the
    /// beginning of another one is listed only where it is also read on its own.
    /// </summary>
    public IReadOnlyList<string> FieldPaths { get; }

    /// <summary>The functions and macros it calls, each once, sorted.</summary>
    public IReadOnlyList<string> Functions { get; }

    /// <exception cref="ExpressionException">The text is not an expression, or names what the scope does not have.</exception>
    public static Expression Parse(string text, ExpressionScope? scope = null) =>
        TryParse(text, scope, out var expression, out var errors) ? expression : throw new ExpressionException(errors);

    public static bool TryParse(
        string text, ExpressionScope? scope, [NotNullWhen(true)] out Expression? expression, out IReadOnlyList<ExpressionError> errors)
    {
        ArgumentNullException.ThrowIfNull(text);
        expression = null;
        if (text.Length > TextLengthMax)
        {
            errors = [ExpressionError.At(text, TextLengthMax, $"The expression has {text.Length} characters; the limit is {TextLengthMax}. Split it.")];
            return false;
        }

        try
        {
            scope ??= ExpressionScope.Default;
            var syntax = Parser.Parse(text);
            var compiler = new Compiler(text, scope);
            var code = compiler.Compile(syntax);
            errors = compiler.Errors;
            if (errors.Count > 0)
            {
                return false;
            }

            expression = new Expression(text, code.Run, compiler.Slots, scope.CostLimit, References.Of(syntax, scope));
            return true;
        }
        catch (ExpressionException refused)
        {
            errors = refused.Errors;
            return false;
        }
    }

    /// <summary>The value for these variables. The variables and what they hold must not change meanwhile.</summary>
    /// <exception cref="EvaluationException">There is no value for these variables, or the cost limit is spent.</exception>
    public object? Evaluate(IReadOnlyDictionary<string, object?> variables)
    {
        ArgumentNullException.ThrowIfNull(variables);
        var value = _run(new Frame(variables, _slots, _costLimit, Text));
        return value is Fault fault ? throw EvaluationException.Of(fault, Text) : Values.ToClr(value);
    }

    public override string ToString() => Text;
}
