namespace Throughline.Landscape.Expressions;

/// <summary>One thing wrong with the text of an expression, for the person who wrote it.</summary>
/// <param name="Message">What is wrong and what to write instead; without the position.</param>
/// <param name="Offset">Where it begins, in characters from the start of the text, from 0.</param>
/// <param name="Line">The same place as a line, from 1.</param>
/// <param name="Column">The same place as a column of that line, from 1.</param>
public sealed record ExpressionError(string Message, int Offset, int Line, int Column)
{
    internal static ExpressionError At(string text, int offset, string message)
    {
        var (line, column) = Place(text, offset);
        return new ExpressionError(message, offset, line, column);
    }

    internal static (int Line, int Column) Place(string text, int offset)
    {
        var before = text.AsSpan(0, Math.Clamp(offset, 0, text.Length));
        return (before.Count('\n') + 1, before.Length - before.LastIndexOf('\n'));
    }

    public override string ToString() => $"Line {Line}, column {Column}: {Message}";
}

/// <summary>The text is not an expression. <see cref="Errors"/> says why, in the order of the text.</summary>
public sealed class ExpressionException : FormatException
{
    internal ExpressionException(IReadOnlyList<ExpressionError> errors)
        : base(string.Join(Environment.NewLine, errors)) => Errors = errors;

    public IReadOnlyList<ExpressionError> Errors { get; }
}
