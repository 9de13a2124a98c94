using System.Globalization;
using System.Text;
using System.Text.Json;
using Throughline.Benchmarks.Measurements;

namespace Throughline.Benchmarks;

/// <summary>What a run of the table has found, so far: medians for people, every round for who wants to know.</summary>
internal sealed class BenchReport(string machine, string load, Options options)
{
    private static readonly JsonSerializerOptions Written = new() { WriteIndented = true };

    private readonly List<(int Round, Finding Finding)> _findings = [];
    private readonly List<string> _failures = [];

    public bool HasFailures => _failures.Count > 0;

    public string File { get; } = Path.GetFullPath(options.Out ?? Path.Combine(
        Repository.Folder("artifacts"), "bench", TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd-HHmmss", CultureInfo.InvariantCulture) + ".md"));

    public void Add(int round, Finding finding) => _findings.Add((round, finding));

    public void Failed(int round, string measurement, string store, string why) => _failures.Add($"{measurement}, {store}, round {round + 1}: {why}");

    public async Task SaveAsync()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File)!);
        await System.IO.File.WriteAllTextAsync(File, File.EndsWith(".md", StringComparison.Ordinal) ? Markdown() : Json());
    }

    /// <summary>The one table: medians of all rounds.</summary>
    public string Table()
    {
        var text = new StringBuilder();
        string[] heads = ["work", "store", "measured", "limit", "ratio", "wanted", "reached?"];
        string[][] rows = [heads, .. Medians().Select(finding => new[]
        {
            finding.Work, finding.Store, $"{Number(finding.Measured)} {finding.Unit}", $"{Number(finding.Limit)} {finding.LimitIs}",
            finding.Ratio.ToString("0.000", CultureInfo.InvariantCulture), WantedText(finding), finding.IsReached ? "yes" : "NO",
        })];
        int[] widths = [.. heads.Index().Select(column => rows.Max(row => row[column.Index].Length))];
        foreach (var (index, row) in rows.Index())
        {
            text.AppendLine("| " + string.Join(" | ", row.Index().Select(cell => cell.Item.PadRight(widths[cell.Index]))) + " |");
            if (index == 0)
            {
                text.AppendLine("|" + string.Concat(widths.Select(width => new string('-', width + 2) + "|")));
            }
        }

        return text.ToString().TrimEnd();
    }

    public string Json() => JsonSerializer.Serialize(
        new
        {
            Machine = machine, LoadBefore = load, LoadAfter = Machine.Load, IsQuick = options.IsQuick, Medians = Medians(), Failures = _failures,
            Rounds = _findings.Select(found => new { Round = found.Round + 1, found.Finding }),
        },
        Written);

    private string Markdown()
    {
        var text = new StringBuilder();
        text.AppendLine($"# Table of {TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}").AppendLine();
        var warning = options.IsQuick ? "**Quick sizes: these figures mean nothing.** " : "";
        text.AppendLine($"{warning}Machine: {machine}. Load average before {load}, after {Machine.Load}.").AppendLine();
        text.AppendLine(Table());
        foreach (var failure in _failures)
        {
            text.AppendLine().AppendLine("Not measured: " + failure);
        }

        text.AppendLine().AppendLine("## Every round").AppendLine();
        text.AppendLine("| work | store | round | measured | limit | ratio | seen beside it |").AppendLine("|---|---|---|---|---|---|---|");
        foreach (var (round, finding) in _findings.OrderBy(found => Order(found.Finding)).ThenBy(found => found.Round))
        {
            var notes = string.Join(", ", finding.Notes.Select(note => $"{Number(note.Value)} {note.Key}"));
            text.AppendLine(string.Create(CultureInfo.InvariantCulture,
                $"| {finding.Work} | {finding.Store} | {round + 1} | {Number(finding.Measured)} | {Number(finding.Limit)} | {finding.Ratio:0.000} | {notes} |"));
        }

        return text.ToString();
    }

    private Finding[] Medians() => [.. _findings.Select(found => found.Finding).GroupBy(finding => (finding.Work, finding.Store)).Select(group => group.First() with
    {
        Measured = Median(group.Select(finding => finding.Measured)),
        Limit = Median(group.Select(finding => finding.Limit)),
        Ratio = Median(group.Select(finding => finding.Ratio)),
        Notes = new Dictionary<string, double> { ["rounds"] = group.Count() },
    }).OrderBy(Order)];

    // Both stores of one kind of work stand together, in the order in which they were found.
    private int Order(Finding finding) => _findings.FindIndex(found => found.Finding.Work == finding.Work);

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static string WantedText(Finding finding)
    {
        var bound = (finding.Wanted.AtLeast ? ">= " : "<= ") + finding.Wanted.Value.ToString("#,0.##", CultureInfo.InvariantCulture);
        return finding.Wanted.OfRatio ? "ratio " + bound : $"{bound} {finding.Unit.Split(' ')[0]}";
    }

    private static string Number(double value) => value.ToString(Math.Abs(value) >= 100 ? "#,0" : "0.##", CultureInfo.InvariantCulture);
}
