using Throughline.Model;

namespace Throughline.Landscape.Expressions;

/// <summary>The type of a value, which in CEL is itself a value: <c>type(1) == int</c>.</summary>
internal sealed class CelType
{
    private static readonly Dictionary<string, CelType> Known = new(StringComparer.Ordinal);

    public static readonly CelType Null = new("null_type");
    public static readonly CelType Bool = new("bool");
    public static readonly CelType Int = new("int");
    public static readonly CelType Uint = new("uint");
    public static readonly CelType Double = new("double");
    public static readonly CelType Decimal = new("decimal");
    public static readonly CelType Money = new("money");
    public static readonly CelType Text = new("string");
    public static readonly CelType Bytes = new("bytes");
    public static readonly CelType List = new("list");
    public static readonly CelType Map = new("map");
    public static readonly CelType Timestamp = new("google.protobuf.Timestamp");
    public static readonly CelType Duration = new("google.protobuf.Duration");
    public static readonly CelType Optional = new("optional_type");
    public static readonly CelType Type = new("type");

    private CelType(string name)
    {
        Name = name;
        Known.Add(name, this);
    }

    public string Name { get; }

    public bool IsDecimalLike => this == Decimal || this == Money;

    public static CelType? Named(string name) => Known.GetValueOrDefault(name);

    public static CelType Of(object? value) => value switch
    {
        null => Null,
        bool => Bool,
        long => Int,
        ulong => Uint,
        double => Double,
        decimal => Decimal,
        Throughline.Model.Money => Money,
        string => Text,
        byte[] => Bytes,
        Instant => Timestamp,
        Elapsed => Duration,
        Expressions.Optional => Optional,
        CelType => Type,
        IReadOnlyList<object?> => List,
        _ => Map,
    };

    public override string ToString() => Name;
}

/// <summary>A value that may be absent, as <c>a.?b</c> gives it.</summary>
internal sealed class Optional
{
    private Optional(bool hasValue, object? value) => (HasValue, Value) = (hasValue, value);

    public static Optional None { get; } = new(false, null);

    public bool HasValue { get; }

    public object? Value { get; }

    public static Optional Of(object? value) => new(true, value);
}
