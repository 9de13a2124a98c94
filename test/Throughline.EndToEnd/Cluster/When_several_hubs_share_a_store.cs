using Throughline.Chaos.Servers;
using Throughline.Conformance;
using Throughline.EndToEnd.Firm;
using Xunit;

namespace Throughline.EndToEnd.Cluster;

/// <summary>Two hubs, real processes, on a real PostgreSQL and a real RabbitMQ: whatever happens to one of them, every deal is in the targets exactly once.</summary>
public sealed class When_several_hubs_share_a_store : IAsyncLifetime
{
    private static readonly TimeSpan FrozenFor = TimeSpan.FromSeconds(Environment.GetEnvironmentVariable("THROUGHLINE_TEST_LONG") is null ? 25 : 120);

    private readonly SeveralHubs _all = new(SeveralHubs.Broker);

    public async ValueTask InitializeAsync() => await _all.StartAsync(2);

    public ValueTask DisposeAsync() => _all.DisposeAsync();

    [Fact]
    public async Task Should_share_the_work()
    {
        await _all.WinAsync(30);
        await _all.UntilAllAreActiveAsync();

        Assert.Empty(_all.Firm.Wrong());
        Assert.Equal(2, _all.Workers.Count);
        Assert.Empty(_all.Errors());
        Assert.Equal(0, await RetriedAsync());
        Say("two hubs");
        var takes = (await _all.QueryAsync("select sum(epoch)::bigint from head", row => row.GetInt64(0)))[0];
        var done = (await _all.QueryAsync("select sum(control + intake)::bigint from head", row => row.GetInt64(0)))[0];
        TestContext.Current.TestOutputHelper?.WriteLine($"partitions were taken {takes} times for {done} envelopes");
    }

    [Fact]
    public async Task Should_go_on_when_one_is_killed()
    {
        await _all.WinAsync(10);
        _all.MeasureFromNow();
        var victim = await DriverAsync();
        var name = await NameAsync(victim);
        victim.Kill();
        var passed = await LanesPassAsync(name);
        // For longer than the calls that were under way wait until they may be asked for: nobody but them stands still.
        await _all.WinAsync(60);
        await _all.UntilAllAreActiveAsync();

        Say("one of two killed");
        TestContext.Current.TestOutputHelper?.WriteLine($"its lanes were driven by the other after {passed.TotalMilliseconds:0} ms");
        Assert.InRange(passed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.Empty(_all.Firm.Wrong());
        Assert.InRange(_all.LongestPause, TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Should_not_let_a_frozen_one_write_over_its_successor()
    {
        await _all.WinAsync(10);
        _all.MeasureFromNow();
        var frozen = await DriverAsync();
        var name = await NameAsync(frozen);
        await frozen.SignalAsync("STOP");
        var passed = await LanesPassAsync(name);
        await _all.WinAsync(15);
        // Longer than its lanes and its place among the hubs are kept for it.
        await _all.LookAsync(FrozenFor);
        Say("one of two frozen");
        TestContext.Current.TestOutputHelper?.WriteLine($"its lanes were driven by the other after {passed.TotalMilliseconds:0} ms");
        var lanes = await LanesAsync();
        await frozen.SignalAsync("CONT");
        await _all.LookAsync(TimeSpan.FromSeconds(3));
        // It finds that it drives nothing any more, and takes nothing back.
        Assert.Equal(lanes, await LanesAsync());
        await _all.WinAsync(10);
        await _all.UntilAllAreActiveAsync();

        Assert.Empty(_all.Firm.Wrong());
        Assert.DoesNotContain(_all.Errors(), line => line.Contains("Fenced", StringComparison.Ordinal));
        await _all.UntilAsync("the thawed hub hears bells again", async () => await _all.WorksAsync(0) == "by bells" && await _all.WorksAsync(1) == "by bells");
    }

    [Fact]
    public async Task Should_hand_over_at_once_when_one_is_stopped()
    {
        await _all.WinAsync(10);
        _all.MeasureFromNow();
        var leaving = await DriverAsync();
        await leaving.SignalAsync("TERM");
        await _all.WinAsync(15);
        await leaving.WaitForExitAsync();
        await _all.UntilAllAreActiveAsync();

        Say("one of two stopped");
        Assert.Equal(0, leaving.ExitCode);
        Assert.Empty(_all.Firm.Wrong());
        Assert.Equal(0, await RetriedAsync());
        Assert.Empty(_all.Errors());
        Assert.InRange(_all.LongestPause, TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Should_refuse_a_hub_with_another_release()
    {
        var other = Path.Combine(Path.GetDirectoryName(_all.Firm.Landscape)!, "other");
        foreach (var file in Directory.EnumerateFiles(_all.Firm.Landscape, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(other, Path.GetRelativePath(_all.Firm.Landscape, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            await File.WriteAllTextAsync(copy, (await File.ReadAllTextAsync(file)).Replace("every: 1s", "every: 2s", StringComparison.Ordinal));
        }

        var refused = _all.Launch(other);
        await refused.WaitForExitAsync();

        Assert.Equal(1, refused.ExitCode);
        Assert.Contains(refused.Log, line => line.Contains("The other hubs on this store work with release", StringComparison.Ordinal));
    }

    /// <summary>A hub that drives a lane, so that its loss is felt.</summary>
    private async Task<HubProcess> DriverAsync()
    {
        var lanes = (await _all[0].HealthAsync()).Nested("cluster")!.List("lanes").Count;
        return _all[lanes > 0 ? 0 : 1];
    }

    private static async Task<string> NameAsync(HubProcess hub) => (await hub.HealthAsync()).Nested("cluster")!.Text("hub")!;

    private Task<IReadOnlyList<string>> LanesAsync() =>
        _all.QueryAsync("select system || ' ' || owner || ' ' || epoch from lane order by system", row => row.GetString(0));

    /// <summary>How long it takes until another hub drives every lane of this one.</summary>
    private async Task<TimeSpan> LanesPassAsync(string hub)
    {
        var began = TimeProvider.System.GetTimestamp();
        await _all.UntilAsync("other hubs drive its lanes", async () =>
            !(await LanesAsync()).Any(lane => lane.Contains(hub, StringComparison.Ordinal)));
        return TimeProvider.System.GetElapsedTime(began);
    }

    private async Task<long> RetriedAsync() => (await _all.QueryAsync("select count(*) from command where attempt > 1 or last_failure is not null", row => row.GetInt64(0)))[0];

    private void Say(string what) => TestContext.Current.TestOutputHelper?.WriteLine(
        $"{what}: {_all.Firm.Deals} deals, {_all.Workers.Count} hubs worked, longest time without progress {_all.LongestPause.TotalMilliseconds:0} ms");
}

/// <summary>The broker is a convenience: without it the hubs look for themselves.</summary>
public sealed class When_the_broker_goes_away : IAsyncLifetime
{
    private readonly RabbitServer _broker = new(Path.Combine(RepositoryFolder.Find(), "scripts"));
    private SeveralHubs? _all;

    public async ValueTask InitializeAsync()
    {
        _all = new SeveralHubs(await _broker.UpAsync());
        await _all.StartAsync(2);
    }

    public async ValueTask DisposeAsync()
    {
        if (_all is not null)
        {
            await _all.DisposeAsync();
        }

        await _broker.DisposeAsync();
    }

    [Fact]
    public async Task Should_go_on_by_looking_and_come_back_to_bells()
    {
        var all = _all!;
        await all.UntilAsync("both hubs hear bells", async () => await all.WorksAsync(0) == "by bells" && await all.WorksAsync(1) == "by bells");
        await all.WinAsync(10);
        await _broker.DownAsync();
        all.MeasureFromNow();
        await all.WinAsync(10);
        await all.UntilAllAreActiveAsync();
        Assert.Equal(("by looking into the store", "by looking into the store"), (await all.WorksAsync(0), await all.WorksAsync(1)));
        TestContext.Current.TestOutputHelper?.WriteLine($"broker away: longest time without progress {all.LongestPause.TotalMilliseconds:0} ms");

        var late = await all.StartHubAsync();
        await late.SignalAsync("TERM");
        await late.WaitForExitAsync();
        Assert.Equal(0, late.ExitCode);

        await _broker.UpAsync();
        await all.UntilAsync("both hubs hear bells again", async () => await all.WorksAsync(0) == "by bells" && await all.WorksAsync(1) == "by bells");
        await all.WinAsync(10);
        await all.UntilAllAreActiveAsync();

        Assert.Empty(all.Firm.Wrong());
        Assert.Empty(all.Errors());
        Assert.Contains(all[0].Log, line => line.Contains("TL1401", StringComparison.Ordinal));
        Assert.True(all[0].Log.Count(line => line.Contains("TL1402", StringComparison.Ordinal)) >= 2);
    }

    /// <summary>RabbitMQ that was killed while it made a queue has it afterwards, and neither serves it nor says so.</summary>
    [Fact]
    public async Task Should_make_queues_anew_that_the_broker_cannot_serve()
    {
        var all = _all!;
        await all.UntilAsync("both hubs hear bells", async () => await all.WorksAsync(0) == "by bells" && await all.WorksAsync(1) == "by bells");
        await _broker.BreakQueuesAsync();
        await all.WinAsync(10);
        await all.UntilAllAreActiveAsync();

        await all.UntilAsync("a hub made them anew", () => Task.FromResult(all[0].Log.Concat(all[1].Log).Any(line => line.Contains("TL1407", StringComparison.Ordinal))));
        await all.UntilAsync("both hubs hear bells again", async () => await all.WorksAsync(0) == "by bells" && await all.WorksAsync(1) == "by bells");
        await all.WinAsync(10);
        await all.UntilAllAreActiveAsync();

        Assert.Empty(all.Firm.Wrong());
        Assert.Empty(all.Errors());
    }
}
