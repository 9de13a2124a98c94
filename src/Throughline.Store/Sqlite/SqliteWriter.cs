using System.Collections.Concurrent;
using Throughline.Engine;

namespace Throughline.Store.Sqlite;

/// <summary>
/// The one thread that writes. What waits while a commit is on its way to the disk shares the next one (group commit): each piece of
/// work stands in its own savepoint, so that one that fails takes nothing else with it, and is answered only after the shared commit.
/// </summary>
internal sealed class SqliteWriter : IDisposable
{
    private const int GroupMax = 64;

    private readonly SqliteSession _session;
    private readonly string _folder;
    private readonly Action _committed;
    private readonly BlockingCollection<Work> _queue = [];
    private readonly Thread _thread;

    public SqliteWriter(SqliteSession session, string folder, Action committed)
    {
        (_session, _folder, _committed) = (session, folder, committed);
        _thread = new Thread(Loop) { IsBackground = true, Name = "throughline-sqlite-writer" };
        _thread.Start();
    }

    public Task<T> RunAsync<T>(Func<SqliteSession, T> work, CancellationToken cancellation)
    {
        var item = new Work<T>(work, cancellation);
        try
        {
            _queue.Add(item, CancellationToken.None);
        }
        catch (InvalidOperationException)
        {
            throw new ObjectDisposedException(nameof(SqliteHubStore), $"The store in {_folder} has been closed.");
        }

        return item.Task;
    }

    public Task RunAsync(Action<SqliteSession> work, CancellationToken cancellation) => RunAsync(
        session =>
        {
            work(session);
            return true;
        },
        cancellation);

    /// <summary>Commits what is queued, then ends the thread and closes the connection.</summary>
    public void Dispose()
    {
        _queue.CompleteAdding();
        _thread.Join();
        _session.Dispose();
        _queue.Dispose();
    }

    private void Loop()
    {
        var group = new List<Work>(GroupMax);
        foreach (var first in _queue.GetConsumingEnumerable())
        {
            group.Clear();
            group.Add(first);
            try
            {
                Commit(group);
            }
            catch (Exception failure)
            {
                RollBack();
                // Nothing of the group was acknowledged, so every one of them is told that it did not happen.
                Exception told = SqliteFailure.IsUnavailable(failure) ? SqliteFailure.Translate(failure, _folder) : failure;
                group.ForEach(work => work.Fail(told));
                continue;
            }

            group.ForEach(work => work.Answer());
            _committed();
        }
    }

    private void Commit(List<Work> group)
    {
        _session.Run("begin immediate");
        RunInSavepoint(group[0]);
        while (group.Count < GroupMax && _queue.TryTake(out var next))
        {
            group.Add(next);
            RunInSavepoint(next);
        }

        _session.Run("commit");
    }

    private void RunInSavepoint(Work work)
    {
        if (work.GiveUpIfCancelled())
        {
            return;
        }

        _session.Run("savepoint work");
        try
        {
            work.Run(_session);
        }
        catch (Exception failure) when (!SqliteFailure.IsUnavailable(failure) && _session.IsInTransaction)
        {
            work.Refuse(failure);
            _session.Run("rollback to work");
        }

        _session.Run("release work");
    }

    private void RollBack()
    {
        try
        {
            if (_session.IsInTransaction)
            {
                _session.Run("rollback");
            }
        }
        catch (Exception failure) when (SqliteFailure.IsUnavailable(failure))
        {
            // The next "begin" meets the same trouble and says so to its caller.
        }
    }

    private abstract class Work(CancellationToken cancellation)
    {
        protected Exception? Refusal { get; private set; }

        protected bool IsCancelled { get; private set; }

        protected CancellationToken Cancellation { get; } = cancellation;

        /// <summary>What has not begun may still be called off; what has begun is finished.</summary>
        public bool GiveUpIfCancelled() => IsCancelled = Cancellation.IsCancellationRequested;

        public abstract void Run(SqliteSession session);

        public abstract void Answer();

        public abstract void Fail(Exception failure);

        public void Refuse(Exception failure) => Refusal = failure;
    }

    private sealed class Work<T>(Func<SqliteSession, T> work, CancellationToken cancellation) : Work(cancellation)
    {
        // Continuations must not run on the writer's thread.
        private readonly TaskCompletionSource<T> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T? _result;

        public Task<T> Task => _answer.Task;

        public override void Run(SqliteSession session) => _result = work(session);

        public override void Answer()
        {
            if (IsCancelled)
            {
                _answer.SetCanceled(Cancellation);
            }
            else if (Refusal is not null)
            {
                _answer.SetException(Refusal);
            }
            else
            {
                _answer.SetResult(_result!);
            }
        }

        public override void Fail(Exception failure) => _answer.SetException(failure);
    }
}
