namespace Throughline.Sandbox;

/// <summary>
/// Where the ids of a sandbox begin. It forgets its records when it stops, and a hub remembers their ids; if the next one gave the same ids to other
/// records, that hub would take those for the ones it knows.
/// </summary>
public static class FirstIds
{
    /// <summary>The greatest that may be asked for: Redmine's ids are whole numbers of 31 bits.</summary>
    public const int Max = 2_000_000_000;

    // A sandbox that makes fewer records of a kind than this in each second it runs has used up less than lies before the next one's first id.
    private const int PerSecond = 10;

    private static readonly DateTimeOffset Origin = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>A first id that no sandbox started in another second has within six years.</summary>
    public static int At(DateTimeOffset start) => (int)((((long)(start - Origin).TotalSeconds * PerSecond % Max) + Max) % Max) + 1;
}
