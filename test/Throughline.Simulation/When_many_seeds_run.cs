using Xunit;

namespace Throughline.Simulation;

/// <summary>The campaign: as many stories as there is time for, each with other faults.</summary>
public sealed class When_many_seeds_run
{
    [Fact]
    public void Should_keep_every_promise()
    {
        var wrong = Campaign.Run(Campaign.Number("THROUGHLINE_SIM_FROM", 1), Campaign.Number("THROUGHLINE_SIM_SEEDS", 500));

        Assert.True(wrong.Count == 0, $"{wrong.Count} seeds failed\n\n{string.Join("\n\n", wrong.Take(30))}");
    }
}
