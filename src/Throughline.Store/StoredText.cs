using Throughline.Model;

namespace Throughline.Store;

/// <summary>What text may go into a column. PostgreSQL cannot hold NUL and neither store can hold half a surrogate pair.</summary>
internal static class StoredText
{
    /// <summary>Text that something is found by: changing it would lose or mix up records, so what cannot be stored is refused.</summary>
    /// <exception cref="ArgumentException">The text holds NUL or is not valid Unicode.</exception>
    public static string Key(string text) => Fits(text)
        ? text
        : throw new ArgumentException($"'{Prose(text)}' cannot be stored as a key: it holds a NUL character or is not valid Unicode");

    /// <summary>Text for people: what cannot be stored is replaced by U+FFFD, because a story with a blot is better than none.</summary>
    public static string Prose(string text)
    {
        if (Fits(text))
        {
            return text;
        }

        var copy = text.ToCharArray();
        for (var i = 0; i < copy.Length; i++)
        {
            if (char.IsHighSurrogate(copy[i]) && i + 1 < copy.Length && char.IsLowSurrogate(copy[i + 1]))
            {
                i++;
            }
            else if (copy[i] == '\0' || char.IsSurrogate(copy[i]))
            {
                copy[i] = '\uFFFD';
            }
        }

        return new string(copy);
    }

    public static string? ProseOrNull(string? text) => text is null ? null : Prose(text);

    /// <exception cref="ArgumentException">The scope cannot be read back from its text.</exception>
    public static string Of(Scope scope) => scope.Kind.Length > 0 && !scope.Kind.Contains(':', StringComparison.Ordinal)
        ? Key(scope.ToString())
        : throw new ArgumentException($"'{Prose(scope.ToString())}' cannot be stored: the kind of a scope is neither empty nor holds a colon");

    private static bool Fits(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '\0' || (char.IsSurrogate(c) && !(char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[++i]))))
            {
                return false;
            }
        }

        return true;
    }
}
