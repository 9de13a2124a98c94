using System.Collections.Immutable;
using System.Globalization;
using Npgsql;
using Throughline.Engine;

namespace Throughline.Store.Postgres;

/// <summary>
/// The production store. Most operations are one round trip: a batch that is one implicit transaction whose last statement is the fence.
/// Nothing here uses NOTIFY, which halves the commit rate.
/// </summary>
public sealed partial class PostgresHubStore : SqlHubStore
{
    private readonly PostgresServers _servers;
    private readonly string? _schema;
    private readonly string _where;
    private string _version = "PostgreSQL";

    private PostgresHubStore(PostgresServers servers, string? schema, string where) => (_servers, _schema, _where) = (servers, schema, where);

    public override string Description => $"{_version}, {_where}";

    /// <summary>Prepares a pool of connections; none is opened yet.</summary>
    /// <param name="connectionString">As Npgsql takes it. <c>Host</c> may name several servers, of which the hub uses the primary.</param>
    /// <param name="schema">The schema to work in, made where it is missing; without one the connection string's search path decides.</param>
    /// <exception cref="ArgumentException">The schema is not a plain lower-case name, or the connection string cannot be read.</exception>
    public static PostgresHubStore Open(string connectionString, string? schema = null)
    {
        if (schema is not null && !IsPlainName(schema))
        {
            throw new ArgumentException(
                $"'{schema}' is not a schema name; use small letters, digits and _, beginning with a letter, at most 60", nameof(schema));
        }

        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        if (string.IsNullOrWhiteSpace(settings.Host))
        {
            throw new ArgumentException("the connection string of PostgreSQL names no Host", nameof(connectionString));
        }

        settings.SearchPath = schema ?? settings.SearchPath;
        settings.ApplicationName ??= "throughline";
        // A commit that waits for a synchronous standby must not be given up: it would be committed without being acknowledged.
        settings.CommandTimeout = 0;
        settings.MaxAutoPrepare = Math.Max(settings.MaxAutoPrepare, 64);
        settings.AutoPrepareMinUsages = 2;
        // Nothing here changes a session (locks are of transactions, settings come with the start), and a reset is a round trip of its own.
        settings.NoResetOnClose = true;
        settings.TcpKeepAlive = true;
        settings.TcpKeepAliveTime = 5;
        settings.TcpKeepAliveInterval = 5;
        // A process that freezes inside a transaction must not keep its locks.
        settings.Options = $"{settings.Options} -c idle_in_transaction_session_timeout=10000".Trim();
        var hosts = settings.Host.Contains(',', StringComparison.Ordinal) ? settings.Host : string.Create(CultureInfo.InvariantCulture, $"{settings.Host}:{settings.Port}");
        var where = $"{hosts}/{settings.Database}"
            + (settings.SearchPath is { Length: > 0 } path ? $" schema {path}" : "");
        return new PostgresHubStore(new PostgresServers(settings), schema, where);
    }

    public override Task MigrateAsync(CancellationToken cancellation) => RunAsync(
        async connection =>
        {
            _version = "PostgreSQL " + connection.PostgreSqlVersion.ToString(2);
            await using var transaction = await connection.BeginTransactionAsync(cancellation);
            var start = new PostgresBatch(connection, transaction)
                .Add("select pg_advisory_xact_lock(hashtextextended('throughline.migrate.' || $1, 0))", _schema ?? "");
            if (_schema is not null)
            {
                start.Add($"create schema if not exists {_schema}");
            }

            await start
                .Add("create table if not exists schema_step (number int primary key, name text not null, checksum text not null)")
                .Add("create table if not exists schema_minimum (version int not null)")
                .RunAsync(cancellation);
            var taken = await new PostgresBatch(connection, transaction).Add("select number, checksum from schema_step")
                .QueryAsync(row => (row.Int(0), row.Text(1)), cancellation);
            var minimum = await new PostgresBatch(connection, transaction).Add("select version from schema_minimum")
                .QueryAsync(row => row.Int(0), cancellation);
            foreach (var step in Migration.Missing(Migration.Of("postgres"), taken, minimum.SingleOrDefault(), _where))
            {
                await using var script = new NpgsqlCommand(step.Sql, connection, transaction);
                await script.ExecuteNonQueryAsync(cancellation);
                await new PostgresBatch(connection, transaction)
                    .Add("insert into schema_step (number, name, checksum) values ($1, $2, $3)", step.Number, step.Name, step.Checksum)
                    .Add("delete from schema_minimum where version < $1", step.WorksWith)
                    .Add("insert into schema_minimum select $1 where not exists (select 1 from schema_minimum)", step.WorksWith)
                    .RunAsync(cancellation);
            }

            await transaction.CommitAsync(cancellation);
            return true;
        },
        cancellation);

    public override ValueTask DisposeAsync() => _servers.DisposeAsync();

    // Not as JSON: PostgreSQL refuses a document in which anybody has written a character of code zero. Within a text every quote has a backslash.
    private protected override string HoursInData => "cast(substring(e.data from '\"hours\":(-?[0-9.]+)') as numeric)";

    private protected override Task<ImmutableArray<T>> QueryAsync<T>(string sql, Func<Row, T> read, CancellationToken cancellation, params object[] values) =>
        RunAsync(
            connection => new PostgresBatch(connection)
                .Add(sql, [.. values.Select(value => value is DateTimeOffset time ? StoredTime.At(time) : value)])
                .QueryAsync(read, cancellation),
            cancellation);

    private protected override async Task<long> HorizonAsync(string feed, CancellationToken cancellation) =>
        (await QueryAsync("select feed_horizon($1)", row => row.Long(0), cancellation, feed))[0];

    /// <summary>Work in one explicit transaction, for what must read before it writes.</summary>
    private Task<T> InTransactionAsync<T>(Func<NpgsqlConnection, NpgsqlTransaction, Task<T>> work, CancellationToken cancellation) => RunAsync(
        async connection =>
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellation);
            var result = await work(connection, transaction);
            await transaction.CommitAsync(cancellation);
            return result;
        },
        cancellation);

    private async Task<T> RunAsync<T>(Func<NpgsqlConnection, Task<T>> work, CancellationToken cancellation)
    {
        try
        {
            await using var connection = await _servers.OpenAsync(cancellation);
            return await work(connection);
        }
        catch (Exception failure) when (PostgresFailure.Translate(failure, _where) is { } unavailable)
        {
            throw unavailable;
        }
        catch (PostgresException refused) when (PostgresFailure.IsAboutContent(refused))
        {
            throw new ArgumentException($"{refused.MessageText} ({refused.SqlState})", refused);
        }
    }

    private static bool IsPlainName(string name) =>
        name.Length is > 0 and <= 60 && char.IsAsciiLetterLower(name[0]) && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_');
}
