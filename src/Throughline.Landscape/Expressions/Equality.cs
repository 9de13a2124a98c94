using Throughline.Model;

namespace Throughline.Landscape.Expressions;

/// <summary>CEL's equality: by value, numbers of different types by their amount, values of different kinds are simply unequal.</summary>
internal static class Equality
{
    /// <summary>True or false; null where a decimal would meet a double, which has no honest answer.</summary>
    public static bool? Compare(Frame frame, object? left, object? right)
    {
        switch (left, right)
        {
            case (string a, string b):
                frame.SpendText(Math.Min(a.Length, b.Length));
                return string.Equals(a, b, StringComparison.Ordinal);
            case (bool a, bool b):
                return a == b;
            case (byte[] a, byte[] b):
                frame.SpendText(Math.Min(a.Length, b.Length));
                return a.AsSpan().SequenceEqual(b);
            case (IReadOnlyList<object?> a, IReadOnlyList<object?> b):
                return Lists(frame, a, b);
            case (Optional a, Optional b):
                return a.HasValue && b.HasValue ? Compare(frame, a.Value, b.Value) : a.HasValue == b.HasValue;
            case (CelType or Instant or Elapsed or Money, _):
                return left.Equals(right);
        }

        if (Numbers.Are(left, right))
        {
            return Numbers.IsMixed(left, right) ? null : Numbers.Compare(left, right) == 0;
        }

        return Values.IsMap(left) && Values.IsMap(right) ? Maps(frame, left!, right!) : left is null && right is null;
    }

    private static bool? Lists(Frame frame, IReadOnlyList<object?> left, IReadOnlyList<object?> right)
    {
        if (left.Count != right.Count)
        {
            return false;
        }

        bool? all = true;
        for (var i = 0; i < left.Count; i++)
        {
            frame.Spend(1);
            var same = Compare(frame, Values.At(left, i), Values.At(right, i));
            if (same == false)
            {
                return false;
            }

            all &= same;
        }

        return all;
    }

    private static bool? Maps(Frame frame, object left, object right)
    {
        if (Values.CountOf(left) != Values.CountOf(right))
        {
            return false;
        }

        bool? all = true;
        foreach (var key in Values.KeysOf(left))
        {
            frame.Spend(1);
            if (!Values.TryGet(right, key, out var other) || !Values.TryGet(left, key, out var mine))
            {
                return false;
            }

            var same = Compare(frame, mine, other);
            if (same == false)
            {
                return false;
            }

            all &= same;
        }

        return all;
    }
}
