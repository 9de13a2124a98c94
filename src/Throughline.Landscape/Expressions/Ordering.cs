using Throughline.Model;

namespace Throughline.Landscape.Expressions;

/// <summary>The order of values of the same kind.</summary>
internal static class Ordering
{
    public static object Ask(Frame frame, object? left, object? right, string operation, Func<int, bool> holds)
    {
        if (Numbers.Are(left, right))
        {
            return Numbers.IsMixed(left, right)
                ? Fault.DecimalWithDouble(operation)
                : Values.Bool(Numbers.Compare(left, right) is { } numeric && holds(numeric));
        }

        int order;
        switch (left, right)
        {
            case (string a, string b):
                frame.SpendText(Math.Min(a.Length, b.Length));
                order = Texts.Compare(a, b);
                break;
            case (bool a, bool b):
                order = a.CompareTo(b);
                break;
            case (byte[] a, byte[] b):
                frame.SpendText(Math.Min(a.Length, b.Length));
                order = a.AsSpan().SequenceCompareTo(b);
                break;
            case (Instant a, Instant b):
                order = a.CompareTo(b);
                break;
            case (Elapsed a, Elapsed b):
                order = a.CompareTo(b);
                break;
            case (Money a, Money b):
                if (a.Currency != b.Currency)
                {
                    return Arithmetic.OtherCurrency(a, b);
                }

                order = a.CompareTo(b);
                break;
            default:
                return Fault.NoOverload(operation, left, right);
        }

        return Values.Bool(holds(order));
    }
}
