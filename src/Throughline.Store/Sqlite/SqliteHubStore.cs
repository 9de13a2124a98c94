using System.Collections.Concurrent;
using System.Collections.Immutable;
using Throughline.Engine;

namespace Throughline.Store.Sqlite;

/// <summary>
/// The embedded store: one file in a folder, one process, one writer. Every commit is on the disk before it is answered
/// (write-ahead log, synchronous FULL).
/// </summary>
public sealed partial class SqliteHubStore : SqlHubStore
{
    private readonly string _folder;
    private readonly string _file;
    private readonly FileStream _lock;
    private readonly SqliteWriter _writer;
    private readonly SqliteCheckpointer _checkpointer;
    private readonly ConcurrentBag<SqliteSession> _readers = [];
    private int _isDisposed;

    private SqliteHubStore(string folder, FileStream folderLock, long? pagesMax)
    {
        _folder = folder;
        _file = Path.Combine(folder, "hub.db");
        _lock = folderLock;
        var session = SqliteSession.Open(_file, isWriter: true);
        if (pagesMax is { } pages)
        {
            session.Query("pragma max_page_count = " + pages.ToString(System.Globalization.CultureInfo.InvariantCulture), row => row.Long(0));
        }

        _checkpointer = new SqliteCheckpointer(_file);
        _writer = new SqliteWriter(session, folder, _checkpointer.Committed);
    }

    public override string Description => $"{SqliteLibrary.Version}, {_file}";

    /// <summary>Opens or makes the store in a folder and keeps other processes off it until it is disposed.</summary>
    /// <exception cref="StoreUnavailableException">Another process uses the folder, or it cannot be written.</exception>
    public static SqliteHubStore Open(string folder) => Open(folder, null);

    /// <param name="pagesMax">Makes the database full at that many pages of 4 KiB, for tests of what happens then.</param>
    internal static SqliteHubStore Open(string folder, long? pagesMax)
    {
        _ = SqliteLibrary.Version;
        folder = Path.GetFullPath(folder);
        var folderLock = Lock(folder);
        try
        {
            return new SqliteHubStore(folder, folderLock, pagesMax);
        }
        catch (Exception failure)
        {
            folderLock.Dispose();
            if (SqliteFailure.IsUnavailable(failure))
            {
                throw new StoreUnavailableException($"The store in {folder} cannot be opened: {failure.Message}", failure);
            }

            throw;
        }
    }

    public override Task MigrateAsync(CancellationToken cancellation) => _writer.RunAsync(
        session =>
        {
            session.RunScript(
                """
                create table if not exists schema_step (number integer primary key, name text not null, checksum text not null);
                create table if not exists schema_minimum (version integer not null);
                """);
            var taken = session.Query("select number, checksum from schema_step", row => (row.Int(0), row.Text(1)));
            var minimum = session.Query("select version from schema_minimum", row => row.Int(0)).SingleOrDefault();
            foreach (var step in Migration.Missing(Migration.Of("sqlite"), taken, minimum, _folder))
            {
                session.RunScript(step.Sql);
                session.Run("insert into schema_step (number, name, checksum) values ($1, $2, $3)", step.Number, step.Name, step.Checksum);
                session.Run("delete from schema_minimum where version < $1", step.WorksWith);
                session.Run("insert into schema_minimum select $1 where not exists (select 1 from schema_minimum)", step.WorksWith);
            }
        },
        cancellation);

    public override ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _writer.Dispose();
            _checkpointer.Dispose();
            while (_readers.TryTake(out var reader))
            {
                reader.Dispose();
            }

            _lock.Dispose();
        }

        return ValueTask.CompletedTask;
    }

    // Reads are answered at once on the caller's thread: the driver has no asynchronous reads, and these take microseconds.
    private protected override Task<ImmutableArray<T>> QueryAsync<T>(string sql, Func<Row, T> read, CancellationToken cancellation, params object[] values) =>
        Read(session => session.Query(sql, read, values), cancellation);

    private protected override string HoursInData => "json_extract(e.data, '$.hours')";

    private protected override Task<long> HorizonAsync(string feed, CancellationToken cancellation) => Task.FromResult(long.MaxValue);

    private Task<T> Read<T>(Func<SqliteSession, T> read, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_isDisposed != 0, this);
        if (cancellation.IsCancellationRequested)
        {
            return Task.FromCanceled<T>(cancellation);
        }

        try
        {
            if (!_readers.TryTake(out var session))
            {
                session = SqliteSession.Open(_file, isWriter: false);
            }

            try
            {
                return Task.FromResult(read(session));
            }
            finally
            {
                _readers.Add(session);
            }
        }
        catch (Exception failure) when (SqliteFailure.IsUnavailable(failure))
        {
            return Task.FromException<T>(SqliteFailure.Translate(failure, _folder));
        }
    }

    // What opening a file that somebody has locked fails with: EWOULDBLOCK of flock (11 on Linux, 35 on macOS), ERROR_SHARING_VIOLATION within one process or on Windows.
    private const int LockedElsewhere = 11;
    private const int LockedElsewhereOnMac = 35;
    private const int LockedHere = unchecked((int)0x80070020);

    private static FileStream Lock(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            // On Unix this is flock: it ends with the process, however it ends.
            return new FileStream(Path.Combine(folder, "hub.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException failure) when (failure.HResult is LockedHere or LockedElsewhere or LockedElsewhereOnMac)
        {
            throw new StoreUnavailableException(
                $"The data folder {folder} is in use by another Throughline process. Stop that process, or choose another data folder.", failure);
        }
        catch (IOException failure)
        {
            throw new StoreUnavailableException($"The data folder {folder} cannot be written: {failure.Message.TrimEnd('.')}. Choose another data folder.", failure);
        }
        catch (UnauthorizedAccessException failure)
        {
            throw new StoreUnavailableException(
                $"The data folder {folder} cannot be written by this account. Give it the right to, or choose another data folder.", failure);
        }
    }
}
