using System.Globalization;
using Xunit;

namespace Throughline.EndToEnd.Kills;

public sealed class When_the_hub_is_killed_on_sqlite
{
    [Fact]
    public Task Should_leave_every_deal_in_the_targets_exactly_once() => Kill.AndCountAsync("");
}

public sealed class When_the_hub_is_killed_on_postgresql
{
    [Fact]
    public async Task Should_leave_every_deal_in_the_targets_exactly_once()
    {
        await using var schema = new KillSchema();
        await Kill.AndCountAsync("--postgres " + (await schema.CreateAsync()).Replace(' ', '\u00a0'));
    }
}

internal static class Kill
{
    // 100 on each store in CI; the long campaign takes ten times as many.
    private static readonly int Times = Environment.GetEnvironmentVariable("THROUGHLINE_TEST_LONG") is null ? 100 : 1_000;

    public static async Task AndCountAsync(string store)
    {
        var seed = int.Parse(Environment.GetEnvironmentVariable("THROUGHLINE_TEST_SEED") ?? "1", CultureInfo.InvariantCulture);
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        await using var campaign = new KillCampaign(store, seed);
        await campaign.RunAsync(Times);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{campaign.Kills} kills, {campaign.Firm.Deals} deals, {campaign.Firm.Time.Approved} of {campaign.Firm.Time.Booked} lines of time approved");
        Assert.Equal(Times, campaign.Kills);
        Assert.Empty(campaign.Firm.Wrong());
        Assert.Empty(campaign.Firm.Time.Wrong());
        Assert.True(campaign.Firm.Time.Approved > 0, "nobody has booked anything");
    }
}
