using System.Globalization;
using System.Text;

namespace Throughline.Landscape.Expressions;

/// <summary>Reads quoted texts and bytes: <c>'a'</c>, <c>"a"</c>, <c>'''a'''</c>, with the prefixes r (raw) and b (bytes) in either case.</summary>
internal static class LiteralText
{
    /// <summary>How many prefix letters stand before a quote at this place; -1 where no text begins here.</summary>
    public static int PrefixLength(string text, int at)
    {
        var length = 0;
        while (length < 2 && at + length < text.Length && text[at + length] is 'r' or 'R' or 'b' or 'B')
        {
            length++;
        }

        var isDouble = length == 2 && char.ToLowerInvariant(text[at]) == char.ToLowerInvariant(text[at + 1]);
        return !isDouble && at + length < text.Length && text[at + length] is '\'' or '"' ? length : -1;
    }

    public static object Read(string text, ref int at, int prefixLength)
    {
        var start = at;
        var prefix = text.AsSpan(at, prefixLength);
        var isRaw = prefix.ContainsAny('r', 'R');
        var isBytes = prefix.ContainsAny('b', 'B');
        at += prefixLength;
        var quote = text[at];
        var size = at + 2 < text.Length && text[at + 1] == quote && text[at + 2] == quote ? 3 : 1;
        var end = text.Substring(at, size);
        at += size;
        var content = new Content(isBytes);
        while (string.CompareOrdinal(text, at, end, 0, size) != 0)
        {
            if (at >= text.Length || (size == 1 && text[at] is '\n' or '\r'))
            {
                throw Error(text, start, $"The text that begins here is not closed; end it with {end}"
                    + (size == 1 ? $", or use {quote}{quote}{quote} for a text of several lines." : "."));
            }

            if (text[at] != '\\')
            {
                content.Add(text, ref at);
            }
            else if (isRaw)
            {
                content.Add(text, ref at);
                if (at < text.Length)
                {
                    content.Add(text, ref at);
                }
            }
            else
            {
                Escape(text, ref at, content);
            }
        }

        at += size;
        return content.Value;
    }

    private static void Escape(string text, ref int at, Content content)
    {
        var start = at++;
        var letter = at < text.Length ? text[at++] : '\0';
        switch (letter)
        {
            case 'a': content.AddCode('\a'); break;
            case 'b': content.AddCode('\b'); break;
            case 'f': content.AddCode('\f'); break;
            case 'n': content.AddCode('\n'); break;
            case 'r': content.AddCode('\r'); break;
            case 't': content.AddCode('\t'); break;
            case 'v': content.AddCode('\v'); break;
            case '\\' or '?' or '"' or '\'' or '`': content.AddCode(letter); break;
            case 'x' or 'X': content.AddCode(Digits(text, start, ref at, 2, 16)); break;
            case 'u' when !content.IsBytes: content.AddCode(Digits(text, start, ref at, 4, 16)); break;
            case 'U' when !content.IsBytes: content.AddCode(Digits(text, start, ref at, 8, 16)); break;
            case >= '0' and <= '3':
                at--;
                content.AddCode(Digits(text, start, ref at, 3, 8));
                break;
            default:
                throw Error(text, start, "This escape is unknown; a backslash itself is written \\\\, or put r before the quote for a raw text.");
        }
    }

    private static int Digits(string text, int start, ref int at, int count, int radix)
    {
        var value = 0L;
        for (var i = 0; i < count; i++, at++)
        {
            var digit = at < text.Length && char.IsAsciiHexDigit(text[at]) ? int.Parse(text.AsSpan(at, 1), NumberStyles.AllowHexSpecifier, null) : radix;
            if (digit >= radix)
            {
                throw Error(text, start, $"This escape needs {count} {(radix == 8 ? "octal" : "hexadecimal")} digits.");
            }

            value = (value * radix) + digit;
        }

        return value <= 0x10FFFF && value is < 0xD800 or > 0xDFFF
            ? (int)value
            : throw Error(text, start, "This escape names no Unicode character; characters are 0 to D7FF and E000 to 10FFFF.");
    }

    private static ExpressionException Error(string text, int offset, string message) => new([ExpressionError.At(text, offset, message)]);

    private sealed class Content(bool isBytes)
    {
        private readonly StringBuilder _text = new();
        private readonly List<byte> _bytes = [];

        public bool IsBytes => isBytes;

        public object Value => isBytes ? _bytes.ToArray() : _text.ToString();

        /// <summary>Takes the character at this place as it is, with its second half where it is a surrogate pair.</summary>
        public void Add(string text, ref int at)
        {
            var length = at + 1 < text.Length && char.IsSurrogatePair(text, at) ? 2 : 1;
            if (isBytes)
            {
                _bytes.AddRange(Encoding.UTF8.GetBytes(text.Substring(at, length)));
            }
            else
            {
                _text.Append(text, at, length);
            }

            at += length;
        }

        public void AddCode(int code)
        {
            if (isBytes)
            {
                _bytes.Add((byte)code);
            }
            else
            {
                _text.Append(char.ConvertFromUtf32(code));
            }
        }
    }
}
