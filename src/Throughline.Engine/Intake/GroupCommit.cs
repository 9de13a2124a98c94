using System.Collections.Immutable;
using System.Threading.Channels;

namespace Throughline.Engine.Intake;

/// <summary>
/// Many callers, one transaction: whatever is waiting when the store is free is committed together, and each caller is answered after
/// that commit. Batches form by themselves under load; a single caller pays one commit and no waiting time.
/// </summary>
public sealed class GroupCommit : IAsyncDisposable
{
    private const int ItemsMax = 500;

    private readonly IIntakeStore _store;
    private readonly IDoorbell _doorbell;
    private readonly Channel<Waiting> _waiting;
    private readonly Task _loop;

    /// <param name="queueMax">Callers that may wait; beyond that intake answers "busy" at once instead of growing without bound.</param>
    public GroupCommit(IIntakeStore store, IDoorbell doorbell, int queueMax = 10_000)
    {
        _store = store;
        _doorbell = doorbell;
        _waiting = Channel.CreateBounded<Waiting>(new BoundedChannelOptions(queueMax) { SingleReader = true });
        _loop = Background.Run(RunAsync);
    }

    /// <summary>Called when the store could not commit.</summary>
    public Action<StoreUnavailableException>? Failed { get; init; }

    /// <summary>Appends all items of one caller together; returns after the commit.</summary>
    /// <exception cref="IntakeBusyException">Too many callers wait already; nothing was taken in.</exception>
    /// <exception cref="StoreUnavailableException">The store cannot commit; nothing was acknowledged.</exception>
    public Task<ImmutableArray<IntakeReceipt>> AppendAsync(ImmutableArray<IntakeItem> items)
    {
        if (items.IsEmpty)
        {
            return Task.FromResult(ImmutableArray<IntakeReceipt>.Empty);
        }

        var waiting = new Waiting(items, new TaskCompletionSource<ImmutableArray<IntakeReceipt>>(TaskCreationOptions.RunContinuationsAsynchronously));
        return _waiting.Writer.TryWrite(waiting) ? waiting.Answer.Task : throw new IntakeBusyException();
    }

    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _loop;
    }

    private async Task RunAsync()
    {
        var batch = new List<Waiting>();
        while (await _waiting.Reader.WaitToReadAsync())
        {
            batch.Clear();
            var count = 0;
            while (count < ItemsMax && _waiting.Reader.TryRead(out var next))
            {
                batch.Add(next);
                count += next.Items.Length;
            }

            await CommitAsync(batch);
        }
    }

    private async Task CommitAsync(List<Waiting> batch)
    {
        try
        {
            var receipts = await _store.AppendAsync([.. batch.SelectMany(waiting => waiting.Items)], CancellationToken.None);
            var taken = batch.SelectMany(waiting => waiting.Items).Zip(receipts).Where(pair => pair.Second.Outcome == IntakeOutcome.Accepted);
            foreach (var bell in taken.Select(pair => Bell.Of(pair.First.Envelope)).Distinct())
            {
                _doorbell.Ring(bell);
            }

            var offset = 0;
            foreach (var waiting in batch)
            {
                waiting.Answer.SetResult(receipts.Slice(offset, waiting.Items.Length));
                offset += waiting.Items.Length;
            }
        }
        catch (Exception e)
        {
            if (e is StoreUnavailableException away)
            {
                Failed?.Invoke(away);
            }

            foreach (var waiting in batch)
            {
                waiting.Answer.TrySetException(e);
            }
        }
    }

    private sealed record Waiting(ImmutableArray<IntakeItem> Items, TaskCompletionSource<ImmutableArray<IntakeReceipt>> Answer);
}

/// <summary>Too many senders wait; nothing was taken in, and the sender should come back later.</summary>
public sealed class IntakeBusyException() : Exception("The hub has more senders waiting than it can take in; nothing of this was stored. Send it again later.");
