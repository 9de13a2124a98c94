namespace Throughline.Benchmarks.Measurements;

/// <summary>Approved time entries from intake to the acknowledged batch, target in memory, against the bare store.</summary>
internal sealed class EntriesMeasurement : Measurement
{

    public override string Name => "entries";

    public override string About => "approved time entries to the acknowledged batch, target in memory, against bare rows [--entries 50000 a look, --warm-up 50000]";

    public override async Task<IReadOnlyList<Finding>> MeasureAsync(string store, Options options)
    {
        var looks = options.Looks(3);
        await using var stage = await EntryStage.OpenAsync(store);
        await stage.PlayAsync(options.Size("warm-up", 50_000, 100));
        var count = options.Size("entries", 50_000, 100);
        var costs = new List<Cost>();
        var (measured, limit, ratio) = await InTurnsAsync(looks, () => stage.Bench.RowsAsync(TimeLines.BareRows), async () =>
        {
            var (rate, cost) = await stage.CostAsync(count);
            costs.Add(cost);
            return rate;
        });
        return
        [
            new Finding(
                "approved time entry, target in memory", store, measured, "entries/s", limit,
                store == "postgres" ? "rows/s by COPY, 500 each" : "rows/s by insert, 500 each", ratio,
                new Wanted(OfRatio: true, AtLeast: true, store == "postgres" ? 0.15 : 0.14))
            {
                Notes = new Dictionary<string, double>
                {
                    ["hub CPU us an entry"] = Median(costs.Select(cost => cost.Hub)), ["database CPU us an entry"] = Median(costs.Select(cost => cost.Database)),
                    ["bytes written an entry"] = Median(costs.Select(cost => cost.Bytes)),
                },
            },
        ];
    }
}
