using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Throughline.Model;

/// <summary>
/// An immutable document: what a system sent (a source record), what the firm knows (a canonical record) or what is
/// to be written (a command). Values are null, <see cref="bool"/>, <see cref="long"/>, <see cref="decimal"/>,
/// <see cref="string"/>, <c>IReadOnlyList&lt;object?&gt;</c> or nested <see cref="Fields"/>. Dates and instants are ISO 8601 texts,
/// money is <c>{ amount, currency }</c>. There are no floating-point values, so nothing is lost between systems.
/// </summary>
public sealed class Fields : IReadOnlyDictionary<string, object?>, IEquatable<Fields>
{
    // Most documents are small and made far more often than they are searched; only larger ones get an index, when somebody asks.
    private const int SearchMax = 12;

    private readonly string[] _names;
    private readonly object?[] _values;
    private Dictionary<string, int>? _places;

    private Fields(string[] names, object?[] values) => (_names, _values) = (names, values);

    public static Fields Empty { get; } = new([], []);

    /// <summary>Builds a document from name and value pairs, in this order. A repeated name is an error.</summary>
    public static Fields Of(params ReadOnlySpan<(string Name, object? Value)> values)
    {
        var names = new string[values.Length];
        var normal = new object?[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            names[i] = values[i].Name;
            normal[i] = Normalize(values[i].Value);
        }

        return OfNormal(names, normal);
    }

    /// <summary>Takes over names and values that are of the closed set already.</summary>
    internal static Fields OfNormal(string[] names, object?[] values)
    {
        var fields = new Fields(names, values);
        for (var i = 0; i < names.Length; i++)
        {
            if (fields.Find(names[i]) != i)
            {
                throw new ArgumentException($"the name '{names[i]}' stands twice in one document");
            }
        }

        return fields;
    }

    public static Fields From(IEnumerable<KeyValuePair<string, object?>> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values is Fields same)
        {
            return same;
        }

        return Of([.. values.Select(pair => (pair.Key, pair.Value))]);
    }

    /// <summary>Reads a JSON object. Whole numbers become <see cref="long"/>, others <see cref="decimal"/>.</summary>
    /// <exception cref="FormatException">Not a JSON object, a repeated name, a number outside decimal, or nested deeper than 64.</exception>
    public static Fields Parse(string json) => FieldsJson.Read(json);

    /// <inheritdoc cref="Parse(string)"/>
    public static Fields Parse(ReadOnlySpan<byte> utf8) => FieldsJson.Read(utf8);

    public int Count => _names.Length;

    public IEnumerable<string> Keys => _names;

    public IEnumerable<object?> Values => _values;

    public object? this[string key] => Find(key) is var place and >= 0 ? _values[place] : throw new KeyNotFoundException($"the document has no '{key}'");

    public bool ContainsKey(string key) => Find(key) >= 0;

    public bool TryGetValue(string key, [MaybeNullWhen(false)] out object? value)
    {
        var place = Find(key);
        value = place >= 0 ? _values[place] : null;
        return place >= 0;
    }

    /// <summary>The value, or null where the name is absent.</summary>
    public object? Get(string name) => Find(name) is var place and >= 0 ? _values[place] : null;

    /// <summary>The text, or null where the name is absent or not a text.</summary>
    public string? Text(string name) => Get(name) as string;

    public bool? Flag(string name) => Get(name) as bool?;

    public decimal? Number(string name) => Get(name) switch { long whole => whole, decimal number => number, _ => null };

    public Fields? Nested(string name) => Get(name) as Fields;

    /// <summary>The list of documents under a name; empty where absent.</summary>
    public IReadOnlyList<Fields> NestedList(string name) =>
        Get(name) is IReadOnlyList<object?> list ? [.. list.OfType<Fields>()] : [];

    public IReadOnlyList<object?> List(string name) => Get(name) as IReadOnlyList<object?> ?? [];

    /// <summary>The money under a name, or null where it is absent or incomplete.</summary>
    public Money? Money(string name) => Nested(name)?.AsMoney();

    /// <summary>This document read as <c>{ amount, currency }</c>.</summary>
    public Money? AsMoney() =>
        Number("amount") is { } amount && Currency.TryOf(Text("currency"), out var currency) ? new Money(amount, currency) : null;

    /// <summary>A copy with one value set; a new name goes last.</summary>
    public Fields With(string name, object? value)
    {
        var place = Find(name);
        if (place < 0)
        {
            return new Fields([.. _names, name], [.. _values, Normalize(value)]);
        }

        object?[] values = [.. _values];
        values[place] = Normalize(value);
        return new Fields(_names, values);
    }

    public Fields Without(string name)
    {
        var place = Find(name);
        return place < 0 ? this : new Fields(
            [.. _names.AsSpan(0, place), .. _names.AsSpan(place + 1)], [.. _values.AsSpan(0, place), .. _values.AsSpan(place + 1)]);
    }

    /// <summary>A copy in which every name of <paramref name="newer"/> replaces ours; names it lacks stay.</summary>
    public Fields Merge(Fields newer)
    {
        ArgumentNullException.ThrowIfNull(newer);
        if (newer.Count == 0)
        {
            return this;
        }

        var names = new string[Count + newer.Count];
        var values = new object?[names.Length];
        _names.CopyTo(names, 0);
        _values.CopyTo(values, 0);
        var count = Count;
        for (var i = 0; i < newer._names.Length; i++)
        {
            var place = Find(newer._names[i]);
            if (place >= 0)
            {
                values[place] = newer._values[i];
            }
            else
            {
                (names[count], values[count]) = (newer._names[i], newer._values[i]);
                count++;
            }
        }

        return count == names.Length ? new Fields(names, values) : new Fields(names[..count], values[..count]);
    }

    /// <summary>JSON text in the order of the names.</summary>
    public string ToJson() => FieldsJson.Write(this);

    /// <summary>
    /// SHA-256 over the canonical form (sorted names, numbers without trailing zeros), as 32 lower-case hex digits of its first 16 bytes.
    /// Equal documents have equal fingerprints whatever the order of their names.
    /// </summary>
    public string Fingerprint() => FieldsJson.Fingerprint(this);

    public bool Equals(Fields? other) =>
        other is not null && (ReferenceEquals(this, other)
            || (Count == other.Count && this.All(pair => other.TryGetValue(pair.Key, out var value) && Same(pair.Value, value))));

    public override bool Equals(object? obj) => Equals(obj as Fields);

    public override int GetHashCode() => Count;

    public override string ToString() => ToJson();

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator()
    {
        for (var i = 0; i < _names.Length; i++)
        {
            yield return new KeyValuePair<string, object?>(_names[i], _values[i]);
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>
    /// Brings any value that a mapping or a decision may produce into the closed set above: money becomes
    /// <c>{ amount, currency }</c>, instants and dates ISO texts, binary floating point the nearest decimal.
    /// </summary>
    /// <exception cref="FormatException">The value has no place in a document (for example NaN).</exception>
    public static object? Normalize(object? value) => value switch
    {
        // As it would be read again from JSON: a document must not mean something else after it has been stored (7 / 2 and 7m / 2 differ).
        decimal { Scale: 0 } whole and >= long.MinValue and <= long.MaxValue => (long)whole,
        null or bool or long or decimal or string or Fields => value,
        int whole => (long)whole,
        uint whole => (long)whole,
        ulong whole => whole <= long.MaxValue ? (long)whole : (decimal)whole,
        double number => double.IsFinite(number) && Math.Abs(number) < 7.9e28
            ? Normalize((decimal)number)
            : throw new FormatException($"{number.ToString(CultureInfo.InvariantCulture)} cannot be kept as a decimal number"),
        Money money => Of(("amount", money.Amount), ("currency", money.Currency.Code)),
        DateOnly date => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        DateTimeOffset instant => instant.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture),
        TimeSpan duration => ((decimal)duration.Ticks / TimeSpan.TicksPerSecond).ToString("0.#######", CultureInfo.InvariantCulture) + "s",
        byte[] bytes => System.Convert.ToBase64String(bytes),
        IReadOnlyDictionary<string, object?> map => From(map),
        IEnumerable<KeyValuePair<string, object?>> map => From(map),
        IEnumerable list => NormalizeList(list),
        Enum name => name.ToString(),
        _ => throw new FormatException($"a value of type {value.GetType().Name} cannot be kept in a document"),
    };

    internal static bool Same(object? left, object? right) => (left, right) switch
    {
        (null, null) => true,
        (long a, decimal b) => a == b,
        (decimal a, long b) => a == b,
        (IReadOnlyList<object?> a, IReadOnlyList<object?> b) => a.Count == b.Count && a.Zip(b).All(pair => Same(pair.First, pair.Second)),
        _ => Equals(left, right),
    };

    internal (string Name, object? Value) At(int place) => (_names[place], _values[place]);

    /// <summary>The places in the order of the names; null where that is the order in which they stand.</summary>
    internal int[]? PlacesByName()
    {
        for (var i = 1; i < _names.Length; i++)
        {
            if (string.CompareOrdinal(_names[i - 1], _names[i]) > 0)
            {
                var places = new int[_names.Length];
                for (var place = 0; place < places.Length; place++)
                {
                    places[place] = place;
                }

                Array.Sort([.. _names], places, StringComparer.Ordinal);
                return places;
            }
        }

        return null;
    }

    private int Find(string name)
    {
        if (_names.Length <= SearchMax)
        {
            for (var i = 0; i < _names.Length; i++)
            {
                if (string.Equals(_names[i], name, StringComparison.Ordinal))
                {
                    return i;
                }
            }

            return -1;
        }

        return (_places ??= Index()).TryGetValue(name, out var place) ? place : -1;
    }

    private Dictionary<string, int> Index()
    {
        var places = new Dictionary<string, int>(_names.Length, StringComparer.Ordinal);
        for (var i = 0; i < _names.Length; i++)
        {
            places.TryAdd(_names[i], i);
        }

        return places;
    }

    private static object?[] NormalizeList(IEnumerable list)
    {
        var values = new List<object?>();
        foreach (var item in list)
        {
            values.Add(Normalize(item));
        }

        return [.. values];
    }
}
