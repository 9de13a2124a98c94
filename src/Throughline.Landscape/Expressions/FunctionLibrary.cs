using System.Collections.Frozen;

namespace Throughline.Landscape.Expressions;

/// <summary>
/// Named functions that the landscape adds to the language. Immutable; a function must be pure (no I/O, no clock). Arguments
/// and results are the values described at <see cref="Expression"/>. To refuse an argument a function throws
/// <see cref="EvaluationException"/>; any other exception is a defect of the function and reaches the caller of Evaluate.
/// </summary>
public sealed class FunctionLibrary
{
    private readonly FrozenDictionary<string, Added> _functions;

    private FunctionLibrary(FrozenDictionary<string, Added> functions) => _functions = functions;

    /// <summary>No functions beside the standard ones.</summary>
    public static FunctionLibrary Empty { get; } = new(FrozenDictionary<string, Added>.Empty);

    public IEnumerable<string> Names => _functions.Keys;

    /// <summary>A copy with one more function, called as <c>name(a, b)</c>.</summary>
    /// <exception cref="ArgumentException">The name is not a plain name, or is already taken.</exception>
    public FunctionLibrary With(string name, int parameters, Func<IReadOnlyList<object?>, object?> body)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(body);
        ArgumentOutOfRangeException.ThrowIfNegative(parameters);
        if (!Lexer.IsPlainName(name))
        {
            throw new ArgumentException($"'{name}' cannot be the name of a function; use letters, digits and _, and no word of the language", nameof(name));
        }

        if (_functions.ContainsKey(name) || Macros.IsMacro(name) || StandardFunctions.Knows(name))
        {
            throw new ArgumentException($"the function '{name}' exists already; choose another name", nameof(name));
        }

        var all = new Dictionary<string, Added>(_functions, StringComparer.Ordinal) { [name] = new Added(name, parameters, body) };
        return new FunctionLibrary(all.ToFrozenDictionary(StringComparer.Ordinal));
    }

    internal Added? Find(string name) => _functions.GetValueOrDefault(name);

    internal sealed record Added(string Name, int Parameters, Func<IReadOnlyList<object?>, object?> Body)
    {
        public object? Call(object?[] arguments)
        {
            try
            {
                return Values.Adopt(Body([.. arguments.Select(Values.ToClr)]));
            }
            catch (EvaluationException refused)
            {
                return new Fault(refused.Message);
            }
        }
    }
}
