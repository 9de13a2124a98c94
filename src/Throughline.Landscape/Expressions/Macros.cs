namespace Throughline.Landscape.Expressions;

/// <summary>Which macros there are, and how each one gathers its result over the elements.</summary>
internal static class Macros
{
    private static readonly Dictionary<string, string> Written = new(StringComparer.Ordinal)
    {
        ["has"] = "has(value.field)",
        ["or"] = "optional.or(other)",
        ["orValue"] = "optional.orValue(value)",
        ["optMap"] = "optional.optMap(x, value)",
        ["optFlatMap"] = "optional.optFlatMap(x, optional)",
        ["all"] = "list.all(x, condition) or list.all(index, x, condition)",
        ["exists"] = "list.exists(x, condition) or list.exists(index, x, condition)",
        ["exists_one"] = "list.exists_one(x, condition) or list.exists_one(index, x, condition)",
        ["existsOne"] = "list.existsOne(x, condition) or list.existsOne(index, x, condition)",
        ["map"] = "list.map(x, value) or list.map(x, condition, value)",
        ["filter"] = "list.filter(x, condition)",
        ["transformList"] = "list.transformList(index, x, value) or list.transformList(index, x, condition, value)",
        ["transformMap"] = "map.transformMap(key, x, value) or map.transformMap(key, x, condition, value)",
        ["transformMapEntry"] = "map.transformMapEntry(key, x, {newKey: value}), also with a condition before the last argument",
    };

    public static bool IsMacro(string name) => Written.ContainsKey(name);

    /// <summary>How the macro is written, or null where there is none of this name.</summary>
    public static string? ArgumentsOf(string name) => Written.GetValueOrDefault(name);

    public static bool IsMacro(Call call) => call.Function switch
    {
        "has" => call.Target is null && call.Arguments.Count == 1,
        "or" or "orValue" => call.Target is not null && call.Arguments.Count == 1,
        _ => VariablesOf(call) > 0,
    };

    /// <summary>How many of the first arguments are names that the macro declares.</summary>
    public static int VariablesOf(Call call) => call.Target is null ? 0 : (call.Function, call.Arguments.Count) switch
    {
        ("all" or "exists" or "exists_one" or "existsOne" or "filter" or "map" or "optMap" or "optFlatMap", 2) => 1,
        ("map", 3) => 1,
        ("all" or "exists" or "exists_one" or "existsOne", 3) => 2,
        ("transformList" or "transformMap" or "transformMapEntry", 3 or 4) => 2,
        _ => 0,
    };

    public static CelType? ResultOf(string name) => name switch
    {
        "all" or "exists" or "exists_one" or "existsOne" => CelType.Bool,
        "transformMap" or "transformMapEntry" => CelType.Map,
        _ => CelType.List,
    };

    /// <summary>The elements: one variable sees elements or keys, two see index and element or key and value.</summary>
    public static IEnumerable<(object? First, object? Second)> Items(object source, int variables)
    {
        if (source is IReadOnlyList<object?> list)
        {
            for (var i = 0; i < list.Count; i++)
            {
                var value = Values.At(list, i);
                yield return variables == 1 ? (value, null) : ((long)i, value);
            }

            yield break;
        }

        foreach (var key in Values.KeysOf(source))
        {
            Values.TryGet(source, key, out var value);
            yield return (key, value);
        }
    }

    public static Fold Start(string name) => name switch
    {
        "all" => new Quantifier(decides: false),
        "exists" => new Quantifier(decides: true),
        "exists_one" or "existsOne" => new ExactlyOne(),
        "filter" => new Gather(keepsElement: true),
        "transformMap" => new GatherMap(isEntry: false),
        "transformMapEntry" => new GatherMap(isEntry: true),
        _ => new Gather(keepsElement: false),
    };

    internal abstract class Fold
    {
        public abstract object Result { get; }

        /// <summary>Takes one element; true where no further one can change the result.</summary>
        /// <param name="first">The element, key or index.</param>
        /// <param name="holds">The condition for it: a bool or a fault.</param>
        /// <param name="produced">What the transformation made of it where the condition holds.</param>
        public abstract bool Step(Frame frame, object? first, object? holds, object? produced);
    }

    private sealed class Quantifier(bool decides) : Fold
    {
        private bool _isDecided;
        private Fault? _fault;

        public override object Result => _isDecided ? Values.Bool(decides) : _fault ?? Values.Bool(!decides);

        public override bool Step(Frame frame, object? first, object? holds, object? produced)
        {
            _fault ??= holds as Fault;
            return _isDecided = holds is bool flag && flag == decides;
        }
    }

    private sealed class ExactlyOne : Fold
    {
        private int _count;
        private Fault? _fault;

        public override object Result => _fault ?? Values.Bool(_count == 1);

        public override bool Step(Frame frame, object? first, object? holds, object? produced)
        {
            _fault = holds as Fault;
            _count += holds is true ? 1 : 0;
            return _fault is not null;
        }
    }

    private sealed class Gather(bool keepsElement) : Fold
    {
        private readonly List<object?> _values = [];
        private Fault? _fault;

        public override object Result => _fault ?? (object)_values;

        public override bool Step(Frame frame, object? first, object? holds, object? produced)
        {
            _fault = holds as Fault ?? produced as Fault;
            if (_fault is null && holds is true)
            {
                frame.Spend(1);
                _values.Add(keepsElement ? first : produced);
            }

            return _fault is not null;
        }
    }

    private sealed class GatherMap(bool isEntry) : Fold
    {
        private readonly CelMap _map = new();
        private Fault? _fault;

        public override object Result => _fault ?? (object)_map;

        public override bool Step(Frame frame, object? first, object? holds, object? produced)
        {
            _fault = holds as Fault ?? produced as Fault;
            if (_fault is null && holds is true)
            {
                frame.Spend(1);
                _fault = isEntry ? Merge(frame, produced) : _map.Add(first, produced);
            }

            return _fault is not null;
        }

        private Fault? Merge(Frame frame, object? produced)
        {
            if (!Values.IsMap(produced))
            {
                return new Fault($"'transformMapEntry' needs a map for each element, not {CelType.Of(produced).Name}");
            }

            foreach (var (key, value) in Items(produced!, 2))
            {
                frame.Spend(1);
                if (_map.Add(key, value) is { } fault)
                {
                    return fault;
                }
            }

            return null;
        }
    }
}
