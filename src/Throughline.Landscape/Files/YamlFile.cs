using System.Collections.Immutable;
using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Throughline.Landscape.Files;

/// <summary>
/// Reads one YAML file into nodes. The plain part of YAML only: one document, no anchors and aliases (a few of them can stand for
/// gigabytes), no tags (they name types to be made), no merge keys, no repeated keys. Never throws for what a file holds.
/// </summary>
internal static class YamlFile
{
    public const int BytesMax = 1024 * 1024;
    private const int DepthMax = 40;

    /// <summary>The nodes of a text, or null with a problem; null without one where the file is empty.</summary>
    public static Node? Read(string file, ReadOnlySpan<byte> bytes, ProblemList problems)
    {
        var text = Decode(file, bytes, problems);
        if (text is null || HasForbiddenCharacters(file, text, problems))
        {
            return null;
        }

        return ReadText(file, text, problems);
    }

    public static Node? ReadText(string file, string text, ProblemList problems)
    {
        var builder = new Builder(file, problems);
        try
        {
            return builder.Document(new Parser(new StringReader(text)));
        }
        catch (RefusedException)
        {
            return null;
        }
        catch (YamlException e)
        {
            problems.Error(new Place(file, Math.Max(1, (int)e.Start.Line)), "yaml-syntax", $"this is not valid YAML: {Sentence(e.Message)}; check"
                + " indentation, colons and quotes here and just above");
            return null;
        }
        catch (Exception e)
        {
            // The scanner has been seen to fail with other exceptions on garbage.
            problems.Error(new Place(file, builder.Line), "yaml-syntax", $"this is not valid YAML ({e.GetType().Name}); check the text after this line");
            return null;
        }
    }

    private static string? Decode(string file, ReadOnlySpan<byte> bytes, ProblemList problems)
    {
        if (bytes.Length > BytesMax)
        {
            problems.Error(new Place(file, 1), "file-too-large", $"the file has {bytes.Length:N0} bytes, more than the {BytesMax:N0} that a landscape file"
                + " may have; split it or remove what does not belong here");
            return null;
        }

        var content = bytes.StartsWith(Encoding.UTF8.Preamble) ? bytes[3..] : bytes;
        if (System.Text.Unicode.Utf8.IsValid(content))
        {
            return Encoding.UTF8.GetString(content);
        }

        var valid = 0;
        while (Rune.DecodeFromUtf8(content[valid..], out _, out var used) == System.Buffers.OperationStatus.Done)
        {
            valid += used;
        }

        problems.Error(new Place(file, 1 + content[..valid].Count((byte)'\n')), "not-text", "the file is not UTF-8 text from this line on; save it as UTF-8");
        return null;
    }

    private static bool HasForbiddenCharacters(string file, string text, ProblemList problems)
    {
        var found = false;
        var line = 0;
        foreach (var row in text.AsSpan().EnumerateLines())
        {
            line++;
            var indentation = row.Length - row.TrimStart(" \t").Length;
            if (row[..indentation].Contains('\t'))
            {
                problems.Error(new Place(file, line), "tab", "the line is indented with a tab, which YAML forbids; use spaces");
                found = true;
            }

            foreach (var c in row)
            {
                if (char.IsControl(c) && c is not '\t')
                {
                    problems.Error(new Place(file, line), "not-text", $"the line holds the control character U+{(int)c:X4}; remove it");
                    found = true;
                    break;
                }
            }
        }

        return found;
    }

    private static string Sentence(string message)
    {
        // YamlDotNet puts its own position, which counts from another origin, before the sentence in some versions.
        var end = message.StartsWith('(') ? message.IndexOf("): ", StringComparison.Ordinal) : -1;
        return (end > 0 ? message[(end + 3)..] : message).TrimEnd('.').ToLowerInvariant();
    }

    /// <summary>The reason stands in the problem list already.</summary>
    private sealed class RefusedException : Exception;

    private sealed class Builder(string file, ProblemList problems)
    {
        public int Line { get; private set; } = 1;

        public Node? Document(Parser parser)
        {
            Next(parser);
            Node? root = null;
            while (Next(parser) is not StreamEnd)
            {
                if (parser.Current is not DocumentStart)
                {
                    continue;
                }

                if (root is not null)
                {
                    problems.Error(Here(parser.Current), "second-document", "a second YAML document begins here; a landscape file holds one");
                    return root;
                }

                Next(parser);
                root = Read(parser, 1);
            }

            return root is ScalarNode { IsNull: true } ? null : root;
        }

        private Node Read(Parser parser, int depth)
        {
            var current = parser.Current!;
            if (depth > DepthMax)
            {
                throw Refuse(current, "too-deep", $"this is nested deeper than {DepthMax} levels");
            }

            if (current is AnchorAlias)
            {
                throw Refuse(current, "alias", "aliases (*name) are not used in landscape files; write the value out, or use a value map or parameter");
            }

            if (current is NodeEvent { Anchor.IsEmpty: false })
            {
                throw Refuse(current, "alias", "anchors (&name) are not used in landscape files; remove it");
            }

            if (current is NodeEvent { Tag: { IsEmpty: false, IsNonSpecific: false } })
            {
                throw Refuse(current, "tag", "tags (!name) are not used in landscape files; remove it");
            }

            return current switch
            {
                Scalar scalar => new ScalarNode(Here(scalar), scalar.Value, scalar.Style is not ScalarStyle.Plain and not ScalarStyle.Any),
                SequenceStart => ReadList(parser, depth),
                MappingStart => ReadMap(parser, depth),
                _ => throw Refuse(current, "yaml-syntax", "this is not valid YAML: a value was expected here"),
            };
        }

        private ListNode ReadList(Parser parser, int depth)
        {
            var place = Here(parser.Current!);
            var items = ImmutableArray.CreateBuilder<Node>();
            while (Next(parser) is not SequenceEnd)
            {
                items.Add(Read(parser, depth + 1));
            }

            return new ListNode(place, items.ToImmutable());
        }

        private MapNode ReadMap(Parser parser, int depth)
        {
            var place = Here(parser.Current!);
            var members = ImmutableArray.CreateBuilder<MemberNode>();
            var lines = new Dictionary<string, int>(StringComparer.Ordinal);
            while (Next(parser) is not MappingEnd)
            {
                var key = Read(parser, depth + 1);
                Next(parser);
                var value = Read(parser, depth + 1);
                if (key is not ScalarNode name)
                {
                    problems.Error(key.Place, "yaml-syntax", "a key must be a plain text");
                }
                else if (!lines.TryAdd(name.Text, name.Place.Line))
                {
                    problems.Error(
                        name.Place, "duplicate-key", $"'{name.Text}' stands here for the second time (first on line {lines[name.Text]}); remove one of them");
                }
                else
                {
                    members.Add(new MemberNode(name.Text, name.Place, value));
                }
            }

            return new MapNode(place, members.ToImmutable());
        }

        private ParsingEvent Next(Parser parser)
        {
            if (!parser.MoveNext() || parser.Current is null)
            {
                problems.Error(new Place(file, Line), "yaml-syntax", "this is not valid YAML: the file ends too early");
                throw new RefusedException();
            }

            Line = Math.Max(Line, (int)parser.Current.Start.Line);
            return parser.Current;
        }

        private RefusedException Refuse(ParsingEvent at, string code, string message)
        {
            problems.Error(Here(at), code, message);
            return new RefusedException();
        }

        private Place Here(ParsingEvent at) => new(file, Math.Max(1, (int)at.Start.Line));
    }
}
