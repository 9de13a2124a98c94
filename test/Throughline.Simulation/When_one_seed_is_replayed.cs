using Xunit;

namespace Throughline.Simulation;

/// <summary>One run with its whole log: <c>THROUGHLINE_SIM_SEED</c> says which.</summary>
public sealed class When_one_seed_is_replayed(ITestOutputHelper output)
{
    [Fact]
    public void Should_keep_every_promise()
    {
        var run = new SimulationRun(Campaign.Number("THROUGHLINE_SIM_SEED", 20), keepsLog: true).Run();
        foreach (var line in run.World.Trace.Lines)
        {
            output.WriteLine(line);
        }

        Assert.Empty(run.Wrong);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(11)]
    public void Should_happen_the_same_way_again(int seed)
    {
        var first = new SimulationRun(seed).Run();
        var second = new SimulationRun(seed, keepsLog: true).Run();

        Assert.Equal(first.World.Trace.Hash, second.World.Trace.Hash);
        Assert.Equal(first.World.Steps, second.World.Steps);
    }
}
