namespace Throughline.Landscape.Expressions;

/// <summary>A compiled part: the closure, and its type where the text alone tells it.</summary>
internal readonly record struct Code(Func<Frame, object?> Run, CelType? Type = null);

/// <summary>
/// Makes closures of the tree. What is known before the evaluation (which variable a name means, which function is called, the
/// pattern of a regular expression) is settled here, so that an evaluation only follows delegates.
/// </summary>
internal sealed partial class Compiler(string text, ExpressionScope scope)
{
    private readonly List<ExpressionError> _errors = [];
    private readonly List<string> _locals = [];

    public IReadOnlyList<ExpressionError> Errors => _errors;

    /// <summary>How many values of macros live at the same time at most.</summary>
    public int Slots { get; private set; }

    public Code Compile(Syntax node) => node switch
    {
        Literal literal => Constant(literal.Value),
        Name or Select or Index => Access(node),
        Call call => Call(call),
        ListOf list => List(list),
        MapOf map => Map(map),
        Unary unary => Unary(unary),
        Binary binary => Binary(binary),
        Logic logic => Logic(logic),
        Conditional conditional => Conditional(conditional),
        _ => Refuse(node.Offset, "This part is unknown."),
    };

    private static Code Constant(object? value) => new(_ => value, CelType.Of(value));

    private static object? At(object? value, int offset) => value is Fault fault ? fault.At(offset) : value;

    /// <summary>An error of the text. In unchecked mode it is one of the evaluation instead.</summary>
    private Code Refuse(int offset, string message)
    {
        if (scope.Checked)
        {
            _errors.Add(ExpressionError.At(text, offset, message));
        }

        return new Code(_ => new Fault(message).At(offset));
    }

    /// <summary>An error of the text in both modes: what was meant cannot be known.</summary>
    private Code Malformed(int offset, string message)
    {
        _errors.Add(ExpressionError.At(text, offset, message));
        return Constant(null);
    }

    private Code Unary(Unary node)
    {
        var (run, type) = Compile(node.Operand);
        var offset = node.Offset;
        if (node.Operator == "!")
        {
            return new Code(frame => run(frame) switch
            {
                bool value => Values.Bool(!value),
                Fault fault => fault,
                var other => Fault.NotBool("The value after !", other).At(offset),
            }, CelType.Bool);
        }

        return new Code(frame => run(frame) is var value && value is Fault ? value : At(Arithmetic.Negate(value), offset), type);
    }

    private Code Binary(Binary node)
    {
        var (left, leftType) = Compile(node.Left);
        var (right, rightType) = Compile(node.Right);
        var offset = node.Offset;
        if ((leftType == CelType.Double && rightType is { IsDecimalLike: true }) || (rightType == CelType.Double && leftType is { IsDecimalLike: true }))
        {
            return Refuse(offset, Fault.DecimalWithDouble(node.Operator).Message);
        }

        var apply = Operators.Named(node.Operator);
        return new Code(frame =>
        {
            var first = left(frame);
            if (first is Fault)
            {
                return first;
            }

            var second = right(frame);
            if (second is Fault)
            {
                return second;
            }

            frame.Spend(1);
            return At(apply(frame, first, second), offset);
        }, Operators.ResultOf(node.Operator, leftType, rightType));
    }

    // CEL's logic is commutative: an error counts only where no other operand decides.
    private Code Logic(Logic node)
    {
        var operands = node.Operands.Select(operand => (Compile(operand).Run, operand.Offset)).ToArray();
        var decides = !node.IsAnd;
        var symbol = node.IsAnd ? "A value beside &&" : "A value beside ||";
        return new Code(frame =>
        {
            frame.Spend(1);
            Fault? failed = null;
            foreach (var (run, offset) in operands)
            {
                var value = run(frame);
                if (value is not bool flag)
                {
                    failed ??= value as Fault ?? Fault.NotBool(symbol, value).At(offset);
                }
                else if (flag == decides)
                {
                    return Values.Bool(decides);
                }
            }

            return failed ?? Values.Bool(!decides);
        }, CelType.Bool);
    }

    private Code Conditional(Conditional node)
    {
        var condition = Compile(node.Condition).Run;
        var (then, thenType) = Compile(node.Then);
        var (otherwise, otherwiseType) = Compile(node.Otherwise);
        var offset = node.Condition.Offset;
        return new Code(frame =>
        {
            frame.Spend(1);
            return condition(frame) switch
            {
                bool holds => holds ? then(frame) : otherwise(frame),
                Fault fault => fault,
                var other => Fault.NotBool("The condition before ?", other).At(offset),
            };
        }, thenType == otherwiseType ? thenType : null);
    }

    private Code List(ListOf node)
    {
        var elements = node.Elements.Select(element => (Compile(element.Value).Run, element.IsOptional, element.Value.Offset)).ToArray();
        return new Code(frame =>
        {
            frame.Spend(elements.Length + 1);
            var list = new List<object?>(elements.Length);
            foreach (var (run, isOptional, offset) in elements)
            {
                var value = run(frame);
                if (value is Fault || (isOptional && value is not Optional))
                {
                    return value is Fault ? value : NotOptional(value).At(offset);
                }

                if (!isOptional)
                {
                    list.Add(value);
                }
                else if (value is Optional { HasValue: true } present)
                {
                    list.Add(present.Value);
                }
            }

            return list;
        }, CelType.List);
    }

    private Code Map(MapOf node)
    {
        var entries = node.Entries
            .Select(entry => (Key: Compile(entry.Key).Run, Value: Compile(entry.Value).Run, entry.IsOptional, entry.Key.Offset)).ToArray();
        return new Code(frame =>
        {
            frame.Spend(entries.Length + 1);
            var map = new CelMap();
            foreach (var entry in entries)
            {
                var key = entry.Key(frame);
                var value = entry.Value(frame);
                if (key is Fault || value is Fault)
                {
                    return key as Fault ?? value;
                }

                if (entry.IsOptional)
                {
                    if (value is not Optional optional)
                    {
                        return NotOptional(value).At(entry.Offset);
                    }

                    if (!optional.HasValue)
                    {
                        continue;
                    }

                    value = optional.Value;
                }

                if (map.Add(key, value) is { } fault)
                {
                    return fault.At(entry.Offset);
                }
            }

            return map;
        }, CelType.Map);
    }

    private static Fault NotOptional(object? value) =>
        new($"After ? an optional value must stand, such as a.?b, but this is of type {CelType.Of(value).Name}");
}
