namespace Throughline.Landscape.Files;

/// <summary>Finds the name that was probably meant.</summary>
internal static class Suggestion
{
    /// <summary>"; did you mean 'x'?", or the list of what there is, or nothing.</summary>
    public static string For(string given, IEnumerable<string> known)
    {
        var names = known.Distinct().Order(StringComparer.Ordinal).ToArray();
        if (names.Length == 0)
        {
            return "; there are none";
        }

        var nearest = names.Select(name => (Name: name, Distance: Distance(given, name))).MinBy(pair => pair.Distance);
        return nearest.Distance <= Math.Max(2, given.Length / 3) && nearest.Distance < given.Length
            ? $"; did you mean '{nearest.Name}'?"
            : names.Length <= 25 ? $"; there are {string.Join(", ", names)}" : "";
    }

    private static int Distance(string left, string right)
    {
        // Names are short; a garbage key of a megabyte must not cost a quadratic table.
        if (left.Length > 60 || right.Length > 60)
        {
            return int.MaxValue;
        }

        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var above = row[j];
                var same = char.ToLowerInvariant(left[i - 1]) == char.ToLowerInvariant(right[j - 1]);
                row[j] = Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + (same ? 0 : 1));
                diagonal = above;
            }
        }

        return row[^1];
    }
}
