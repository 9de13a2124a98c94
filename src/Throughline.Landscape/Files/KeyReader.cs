using System.Globalization;
using System.Text.RegularExpressions;

namespace Throughline.Landscape.Files;

/// <summary>Reads the keys of one group, remembers which were asked for, and reports the rest.</summary>
/// <param name="what">What the group describes, for messages: "system crm", "step approval".</param>
internal sealed partial class KeyReader(MapNode map, string what, ProblemList problems)
{
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    public Place Place => map.Place;

    public string What => what;

    /// <summary>The group at the top of a file; null with a problem where there is none.</summary>
    public static KeyReader? Of(Node? node, Place place, string what, ProblemList problems)
    {
        if (node is MapNode map)
        {
            return new KeyReader(map, what, problems);
        }

        problems.Error(node?.Place ?? place, "wrong-shape", $"{what} must be a group of keys, not {node?.Kind ?? "nothing"}");
        return null;
    }

    /// <summary>The same group under a name that is known by now.</summary>
    public KeyReader Of(string better) => new(map, better, problems);

    public Place PlaceOf(string name) => map.Member(name)?.Place ?? map.Place;

    public bool Has(string name)
    {
        _known.Add(name);
        return map.Member(name) is not null;
    }

    public Node? Node(string name, bool required = false)
    {
        _known.Add(name);
        var node = map.Member(name)?.Node;
        if (node is ScalarNode { IsNull: true })
        {
            problems.Error(PlaceOf(name), "missing-key", $"'{name}' of {what} has no value; give one or remove the key");
            return null;
        }

        if (node is null && required)
        {
            problems.Error(map.Place, "missing-key", $"{what} needs '{name}'");
        }

        return node;
    }

    public ScalarNode? Scalar(string name, bool required = false)
    {
        var node = Node(name, required);
        if (node is null or ScalarNode)
        {
            return (ScalarNode?)node;
        }

        problems.Error(PlaceOf(name), "wrong-shape", $"'{name}' of {what} must be a single value, not {node.Kind}");
        return null;
    }

    public string? Text(string name, bool required = false) => Scalar(name, required)?.Text;

    /// <summary>A name that other files refer to: lower-case letters, digits and hyphens.</summary>
    public string? Name(string name)
    {
        var text = Text(name, required: true);
        if (text is not null && !NamePattern().IsMatch(text))
        {
            problems.Error(PlaceOf(name), "bad-name", $"'{name}' must be lower-case letters, digits and hyphens, at most 60, such as lead-to-project");
            return null;
        }

        return text;
    }

    public bool Flag(string name, bool otherwise)
    {
        var scalar = Scalar(name);
        if (scalar is null)
        {
            return otherwise;
        }

        if (scalar.Value is bool flag)
        {
            return flag;
        }

        problems.Error(PlaceOf(name), "wrong-type", $"'{name}' of {what} must be true or false");
        return otherwise;
    }

    public int Whole(string name, int otherwise, int min, int max, bool required = false)
    {
        var scalar = Scalar(name, required);
        if (scalar is null)
        {
            return otherwise;
        }

        if (scalar.Value is long whole && whole >= min && whole <= max)
        {
            return (int)whole;
        }

        problems.Error(PlaceOf(name), "wrong-type", $"'{name}' of {what} must be a whole number from {min} to {max}");
        return otherwise;
    }

    public TimeSpan Duration(string name, TimeSpan otherwise, bool required = false)
    {
        var scalar = Scalar(name, required);
        if (scalar is null)
        {
            return otherwise;
        }

        if (DurationOf(scalar.Text) is { } duration)
        {
            return duration;
        }

        problems.Error(PlaceOf(name), "wrong-type", $"'{name}' of {what} must be a length of time such as 500ms, 5s, 10m, 2h or 14d");
        return otherwise;
    }

    public DateOnly? Date(string name)
    {
        var scalar = Scalar(name);
        if (scalar is null)
        {
            return null;
        }

        if (DateOnly.TryParseExact(scalar.Text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
        {
            return date;
        }

        problems.Error(PlaceOf(name), "wrong-type", $"'{name}' of {what} must be a date such as 2026-07-01");
        return null;
    }

    public IEnumerable<Node> List(string name, bool required = false)
    {
        var node = Node(name, required);
        if (node is ListNode list)
        {
            return list.Items;
        }

        if (node is not null)
        {
            problems.Error(PlaceOf(name), "wrong-shape", $"'{name}' of {what} must be a list, not {node.Kind}");
        }

        return [];
    }

    public IEnumerable<ScalarNode> Texts(string name)
    {
        foreach (var item in List(name))
        {
            if (item is ScalarNode { IsNull: false } scalar)
            {
                yield return scalar;
            }
            else
            {
                problems.Error(item.Place, "wrong-shape", $"the items of '{name}' of {what} must be single values");
            }
        }
    }

    public MapNode? Group(string name, bool required = false)
    {
        var node = Node(name, required);
        if (node is null or MapNode)
        {
            return (MapNode?)node;
        }

        problems.Error(PlaceOf(name), "wrong-shape", $"'{name}' of {what} must be a group of keys, not {node.Kind}");
        return null;
    }

    public KeyReader? Keys(string name, string childWhat, bool required = false) =>
        Group(name, required) is { } group ? new KeyReader(group, childWhat, problems) : null;

    /// <summary>Reports the keys that nobody asked for.</summary>
    public void Done()
    {
        foreach (var member in map.Members.Where(member => !_known.Contains(member.Name)))
        {
            problems.Error(member.Place, "unknown-key", $"'{Shorten(member.Name)}' is not a key of {what}{Suggestion.For(member.Name, _known)}");
        }
    }

    internal static TimeSpan? DurationOf(string text)
    {
        var match = DurationPattern().Match(text);
        if (!match.Success)
        {
            return null;
        }

        var count = int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        return match.Groups[2].Value switch
        {
            "ms" => TimeSpan.FromMilliseconds(count),
            "s" => TimeSpan.FromSeconds(count),
            "m" => TimeSpan.FromMinutes(count),
            "h" => TimeSpan.FromHours(count),
            _ => TimeSpan.FromDays(count),
        };
    }

    internal static string Shorten(string text) => text.Length > 80 ? text[..80] + "..." : text;

    [GeneratedRegex(@"^([0-9]{1,6})(ms|s|m|h|d)\z", RegexOptions.CultureInvariant)]
    private static partial Regex DurationPattern();

    [GeneratedRegex(@"^[a-z][a-z0-9-]{0,59}\z", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();
}
