using System.Text.Json;

namespace Throughline.Benchmarks;

/// <summary>One measurement, as one line of JSON between the process that measures and the one that reports.</summary>
internal sealed record DealsResult
{
    public required string Store { get; init; }

    public required string Targets { get; init; }

    public required int Rate { get; init; }

    public required string StoreVersion { get; init; }

    public required int Deals { get; init; }

    public required double Seconds { get; init; }

    public required double DealsPerSecond { get; init; }

    public required double P50 { get; init; }

    public required double P99 { get; init; }

    public required double CommandsPerSecond { get; init; }

    /// <summary>Calls of the store that write. SQLite commits several of them at once.</summary>
    public required double WritesPerSecond { get; init; }

    public required double CommitsPerSecond { get; init; }

    public required double FlushesPerSecond { get; init; }

    public required double LogKilobytesPerDeal { get; init; }

    public required double MemoryAtRest { get; init; }

    public required double MemoryPeak { get; init; }

    public required double AllocatedPerDeal { get; init; }

    /// <summary>Milliseconds of processor time per deal: hub, sandboxes, PostgreSQL.</summary>
    public required double HubProcessor { get; init; }

    public required double SandboxProcessor { get; init; }

    public required double PostgresProcessor { get; init; }

    public required double LimitCommits { get; init; }

    public required double LimitBatchRows { get; init; }

    /// <summary>By operation of the store: calls per deal, milliseconds per call, items per call.</summary>
    public required Dictionary<string, double[]> Operations { get; init; }

    public required string Load { get; init; }

    public string Name => $"{Store}, {Targets}{(Rate == 0 ? "" : $", {Rate}/s")}";

    public string ToJson() => JsonSerializer.Serialize(this);

    public static DealsResult From(string json) => JsonSerializer.Deserialize<DealsResult>(json)!;
}
