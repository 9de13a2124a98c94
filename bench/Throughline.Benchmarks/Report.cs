using System.Globalization;
using System.Text;

namespace Throughline.Benchmarks;

/// <summary>The figures as Markdown: medians first, then every round.</summary>
internal static class Report
{
    private static readonly (string Head, Func<DealsResult, double> Value, string Format)[] Columns =
    [
        ("deals/s", result => result.DealsPerSecond, "0.0"),
        ("p50 ms", result => result.P50, "0"),
        ("p99 ms", result => result.P99, "0"),
        ("commands/s", result => result.CommandsPerSecond, "0"),
        ("store writes/s", result => result.WritesPerSecond, "0"),
        ("commits/s", result => result.CommitsPerSecond, "0"),
        ("log flushes/s", result => result.FlushesPerSecond, "0"),
        ("RSS rest MiB", result => result.MemoryAtRest, "0"),
        ("RSS peak MiB", result => result.MemoryPeak, "0"),
        ("limit: 1-row commits/s", result => result.LimitCommits, "0"),
        ("limit: rows/s, 500 a commit", result => result.LimitBatchRows, "0"),
        ("deals per 1-row commit", result => result.DealsPerSecond / result.LimitCommits, "0.0000"),
        ("deals per batch row", result => result.DealsPerSecond / result.LimitBatchRows, "0.000000"),
    ];

    private static readonly (string Head, Func<DealsResult, double> Value, string Format)[] Costs =
    [
        ("CPU ms hub", result => result.HubProcessor, "0.0"),
        ("CPU ms sandboxes", result => result.SandboxProcessor, "0.0"),
        ("CPU ms PostgreSQL", result => result.PostgresProcessor, "0.0"),
        ("MiB allocated", result => result.AllocatedPerDeal, "0.0"),
        ("KiB of log", result => result.LogKilobytesPerDeal, "0"),
    ];

    public static string Write(IReadOnlyList<DealsResult> results, string machine, string loadBefore, string loadAfter)
    {
        var text = new StringBuilder();
        text.AppendLine(Invariant($"Machine: {machine}; {results.First(result => result.Store == "sqlite").StoreVersion}, synchronous FULL."));
        text.AppendLine(Invariant($"Load average before {loadBefore}, after {loadAfter}. Medians of {results.Count / 5} rounds; how: [method.md](method.md)."));
        Table(text, "Medians", results, Columns);
        Table(text, "Cost of one deal (medians)", results, Costs);
        Operations(text, results);
        text.AppendLine().AppendLine("## Every round").AppendLine();
        text.AppendLine("| round | measurement | " + string.Join(" | ", Columns.Select(column => column.Head)) + " | load |");
        text.AppendLine("|---|---|" + string.Concat(Enumerable.Repeat("---|", Columns.Length)) + "---|");
        foreach (var (index, result) in results.Index())
        {
            var cells = string.Join(" | ", Columns.Select(column => Cell(column.Value(result), column.Format)));
            text.AppendLine(Invariant($"| {(index / 5) + 1} | {result.Name} | {cells} | {result.Load} |"));
        }

        return text.ToString();
    }

    private static void Table(
        StringBuilder text, string title, IReadOnlyList<DealsResult> results, (string Head, Func<DealsResult, double> Value, string Format)[] columns)
    {
        text.AppendLine().AppendLine("## " + title).AppendLine();
        var groups = results.GroupBy(result => result.Name).ToArray();
        text.AppendLine("| | " + string.Join(" | ", groups.Select(group => group.Key)) + " |");
        text.AppendLine("|---|" + string.Concat(Enumerable.Repeat("---|", groups.Length)));
        foreach (var (head, value, format) in columns)
        {
            text.AppendLine($"| {head} | " + string.Join(" | ", groups.Select(group => Cell(Median(group.Select(value)), format))) + " |");
        }
    }

    private static void Operations(StringBuilder text, IReadOnlyList<DealsResult> results)
    {
        text.AppendLine().AppendLine("## Calls of the store (medians: calls per deal x milliseconds per call; things moved per deal)").AppendLine();
        var groups = results.GroupBy(result => result.Name).ToArray();
        text.AppendLine("| | " + string.Join(" | ", groups.Select(group => group.Key)) + " |");
        text.AppendLine("|---|" + string.Concat(Enumerable.Repeat("---|", groups.Length)));
        foreach (var operation in results.SelectMany(result => result.Operations.Keys).Distinct().Order(StringComparer.Ordinal))
        {
            var cells = groups.Select(group =>
            {
                var known = group.Select(result => result.Operations.GetValueOrDefault(operation)).OfType<double[]>().ToArray();
                return known.Length == 0 ? "-"
                    : $"{Cell(Median(known.Select(k => k[0])), "0.0")} x {Cell(Median(known.Select(k => k[1])), "0.00")}; {Cell(Median(known.Select(k => k[2])), "0.0")}";
            });
            text.AppendLine($"| {operation} | {string.Join(" | ", cells)} |");
        }
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    private static string Cell(double value, string format) => value == 0 ? "-" : value.ToString(format, CultureInfo.InvariantCulture);

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
