using Throughline.Model;

namespace Throughline.Landscape.Expressions;

/// <summary>Arithmetic. Overflow and division by zero are faults, never wrapped or rounded results.</summary>
internal static class Arithmetic
{
    public static object Add(Frame frame, object? left, object? right)
    {
        switch (left, right)
        {
            case (string a, string b):
                frame.SpendText(a.Length + (long)b.Length);
                return string.Concat(a, b);
            case (byte[] a, byte[] b):
                frame.SpendText(a.Length + (long)b.Length);
                return (byte[])[.. a, .. b];
            case (IReadOnlyList<object?> a, IReadOnlyList<object?> b):
                frame.Spend(a.Count + (long)b.Count);
                return (object?[])[.. a, .. b];
            default:
                return Sum(left, right);
        }
    }

    /// <summary>The sum of two numbers, amounts of money or times.</summary>
    public static object Sum(object? left, object? right) => Guard("+", left, right, static (left, right) => (left, right) switch
    {
        (long a, long b) => checked(a + b),
        (ulong a, ulong b) => checked(a + b),
        (double a, double b) => a + b,
        (Money a, Money b) => a.Currency == b.Currency ? a + b : OtherCurrency(a, b),
        (Instant a, Elapsed b) => Instant.OfNanos(a.Nanos + b.Nanos),
        (Elapsed a, Instant b) => Instant.OfNanos(b.Nanos + a.Nanos),
        (Elapsed a, Elapsed b) => Elapsed.OfNanos((Int128)a.Nanos + b.Nanos),
        _ => Decimals(left, right) is var (a, b) ? a + b : null,
    });

    public static object Subtract(object? left, object? right) => Guard("-", left, right, static (left, right) => (left, right) switch
    {
        (long a, long b) => checked(a - b),
        (ulong a, ulong b) => checked(a - b),
        (double a, double b) => a - b,
        (Money a, Money b) => a.Currency == b.Currency ? a - b : OtherCurrency(a, b),
        (Instant a, Elapsed b) => Instant.OfNanos(a.Nanos - b.Nanos),
        (Instant a, Instant b) => Elapsed.OfNanos(a.Nanos - b.Nanos),
        (Elapsed a, Elapsed b) => Elapsed.OfNanos((Int128)a.Nanos - b.Nanos),
        _ => Decimals(left, right) is var (a, b) ? a - b : null,
    });

    public static object Multiply(object? left, object? right) => Guard("*", left, right, static (left, right) => (left, right) switch
    {
        (long a, long b) => checked(a * b),
        (ulong a, ulong b) => checked(a * b),
        (double a, double b) => a * b,
        (Money a, _) when Factor(right) is { } b => a * b,
        (_, Money b) when Factor(left) is { } a => b * a,
        _ => Decimals(left, right) is var (a, b) ? a * b : null,
    });

    public static object Divide(object? left, object? right) => Guard("/", left, right, static (left, right) => (left, right) switch
    {
        // .NET reports the one overflow of division as an ArithmeticException of its own.
        (long.MinValue, -1L) => Fault.Range("The result of '/'"),
        (long a, long b) => a / b,
        (ulong a, ulong b) => a / b,
        (double a, double b) => a / b,
        _ => Decimals(left, right) is var (a, b) ? a / b : null,
    });

    public static object Remainder(object? left, object? right) => Guard("%", left, right, static (left, right) => (left, right) switch
    {
        (long, -1L) => 0L,
        (long a, long b) => a % b,
        (ulong a, ulong b) => a % b,
        _ => Decimals(left, right) is var (a, b) ? a % b : null,
    });

    public static object Negate(object? value) => value switch
    {
        long.MinValue => Fault.Range("The result of '-'"),
        long whole => -whole,
        double number => -number,
        decimal number => -number,
        Money money => -money,
        _ => Fault.NoOverload("-", value),
    };

    public static Fault OtherCurrency(Money left, Money right) =>
        new($"{left} and {right} are in different currencies; convert one of them first");

    private static object Guard(string operation, object? left, object? right, Func<object?, object?, object?> compute)
    {
        try
        {
            return compute(left, right)
                ?? (Numbers.IsMixed(left, right) || (left, right) is (Money, double) or (double, Money)
                    ? Fault.DecimalWithDouble(operation)
                    : Fault.NoOverload(operation, left, right));
        }
        catch (DivideByZeroException)
        {
            return new Fault($"'{operation}' would divide by zero");
        }
        catch (OverflowException)
        {
            return Fault.Range($"The result of '{operation}'");
        }
    }

    // A pair of decimals where at least one side is a decimal and the other a decimal or a whole number.
    private static (decimal Left, decimal Right)? Decimals(object? left, object? right) =>
        left is decimal || right is decimal ? Factor(left) is { } a && Factor(right) is { } b ? (a, b) : null : null;

    private static decimal? Factor(object? value) => value switch
    {
        decimal number => number,
        long whole => whole,
        ulong whole => whole,
        _ => null,
    };
}
