using System.Globalization;
using Npgsql;
using Throughline.Store.Postgres;

namespace Throughline.Tests.Store;

/// <summary>A schema of one test on the server that <c>THROUGHLINE_POSTGRES</c> names; dropped afterwards.</summary>
internal sealed class PostgresSchema : IAsyncDisposable
{
    private static int _count;

    public PostgresSchema() => Name = string.Create(
        CultureInfo.InvariantCulture, $"test_{Environment.ProcessId}_{Interlocked.Increment(ref _count)}");

    public static string ConnectionString => Environment.GetEnvironmentVariable("THROUGHLINE_POSTGRES") is { Length: > 0 } given
        ? given
        : throw new InvalidOperationException(
            "These tests need PostgreSQL: THROUGHLINE_POSTGRES is not set. Run ./test.sh, which starts a server, "
            + "or scripts/postgres-up.sh <folder> and export its last line.");

    public string Name { get; }

    public PostgresHubStore Open()
    {
        var settings = new NpgsqlConnectionStringBuilder(ConnectionString) { ApplicationName = "throughline " + Name, MaxPoolSize = 12 };
        return PostgresHubStore.Open(settings.ToString(), Name);
    }

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(ConnectionString) { SearchPath = Name, Pooling = false }.ToString());
        await using var command = source.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async ValueTask DisposeAsync() => await ScalarAsync<object>(
        $"do $$ begin set local client_min_messages = warning; drop schema if exists {Name} cascade; end $$; select 1");
}
