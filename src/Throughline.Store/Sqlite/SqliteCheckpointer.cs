namespace Throughline.Store.Sqlite;

/// <summary>Moves the write-ahead log into the database on a thread and connection of its own, so that the writer does not stall for it.</summary>
internal sealed class SqliteCheckpointer : IDisposable
{
    private const int CommitsBetween = 128;

    private readonly SqliteSession _session;
    private readonly SemaphoreSlim _due = new(0);
    private readonly Thread _thread;
    private int _commits;
    private volatile bool _isEnding;

    public SqliteCheckpointer(string file)
    {
        _session = SqliteSession.Open(file, isWriter: true);
        _thread = new Thread(Loop) { IsBackground = true, Name = "throughline-sqlite-checkpoint" };
        _thread.Start();
    }

    /// <summary>Called by the writer after each commit.</summary>
    public void Committed()
    {
        if (++_commits % CommitsBetween == 0 && _due.CurrentCount == 0)
        {
            _due.Release();
        }
    }

    public void Dispose()
    {
        _isEnding = true;
        _due.Release();
        _thread.Join();
        _session.Dispose();
        _due.Dispose();
    }

    private void Loop()
    {
        while (true)
        {
            _due.Wait();
            if (_isEnding)
            {
                return;
            }

            try
            {
                _session.Query("pragma wal_checkpoint(passive)", row => row.Int(0));
            }
            catch (Exception failure) when (SqliteFailure.IsUnavailable(failure))
            {
                // The log only stays longer; the writer's own commit says so when the disk is full.
            }
        }
    }
}
