using System.Collections.Immutable;

namespace Throughline.Benchmarks.Measurements;

/// <summary>All measurements, in the order of the table.</summary>
internal static class MeasurementCatalog
{
    public static ImmutableArray<Measurement> All { get; } =
    [
        new IntakeMeasurement(), new EntriesMeasurement(), new ErpMeasurement(), new DealsMeasurement(), new DealsOverHttpMeasurement(), new LatencyMeasurement(),
        new HistoryMeasurement(), new PoisonMeasurement(), new MemoryMeasurement(), new SoakMeasurement(), new StartMeasurement(),
    ];

    /// <exception cref="BenchException">There is none of that name.</exception>
    public static Measurement Find(string name) => All.FirstOrDefault(measurement => measurement.Name == name)
        ?? throw new BenchException($"there is no measurement '{name}'; there are {string.Join(", ", All.Select(measurement => measurement.Name))}");
}
