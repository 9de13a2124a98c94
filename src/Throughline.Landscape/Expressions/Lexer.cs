using System.Collections.Frozen;
using System.Globalization;

namespace Throughline.Landscape.Expressions;

internal enum TokenKind
{
    End,
    Name,
    QuotedName,
    Constant,
    Symbol,
}

/// <summary>A word of the expression: for a constant <paramref name="Value"/> is its value, otherwise <paramref name="Text"/> counts.</summary>
internal readonly record struct Token(TokenKind Kind, int Offset, string Text, object? Value = null)
{
    public bool Is(string symbol) => Kind == TokenKind.Symbol && Text == symbol;

    public override string ToString() => Kind == TokenKind.End ? "the end" : $"'{Instant.Shorten(Text)}'";
}

/// <summary>Cuts the text into words, by the lexical rules of the CEL language definition.</summary>
internal sealed class Lexer(string text)
{
    private static readonly FrozenSet<string> Reserved = FrozenSet.ToFrozenSet(
        [
            "as", "break", "const", "continue", "else", "for", "function", "if", "import",
            "let", "loop", "package", "namespace", "return", "var", "void", "while",
        ],
        StringComparer.Ordinal);

    private static readonly FrozenSet<string> Keywords = FrozenSet.ToFrozenSet(["true", "false", "null", "in"], StringComparer.Ordinal);

    // Longer symbols first, so that <= is not read as < and =.
    private static readonly string[] Symbols =
        ["==", "!=", "<=", ">=", "&&", "||", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", ".", ",", "(", ")", "[", "]", "{", "}"];

    private int _at;

    /// <summary>True for words that the language keeps for later; they may name a field but not a variable.</summary>
    public static bool IsReserved(string name) => Reserved.Contains(name);

    public static bool IsPlainName(string name) =>
        name.Length > 0 && IsNameStart(name[0]) && name.All(IsNamePart) && !Reserved.Contains(name) && !Keywords.Contains(name);

    public static List<Token> Read(string text)
    {
        var lexer = new Lexer(text);
        var tokens = new List<Token>();
        do
        {
            tokens.Add(lexer.Next());
        }
        while (tokens[^1].Kind != TokenKind.End);
        return tokens;
    }

    private static bool IsNameStart(char c) => c == '_' || char.IsAsciiLetter(c);

    private static bool IsNamePart(char c) => c == '_' || char.IsAsciiLetterOrDigit(c);

    private char Peek(int ahead = 0) => _at + ahead < text.Length ? text[_at + ahead] : '\0';

    private Token Next()
    {
        SkipBlanks();
        var start = _at;
        if (_at == text.Length)
        {
            return new Token(TokenKind.End, start, "");
        }

        var c = text[_at];
        if (LiteralText.PrefixLength(text, _at) is var prefix && prefix >= 0)
        {
            var value = LiteralText.Read(text, ref _at, prefix);
            return new Token(TokenKind.Constant, start, text[start.._at], value);
        }

        if (IsNameStart(c))
        {
            return Word();
        }

        if (char.IsAsciiDigit(c) || (c == '.' && char.IsAsciiDigit(Peek(1))))
        {
            return Number();
        }

        if (c == '`')
        {
            return Quoted();
        }

        foreach (var symbol in Symbols)
        {
            if (string.CompareOrdinal(text, _at, symbol, 0, symbol.Length) == 0)
            {
                _at += symbol.Length;
                return new Token(TokenKind.Symbol, start, symbol);
            }
        }

        throw Error(start, c == '='
            ? "A single = means nothing here; compare with ==."
            : $"The character '{(char.IsControl(c) || char.IsSurrogate(c) ? $"U+{(int)c:X4}" : c)}' has no meaning here; texts stand in quotes.");
    }

    private void SkipBlanks()
    {
        while (_at < text.Length)
        {
            if (text[_at] is ' ' or '\t' or '\n' or '\f' or '\r')
            {
                _at++;
            }
            else if (text[_at] == '/' && Peek(1) == '/')
            {
                var end = text.IndexOf('\n', _at);
                _at = end < 0 ? text.Length : end + 1;
            }
            else
            {
                return;
            }
        }
    }

    private Token Word()
    {
        var start = _at;
        while (_at < text.Length && IsNamePart(text[_at]))
        {
            _at++;
        }

        var word = text[start.._at];
        return word switch
        {
            "true" => new Token(TokenKind.Constant, start, word, Values.True),
            "false" => new Token(TokenKind.Constant, start, word, Values.False),
            "null" => new Token(TokenKind.Constant, start, word),
            "in" => new Token(TokenKind.Symbol, start, word),
            _ => new Token(TokenKind.Name, start, word),
        };
    }

    private Token Quoted()
    {
        var start = _at;
        var end = text.IndexOf('`', start + 1);
        var name = end < 0 ? "" : text[(start + 1)..end];
        if (name.Length == 0 || !name.All(c => IsNamePart(c) || c is '.' or '-' or '/' or ' '))
        {
            throw Error(start, "A name in backquotes must be closed with ` and hold only letters, digits, and _ . - / or blanks; use ['name'] for others.");
        }

        _at = end + 1;
        return new Token(TokenKind.QuotedName, start, name);
    }

    private Token Number()
    {
        var start = _at;
        if (Peek() == '0' && Peek(1) is 'x' or 'X')
        {
            _at += 2;
            Skip(char.IsAsciiHexDigit);
            return Whole(start, text[(start + 2).._at], NumberStyles.AllowHexSpecifier);
        }

        Skip(char.IsAsciiDigit);
        var isWhole = true;
        if (Peek() == '.' && char.IsAsciiDigit(Peek(1)))
        {
            isWhole = false;
            _at++;
            Skip(char.IsAsciiDigit);
        }

        var sign = Peek(1) is '+' or '-' ? 2 : 1;
        if (Peek() is 'e' or 'E' && char.IsAsciiDigit(Peek(sign)))
        {
            isWhole = false;
            _at += sign;
            Skip(char.IsAsciiDigit);
        }

        if (isWhole)
        {
            return Whole(start, text[start.._at], NumberStyles.None);
        }

        RefuseTail(start);
        var number = double.Parse(text.AsSpan(start, _at - start), NumberStyles.Float, CultureInfo.InvariantCulture);
        return new Token(TokenKind.Constant, start, text[start.._at], number);
    }

    // The value is a ulong where the text has no u: the parser knows whether a minus belongs to it (-9223372036854775808).
    private Token Whole(int start, string digits, NumberStyles styles)
    {
        if (!ulong.TryParse(digits, styles, CultureInfo.InvariantCulture, out var value))
        {
            throw Error(start, digits.Length == 0
                ? "After 0x hexadecimal digits are missing."
                : "The whole number is too large; ints end at 9223372036854775807, uints at 18446744073709551615u. Use decimal('...').");
        }

        if (Peek() is 'u' or 'U')
        {
            _at++;
            RefuseTail(start);
            return new Token(TokenKind.Constant, start, text[start.._at], value);
        }

        RefuseTail(start);
        return new Token(TokenKind.Constant, start, text[start.._at], new Digits(value));
    }

    private void RefuseTail(int start)
    {
        if (IsNamePart(Peek()))
        {
            throw Error(start, $"'{Instant.Shorten(text[start..(_at + 1)])}' is neither a number nor a name; names begin with a letter.");
        }
    }

    private void Skip(Func<char, bool> isPart)
    {
        while (_at < text.Length && isPart(text[_at]))
        {
            _at++;
        }
    }

    private ExpressionException Error(int offset, string message) => new([ExpressionError.At(text, offset, message)]);
}

/// <summary>A whole number without its sign, before the parser has made an int of it.</summary>
internal sealed record Digits(ulong Size);
