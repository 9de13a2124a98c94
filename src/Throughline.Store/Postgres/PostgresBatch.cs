using System.Collections.Immutable;
using Npgsql;
using NpgsqlTypes;

namespace Throughline.Store.Postgres;

/// <summary>
/// Statements that travel in one round trip. Outside an explicit transaction they are one implicit transaction: it commits when all have
/// succeeded, so a statement that must stop the others has to raise.
/// </summary>
internal sealed class PostgresBatch(NpgsqlConnection connection, NpgsqlTransaction? transaction = null)
{
    private readonly List<NpgsqlBatchCommand> _commands = [];

    public PostgresBatch Add(string sql, params object[] values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(Parameter(value));
        }

        _commands.Add(command);
        return this;
    }

    public async Task RunAsync(CancellationToken cancellation)
    {
        if (_commands.Count > 0)
        {
            await using var batch = Batch();
            await batch.ExecuteNonQueryAsync(cancellation);
        }
    }

    /// <summary>Runs the batch and reads the rows of its first statement; the others return nothing of interest.</summary>
    public async Task<ImmutableArray<T>> QueryAsync<T>(Func<Row, T> read, CancellationToken cancellation)
    {
        await using var batch = Batch();
        await using var reader = await batch.ExecuteReaderAsync(cancellation);
        var row = new PostgresRow(reader);
        var rows = ImmutableArray.CreateBuilder<T>();
        while (await reader.ReadAsync(cancellation))
        {
            rows.Add(read(row));
        }

        // A statement that raises does so only when its result is reached.
        while (await reader.NextResultAsync(cancellation))
        {
        }

        return rows.DrainToImmutable();
    }

    /// <summary>A number that may be null; a bare null would have no type.</summary>
    public static NpgsqlParameter Nullable(long? value) =>
        new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint };

    public static NpgsqlParameter Nullable(Guid? value) =>
        new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid };

    private NpgsqlBatch Batch()
    {
        var batch = new NpgsqlBatch(connection, transaction) { Timeout = 0 };
        foreach (var command in _commands)
        {
            batch.BatchCommands.Add(command);
        }

        return batch;
    }

    private static NpgsqlParameter Parameter(object value) => value switch
    {
        NpgsqlParameter given => given,
        string text => new NpgsqlParameter<string> { TypedValue = text, NpgsqlDbType = NpgsqlDbType.Text },
        string?[] texts => new NpgsqlParameter { Value = texts, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text },
        _ => new NpgsqlParameter { Value = value },
    };
}
