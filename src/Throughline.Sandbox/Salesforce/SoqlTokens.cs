using System.Globalization;
using System.Text;

namespace Throughline.Sandbox.Salesforce;

internal enum SoqlTokenKind
{
    Word,
    Literal,
    Symbol,
    End,
}

internal sealed record SoqlToken(SoqlTokenKind Kind, string Text, int Column, SoqlLiteral? Literal = null);

/// <summary>Cuts SOQL text into words, literals and symbols.</summary>
internal static class SoqlTokens
{
    public static List<SoqlToken> Of(string text)
    {
        var tokens = new List<SoqlToken>();
        var i = 0;
        while (i < text.Length)
        {
            var start = i;
            var c = text[i];
            if (char.IsWhiteSpace(c))
            {
                i++;
            }
            else if (char.IsAsciiLetter(c) || c == '_')
            {
                while (i < text.Length && (char.IsAsciiLetterOrDigit(text[i]) || text[i] is '_' or '.'))
                {
                    i++;
                }

                tokens.Add(Word(text[start..i], start + 1));
            }
            else if (c == '\'')
            {
                tokens.Add(Quoted(text, ref i));
            }
            else if (char.IsAsciiDigit(c) || (c is '-' or '+' && i + 1 < text.Length && char.IsAsciiDigit(text[i + 1])))
            {
                i++;
                while (i < text.Length && (char.IsAsciiLetterOrDigit(text[i]) || text[i] is '.' or ':' or '-' or '+'))
                {
                    i++;
                }

                tokens.Add(new(SoqlTokenKind.Literal, text[start..i], start + 1, Bare(text[start..i])));
            }
            else
            {
                i += i + 1 < text.Length && text.Substring(i, 2) is "!=" or "<=" or ">=" or "<>" ? 2 : 1;
                tokens.Add(new(SoqlTokenKind.Symbol, text[start..i], start + 1));
            }
        }

        tokens.Add(new(SoqlTokenKind.End, "<EOF>", text.Length + 1));
        return tokens;
    }

    private static SoqlToken Word(string word, int column) => word.ToUpperInvariant() switch
    {
        "NULL" => new(SoqlTokenKind.Literal, word, column, new(SoqlKind.Null, null)),
        "TRUE" => new(SoqlTokenKind.Literal, word, column, new(SoqlKind.Flag, true)),
        "FALSE" => new(SoqlTokenKind.Literal, word, column, new(SoqlKind.Flag, false)),
        _ => new(SoqlTokenKind.Word, word, column),
    };

    private static SoqlToken Quoted(string text, ref int i)
    {
        var start = i++;
        var value = new StringBuilder();
        while (true)
        {
            if (i >= text.Length)
            {
                throw SalesforceRefusal.Malformed("line 1:" + start + " mismatched character '<EOF>' expecting '''");
            }

            var c = text[i++];
            if (c == '\'')
            {
                return new(SoqlTokenKind.Literal, text[start..i], start + 1, new(SoqlKind.Text, value.ToString()));
            }

            value.Append(c == '\\' ? Escaped(text, ref i) : c.ToString());
        }
    }

    private static string Escaped(string text, ref int i)
    {
        var c = i < text.Length ? text[i++] : ' ';
        switch (char.ToLowerInvariant(c))
        {
            case 'n': return "\n";
            case 'r': return "\r";
            case 't': return "\t";
            case 'b': return "\b";
            case 'f': return "\f";
            case '"' or '\'' or '\\': return c.ToString();
            // Only LIKE gives these a meaning; it reads the mark that is kept here.
            case '%' or '_': return "\\" + c;
            case 'u' when i + 4 <= text.Length
                && ushort.TryParse(text.AsSpan(i, 4), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var code):
                i += 4;
                return ((char)code).ToString();
            default:
                throw SalesforceRefusal.Malformed($"Invalid string literal '{text}'. Illegal character sequence '\\{c}' in string literal.");
        }
    }

    private static SoqlLiteral Bare(string text)
    {
        if (decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
        {
            return new(SoqlKind.Number, number);
        }

        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _))
        {
            return new(SoqlKind.Date, text);
        }

        return text.Contains('T', StringComparison.Ordinal) && (text.EndsWith('Z') || text.LastIndexOfAny(['+', '-']) > 10)
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out var instant)
                ? new(SoqlKind.DateTime, SalesforceFieldRules.Instant(instant))
                : throw SalesforceRefusal.Malformed($"line 1:0 no viable alternative at character '{text}'");
    }
}
