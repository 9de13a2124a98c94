using System.Globalization;
using Npgsql;

namespace Throughline.Benchmarks;

/// <summary>What the machine is and does, from /proc.</summary>
internal static class Machine
{
    // USER_HZ, which Linux fixes at 100 for what it shows in /proc.
    private const double TicksPerSecond = 100;

    /// <summary>The most memory that this process has held, in MiB.</summary>
    public static double PeakMemory => Status("/proc/self/status", "VmHWM");

    public static double Memory => Status("/proc/self/status", "VmRSS");

    public static string Load => string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ')[..3]);

    /// <summary>Processor time of all PostgreSQL processes of the machine, ended ones included; others that are idle add nothing to a difference.</summary>
    public static TimeSpan PostgresProcessor()
    {
        var ticks = 0L;
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(folder => char.IsAsciiDigit(Path.GetFileName(folder)[0])))
        {
            try
            {
                var stat = File.ReadAllText(Path.Combine(folder, "stat"));
                var end = stat.LastIndexOf(')');
                if (stat.AsSpan(0, end).EndsWith("(postgres"))
                {
                    ticks += stat[(end + 2)..].Split(' ')[11..15].Sum(field => long.Parse(field, CultureInfo.InvariantCulture));
                }
            }
            catch (IOException)
            {
                // It ended while we looked; its time is in its parent's.
            }
        }

        return TimeSpan.FromSeconds(ticks / TicksPerSecond);
    }

    public static async Task<string> DescribeAsync()
    {
        var memory = Status("/proc/meminfo", "MemTotal") / 1024;
        var kernel = (await File.ReadAllTextAsync("/proc/sys/kernel/osrelease")).Trim();
        var lines = new List<string>
        {
            string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessorCount} cores, {memory:0.0} GiB, Linux {kernel}, .NET {Environment.Version}, server GC"),
        };
        await using var connection = new NpgsqlConnection(Environment.GetEnvironmentVariable("THROUGHLINE_POSTGRES"));
        await connection.OpenAsync();
        foreach (var name in new[] { "server_version", "fsync", "synchronous_commit", "wal_sync_method", "shared_buffers", "full_page_writes" })
        {
            await using var command = new NpgsqlCommand("show " + name, connection);
            lines.Add($"PostgreSQL {name} = {await command.ExecuteScalarAsync()}");
        }

        return string.Join("; ", lines);
    }

    private static double Status(string file, string name) =>
        double.Parse(File.ReadLines(file).First(line => line.StartsWith(name + ":", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
            CultureInfo.InvariantCulture) / 1024;
}
