using System.Globalization;
using System.Text;

namespace Throughline.Tests.Landscape.Expressions;

/// <summary>
/// A message of the textproto format (https://protobuf.dev/reference/protobuf/textformat-spec/), as far as the conformance
/// files use it: fields in order, each a scalar (its raw text, or the bytes of a quoted one) or a message.
/// </summary>
internal sealed class TextProto
{
    private readonly List<(string Name, object Value)> _fields = [];

    public IEnumerable<string> Names => _fields.Select(one => one.Name);

    public static TextProto Parse(string text) => new Reader(text).Message('\0');

    public IEnumerable<TextProto> All(string name) => _fields.Where(one => one.Name == name).Select(one => one.Value).Cast<TextProto>();

    public TextProto? Message(string name) => All(name).FirstOrDefault();

    public bool Has(string name) => _fields.Exists(one => one.Name == name);

    /// <summary>The raw text of a number, name or flag.</summary>
    public string? Word(string name) => _fields.Find(one => one.Name == name).Value as string;

    public byte[]? Bytes(string name) => _fields.Find(one => one.Name == name).Value as byte[];

    public string? Text(string name) => Bytes(name) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    private sealed class Reader(string text)
    {
        private int _at;

        public TextProto Message(char end)
        {
            var message = new TextProto();
            while (true)
            {
                SkipBlanks();
                if (_at == text.Length || text[_at] == end)
                {
                    _at++;
                    return message;
                }

                message._fields.Add((Name(), Value()));
            }
        }

        private void SkipBlanks()
        {
            while (_at < text.Length && (char.IsWhiteSpace(text[_at]) || text[_at] is ',' or ';' or '#'))
            {
                _at = text[_at] == '#' ? text.IndexOf('\n', _at) : _at + 1;
            }
        }

        private string Name()
        {
            var start = _at;
            _at = text[_at] == '[' ? text.IndexOf(']', _at) + 1 : EndOfWord();
            return start < _at ? text[start.._at] : throw new FormatException($"a name must stand at {_at}");
        }

        private object Value()
        {
            SkipBlanks();
            if (text[_at] == ':')
            {
                _at++;
                SkipBlanks();
            }

            if (text[_at] == '{')
            {
                _at++;
                return Message('}');
            }

            if (text[_at] is not ('"' or '\''))
            {
                var start = _at;
                _at = EndOfWord();
                return text[start.._at];
            }

            // Neighbouring texts are one.
            var bytes = new List<byte>();
            while (_at < text.Length && text[_at] is '"' or '\'')
            {
                Quoted(bytes);
                SkipBlanks();
            }

            return bytes.ToArray();
        }

        private int EndOfWord()
        {
            var end = _at;
            while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] is '_' or '.' or '-' or '+'))
            {
                end++;
            }

            return end;
        }

        private void Quoted(List<byte> bytes)
        {
            var quote = text[_at++];
            while (text[_at] != quote)
            {
                if (text[_at] == '\\')
                {
                    _at++;
                    Escape(bytes);
                    continue;
                }

                var length = char.IsHighSurrogate(text[_at]) ? 2 : 1;
                bytes.AddRange(Encoding.UTF8.GetBytes(text.Substring(_at, length)));
                _at += length;
            }

            _at++;
        }

        private void Escape(List<byte> bytes)
        {
            var letter = text[_at++];
            switch (letter)
            {
                case 'x' or 'X': bytes.Add((byte)Number(2, 16)); break;
                case 'u': bytes.AddRange(Encoding.UTF8.GetBytes(char.ConvertFromUtf32(Number(4, 16)))); break;
                case 'U': bytes.AddRange(Encoding.UTF8.GetBytes(char.ConvertFromUtf32(Number(8, 16)))); break;
                case >= '0' and <= '7':
                    _at--;
                    bytes.Add((byte)Number(3, 8));
                    break;
                default:
                    var position = "abfnrtv".IndexOf(letter, StringComparison.Ordinal);
                    bytes.Add((byte)(position < 0 ? letter : "\a\b\f\n\r\t\v"[position]));
                    break;
            }
        }

        private int Number(int digitsMax, int radix)
        {
            var start = _at;
            while (_at < start + digitsMax && char.IsAsciiHexDigit(text[_at]) && (radix == 16 || text[_at] is >= '0' and <= '7'))
            {
                _at++;
            }

            var digits = text[start.._at];
            return radix == 16 ? int.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) : Convert.ToInt32(digits, 8);
        }
    }
}
