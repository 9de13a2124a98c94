using Throughline.Benchmarks;

try
{
    var options = Options.Parse(args);
    await (options.Verb switch
    {
        "run" => Series.RunAsync(options),
        "deals" => DealsRun.RunAsync(options),
        "entries" => EntriesRun.RunAsync(options),
        "sandboxes" => SandboxHost.RunAsync(options),
        _ => throw new BenchException("run [--rounds 5] [--deals 1000] [--warm-up 1500] [--window 256] [--out FILE] | deals | entries | sandboxes; see docs/benchmarks/method.md"),
    });
    return 0;
}
catch (BenchException problem)
{
    await Console.Error.WriteLineAsync("throughline-bench: " + problem.Message);
    return 1;
}
