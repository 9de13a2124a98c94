using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;
using Throughline.Engine;

namespace Throughline.Store.Sqlite;

/// <summary>One connection with its prepared statements; used by one thread at a time.</summary>
internal sealed class SqliteSession : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly Dictionary<string, SqliteCommand> _queries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, sqlite3_stmt> _statements = new(StringComparer.Ordinal);

    private SqliteSession(SqliteConnection connection) => _connection = connection;

    /// <summary>False where SQLite has given up the transaction by itself, as it may when the disk is full.</summary>
    public bool IsInTransaction => raw.sqlite3_get_autocommit(_connection.Handle) == 0;

    /// <summary>Builds of SQLite differ in their defaults, so every setting that matters is made here.</summary>
    public static SqliteSession Open(string file, bool isWriter)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = file,
            Mode = isWriter ? SqliteOpenMode.ReadWriteCreate : SqliteOpenMode.ReadWrite,
            Pooling = false,
            DefaultTimeout = 10,
        }.ToString());
        try
        {
            connection.Open();
            var session = new SqliteSession(connection);
            session.Query("pragma busy_timeout = 5000", row => row.Int(0));
            session.Query("pragma journal_mode = wal", row => row.Text(0));
            session.Run("pragma synchronous = full");
            session.Run("pragma foreign_keys = off");
            session.Run("pragma temp_store = memory");
            if (isWriter)
            {
                // Small checkpoints are made on another connection; this is the brake for when it cannot keep up.
                session.Query("pragma wal_autocheckpoint = 16000", row => row.Int(0));
            }
            else
            {
                session.Run("pragma query_only = on");
            }

            return session;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Runs a statement and returns how many rows it changed. Binds by place without the driver's command, which looks every
    /// parameter up by name: that halves the cost of an insert.
    /// </summary>
    public int Run(string sql, params ReadOnlySpan<object?> values)
    {
        var statement = Statement(sql);
        try
        {
            for (var i = 0; i < values.Length; i++)
            {
                Bind(statement, i + 1, Stored(values[i]));
            }

            int result;
            do
            {
                result = raw.sqlite3_step(statement);
            }
            while (result == raw.SQLITE_ROW);
            Check(result);
            return raw.sqlite3_changes(_connection.Handle);
        }
        finally
        {
            // Its answer is the failure of the step, which was thrown above.
            _ = raw.sqlite3_reset(statement);
        }
    }

    public ImmutableArray<T> Query<T>(string sql, Func<Row, T> read, params ReadOnlySpan<object?> values)
    {
        using var reader = Prepared(sql, values).ExecuteReader();
        var row = new SqliteRow(reader);
        var rows = ImmutableArray.CreateBuilder<T>();
        while (reader.Read())
        {
            rows.Add(read(row));
        }

        return rows.DrainToImmutable();
    }

    /// <summary>Runs a text of several statements once.</summary>
    public void RunScript(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public void Dispose()
    {
        foreach (var statement in _statements.Values)
        {
            statement.Dispose();
        }

        foreach (var query in _queries.Values)
        {
            query.Dispose();
        }

        _connection.Dispose();
    }

    private SqliteCommand Prepared(string sql, ReadOnlySpan<object?> values)
    {
        if (!_queries.TryGetValue(sql, out var command))
        {
            command = _connection.CreateCommand();
            command.CommandText = sql;
            for (var i = 1; i <= values.Length; i++)
            {
                command.Parameters.Add(new SqliteParameter("$" + i.ToString(CultureInfo.InvariantCulture), null));
            }

            _queries.Add(sql, command);
        }

        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = Stored(values[i]);
        }

        return command;
    }

    private sqlite3_stmt Statement(string sql)
    {
        if (!_statements.TryGetValue(sql, out var statement))
        {
            // "?n" has place n, while "$n" would take its place from where it stands first.
            Check(raw.sqlite3_prepare_v2(_connection.Handle, sql.Replace('$', '?'), out statement));
            _statements.Add(sql, statement);
        }

        return statement;
    }

    private void Bind(sqlite3_stmt statement, int place, object value) => Check(value switch
    {
        string text => raw.sqlite3_bind_text(statement, place, text),
        long number => raw.sqlite3_bind_int64(statement, place, number),
        int number => raw.sqlite3_bind_int64(statement, place, number),
        byte[] bytes => raw.sqlite3_bind_blob(statement, place, bytes),
        DBNull => raw.sqlite3_bind_null(statement, place),
        _ => throw new ArgumentException($"a value of type {value.GetType().Name} has no place in a column"),
    });

    private void Check(int result)
    {
        if (result is not (raw.SQLITE_OK or raw.SQLITE_DONE))
        {
            throw new SqliteException(
                raw.sqlite3_errmsg(_connection.Handle).utf8_to_string(), result & 0xFF, raw.sqlite3_extended_errcode(_connection.Handle));
        }
    }

    private static object Stored(object? value) => value switch
    {
        null => DBNull.Value,
        Guid id => id.ToByteArray(bigEndian: true),
        DateTimeOffset time => StoredTime.ToMicroseconds(time),
        decimal amount => amount.ToString(CultureInfo.InvariantCulture),
        Enum name => Convert.ToInt64(name, CultureInfo.InvariantCulture),
        _ => value,
    };
}

internal static class SqliteFailure
{
    // BUSY, LOCKED, NOMEM, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, PROTOCOL, NOTADB: the data cannot be reached or written now.
    public static bool IsUnavailable(Exception failure) =>
        failure is SqliteException { SqliteErrorCode: 5 or 6 or 7 or 8 or 10 or 11 or 13 or 14 or 15 or 26 };

    public static StoreUnavailableException Translate(Exception failure, string folder) => new(
        $"The store in {folder} cannot commit: {failure.Message}. Nothing was acknowledged; check free space and the disk.", failure);
}
