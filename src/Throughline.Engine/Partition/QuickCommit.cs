using System.Collections.Immutable;
using Throughline.Engine.Delivery;
using Throughline.Model;

namespace Throughline.Engine.Partition;

/// <summary>
/// What one commit of partitions does for the lanes of the same hub: concludes commands whose outcomes were handed over, and claims those that it decides.
/// Disposed, it gives back to the lanes whatever was not committed.
/// </summary>
internal sealed class QuickCommit(ShortWay? way) : IDisposable
{
    private readonly List<HandedOutcome> _decided = [];
    private readonly List<(Lane Lane, LaneRoom Room, ImmutableArray<Command> Commands)> _claims = [];
    private readonly HashSet<HandedOutcome> _open = new(ReferenceEqualityComparer.Instance);

    public ImmutableArray<HandedOutcome> Handed { get; private set; } = [];

    /// <summary>The commit had more in it than what the partitions decided of what is in the store.</summary>
    public bool WasTried { get; private set; }

    public void Take(ImmutableArray<int> partitions)
    {
        var handed = way?.Take(partitions) ?? [];
        _open.UnionWith(handed);
        // A commit proves one claim of a lane. What is left of an older one goes back, and is asked for in the system.
        var newest = handed.GroupBy(item => item.Lane).ToDictionary(ofLane => ofLane.Key, ofLane => ofLane.Max(item => item.Epoch));
        Handed = [.. handed.Where(item => item.Epoch == newest[item.Lane])];
        WasTried = !Handed.IsEmpty;
    }

    public void Decided(HandedOutcome handed) => _decided.Add(handed);

    public ImmutableArray<PartitionCommit> Extend(ImmutableArray<PartitionCommit> commits)
    {
        var epochs = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var handed in _decided)
        {
            epochs.TryAdd(handed.Lane.System, handed.Epoch);
        }

        var outcomes = _decided.ToLookup(handed => handed.Receipt.Scope.Partition, handed => handed.Outcome);
        var claimed = Claim([.. commits.SelectMany(commit => commit.Commands)], epochs);
        WasTried |= claimed.Count > 0;
        return epochs.Count == 0 ? commits : [.. commits.Select((commit, place) => commit with
        {
            Lanes = place == 0 ? [.. epochs.Select(pair => new LaneHold(pair.Key, pair.Value))] : [],
            Outcomes = [.. outcomes[commit.Partition]],
            Commands = [.. commit.Commands.Select(command => claimed.GetValueOrDefault(command.Id, command))],
        })];
    }

    public void Committed()
    {
        foreach (var handed in _decided)
        {
            _open.Remove(handed);
            handed.Lane.Concluded(handed);
        }

        foreach (var (lane, room, commands) in _claims)
        {
            lane.Send(room, commands);
        }

        _claims.Clear();
    }

    public void Failed(bool isUnknown)
    {
        foreach (var (lane, room, _) in _claims)
        {
            lane.GiveUp(room, isUnknown);
        }

        _claims.Clear();
    }

    public void Dispose()
    {
        Failed(isUnknown: true);
        foreach (var handed in _open)
        {
            handed.Lane.TakeBack(handed);
        }

        _open.Clear();
    }

    // The most important go first; what there is no room for waits in the store.
    private Dictionary<CommandId, Command> Claim(ImmutableArray<Command> decided, Dictionary<string, long> epochs)
    {
        var claimed = new Dictionary<CommandId, Command>();
        var due = decided.Where(command => command.Status == CommandStatus.Waiting && command.DueAt <= command.CreatedAt);
        foreach (var group in due.GroupBy(command => command.System, StringComparer.Ordinal))
        {
            if (way?.Lane(group.Key) is not { } lane || lane.TryKeepRoom(group.Count()) is not { } room)
            {
                continue;
            }

            if (epochs.TryGetValue(group.Key, out var epoch) && epoch != room.Epoch)
            {
                // What was handed over is of an older claim, and the commit would be fenced with it.
                lane.GiveUp(room, isUnknown: false);
                continue;
            }

            epochs[group.Key] = room.Epoch;
            ImmutableArray<Command> commands =
            [
                .. group.OrderBy(command => command.Priority).Take(room.Count)
                    .Select(command => command with { Status = CommandStatus.Sending, Attempt = command.Attempt + 1, SendBefore = room.SendBefore }),
            ];
            foreach (var command in commands)
            {
                claimed[command.Id] = command;
            }

            _claims.Add((lane, room, commands));
        }

        return claimed;
    }
}
