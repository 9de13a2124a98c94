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

    /// <summary>Bytes that this process has handed to the system in writes.</summary>
    public static long Written =>
        long.Parse(File.ReadLines("/proc/self/io").First(line => line.StartsWith("wchar:", StringComparison.Ordinal)).Split(' ')[1], CultureInfo.InvariantCulture);

    public static string Load => string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ')[..3]);

    /// <summary>Processor time of the PostgreSQL server that a backend belongs to, ended processes included; zero where it is on another machine.</summary>
    public static TimeSpan PostgresProcessor(int backend)
    {
        var server = Stat(backend) is { } found ? (int)found[1] : -1;
        var ticks = 0L;
        foreach (var folder in Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(name => char.IsAsciiDigit(name![0])))
        {
            var process = int.Parse(folder!, CultureInfo.InvariantCulture);
            if (Stat(process) is { } stat && (process == server || stat[1] == server))
            {
                ticks += stat[11..15].Sum();
            }
        }

        return TimeSpan.FromSeconds(ticks / TicksPerSecond);
    }

    // What follows the name of a PostgreSQL process in its line; null for other processes, and for one that ended while we looked: its time is in its parent's.
    private static long[]? Stat(int process)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");
            var end = stat.LastIndexOf(')');
            return stat.AsSpan(0, end).EndsWith("(postgres")
                ? [.. stat[(end + 2)..].Split(' ').Select(field => long.TryParse(field, CultureInfo.InvariantCulture, out var number) ? number : 0)]
                : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    public static async Task<string> DescribeAsync()
    {
        var memory = Status("/proc/meminfo", "MemTotal") / 1024;
        var kernel = (await File.ReadAllTextAsync("/proc/sys/kernel/osrelease")).Trim();
        var lines = new List<string>
        {
            string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessorCount} cores, {memory:0.0} GiB, Linux {kernel}, .NET {Environment.Version}, server GC"),
        };
        if (Environment.GetEnvironmentVariable(BenchPostgres.Variable) is not { Length: > 0 } server)
        {
            return lines[0];
        }

        await using var connection = new NpgsqlConnection(server);
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
