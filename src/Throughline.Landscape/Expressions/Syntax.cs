namespace Throughline.Landscape.Expressions;

/// <summary>
/// The tree of a parsed expression. <paramref name="Depth"/> is the height of the tree below; the parser limits it, because
/// compiling and evaluating follow the tree recursively and a stack overflow would end the process.
/// </summary>
internal abstract record Syntax(int Offset, int Depth)
{
    public static int DepthOf(IEnumerable<Syntax> parts) => parts.Select(part => part.Depth).DefaultIfEmpty(0).Max() + 1;
}

/// <summary>A constant.</summary>
internal sealed record Literal(int Offset, object? Value) : Syntax(Offset, 1);

/// <summary>A variable or a type; <paramref name="IsAbsolute"/> where written with a leading dot, which passes over macros and container.</summary>
internal sealed record Name(int Offset, string Text, bool IsAbsolute) : Syntax(Offset, 1);

/// <summary><c>operand.field</c> or <c>operand.?field</c>.</summary>
internal sealed record Select(int Offset, Syntax Operand, string Field, bool IsOptional) : Syntax(Offset, Operand.Depth + 1);

/// <summary><c>operand[key]</c> or <c>operand[?key]</c>.</summary>
internal sealed record Index(int Offset, Syntax Operand, Syntax Key, bool IsOptional)
    : Syntax(Offset, Math.Max(Operand.Depth, Key.Depth) + 1);

/// <summary><c>name(arguments)</c> or <c>target.name(arguments)</c>.</summary>
internal sealed record Call(int Offset, Syntax? Target, string Function, IReadOnlyList<Syntax> Arguments)
    : Syntax(Offset, Math.Max(Target?.Depth ?? 0, DepthOf(Arguments) - 1) + 1);

internal sealed record Element(Syntax Value, bool IsOptional);

internal sealed record ListOf(int Offset, IReadOnlyList<Element> Elements) : Syntax(Offset, DepthOf(Elements.Select(item => item.Value)));

internal sealed record Entry(Syntax Key, Syntax Value, bool IsOptional);

internal sealed record MapOf(int Offset, IReadOnlyList<Entry> Entries)
    : Syntax(Offset, DepthOf(Entries.SelectMany(entry => new[] { entry.Key, entry.Value })));

/// <summary><c>-x</c> or <c>!x</c>.</summary>
internal sealed record Unary(int Offset, string Operator, Syntax Operand) : Syntax(Offset, Operand.Depth + 1);

internal sealed record Binary(int Offset, string Operator, Syntax Left, Syntax Right)
    : Syntax(Offset, Math.Max(Left.Depth, Right.Depth) + 1);

/// <summary>A chain of <c>&amp;&amp;</c> or of <c>||</c>, kept flat so that long lists of conditions do not count as deep.</summary>
internal sealed record Logic(int Offset, bool IsAnd, IReadOnlyList<Syntax> Operands) : Syntax(Offset, DepthOf(Operands));

internal sealed record Conditional(int Offset, Syntax Condition, Syntax Then, Syntax Otherwise)
    : Syntax(Offset, DepthOf([Condition, Then, Otherwise]));
