using System.Text;
using static Throughline.Landscape.Expressions.StandardFunctions;

namespace Throughline.Landscape.Expressions;

/// <summary>Functions that build new texts; each pays for its result before it builds it.</summary>
internal static class TextEdits
{
    public static object? Replace(Frame frame, object?[] values)
    {
        if (values is not [string text, string old, string with, ..] || (values.Length == 4 && values[3] is not long))
        {
            return NoOverload;
        }

        Texts.SpendSearch(frame, text, old);
        var limit = values.Length == 4 && (long)values[3]! >= 0 ? (long)values[3]! : long.MaxValue;
        var count = Math.Min(limit, old.Length == 0 ? text.Length + 1 : Occurrences(text, old));
        frame.SpendText(text.Length + (count * with.Length));
        var result = new StringBuilder();
        if (old.Length == 0)
        {
            foreach (var character in Texts.Characters(text))
            {
                result.Append(limit-- > 0 ? with : "").Append(character);
            }

            return result.Append(limit > 0 ? with : "").ToString();
        }

        var at = 0;
        for (int next; limit > 0 && (next = text.IndexOf(old, at, StringComparison.Ordinal)) >= 0; limit--)
        {
            result.Append(text, at, next - at).Append(with);
            at = next + old.Length;
        }

        return result.Append(text, at, text.Length - at).ToString();
    }

    public static object? Split(Frame frame, object?[] values)
    {
        if (values is not [string text, string separator, ..] || (values.Length == 3 && values[2] is not long))
        {
            return NoOverload;
        }

        Texts.SpendSearch(frame, text, separator);
        var limit = values.Length == 3 && (long)values[2]! >= 0 ? (int)Math.Min((long)values[2]!, int.MaxValue) : int.MaxValue;
        if (limit == 0)
        {
            return Array.Empty<object?>();
        }

        if (separator.Length > 0)
        {
            frame.Spend(Math.Min(limit, Occurrences(text, separator) + 1));
            return text.Split(separator, limit).ToArray<object?>();
        }

        frame.Spend(text.Length);
        var characters = Texts.Characters(text).ToList();
        return characters.Count <= limit
            ? characters.ToArray<object?>()
            : [.. characters.Take(limit - 1), string.Concat(characters.Skip(limit - 1))];
    }

    public static object? Join(Frame frame, object?[] values)
    {
        if (values[0] is not IReadOnlyList<object?> list || (values.Length == 2 && values[1] is not string))
        {
            return NoOverload;
        }

        var separator = values.Length == 2 ? (string)values[1]! : "";
        frame.Spend(list.Count);
        foreach (var item in list)
        {
            if (item is not string text)
            {
                var type = CelType.Of(Values.Adopt(item)).Name;
                return new Fault($"'join' needs a list of texts, but one element is of type {type}; convert it with string(...)");
            }

            frame.SpendText(text.Length + separator.Length);
        }

        return string.Join(separator, list);
    }

    /// <summary>The text in double quotes with escapes, as it could stand in an expression.</summary>
    public static string Quote(string text)
    {
        var result = new StringBuilder(text.Length + 2).Append('"');
        foreach (var character in Texts.Characters(text))
        {
            result.Append(character switch
            {
                "\a" => "\\a",
                "\b" => "\\b",
                "\f" => "\\f",
                "\n" => "\\n",
                "\r" => "\\r",
                "\t" => "\\t",
                "\v" => "\\v",
                "\\" => "\\\\",
                "\"" => "\\\"",
                { Length: 1 } when char.IsSurrogate(character[0]) => "\uFFFD",
                _ => character,
            });
        }

        return result.Append('"').ToString();
    }

    private static long Occurrences(string text, string part)
    {
        var count = 0L;
        for (var at = text.IndexOf(part, StringComparison.Ordinal); at >= 0; at = text.IndexOf(part, at + part.Length, StringComparison.Ordinal))
        {
            count++;
        }

        return count;
    }
}
