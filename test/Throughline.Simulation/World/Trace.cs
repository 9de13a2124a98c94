using System.Globalization;

namespace Throughline.Simulation.World;

/// <summary>
/// Everything that happened, as one number and, where somebody wants to read it, as lines. No id that is drawn by the machine goes in, so
/// the same seed has the same number on every machine.
/// </summary>
internal sealed class Trace(TheWorld world, bool keepsLog)
{
    public const ulong Start = 14695981039346656037;

    private readonly DateTimeOffset _begin = world.Now;
    private readonly List<string> _lines = [];

    public ulong Hash { get; private set; } = Start;

    public IReadOnlyList<string> Lines => _lines;

    public static ulong Mix(ulong hash, string text)
    {
        foreach (var character in text)
        {
            hash = unchecked((hash ^ character) * 1099511628211);
        }

        return hash;
    }

    public static ulong Mix(ulong hash, ulong number)
    {
        hash = unchecked((hash ^ number) * 1099511628211);
        return unchecked((hash ^ (hash >> 29)) * 0xBF58476D1CE4E5B9);
    }

    public void Note(string who, string what)
    {
        Hash = Mix(Mix(Mix(Hash, (ulong)world.Now.UtcTicks), who), what);
        if (keepsLog)
        {
            _lines.Add(string.Create(CultureInfo.InvariantCulture, $"{(world.Now - _begin).TotalSeconds,10:0.000} {who,-12} {what}"));
        }
    }
}
