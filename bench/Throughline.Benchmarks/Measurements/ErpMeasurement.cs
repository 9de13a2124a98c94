namespace Throughline.Benchmarks.Measurements;

/// <summary>The same entries into the ERP stand-in over HTTP, in a process of its own, in turns with the target in memory.</summary>
internal sealed class ErpMeasurement : Measurement
{

    public override string Name => "erp";

    public override string About => "the same entries into the ERP sandbox over HTTP, 200 a batch, against the target in memory [--entries 20000 a look, --warm-up 30000]";

    public override async Task<IReadOnlyList<Finding>> MeasureAsync(string store, Options options)
    {
        var looks = options.Looks(3);
        await using var sandboxes = await SandboxProcess.StartAsync(0, TimeLines.Engagements);
        await using var memory = await EntryStage.OpenAsync(store);
        await using var real = await EntryStage.OpenAsync(store, sandboxes);
        var (count, warmUp) = (options.Size("entries", 20_000, 500), options.Size("warm-up", 30_000, 500));
        await memory.PlayAsync(warmUp);
        await real.PlayAsync(warmUp);
        var (measured, limit, ratio) = await InTurnsAsync(
            looks, async () => count / await memory.PlayAsync(count), async () => count / await real.PlayAsync(count));
        var standing = (await sandboxes.CountAsync()).Number("lines");
        if (standing != warmUp + (count * looks))
        {
            throw new BenchException($"the ERP sandbox holds {standing} lines instead of {warmUp + (count * looks)}");
        }

        return
        [
            new Finding(
                "approved time entry, ERP sandbox over HTTP", store, measured, "entries/s", limit, "entries/s, target in memory", ratio,
                new Wanted(OfRatio: true, AtLeast: true, 0.6)),
        ];
    }
}
