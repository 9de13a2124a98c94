using Npgsql;

namespace Throughline.EndToEnd.Kills;

/// <summary>A database of its own on the test's PostgreSQL, dropped at the end.</summary>
internal sealed class KillSchema : IAsyncDisposable
{
    private readonly string _name = "kills_" + Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString("N");

    private static string Server => Environment.GetEnvironmentVariable("THROUGHLINE_POSTGRES")
        ?? throw new InvalidOperationException("These tests need PostgreSQL: THROUGHLINE_POSTGRES is not set. Run ./test.sh.");

    public async Task<string> CreateAsync()
    {
        await RunAsync($"create database {_name}");
        return new NpgsqlConnectionStringBuilder(Server) { Database = _name }.ConnectionString;
    }

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await RunAsync($"drop database {_name} with (force)");
    }

    // The name is made here from hexadecimal digits; identifiers cannot be parameters.
    private static async Task RunAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(Server);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
