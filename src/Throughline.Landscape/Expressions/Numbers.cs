namespace Throughline.Landscape.Expressions;

/// <summary>Comparing numbers of different types by their value, as CEL does.</summary>
internal static class Numbers
{
    public static bool Are(object? left, object? right) => IsNumber(left) && IsNumber(right);

    public static bool IsMixed(object? left, object? right) => (left, right) is (decimal, double) or (double, decimal);

    /// <summary>Less than, equal to or greater than 0; null where one is NaN. Decimal and double must not meet here.</summary>
    public static int? Compare(object? left, object? right) => (left, right) switch
    {
        (long a, long b) => a.CompareTo(b),
        (ulong a, ulong b) => a.CompareTo(b),
        (long a, ulong b) => a < 0 ? -1 : ((ulong)a).CompareTo(b),
        (ulong a, long b) => b < 0 ? 1 : a.CompareTo((ulong)b),
        (decimal a, decimal b) => a.CompareTo(b),
        (decimal a, long b) => a.CompareTo(b),
        (long a, decimal b) => ((decimal)a).CompareTo(b),
        (decimal a, ulong b) => a.CompareTo(b),
        (ulong a, decimal b) => ((decimal)a).CompareTo(b),
        _ => Compare(ToDouble(left), ToDouble(right)),
    };

    private static int? Compare(double left, double right) => double.IsNaN(left) || double.IsNaN(right) ? null : left.CompareTo(right);

    private static double ToDouble(object? number) => number switch
    {
        double value => value,
        long value => value,
        ulong value => value,
        _ => double.NaN,
    };

    private static bool IsNumber(object? value) => value is long or ulong or double or decimal;
}
