using System.Collections;

namespace Throughline.Landscape.Expressions;

/// <summary>
/// A map whose keys are bool, int, uint or string. Whole numbers of every type are one key: <c>{1: 'a'}[1u]</c> is 'a'.
/// It keeps the order in which the entries were written.
/// </summary>
internal sealed class CelMap : IReadOnlyDictionary<object, object?>
{
    private readonly Dictionary<object, object?> _values = [];
    private readonly List<object> _keys = [];

    public int Count => _keys.Count;

    public IEnumerable<object> Keys => _keys;

    public IEnumerable<object?> Values => _keys.Select(key => this[key]);

    public object? this[object key] => _values[Same(key) ?? key];

    public static object Of(IReadOnlyDictionary<object, object?> entries)
    {
        var map = new CelMap();
        foreach (var (key, value) in entries)
        {
            if (map.Add(Expressions.Values.Adopt(key), value) is { } fault)
            {
                return fault;
            }
        }

        return map;
    }

    /// <summary>Null, or why the entry cannot be added.</summary>
    public Fault? Add(object? key, object? value)
    {
        if (key is not (bool or long or ulong or string))
        {
            return new Fault($"A key of a map must be a string, an int, a uint or a bool, not {CelType.Of(key).Name}");
        }

        if (!_values.TryAdd(Same(key)!, value))
        {
            return new Fault($"The key {key} stands twice in the map");
        }

        _keys.Add(key);
        return null;
    }

    public bool TryFind(object? key, out object? value)
    {
        value = null;
        if (Same(key) is not { } same || !_values.TryGetValue(same, out value))
        {
            return false;
        }

        value = Expressions.Values.Adopt(value);
        return true;
    }

    public bool ContainsKey(object key) => TryFind(key, out _);

    public bool TryGetValue(object key, out object? value) => TryFind(key, out value);

    public IEnumerator<KeyValuePair<object, object?>> GetEnumerator() =>
        _keys.Select(key => KeyValuePair.Create(key, this[key])).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public object ToClr()
    {
        if (_keys.TrueForAll(key => key is string))
        {
            return _keys.ToDictionary(key => (string)key, key => Expressions.Values.ToClr(this[key]), StringComparer.Ordinal);
        }

        var copy = new CelMap();
        foreach (var key in _keys)
        {
            copy.Add(key, Expressions.Values.ToClr(this[key]));
        }

        return copy;
    }

    // Whole numbers become long where they fit, so that equal numbers are equal keys.
    private static object? Same(object? key) => key switch
    {
        ulong whole when whole <= long.MaxValue => (long)whole,
        double number when number is >= long.MinValue and < long.MaxValue && Math.Truncate(number) == number => (long)number,
        double number when number is >= long.MaxValue and < ulong.MaxValue && Math.Truncate(number) == number => (ulong)number,
        bool or long or ulong or string => key,
        _ => null,
    };
}
