using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Throughline.Chaos.Servers;

/// <summary>
/// A PostgreSQL of its own, which may be stopped, killed, frozen, filled and replaced by its standby. Hubs are a plain account there; whoever made it looks in as the
/// superuser.
/// </summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    private const string Programs = "/usr/lib/postgresql/15/bin";

    private readonly string _data;
    private readonly string _password;

    private PostgresServer(string data, string password) => (_data, _password, Port) = (data, password, FreePort());

    public int Port { get; }

    /// <summary>As the hub is told of it.</summary>
    public string ForTheHub => Settings("hub", "hub");

    private string ForItsMaker => Settings("postgres", "postgres") + ";Pooling=false";

    /// <summary>Makes one and starts it, with an empty database for the hub.</summary>
    /// <param name="folder">Where its data are to be, below the place for temporary files, which lets its account pass.</param>
    public static async Task<PostgresServer> MakeAsync(string folder, params string[] settings)
    {
        var server = new PostgresServer(Path.Combine(folder, "primary"), Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString("N"));
        await Tool.RunAsync("chmod", "755", folder);
        if (Environment.IsPrivilegedProcess)
        {
            await Tool.RunAsync("chown", "nobody", folder);
        }

        var password = Path.Combine(folder, "password");
        await File.WriteAllTextAsync(password, server._password);
        await ToolAsync("initdb", "-D", server._data, "-U", "postgres", "--auth=scram-sha-256", "--pwfile=" + password, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync",
            "--wal-segsize=1");
        await File.AppendAllLinesAsync(
            Path.Combine(server._data, "postgresql.conf"),
            ["listen_addresses = '127.0.0.1'", "unix_socket_directories = ''", "timezone = 'UTC'", "jit = off", "max_wal_size = '8MB'", "min_wal_size = '2MB'", .. settings]);
        await server.StartAsync();
        await server.ExecuteAsync($"create role hub login password '{server._password}'");
        await server.ExecuteAsync("create database hub owner hub");
        return server;
    }

    public Task StartAsync() => ControlAsync("start", "-o", string.Create(CultureInfo.InvariantCulture, $"-p {Port}"), "-l", _data + ".log");

    /// <param name="mode"><c>fast</c> or <c>immediate</c>.</param>
    public Task StopAsync(string mode) => ControlAsync("stop", "-m", mode);

    /// <summary>SIGKILL to all of it, as if its machine had gone.</summary>
    public async Task KillAsync()
    {
        var parent = (await File.ReadAllLinesAsync(Path.Combine(_data, "postmaster.pid")))[0];
        await Tool.RunAsync("sh", "-c", $"p=\"{parent} $(ps -o pid= --ppid {parent})\"; kill -9 $p; for i in $p; do while kill -0 $i 2>/dev/null; do sleep 0.02; done; done");
    }

    /// <summary>STOP or CONT to all of it.</summary>
    public async Task SignalAsync(string name)
    {
        var parent = (await File.ReadAllLinesAsync(Path.Combine(_data, "postmaster.pid")))[0];
        // Some of its processes end by themselves between the look and the signal.
        await Tool.RunAsync("sh", "-c", $"for i in {parent} $(ps -o pid= --ppid {parent}); do kill -{name} $i 2>/dev/null; done; true");
    }

    /// <summary>It is there and takes connections.</summary>
    public async Task<bool> AnswersAsync() => await ToolExitAsync("pg_isready", "-q", "-h", "127.0.0.1", "-p", Port.ToString(CultureInfo.InvariantCulture)) == 0;

    /// <summary>A standby that every commit waits for from now on.</summary>
    public async Task<PostgresServer> WithStandbyAsync()
    {
        var standby = new PostgresServer(Path.Combine(Path.GetDirectoryName(_data)!, "standby"), _password);
        await ToolAsync("pg_basebackup", "-D", standby._data, "-R", "-c", "fast", "-d",
            $"host=127.0.0.1 port={Port.ToString(CultureInfo.InvariantCulture)} user=postgres password={_password} application_name=second");
        await standby.StartAsync();
        await ExecuteAsync("alter system set synchronous_standby_names = 'second'");
        await ExecuteAsync("select pg_reload_conf()");
        while (await AskAsync("select count(*) from pg_stat_replication where sync_state = 'sync'") != 1)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }

        return standby;
    }

    public Task PromoteAsync() => ControlAsync("promote");

    public async Task<long> AskAsync(string sql, bool inHub = false)
    {
        await using var source = NpgsqlDataSource.Create(inHub ? Settings("postgres", "hub") + ";Pooling=false" : ForItsMaker);
        await using var command = source.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Texts from the hub's store, a line each.</summary>
    public async Task<IReadOnlyList<string>> LinesAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(Settings("postgres", "hub") + ";Pooling=false");
        await using var command = source.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        var lines = new List<string>();
        while (await reader.ReadAsync())
        {
            lines.Add(reader.GetString(0));
        }

        return lines;
    }

    /// <summary>Writes every table of the hub into this folder, as CSV.</summary>
    public async Task DumpAsync(string folder)
    {
        await using var source = NpgsqlDataSource.Create(Settings("postgres", "hub") + ";Pooling=false");
        await using var connection = await source.OpenConnectionAsync();
        foreach (var table in await LinesAsync("select tablename::text from pg_tables where schemaname = 'public'"))
        {
            using var rows = await connection.BeginTextExportAsync($"copy \"{table}\" to stdout (format csv, header)");
            await using var file = File.CreateText(Path.Combine(folder, table + ".csv"));
            while (await rows.ReadLineAsync() is { } row)
            {
                await file.WriteLineAsync(row);
            }
        }
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(ForItsMaker);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Takes connections until there are none left, also those that the hub has.</summary>
    public async Task<IReadOnlyList<NpgsqlConnection>> TakeAllConnectionsAsync()
    {
        var taken = new List<NpgsqlConnection>();
        while (true)
        {
            var connection = new NpgsqlConnection(Settings("hub", "postgres") + ";Pooling=false");
            try
            {
                await connection.OpenAsync();
                taken.Add(connection);
            }
            catch (PostgresException full) when (full.SqlState is "53300")
            {
                await connection.DisposeAsync();
                if (await TakeFromHubsAsync() == 0)
                {
                    return taken;
                }
            }
        }
    }

    // What is kept for superusers is enough to look in, once those who looked in before are gone: a connection ends some moments after it was closed.
    private async Task<long> TakeFromHubsAsync()
    {
        while (true)
        {
            try
            {
                return await AskAsync("select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = 'hub'");
            }
            catch (PostgresException full) when (full.SqlState is "53300")
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (await ToolExitAsync("pg_ctl", "-D", _data, "status") == 0)
        {
            await StopAsync("immediate");
        }
    }

    private Task ControlAsync(string what, params string[] more) => ToolAsync("pg_ctl", ["-D", _data, "-w", "-t", "60", what, .. more]);

    private string Settings(string user, string database) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1", Port = Port, Username = user, Password = _password, Database = database,
    }.ToString();

    private static async Task ToolAsync(string program, params string[] arguments)
    {
        var (file, all) = AsPlainAccount(Path.Combine(Programs, program), arguments);
        await Tool.RunAsync(file, all);
    }

    private static async Task<int> ToolExitAsync(string program, params string[] arguments)
    {
        var (file, all) = AsPlainAccount(Path.Combine(Programs, program), arguments);
        return (await Tool.EndAsync(file, all)).ExitCode;
    }

    // PostgreSQL refuses to run as root.
    private static (string File, string[] Arguments) AsPlainAccount(string program, string[] arguments) => Environment.IsPrivilegedProcess
        ? ("setpriv", ["--reuid=nobody", "--regid=nogroup", "--clear-groups", program, .. arguments])
        : (program, arguments);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
