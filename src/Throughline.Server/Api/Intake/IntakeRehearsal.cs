using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Intake;
using Throughline.Engine.Process;
using Throughline.Model;
using Throughline.Server.Hosting;

namespace Throughline.Server.Api.Intake;

/// <summary>
/// Finds out what intake would refuse, without taking anything in: the same intake over a store that keeps nothing. A list of records is
/// taken as a whole or not at all, so that a sender never has to find out which half arrived.
/// </summary>
internal sealed class IntakeRehearsal(Doors doors)
{
    private readonly IntakeService _service = new(
        new ReleaseHolder(doors.Landscape), new GroupCommit(new NoStore(), new NoDoorbell()),
        system => doors.Parts.Connectors.GetValueOrDefault(system)?.Manifest, doors.Time);

    public async Task<ImmutableArray<FieldProblem>> TryAsync(ImmutableArray<IntakeRequest> requests, Func<int, string> place)
    {
        var answers = await _service.TakeAsync(requests);
        return [.. answers.SelectMany((answer, i) => answer.Problems.Select(problem => problem with { Field = place(i) + problem.Field }))];
    }

    private sealed class NoStore : IIntakeStore
    {
        public Task<ImmutableArray<IntakeReceipt>> AppendAsync(ImmutableArray<IntakeItem> items, CancellationToken cancellation) =>
            Task.FromResult<ImmutableArray<IntakeReceipt>>([.. items.Select(item => new IntakeReceipt(item.Key, IntakeOutcome.Duplicate, item.Envelope.Id, -1))]);
    }

    private sealed class NoDoorbell : IDoorbell
    {
        public void Ring(int partition)
        {
        }

        public ValueTask<int> NextAsync(CancellationToken cancellation) => ValueTask.FromResult(0);

        public void Answered(int partition)
        {
        }
    }
}
