using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Entries;
using Throughline.Simulation.Checkers;
using Throughline.Simulation.Faults;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Mutations;

/// <summary>That entries are held is not told to their engagement: nobody is ever asked.</summary>
internal sealed class ForgetHeldEntries : Mutation
{
    public override Type FoundBy => typeof(HeldTimeIsTold);

    public override IHubStore Store(IHubStore inner, TheWorld world, Room room) => new Broken(inner);

    private sealed class Broken(IHubStore inner) : StoreDecorator(inner)
    {
        public override Task CommitEntriesAsync(ImmutableArray<EntryCommit> commits, CancellationToken cancellation) => Inner.CommitEntriesAsync(
            [.. commits.Select(commit => commit with { Messages = [.. commit.Messages.Where(message => message.Kind != EnvelopeKind.EntryTrouble)] })], cancellation);
    }
}
