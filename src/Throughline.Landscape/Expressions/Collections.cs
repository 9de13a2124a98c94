using static Throughline.Landscape.Expressions.StandardFunctions;

namespace Throughline.Landscape.Expressions;

/// <summary>Functions of lists, maps and optionals.</summary>
internal static class Collections
{
    public static IEnumerable<Function> Functions =>
    [
        Function.Global("size", 1, CelType.Int, values => Size(values[0])),
        Function.Member("size", 0, 0, CelType.Int, (_, values) => Size(values[0])),
        new("sum", false, 1, 1, null, (frame, values) => Sum(frame, values[0])),
        new("distinct", false, 1, 1, CelType.List, (frame, values) => Distinct(frame, values[0])),
        Function.Global("optional.of", 1, CelType.Optional, values => Optional.Of(values[0])),
        Function.Global("optional.ofNonZeroValue", 1, CelType.Optional, values => Values.IsZero(values[0]) ? Optional.None : Optional.Of(values[0])),
        Function.Global("optional.none", 0, CelType.Optional, _ => Optional.None),
        Function.Member("hasValue", 0, 0, CelType.Bool, (_, values) => values[0] is Optional optional ? Values.Bool(optional.HasValue) : NoOverload),
        Function.Member("value", 0, 0, null, (_, values) => values[0] is not Optional optional ? NoOverload
            : optional.HasValue ? optional.Value : new Fault("The optional has no value; use orValue(...)")),
    ];

    private static object Size(object? value) => value switch
    {
        string text => (long)Texts.Length(text),
        byte[] bytes => (long)bytes.Length,
        IReadOnlyList<object?> list => (long)list.Count,
        _ when Values.IsMap(value) => (long)Values.CountOf(value!),
        _ => NoOverload,
    };

    private static object Sum(Frame frame, object? value)
    {
        if (value is not IReadOnlyList<object?> list)
        {
            return NoOverload;
        }

        frame.Spend(list.Count);
        object? total = null;
        for (var i = 0; i < list.Count; i++)
        {
            var item = Values.At(list, i);
            total = item is Fault fault ? fault : total is null ? Arithmetic.Sum(Zero(item), item) : Arithmetic.Sum(total, item);
            if (total is Fault)
            {
                return total;
            }
        }

        return total ?? 0L;
    }

    // A sum begins with the zero of its first element, so that a list with one element of a wrong type is refused, too.
    private static object? Zero(object? first) => first switch
    {
        ulong => 0UL,
        double => 0.0,
        Elapsed => new Elapsed(0),
        Model.Money money => Model.Money.Zero(money.Currency),
        _ => 0L,
    };

    private static object Distinct(Frame frame, object? value)
    {
        if (value is not IReadOnlyList<object?> list)
        {
            return NoOverload;
        }

        frame.Spend(list.Count);
        if (list.Any(item => item is decimal) && list.Any(item => item is double or float))
        {
            return Fault.DecimalWithDouble("distinct");
        }

        var groups = new Dictionary<int, List<object?>>();
        var kept = new List<object?>();
        for (var i = 0; i < list.Count; i++)
        {
            var item = Values.At(list, i);
            var hash = Hash(item);
            if (!groups.TryGetValue(hash, out var group))
            {
                groups[hash] = group = [];
            }

            var isKnown = false;
            foreach (var other in group)
            {
                frame.Spend(1);
                if (Equality.Compare(frame, item, other) is not { } same)
                {
                    return Fault.DecimalWithDouble("distinct");
                }

                isKnown |= same;
            }

            if (!isKnown)
            {
                group.Add(item);
                kept.Add(item);
            }
        }

        return kept;
    }

    // Equal values have equal hashes: whole numbers of all types through double, containers through their size.
    private static int Hash(object? value) => value switch
    {
        null => 0,
        long whole => ((double)whole).GetHashCode(),
        ulong whole => ((double)whole).GetHashCode(),
        decimal number when decimal.Truncate(number) == number && number is >= long.MinValue and <= ulong.MaxValue => ((double)number).GetHashCode(),
        IReadOnlyList<object?> list => list.Count,
        byte[] bytes => bytes.Length,
        Optional => 1,
        _ when Values.IsMap(value) => Values.CountOf(value),
        _ => value.GetHashCode(),
    };
}
