using System.Globalization;
using System.Security.Cryptography;

namespace Throughline.Conformance.Order;

/// <summary>The number from which the order of tests follows, printed so that a failing order can be run again.</summary>
public static class TestSeed
{
    public const string Variable = "THROUGHLINE_TEST_SEED";

    private static readonly Lazy<int> Chosen = new(Choose);

    public static int Value => Chosen.Value;

    /// <summary>The same order for the same seed, whatever order the items come in.</summary>
    public static IReadOnlyCollection<T> Shuffle<T>(IEnumerable<T> items, Func<T, string> name, int seed)
    {
        var sorted = items.OrderBy(name, StringComparer.Ordinal).ToArray();
        new Random(seed).Shuffle(sorted);
        return sorted;
    }

    /// <summary>The same order, but for those that begin before all others, which are in that order among themselves.</summary>
    public static IReadOnlyCollection<T> Shuffle<T>(IEnumerable<T> items, Func<T, string> name, int seed, Func<T, bool> isFirst) =>
        [.. Shuffle(items, name, seed).OrderByDescending(isFirst)];

    private static int Choose()
    {
        var given = Environment.GetEnvironmentVariable(Variable);
        var seed = int.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : RandomNumberGenerator.GetInt32(int.MaxValue);
        // Not the standard output: that belongs to the test runner.
        Console.Error.WriteLine($"Tests run in the order of {Variable}={seed}; set it to run in this order again.");
        return seed;
    }
}
