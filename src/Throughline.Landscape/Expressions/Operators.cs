namespace Throughline.Landscape.Expressions;

/// <summary>The binary operators by their symbol.</summary>
internal static class Operators
{
    public delegate object? Apply(Frame frame, object? left, object? right);

    public static Apply Named(string symbol) => symbol switch
    {
        "==" => static (frame, left, right) => Equality.Compare(frame, left, right) is bool same ? Values.Bool(same) : Fault.DecimalWithDouble("=="),
        "!=" => static (frame, left, right) => Equality.Compare(frame, left, right) is bool same ? Values.Bool(!same) : Fault.DecimalWithDouble("!="),
        "<" => static (frame, left, right) => Ordering.Ask(frame, left, right, "<", static order => order < 0),
        "<=" => static (frame, left, right) => Ordering.Ask(frame, left, right, "<=", static order => order <= 0),
        ">" => static (frame, left, right) => Ordering.Ask(frame, left, right, ">", static order => order > 0),
        ">=" => static (frame, left, right) => Ordering.Ask(frame, left, right, ">=", static order => order >= 0),
        "in" => Contains,
        "+" => Arithmetic.Add,
        "-" => static (_, left, right) => Arithmetic.Subtract(left, right),
        "*" => static (_, left, right) => Arithmetic.Multiply(left, right),
        "/" => static (_, left, right) => Arithmetic.Divide(left, right),
        _ => static (_, left, right) => Arithmetic.Remainder(left, right),
    };

    /// <summary>The type of the result as far as the types of the operands tell it.</summary>
    public static CelType? ResultOf(string symbol, CelType? left, CelType? right)
    {
        if (symbol is "==" or "!=" or "<" or "<=" or ">" or ">=" or "in")
        {
            return CelType.Bool;
        }

        // A decimal or an amount of money decides the type of the result, whatever whole number it meets.
        return left == right ? left
            : left == CelType.Money || right == CelType.Money ? CelType.Money
            : left == CelType.Decimal && right == CelType.Int || left == CelType.Int && right == CelType.Decimal ? CelType.Decimal
            : null;
    }

    private static object Contains(Frame frame, object? value, object? container)
    {
        if (container is IReadOnlyList<object?> list)
        {
            var isMixed = false;
            for (var i = 0; i < list.Count; i++)
            {
                frame.Spend(1);
                var same = Equality.Compare(frame, value, Values.At(list, i));
                if (same == true)
                {
                    return Values.True;
                }

                isMixed |= same is null;
            }

            return isMixed ? Fault.DecimalWithDouble("in") : Values.False;
        }

        return Values.IsMap(container) ? Values.Bool(Values.TryGet(container!, value, out _)) : Fault.NoOverload("in", value, container);
    }
}
