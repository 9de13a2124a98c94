using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using static Throughline.Landscape.Expressions.StandardFunctions;

namespace Throughline.Landscape.Expressions;

/// <summary>Functions of texts. Positions and lengths count Unicode characters, as CEL does, not halves of surrogate pairs.</summary>
internal static class Texts
{
    private const int PatternLengthMax = 1000;
    private const long PatternCost = 1000;
    private const int RecentMax = 200;

    // A pattern that stands in a value list or a parameter comes again with every record.
    private static readonly ConcurrentDictionary<string, object> Recent = new(StringComparer.Ordinal);

    public static IEnumerable<Function> Functions =>
    [
        Search("startsWith", (text, part) => text.StartsWith(part, StringComparison.Ordinal)),
        Search("endsWith", (text, part) => text.EndsWith(part, StringComparison.Ordinal)),
        Search("contains", (text, part) => text.Contains(part, StringComparison.Ordinal)),
        Function.Member("matches", 1, 1, CelType.Bool, Matches),
        new("matches", false, 2, 2, CelType.Bool, Matches),
        Function.Member("charAt", 1, 1, CelType.Text, (_, values) => values is [string text, long at] ? CharAt(text, at) : NoOverload),
        Function.Member("indexOf", 1, 2, CelType.Int, (frame, values) => Find(frame, values, isLast: false)),
        Function.Member("lastIndexOf", 1, 2, CelType.Int, (frame, values) => Find(frame, values, isLast: true)),
        Function.Member("substring", 1, 2, CelType.Text, (_, values) => Substring(values)),
        Mapped("lowerAscii", text => Cased(text, char.IsAsciiLetterUpper, char.ToLowerInvariant)),
        Mapped("upperAscii", text => Cased(text, char.IsAsciiLetterLower, char.ToUpperInvariant)),
        Mapped("trim", text => text.Trim()),
        Mapped("reverse", text => string.Concat(Characters(text).Reverse())),
        Function.Global("strings.quote", 1, CelType.Text, values => values[0] is string text ? TextEdits.Quote(text) : NoOverload),
        Function.Member("replace", 2, 3, CelType.Text, TextEdits.Replace),
        Function.Member("split", 1, 2, CelType.List, TextEdits.Split),
        Function.Member("join", 0, 1, CelType.Text, TextEdits.Join),
    ];

    /// <summary>How many Unicode characters.</summary>
    public static int Length(string text) => ToPosition(text, text.Length);

    /// <summary>The order of the Unicode characters, which for pairs of surrogates is not the order of UTF-16.</summary>
    public static int Compare(string left, string right)
    {
        var at = left.AsSpan().CommonPrefixLength(right);
        if (at == left.Length || at == right.Length)
        {
            return left.Length.CompareTo(right.Length);
        }

        var (a, b) = (left[at], right[at]);
        return char.IsSurrogate(a) == char.IsSurrogate(b) ? a.CompareTo(b) : char.IsSurrogate(a) ? 1 : -1;
    }

    /// <summary>A compiled pattern, or why it is none.</summary>
    public static object Pattern(string pattern)
    {
        if (pattern.Length > PatternLengthMax)
        {
            return new Fault($"The pattern has {pattern.Length} characters; the limit is {PatternLengthMax}");
        }

        try
        {
            // Without backtracking the time grows with the length of the text only, whatever the pattern.
            return new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception refused) when (refused is ArgumentException or NotSupportedException)
        {
            return new Fault($"The pattern '{Instant.Shorten(pattern)}' cannot be used: it is malformed, too large, or needs look-around or back-references");
        }
    }

    public static object IsMatch(Frame frame, string text, Regex pattern)
    {
        frame.SpendText(text.Length);
        return Values.Bool(pattern.IsMatch(text));
    }

    /// <summary>Each Unicode character as a text of its own.</summary>
    public static IEnumerable<string> Characters(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var length = char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]) ? 2 : 1;
            yield return text.Substring(i, length);
            i += length - 1;
        }
    }

    /// <summary>A search of a hostile text may take as long as both texts multiplied; ordinary ones stop at the first difference.</summary>
    public static void SpendSearch(Frame frame, string text, string part) => frame.SpendText((long)text.Length * (part.Length / 64));

    // From a count of characters to an index into the string and back; -1 where the text is shorter.
    private static int ToIndex(string text, long position)
    {
        var index = 0;
        for (; position > 0 && index < text.Length; position--)
        {
            index += char.IsHighSurrogate(text[index]) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]) ? 2 : 1;
        }

        return position == 0 ? index : -1;
    }

    private static int ToPosition(string text, int index)
    {
        var pairs = 0;
        for (var i = 1; i < index; i++)
        {
            pairs += char.IsLowSurrogate(text[i]) && char.IsHighSurrogate(text[i - 1]) ? 1 : 0;
        }

        return index - pairs;
    }

    private static Function Search(string name, Func<string, string, bool> search) => Function.Member(name, 1, 1, CelType.Bool, (frame, values) =>
    {
        if (values is not [string text, string part])
        {
            return NoOverload;
        }

        SpendSearch(frame, text, part);
        return Values.Bool(search(text, part));
    });

    private static Function Mapped(string name, Func<string, string> change) =>
        Function.Member(name, 0, 0, CelType.Text, (_, values) => values[0] is string text ? change(text) : NoOverload);

    private static string Cased(string text, Func<char, bool> applies, Func<char, char> change) =>
        string.Create(text.Length, (text, applies, change), static (span, state) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = state.applies(state.text[i]) ? state.change(state.text[i]) : state.text[i];
            }
        });

    private static object? Matches(Frame frame, object?[] values)
    {
        if (values is not [string text, string pattern])
        {
            return NoOverload;
        }

        // A pattern that is only known now is compiled now, which costs far more than an operation.
        frame.Spend(PatternCost + pattern.Length);
        var compiled = Compiled(pattern);
        return compiled is Regex regex ? IsMatch(frame, text, regex) : compiled;
    }

    private static object Compiled(string pattern)
    {
        if (Recent.TryGetValue(pattern, out var known))
        {
            return known;
        }

        if (Recent.Count >= RecentMax)
        {
            Recent.Clear();
        }

        return Recent[pattern] = Pattern(pattern);
    }

    private static Fault Outside(long at) => new($"The position {at} is outside the text");

    private static object CharAt(string text, long at)
    {
        var index = at < 0 ? -1 : ToIndex(text, at);
        return index < 0 ? Outside(at) : Characters(text[index..Math.Min(index + 2, text.Length)]).FirstOrDefault("");
    }

    private static object? Find(Frame frame, object?[] values, bool isLast)
    {
        if (values is not [string text, string part, ..] || (values.Length == 3 && values[2] is not long))
        {
            return NoOverload;
        }

        SpendSearch(frame, text, part);
        var from = values.Length == 3 ? (long)values[2]! : isLast ? Length(text) : 0;
        var index = from < 0 ? -1 : ToIndex(text, from);
        if (index < 0)
        {
            return Outside(from);
        }

        var found = isLast ? LastIndex(text, part, index) : text.IndexOf(part, index, StringComparison.Ordinal);
        return (long)(found < 0 ? -1 : ToPosition(text, found));
    }

    private static int LastIndex(string text, string part, int from) =>
        text.AsSpan(0, (int)Math.Min(text.Length, from + (long)part.Length)).LastIndexOf(part.AsSpan(), StringComparison.Ordinal);

    private static object? Substring(object?[] values)
    {
        if (values is not [string text, long start, ..] || (values.Length == 3 && values[2] is not long))
        {
            return NoOverload;
        }

        var end = values.Length == 3 ? (long)values[2]! : Length(text);
        var first = start < 0 ? -1 : ToIndex(text, start);
        var last = end < 0 ? -1 : ToIndex(text, end);
        return first < 0 ? Outside(start)
            : last < 0 ? Outside(end)
            : first > last ? new Fault($"The substring would end at {end}, before its start {start}")
            : text[first..last];
    }
}
