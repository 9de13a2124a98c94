using System.Globalization;

namespace Throughline.Benchmarks.Measurements;

/// <summary>What an entry costs when much lies behind it, in turns with a store where little does.</summary>
internal sealed class HistoryMeasurement : Measurement
{

    public override string Name => "history";

    public override string About => "CPU and written bytes an entry over a long history, against 100,000 [--history 1000000 --base 100000 --entries 20000 a look]";

    public override int RoundsMax => 1;

    public override async Task<IReadOnlyList<Finding>> MeasureAsync(string store, Options options)
    {
        var looks = options.Looks(5);
        var (history, little, count) = (options.Size("history", 1_000_000, 2_000), options.Size("base", 100_000, 500), options.Size("entries", 20_000, 500));
        await using var old = await EntryStage.OpenAsync(store);
        await using var young = await EntryStage.OpenAsync(store);
        await old.PlayAsync(history);
        await young.PlayAsync(little);
        List<(double Rate, Cost Cost)> olds = [], youngs = [];
        await young.CostAsync(count / 2);
        await old.CostAsync(count / 2);
        for (var look = 0; look < looks; look++)
        {
            youngs.Add(await young.CostAsync(count));
            olds.Add(await old.CostAsync(count));
        }

        var behind = history.ToString("N0", CultureInfo.InvariantCulture);
        return
        [
            Compare("CPU", "us", cost => cost.Hub + cost.Database, 1) with
            {
                Notes = new Dictionary<string, double>
                {
                    ["hub CPU us an entry"] = Median(olds.Select(look => look.Cost.Hub)), ["database CPU us an entry"] = Median(olds.Select(look => look.Cost.Database)),
                    ["entries/s"] = Median(olds.Select(look => look.Rate)), ["entries/s at the base"] = Median(youngs.Select(look => look.Rate)),
                },
            },
            Compare("written", "bytes", cost => cost.Bytes, 0),
        ];

        Finding Compare(string what, string unit, Func<Cost, double> value, int digits)
        {
            var ratio = Median(olds.Zip(youngs, (a, b) => value(a.Cost) / value(b.Cost)));
            return new Finding(
                $"{what} an entry over a history of {behind}", store, Math.Round(Median(olds.Select(look => value(look.Cost))), digits), unit,
                Math.Round(Median(youngs.Select(look => value(look.Cost))), digits), $"{unit} over {little.ToString("N0", CultureInfo.InvariantCulture)}", ratio,
                new Wanted(OfRatio: true, AtLeast: false, 1.25));
        }
    }
}
