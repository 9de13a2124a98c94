using System.Globalization;
using Throughline.Model;

namespace Throughline.Landscape.Expressions;

/// <summary>The border between values of .NET and values of the language.</summary>
internal static class Values
{
    // One box for each, because every comparison of every rule makes one.
    public static readonly object True = true;
    public static readonly object False = false;

    public static object Bool(bool value) => value ? True : False;

    /// <summary>
    /// A value read from a variable or given by a registered function, as the language has it. Done at each read and not
    /// once for a whole document, because an expression reads few of the fields it is given.
    /// </summary>
    public static object? Adopt(object? value) => value switch
    {
        null or bool or long or ulong or double or decimal or string or byte[] or Money or Fields => value,
        int whole => (long)whole,
        short whole => (long)whole,
        uint whole => (ulong)whole,
        float number => (double)number,
        DateTimeOffset moment => Instant.Of(moment),
        TimeSpan length => Elapsed.OfNanos((Int128)length.Ticks * 100),
        DateOnly date => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        CelMap or Optional or CelType or Fault or Instant or Elapsed => value,
        IReadOnlyDictionary<string, object?> or IReadOnlyList<object?> => value,
        IReadOnlyDictionary<object, object?> map => CelMap.Of(map),
        _ => new Fault($"A value of the .NET type {value.GetType().Name} has no place in an expression"),
    };

    /// <summary>A result for the caller. Containers are copied only where they hold something that has another form outside.</summary>
    public static object? ToClr(object? value) => value switch
    {
        Instant instant => instant.ToDateTimeOffset(),
        Elapsed elapsed => elapsed.ToTimeSpan(),
        Optional optional => ToClr(optional.Value),
        Fields => value,
        IReadOnlyList<object?> list => list.Any(IsInner) ? list.Select(ToClr).ToArray() : list,
        CelMap map => map.ToClr(),
        IReadOnlyDictionary<string, object?> map when map.Values.Any(IsInner) =>
            map.ToDictionary(pair => pair.Key, pair => ToClr(pair.Value), StringComparer.Ordinal),
        _ => value,
    };

    /// <summary>The list's element as the language has it.</summary>
    public static object? At(IReadOnlyList<object?> list, int index) => Adopt(list[index]);

    public static bool IsMap(object? value) => value is CelMap or IReadOnlyDictionary<string, object?>;

    public static int CountOf(object map) => map is CelMap own ? own.Count : ((IReadOnlyDictionary<string, object?>)map).Count;

    public static IEnumerable<object> KeysOf(object map) => map is CelMap own ? own.Keys : ((IReadOnlyDictionary<string, object?>)map).Keys;

    public static bool TryGet(object map, object? key, out object? value)
    {
        if (map is CelMap own)
        {
            return own.TryFind(key, out value);
        }

        if (key is string name && ((IReadOnlyDictionary<string, object?>)map).TryGetValue(name, out value))
        {
            value = Adopt(value);
            return true;
        }

        value = null;
        return false;
    }

    /// <summary>What CEL calls the zero value: what <c>optional.ofNonZeroValue</c> takes for nothing.</summary>
    public static bool IsZero(object? value) => value switch
    {
        null => true,
        bool flag => !flag,
        long whole => whole == 0,
        ulong whole => whole == 0,
        double number => number == 0,
        decimal number => number == 0,
        Money money => money.Amount == 0,
        string text => text.Length == 0,
        byte[] bytes => bytes.Length == 0,
        Elapsed elapsed => elapsed.Nanos == 0,
        Instant instant => instant.Nanos == 0,
        IReadOnlyList<object?> list => list.Count == 0,
        _ => IsMap(value) && CountOf(value) == 0,
    };

    private static bool IsInner(object? value) => value is Instant or Elapsed or Optional or CelMap or IReadOnlyList<object?>
        || (value is IReadOnlyDictionary<string, object?> and not Fields);
}
