namespace Throughline.Landscape.Expressions;

/// <summary>
/// An expression has no value for these variables: a missing field, a division by zero, values that do not go together, or a
/// spent cost limit. A registered function throws it (with a message only) to refuse its arguments; the expression then treats
/// it as any other error, so that <c>refused(x) || true</c> is true.
/// </summary>
public sealed class EvaluationException : Exception
{
    public EvaluationException(string message) : base(message)
    {
    }

    private EvaluationException(string message, int offset, int line, int column, bool isCostLimit) : base(message) =>
        (Offset, Line, Column, IsCostLimit) = (offset, line, column, isCostLimit);

    /// <summary>Where in the text it happened, in characters from 0; with <see cref="Line"/> and <see cref="Column"/> from 1.</summary>
    public int Offset { get; }

    public int Line { get; } = 1;

    public int Column { get; } = 1;

    /// <summary>True where the expression was stopped because it worked too long for one evaluation.</summary>
    public bool IsCostLimit { get; }

    internal static EvaluationException Of(Fault fault, string text)
    {
        var offset = Math.Max(fault.Offset, 0);
        var (line, column) = ExpressionError.Place(text, offset);
        return new EvaluationException($"{fault.Message} (line {line}, column {column} of: {Excerpt(text)})", offset, line, column, false);
    }

    internal static EvaluationException CostLimit(int limit, string text) => new(
        $"The evaluation was stopped at its cost limit of {limit} operations and produced elements. "
        + $"Make the lists or texts it works on smaller, or nest fewer macros (in: {Excerpt(text)})", 0, 1, 1, true);

    private static string Excerpt(string text) => text.Length <= 200 ? text : string.Concat(text.AsSpan(0, 200), "...");
}
