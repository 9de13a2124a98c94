using Throughline.Landscape.Expressions;
using Throughline.Model;

namespace Throughline.Tests.Landscape.Expressions;

/// <summary>Evaluating a text against named values, for tests that are about one expression.</summary>
internal static class Eval
{
    public static object? Of(string text, params (string Name, object? Value)[] variables) => Expression.Parse(text).Evaluate(Bind(variables));

    public static EvaluationException Fails(string text, params (string Name, object? Value)[] variables) =>
        Xunit.Assert.Throws<EvaluationException>(() => Of(text, variables));

    public static ExpressionError Refused(string text, ExpressionScope? scope = null)
    {
        Xunit.Assert.False(Expression.TryParse(text, scope, out _, out var errors), "an error was expected");
        return errors[0];
    }

    public static Dictionary<string, object?> Bind(params (string Name, object? Value)[] variables) =>
        variables.ToDictionary(pair => pair.Name, pair => pair.Value, StringComparer.Ordinal);

    public static (string, object?) Source(string json) => ("source", Fields.Parse(json));
}
