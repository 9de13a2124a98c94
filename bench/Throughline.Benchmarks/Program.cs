using Throughline.Benchmarks;
using Throughline.Benchmarks.Measurements;

try
{
    var options = Options.Parse(args);
    await (options.Verb switch
    {
        "bench" => Bench.RunAsync(options),
        "measure" => Bench.MeasureAsync(options),
        "run" => Series.RunAsync(options),
        "deals" => DealsRun.RunAsync(options),
        "entries" => EntriesRun.RunAsync(options),
        "sandboxes" => SandboxHost.RunAsync(options),
        "start-hub" => StartMeasurement.HostAsync(options),
        _ => throw new BenchException(
            "bench [names...] | run [--rounds 5] [--deals 1000] [--warm-up 1500] [--window 256] [--out FILE] | deals | entries; see docs/benchmarks/method.md"),
    });
    return 0;
}
catch (BenchException problem)
{
    await Console.Error.WriteLineAsync("throughline-bench: " + problem.Message);
    return 1;
}
