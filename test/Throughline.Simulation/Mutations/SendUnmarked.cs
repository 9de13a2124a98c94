using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Delivery;
using Throughline.Engine.Partition;
using Throughline.Simulation.Checkers;
using Throughline.Simulation.Faults;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Mutations;

/// <summary>The mark that a command is being sent does not last: whoever comes next sends it again without asking.</summary>
internal sealed class SendUnmarked : Mutation
{
    public override Type FoundBy => typeof(NothingHappensTwice);

    public override IHubStore Store(IHubStore inner, TheWorld world, Room room) => new Broken(inner);

    private sealed class Broken(IHubStore inner) : StoreDecorator(inner)
    {
        public override async Task CommitAsync(ImmutableArray<PartitionCommit> commits, CancellationToken cancellation)
        {
            await Inner.CommitAsync(commits, cancellation);
            foreach (var lane in commits.SelectMany(commit => commit.Lanes))
            {
                var claimed = commits.SelectMany(commit => commit.Commands)
                    .Where(command => command.System == lane.System && command.Status == CommandStatus.Sending)
                    .Select(command => new CommandOutcome(command.Id, CommandStatus.Waiting, command.DueAt.AddMinutes(1), null, null));
                await Inner.ConcludeAsync(lane.System, lane.Epoch, [.. claimed], cancellation);
            }
        }

        public override async Task<ImmutableArray<Command>> ClaimCommandsAsync(
            string system, long epoch, DateTimeOffset now, DateTimeOffset sendBefore, int max, CancellationToken cancellation)
        {
            var claimed = await Inner.ClaimCommandsAsync(system, epoch, now, sendBefore, max, cancellation);
            await Inner.ConcludeAsync(
                system, epoch, [.. claimed.Select(command => new CommandOutcome(command.Id, CommandStatus.Waiting, now.AddMinutes(1), null, null))], cancellation);
            return claimed;
        }
    }
}
