using Microsoft.Data.Sqlite;
using Npgsql;
using Throughline.Engine;
using Throughline.Store.Postgres;
using Throughline.Store.Sqlite;

namespace Throughline.Benchmarks;

/// <summary>A fresh store for one measurement, and the limit of the machine below it, measured with nothing of the hub.</summary>
internal abstract class BenchStore : IAsyncDisposable
{
    /// <summary>Rows of a batch.</summary>
    protected const int BatchRows = 500;

    /// <summary>How long one look at a limit takes.</summary>
    public static TimeSpan Each { get; set; } = TimeSpan.FromMilliseconds(700);

    protected static string Payload { get; } = new('x', 200);

    public abstract string Where { get; }

    public static async Task<BenchStore> OpenAsync(string kind) => kind switch
    {
        "sqlite" => new SqliteBench(),
        "postgres" => await PostgresBench.CreateAsync(),
        _ => throw new BenchException($"--store is sqlite or postgres, not '{kind}'"),
    };

    /// <summary>The same store from another process.</summary>
    public static IHubStore Open(string kind, string where) => kind == "sqlite" ? SqliteHubStore.Open(where) : PostgresHubStore.Open(PostgresBench.On(where));

    public abstract IHubStore Open();

    /// <summary>What is written so far reaches its place, so that what follows pays only for itself.</summary>
    public virtual Task CheckpointAsync() => Task.CompletedTask;

    /// <summary>Bytes that were written for the store since it was started: logs and data, whoever caused it.</summary>
    public abstract Task<long> WrittenAsync();

    /// <summary>One row in a commit of its own, in milliseconds.</summary>
    public async Task<double> CommitMillisecondsAsync() => 1_000 / await RateAsync(1);

    /// <summary>Commits of one row by one writer, and rows by batches of 500, each a second, durable.</summary>
    public async Task<MachineLimit> LimitAsync() => new(await RateAsync(1), await RateAsync(BatchRows));

    /// <summary>Rows a second into a bare table with a unique key, in batches of 500 by one writer, durable.</summary>
    public abstract Task<double> RowsAsync((string Key, string Payload)[] rows);

    /// <summary>Transactions and flushes of the log since the server started; zeros where the store does not tell.</summary>
    public virtual Task<(long Commits, long Flushes, long LogBytes)> StatisticsAsync() => Task.FromResult((0L, 0L, 0L));

    /// <summary>Processor time that the store's server has taken; zero where it has none.</summary>
    public virtual Task<TimeSpan> ProcessorAsync() => Task.FromResult(TimeSpan.Zero);

    public abstract ValueTask DisposeAsync();

    /// <summary>Inserts and commits rows once.</summary>
    protected abstract Task CommitAsync(int rows, long number);

    private async Task<double> RateAsync(int rows)
    {
        for (var i = 0; i < 20; i++)
        {
            await CommitAsync(rows, i);
        }

        var time = TimeProvider.System;
        var start = time.GetTimestamp();
        var done = 0;
        while (time.GetElapsedTime(start) < Each)
        {
            await CommitAsync(rows, 1_000 + done);
            done++;
        }

        return done * rows / time.GetElapsedTime(start).TotalSeconds;
    }

    private static double RowRate((string Key, string Payload)[] rows, Action<IEnumerable<(string Key, string Payload)>> write)
    {
        var time = TimeProvider.System;
        var start = time.GetTimestamp();
        var done = 0;
        while (time.GetElapsedTime(start) < Each * 2)
        {
            var from = done;
            write(Enumerable.Range(0, BatchRows).Select(i => (Key: $"{rows[(from + i) % rows.Length].Key}{from + i}", rows[(from + i) % rows.Length].Payload)));
            done += BatchRows;
        }

        return done / time.GetElapsedTime(start).TotalSeconds;
    }

    private sealed class SqliteBench : BenchStore
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("throughline-bench-").FullName;
        private SqliteConnection? _connection;

        public override string Where => _folder;

        // Opening it also loads the SQLite library that the limit is measured with.
        public override IHubStore Open() => SqliteHubStore.Open(_folder);

        // What this process has handed to the system in writes. With targets in memory and nobody connected these are the store's files, the log's
        // pages and their way into the database alike; what the system makes of them on the disk is not in it.
        public override Task<long> WrittenAsync() => Task.FromResult(Machine.Written);

        public override async ValueTask DisposeAsync()
        {
            if (_connection is not null)
            {
                await _connection.DisposeAsync();
            }

            Directory.Delete(_folder, recursive: true);
        }

        public override Task<double> RowsAsync((string Key, string Payload)[] rows)
        {
            var connection = _connection ??= Connect();
            using (var table = connection.CreateCommand())
            {
                table.CommandText = "drop table if exists bare; create table bare (key text primary key, payload text not null) without rowid";
                table.ExecuteNonQuery();
            }

            using var insert = connection.CreateCommand();
            insert.CommandText = "insert into bare (key, payload) values ($key, $payload)";
            var (key, payload) = (insert.Parameters.Add("$key", SqliteType.Text), insert.Parameters.Add("$payload", SqliteType.Text));
            return Task.FromResult(RowRate(rows, batch =>
            {
                using var transaction = connection.BeginTransaction();
                insert.Transaction = transaction;
                foreach (var row in batch)
                {
                    (key.Value, payload.Value) = row;
                    insert.ExecuteNonQuery();
                }

                transaction.Commit();
            }));
        }

        protected override Task CommitAsync(int rows, long number)
        {
            var connection = _connection ??= Connect();
            using var transaction = connection.BeginTransaction();
            using var insert = connection.CreateCommand();
            insert.Transaction = transaction;
            insert.CommandText = "insert into line (key, payload) values ($key, $payload)";
            var key = insert.Parameters.Add("$key", SqliteType.Text);
            insert.Parameters.AddWithValue("$payload", Payload);
            for (var i = 0; i < rows; i++)
            {
                key.Value = $"{number}/{i}";
                insert.ExecuteNonQuery();
            }

            transaction.Commit();
            return Task.CompletedTask;
        }

        // Beside the hub's own file: the same folder, disk, library, journal mode and flushing.
        private SqliteConnection Connect()
        {
            var connection = new SqliteConnection("Data Source=" + Path.Combine(_folder, "limit.db"));
            connection.Open();
            using var setup = connection.CreateCommand();
            setup.CommandText = """
                pragma journal_mode = wal; pragma synchronous = full;
                create table if not exists line (id integer primary key, key text not null, payload text not null);
                """;
            setup.ExecuteNonQuery();
            return connection;
        }
    }

    private sealed class PostgresBench(string server, string name) : BenchStore
    {
        private readonly string _database = On(name);
        private NpgsqlConnection? _connection;

        public override string Where => name;

        public static string Server => Environment.GetEnvironmentVariable("THROUGHLINE_POSTGRES") is { Length: > 0 } server ? server
            : throw new BenchException("THROUGHLINE_POSTGRES holds no connection string; bench/run.sh starts a server of its own");

        public static async Task<BenchStore> CreateAsync()
        {
            var bench = new PostgresBench(Server, "bench_" + Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString("N"));
            await bench.OnServerAsync("create database " + bench.Where);
            return bench;
        }

        public static string On(string name) => new NpgsqlConnectionStringBuilder(Server) { Database = name }.ConnectionString;

        public override IHubStore Open() => PostgresHubStore.Open(_database);

        public override async Task CheckpointAsync()
        {
            try
            {
                await using var checkpoint = new NpgsqlCommand("checkpoint", await ConnectAsync()) { CommandTimeout = 0 };
                await checkpoint.ExecuteNonQueryAsync();
            }
            catch (PostgresException refused) when (refused.SqlState == PostgresErrorCodes.InsufficientPrivilege)
            {
                await Console.Error.WriteLineAsync("throughline-bench: this account may not checkpoint; written bytes may hold what was written before");
            }
        }

        // The position in the log is exact at any time; what went from memory to the data files is told at the end of a checkpoint.
        public override async Task<long> WrittenAsync()
        {
            await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System, CancellationToken.None);
            var connection = await ConnectAsync();
            var pages = connection.PostgreSqlVersion.Major < 17 ? "(select buffers_checkpoint + buffers_clean + buffers_backend from pg_stat_bgwriter)"
                : "(select c.buffers_written + b.buffers_clean from pg_stat_checkpointer c, pg_stat_bgwriter b)";
            await using var command = new NpgsqlCommand(
                $"select (pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') + {pages} * current_setting('block_size')::bigint)::bigint", connection);
            return (long)(await command.ExecuteScalarAsync())!;
        }

        public override async Task<(long Commits, long Flushes, long LogBytes)> StatisticsAsync()
        {
            var connection = await ConnectAsync();
            await using var command = new NpgsqlCommand(
                "select (select xact_commit from pg_stat_database where datname = current_database()), wal_sync, wal_bytes::bigint from pg_stat_wal",
                connection);
            await using var reader = await command.ExecuteReaderAsync();
            await reader.ReadAsync();
            return (reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
        }

        public override async Task<TimeSpan> ProcessorAsync() => Machine.PostgresProcessor((await ConnectAsync()).ProcessID);

        public override async ValueTask DisposeAsync()
        {
            if (_connection is not null)
            {
                await _connection.DisposeAsync();
            }

            NpgsqlConnection.ClearAllPools();
            await OnServerAsync($"drop database {Where} with (force)");
        }

        // COPY in its binary form is the quickest way into PostgreSQL.
        public override async Task<double> RowsAsync((string Key, string Payload)[] rows)
        {
            var connection = await ConnectAsync();
            await using (var table = new NpgsqlCommand("drop table if exists bare; create table bare (key text primary key, payload text not null)", connection))
            {
                await table.ExecuteNonQueryAsync();
            }

            return RowRate(rows, batch =>
            {
                using var copy = connection.BeginBinaryImport("copy bare (key, payload) from stdin (format binary)");
                foreach (var (key, payload) in batch)
                {
                    copy.StartRow();
                    copy.Write(key);
                    copy.Write(payload);
                }

                copy.Complete();
            });
        }

        protected override async Task CommitAsync(int rows, long number)
        {
            var connection = await ConnectAsync();
            await using var insert = new NpgsqlCommand("insert into line (key, payload) select * from unnest($1, $2)", connection)
            {
                Parameters =
                {
                    new() { Value = Enumerable.Range(0, rows).Select(i => $"{number}/{i}").ToArray() },
                    new() { Value = Enumerable.Repeat(Payload, rows).ToArray() },
                },
            };
            await insert.ExecuteNonQueryAsync();
        }

        private async Task<NpgsqlConnection> ConnectAsync()
        {
            if (_connection is null)
            {
                _connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(_database) { MaxAutoPrepare = 8, AutoPrepareMinUsages = 2 }.ConnectionString);
                await _connection.OpenAsync();
                await using var setup = new NpgsqlCommand(
                    "create table if not exists line (id bigint generated always as identity primary key, key text not null, payload text not null)",
                    _connection);
                await setup.ExecuteNonQueryAsync();
            }

            return _connection;
        }

        // The name is made here from hexadecimal digits; identifiers cannot be parameters.
        private async Task OnServerAsync(string sql)
        {
            await using var connection = new NpgsqlConnection(server);
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync();
        }
    }
}

/// <summary>What the machine does at most with the same store at the same time: commits of one row, rows in batches of 500, a second.</summary>
internal readonly record struct MachineLimit(double Commits, double BatchRows);
