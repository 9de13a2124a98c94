using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Throughline.Connect;
using Throughline.Model;
using Throughline.Simulation.Faults;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Firm;

/// <summary>A hub's way to one of the systems in memory, with the protocol of a real connector and a network in between.</summary>
internal sealed class SimulatedConnector(
    string system, Manifest manifest, Network network, Room room, Func<WriteItem, Receipt> apply, Func<FindRequest, ImmutableArray<SourceRecord>> look, Crm? source)
    : IConnector
{
    private const int PageMax = 4;

    public Manifest Manifest => manifest;

    public async Task<ConnectionReport> TestAsync(CancellationToken cancellation)
    {
        await room.Wait(network.Trip());
        return new ConnectionReport(system, network.StateOf(system));
    }

    public async IAsyncEnumerable<SourcePage> ReadAsync(string entity, Cursor? from, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var stamp = from?.Value;
        while (true)
        {
            // Nobody books time in this firm; the CRM alone says something by itself.
            var changes = await network.AskAsync(system, room, () => source?.Since(entity, stamp) ?? []);
            if (changes.IsEmpty || (changes.Length == 1 && changes[0].Version == stamp))
            {
                yield break;
            }

            // A page overlaps with the one before by the last record of it.
            var page = changes.Take(PageMax).ToArray();
            stamp = page[^1].Version;
            yield return new SourcePage([.. page.Select(change => change.Record)], new Cursor(stamp));
        }
    }

    public Task<ImmutableArray<SourceRecord>> FindAsync(FindRequest request, CancellationToken cancellation) =>
        network.AskAsync(system, room, () => look(request));

    public async Task<ImmutableArray<Receipt>> WriteAsync(ImmutableArray<WriteItem> items, CancellationToken cancellation)
    {
        var receipts = ImmutableArray.CreateBuilder<Receipt>();
        foreach (var item in items)
        {
            receipts.Add(await network.WriteAsync(system, item, room, () => apply(item)));
        }

        return receipts.DrainToImmutable();
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
