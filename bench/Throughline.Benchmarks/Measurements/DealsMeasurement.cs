namespace Throughline.Benchmarks.Measurements;

/// <summary>Won deals through the whole of lead to project, targets in memory, in turns with a hub that makes each step a transaction of its own.</summary>
internal sealed class DealsMeasurement : Measurement
{

    public override string Name => "deals";

    public override string About =>
        "won deals, targets in memory, against one transaction per step [--deals 1000 a look, --steps 300 of the other, --warm-up 1500, --window 256]";

    public override async Task<IReadOnlyList<Finding>> MeasureAsync(string store, Options options)
    {
        var looks = options.Looks(3);
        var (count, steps, warmUp) = (options.Size("deals", 1_000, 30), options.Size("steps", 300, 8), options.Size("warm-up", 1_500, 20));
        var deals = await WonDeals.LearnAsync();
        await using var hub = await DealStage.OpenAsync(store, null, options.Window);
        await using var stepwise = await DealStage.OpenAsync(store, null, options.Window, isStepByStep: true);
        var (next, nextStep, commits) = (0, 0, new List<double>());
        await PlayAsync(warmUp);
        await StepAsync(Math.Min(warmUp, steps));
        var (measured, limit, ratio) = await InTurnsAsync(looks, () => StepAsync(steps), async () =>
        {
            commits.Add((await hub.Bench.LimitAsync()).Commits);
            return await PlayAsync(count);
        });
        await hub.CheckAsync(next);
        await stepwise.CheckAsync(nextStep);
        var oneRow = Median(commits);
        return
        [
            new Finding("won deal, targets in memory", store, measured, "deals/s", oneRow, "1-row commits/s", measured / oneRow, new Wanted(OfRatio: false, AtLeast: true, 2_000)),
            new Finding(
                "won deal, against a transaction per step", store, measured, "deals/s", limit, "deals/s, a transaction per step", ratio,
                new Wanted(OfRatio: true, AtLeast: true, 3.5)),
        ];

        async Task<double> PlayAsync(int some)
        {
            next += some;
            return some / await hub.PlayAsync(deals.Take(next - some, some));
        }

        async Task<double> StepAsync(int some)
        {
            nextStep += some;
            return some / await stepwise.PlayAsync(deals.Take(nextStep - some, some));
        }
    }
}

/// <summary>Won deals through HTTP sandboxes on the same cores.</summary>
internal sealed class DealsOverHttpMeasurement : Measurement
{
    // n8n on PostgreSQL, measured apart; see docs/benchmarks/method.md.
    private const double Other = 44;

    public override string Name => "deals-http";

    public override string About => "won deals through the HTTP sandboxes on the same cores, against n8n's 44/s [--deals 600 a look, --warm-up 1500, --window 256]";

    public override async Task<IReadOnlyList<Finding>> MeasureAsync(string store, Options options)
    {
        var looks = options.Looks(3);
        var (count, warmUp) = (options.Size("deals", 600, 30), options.Size("warm-up", 1_500, 20));
        var all = warmUp + (count * looks);
        await using var sandboxes = await SandboxProcess.StartAsync(all);
        await using var hub = await DealStage.OpenAsync(store, sandboxes, options.Window);
        var deals = await hub.Hub.ReadDealsAsync();
        await hub.PlayAsync(deals[..warmUp]);
        var (rates, commits) = (new List<double>(), new List<double> { (await hub.Bench.LimitAsync()).Commits });
        for (var look = 0; look < looks; look++)
        {
            rates.Add(count / await hub.PlayAsync(deals[(warmUp + (look * count))..(warmUp + ((look + 1) * count))]));
            commits.Add((await hub.Bench.LimitAsync()).Commits);
        }

        await hub.CheckAsync(all);
        var standing = await sandboxes.CountAsync();
        if (standing.Number("projects") != all || standing.Number("active") != all)
        {
            throw new BenchException($"the sandboxes do not hold what {all} deals come to: {standing}");
        }

        return
        [
            new Finding(
                "won deal, HTTP sandboxes", store, Median(rates), "deals/s", Other, "deals/s, n8n, quoted", Median(rates) / Other,
                new Wanted(OfRatio: true, AtLeast: true, 10))
            {
                Notes = new Dictionary<string, double> { ["1-row commits/s"] = Median(commits) },
            },
        ];
    }
}
