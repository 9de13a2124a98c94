using System.Runtime.InteropServices;

namespace Throughline.Chaos.Troubles;

/// <summary>The order in which the kinds strike: a seed draws it, and each kind comes once before any comes again. Nothing strikes a victim that is struck.</summary>
internal sealed class Deck(IReadOnlyList<Trouble> troubles, Random random)
{
    private readonly List<Trouble> _left = [];

    /// <summary>The next kind that has a free victim, with the one that it strikes (or all of them) and how long; null where none has.</summary>
    /// <param name="struck">Whom something strikes just now.</param>
    public (Trouble Trouble, string[] Victims, TimeSpan Lasts)? Draw(IReadOnlySet<string> struck)
    {
        if (_left.Count == 0)
        {
            _left.AddRange(troubles);
            random.Shuffle(CollectionsMarshal.AsSpan(_left));
        }

        foreach (var trouble in _left)
        {
            var free = trouble.Victims.Where(victim => !struck.Contains(victim)).ToArray();
            if (free.Length == 0 || (trouble.TakesAll && free.Length < trouble.Victims.Length))
            {
                continue;
            }

            _left.Remove(trouble);
            var (least, most) = trouble.Seconds;
            return (trouble, trouble.TakesAll ? free : [free[random.Next(free.Length)]], TimeSpan.FromSeconds(least + (random.NextDouble() * (most - least))));
        }

        return null;
    }
}
