using System.Collections.Frozen;

namespace Throughline.Landscape.Expressions;

/// <summary>The functions every expression has. The receiver of <c>value.f(a)</c> is the first of the arguments.</summary>
internal static class StandardFunctions
{
    /// <summary>What a body gives where it has no meaning for the types of its arguments; it stays inside the call.</summary>
    public static readonly object NoOverload = new();

    private static readonly FrozenDictionary<(string Name, bool IsMember), Function> All =
        new[] { Conversions.Functions, Texts.Functions, TextFormat.Functions, Clock.Functions, Amounts.Functions, Collections.Functions }
            .SelectMany(functions => functions)
            .ToFrozenDictionary(function => (function.Name, function.IsMember));

    private static readonly FrozenSet<string> Names = All.Keys.Select(key => key.Name).ToFrozenSet(StringComparer.Ordinal);

    public delegate object? Run(Frame frame, object?[] arguments);

    public static bool Knows(string name) => Names.Contains(name);

    public static Function? Find(string name, bool isMember) => All.GetValueOrDefault((name, isMember));

    /// <summary>The whole name where the call is one such as <c>optional.of(x)</c>, whose first part is no value; otherwise null.</summary>
    public static string? Qualified(Call call, Func<string, bool> isLocal) =>
        call.Target is Name target && !isLocal(target.Text) && Find($"{target.Text}.{call.Function}", isMember: false) is { } function ? function.Name : null;

    /// <param name="Result">The type of the result where it is always the same.</param>
    internal sealed record Function(string Name, bool IsMember, int ArgumentsMin, int ArgumentsMax, CelType? Result, Run Body)
    {
        /// <summary>Called as <c>name(a, ...)</c>.</summary>
        public static Function Global(string name, int arguments, CelType? result, Func<object?[], object?> body) =>
            new(name, false, arguments, arguments, result, (_, values) => body(values));

        /// <summary>Called as <c>value.name(...)</c>, with so many arguments beside the value.</summary>
        public static Function Member(string name, int min, int max, CelType? result, Run body) => new(name, true, min, max, result, body);
    }
}
