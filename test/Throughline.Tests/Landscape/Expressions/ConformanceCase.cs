using System.Globalization;
using System.Text.RegularExpressions;
using Throughline.Landscape.Expressions;

namespace Throughline.Tests.Landscape.Expressions;

/// <summary>One test of the conformance files of CEL (<c>../shared/cel</c>, Apache-2.0, github.com/google/cel-spec).</summary>
internal sealed partial record ConformanceCase(string Id, TextProto Test)
{
    private static readonly string[] ScalarTypes =
    [
        "null_value", "bool_value", "int64_value", "uint64_value", "double_value", "string_value", "bytes_value", "type_value", "list_value", "map_value",
    ];

    private static readonly HashSet<string> WellKnown = ["google.protobuf.Timestamp", "google.protobuf.Duration"];

    /// <summary>The root of the repository, or null where the tests run outside it.</summary>
    public static string? Root { get; } = FindRoot();

    /// <summary>The folder of the files, or null where they are not present.</summary>
    public static string? Folder { get; } =
        Root is not null && Directory.Exists(Path.Combine(Root, "../shared/cel")) ? Path.Combine(Root, "../shared/cel") : null;

    public string Text => Test.Text("expr")!;

    public bool IsChecked => Test.Word("disable_check") != "true";

    /// <summary>All cases of one file; equal names within a section are numbered.</summary>
    public static IEnumerable<ConformanceCase> Of(string file)
    {
        var seen = new Dictionary<string, int>();
        var name = Path.GetFileNameWithoutExtension(file);
        foreach (var section in TextProto.Parse(File.ReadAllText(file)).All("section"))
        {
            foreach (var test in section.All("test"))
            {
                var id = $"{name}/{section.Text("name")}/{test.Text("name")}";
                var count = seen[id] = seen.GetValueOrDefault(id) + 1;
                yield return new ConformanceCase(count == 1 ? id : $"{id}#{count}", test);
            }
        }
    }

    /// <summary>Why it cannot be run by an implementation without protocol buffers; null where it can.</summary>
    public string? WhyLeftOut()
    {
        if (Message().Match(Text) is { Success: true } message)
        {
            return "builds the protocol buffer message " + Blank().Replace(message.Groups[1].Value, "");
        }

        if (Test.All("type_env").Select(declared => declared.Message("ident")?.Message("type")?.Text("message_type"))
            .FirstOrDefault(type => type is not null && !WellKnown.Contains(type)) is { } type)
        {
            return "declares a variable of the protocol buffer message " + type;
        }

        var results = Test.Message("value")?.Names ?? [];
        return results.Except(ScalarTypes).FirstOrDefault() is { } result ? $"expects a protocol buffer value ({result})" : null;
    }

    /// <summary>Null where the result is the expected one, otherwise what happened instead.</summary>
    public string? Run()
    {
        var bindings = Test.All("bindings").ToDictionary(binding => binding.Text("key")!, binding => Value(binding.Message("value")!.Message("value")!));
        var scope = new ExpressionScope
        {
            Container = Test.Text("container") ?? "",
            Checked = IsChecked,
            Variables = IsChecked ? [.. bindings.Keys.Union(Test.All("type_env").Select(declared => declared.Text("name")!))] : null,
        };
        if (!Expression.TryParse(Text, scope, out var expression, out var errors))
        {
            return "not parsed: " + string.Join("; ", errors);
        }

        object? actual;
        try
        {
            actual = expression.Evaluate(bindings);
        }
        catch (EvaluationException failed) when (!failed.IsCostLimit)
        {
            return Test.Has("eval_error") ? null : "failed: " + failed.Message;
        }

        if (Test.Has("eval_error"))
        {
            return $"gave {Show(actual)} where an error is expected";
        }

        // Without an expectation, the result must be true.
        var expected = Test.Message("value") is { } value ? Value(value) : true;
        return Show(expected) == Show(actual) ? null : $"gave {Show(actual)}, expected {Show(expected)}";
    }

    private static object? Value(TextProto value) => value.Names.Single() switch
    {
        "null_value" => null,
        "bool_value" => value.Word("bool_value") == "true",
        "int64_value" => long.Parse(value.Word("int64_value")!, CultureInfo.InvariantCulture),
        "uint64_value" => ulong.Parse(value.Word("uint64_value")!, CultureInfo.InvariantCulture),
        "double_value" => Double(value.Word("double_value")!),
        "string_value" => value.Text("string_value"),
        "bytes_value" => value.Bytes("bytes_value"),
        "type_value" => new TypeName(value.Text("type_value")!),
        "list_value" => value.Message("list_value")!.All("values").Select(Value).ToArray(),
        "map_value" => Map(value.Message("map_value")!),
        "object_value" => WellKnownObject(value.Message("object_value")!),
        var other => throw new FormatException($"{other} is not read"),
    };

    private static object Map(TextProto map)
    {
        var entries = map.All("entries").ToDictionary(entry => Value(entry.Message("key")!)!, entry => Value(entry.Message("value")!));
        return entries.Keys.All(key => key is string) ? entries.ToDictionary(entry => (string)entry.Key, entry => entry.Value) : entries;
    }

    private static TimeSpan WellKnownObject(TextProto value)
    {
        var name = value.Names.Single();
        var content = value.Message(name)!;
        return name.Contains("google.protobuf.Duration", StringComparison.Ordinal)
            ? TimeSpan.FromSeconds(long.Parse(content.Word("seconds") ?? "0", CultureInfo.InvariantCulture))
                + TimeSpan.FromTicks(long.Parse(content.Word("nanos") ?? "0", CultureInfo.InvariantCulture) / 100)
            : throw new FormatException($"{name} is not read");
    }

    private static double Double(string word) => word.ToLowerInvariant() switch
    {
        "inf" or "infinity" => double.PositiveInfinity,
        "-inf" or "-infinity" => double.NegativeInfinity,
        _ => double.Parse(word, CultureInfo.InvariantCulture),
    };

    // Shows type and value, so that 1, 1u and 1.0 differ; entries of a map in a fixed order.
    private static string Show(object? value) => value switch
    {
        null => "null",
        bool flag => flag ? "true" : "false",
        long whole => $"{whole}",
        ulong whole => $"{whole}u",
        double number => number.ToString("R", CultureInfo.InvariantCulture) + "d",
        string text => $"'{text}'",
        byte[] bytes => $"b'{Convert.ToHexString(bytes)}'",
        TimeSpan or DateTimeOffset => $"{value.GetType().Name} {value}",
        IReadOnlyDictionary<string, object?> map => Entries(map.Select(entry => ((object)entry.Key, entry.Value))),
        IReadOnlyDictionary<object, object?> map => Entries(map.Select(entry => (entry.Key, entry.Value))),
        IReadOnlyList<object?> list => $"[{string.Join(", ", list.Select(Show))}]",
        TypeName or { } when value.GetType().Name is "TypeName" or "CelType" => $"type {value}",
        _ => $"{value.GetType().Name} {value}",
    };

    private static string Entries(IEnumerable<(object Key, object? Value)> entries) =>
        "{" + string.Join(", ", entries.Select(entry => $"{Show(entry.Key)}: {Show(entry.Value)}").Order(StringComparer.Ordinal)) + "}";

    private static string? FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Throughline.slnx")))
            {
                return folder.FullName;
            }
        }

        return null;
    }

    // A name, perhaps with blanks and comments around its dots, directly before a brace.
    [GeneratedRegex(@"((?:[A-Za-z_]\w*(?:\s|//[^\n]*\n)*\.(?:\s|//[^\n]*\n)*)*[A-Z]\w*)(?:\s|//[^\n]*\n)*\{")]
    private static partial Regex Message();

    [GeneratedRegex(@"//[^\n]*\n|\s")]
    private static partial Regex Blank();

    private sealed record TypeName(string Name)
    {
        public override string ToString() => Name;
    }
}
