using Throughline.Conformance.Order;
using Xunit;

namespace Throughline.Simulation;

/// <summary>The campaign: as many stories as there is time for, each with other faults.</summary>
public sealed class When_many_seeds_run
{
    private const int Usual = 500;
    private const int Long = 5_000;

    private static bool IsLong => Environment.GetEnvironmentVariable("THROUGHLINE_TEST_LONG") == "1";

    /// <summary>
    /// The same 500 each time. The long campaign begins somewhere else each time, by the seed that is printed. <c>THROUGHLINE_SIM_FROM</c> and
    /// <c>THROUGHLINE_SIM_SEEDS</c> choose others.
    /// </summary>
    [Fact]
    public void Should_keep_every_promise()
    {
        var from = Campaign.Number("THROUGHLINE_SIM_FROM", IsLong ? 1 + (TestSeed.Value % 1_000_000) : 1);
        var count = Campaign.Number("THROUGHLINE_SIM_SEEDS", IsLong ? Long : Usual);

        var wrong = Campaign.Run(from, count);

        Assert.True(wrong.Count == 0, $"{wrong.Count} of {count} seeds from {from} failed\n\n{string.Join("\n\n", wrong.Take(30))}");
    }
}
