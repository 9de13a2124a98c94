using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Throughline.Engine.Delivery;
using Throughline.Model;

namespace Throughline.Engine.Partition;

/// <summary>The one commit of what was decided, and what follows from it.</summary>
public sealed partial class PartitionWorker
{
    private async Task CommitAsync(ImmutableArray<Batch> batches, CancellationToken cancellation, QuickCommit? quick = null)
    {
        ImmutableArray<PartitionCommit> commits = [.. batches.Select(batch => batch.ToCommit())];
        commits = quick?.Extend(commits) ?? commits;
        try
        {
            // Not called off by stopping, which would leave what it claimed in doubt.
            await store.CommitAsync(commits, quick is { WasTried: true } ? CancellationToken.None : cancellation);
        }
        catch (Exception e)
        {
            quick?.Failed(isUnknown: e is not FencedException && !IsAboutContent(e));
            // Perhaps it was committed all the same; what is known of these units may be old, and a clock may have been set.
            foreach (var batch in batches)
            {
                _units.Forget(batch.Partition);
            }

            Wake(commits);
            throw;
        }

        quick?.Committed();
        // Said only of what is so: a commit that failed is decided once more.
        foreach (var (envelope, cause) in batches.SelectMany(batch => batch.Poisoned))
        {
            LogPoison(cause, envelope.Id, envelope.Scope);
        }

        foreach (var (scope, decision, cause) in batches.SelectMany(batch => batch.Defects))
        {
            LogDefect(cause, decision, scope);
        }

        foreach (var batch in batches)
        {
            // Taken anew before we came to know of this commit, the partition may have been another hub's in between: what was decided is old then.
            _tenure.While(batch.Partition, batch.Epoch, () =>
            {
                foreach (var state in batch.Decided)
                {
                    _units.Put(state);
                }
            });
        }

        foreach (var bell in commits.SelectMany(commit => commit.Messages).Select(Bell.Of).Distinct())
        {
            doorbell.Ring(bell);
        }

        var unclaimed = commits.SelectMany(commit => commit.Commands).Where(command => command.Status == CommandStatus.Waiting);
        string[] systems = [.. unclaimed.Select(command => command.System).Distinct()];
        if (systems.Length > 0)
        {
            CommandsDecided?.Invoke(systems);
        }

        Wake(commits);
    }

    private void Wake(ImmutableArray<PartitionCommit> commits)
    {
        if (commits.SelectMany(commit => commit.Timers).Min(timer => timer.Due) is { } due)
        {
            TimersSet?.Invoke(due);
        }
    }

    [LoggerMessage(EventId = 1101, Level = LogLevel.Error, Message = "TL1101 envelope {Envelope} of {Scope} cannot be processed and was parked")]
    private partial void LogPoison(Exception e, EnvelopeId envelope, Scope scope);

    [LoggerMessage(EventId = 1102, Level = LogLevel.Error, Message = "TL1102 the decision {Decision} failed for {Scope}; a case tells of it")]
    private partial void LogDefect(Exception e, string decision, Scope scope);
}
