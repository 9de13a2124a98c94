using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using Throughline.Model;

namespace Throughline.Landscape.Files;

/// <summary>What a landscape file holds, with the line of everything.</summary>
internal abstract record Node(Place Place)
{
    public abstract string Kind { get; }

    /// <summary>The value as a document holds it.</summary>
    public abstract object? Value { get; }
}

internal sealed partial record ScalarNode(Place Place, string Text, bool IsQuoted) : Node(Place)
{
    public override string Kind => IsNull ? "nothing" : "a single value";

    public bool IsNull => !IsQuoted && Text is "" or "~" or "null";

    /// <summary>
    /// YAML 1.2: only true and false are flags (the country NO stays a text), and numbers have no leading zeros (a postal code stays a text).
    /// </summary>
    public override object? Value => IsQuoted ? Text : Text switch
    {
        "" or "~" or "null" => null,
        "true" => true,
        "false" => false,
        _ when !NumberPattern().IsMatch(Text) => Text,
        _ when long.TryParse(Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => whole,
        _ when decimal.TryParse(Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => number,
        _ => Text,
    };

    [GeneratedRegex(@"^-?(0|[1-9][0-9]*)(\.[0-9]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex NumberPattern();
}

internal sealed record ListNode(Place Place, ImmutableArray<Node> Items) : Node(Place)
{
    public override string Kind => "a list";

    public override object? Value => Items.Select(item => item.Value).ToArray();
}

internal sealed record MemberNode(string Name, Place Place, Node Node);

internal sealed record MapNode(Place Place, ImmutableArray<MemberNode> Members) : Node(Place)
{
    public override string Kind => "a group of keys";

    public override object? Value => Fields.Of([.. Members.Select(member => (member.Name, member.Node.Value))]);

    public MemberNode? Member(string name) => Members.FirstOrDefault(member => member.Name == name);
}
