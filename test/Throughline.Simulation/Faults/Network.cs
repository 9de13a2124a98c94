using System.Collections.Immutable;
using Throughline.Connect;
using Throughline.Engine.Delivery;
using Throughline.Model;
using Throughline.Simulation.Firm;
using Throughline.Simulation.World;

namespace Throughline.Simulation.Faults;

/// <summary>
/// The way between a hub and the systems. What was sent arrives, or not, whatever becomes of the hub meanwhile; answers come late, in any
/// order, or never. A write may arrive after its answer was given up, but within the margin that the landscape grants it.
/// </summary>
internal sealed class Network(TheWorld world, FaultPlan plan)
{
    public static readonly TimeSpan TimeOut = TimeSpan.FromSeconds(30);
    public static readonly TimeSpan Margin = TimeSpan.FromSeconds(5);

    private readonly Random _chance = world.Chance("network");
    private readonly Random _tears = world.Chance("torn calls");
    private readonly Dictionary<string, Failure> _states = [];

    /// <summary>Writes that are still on their way.</summary>
    public int UnderWay { get; private set; }

    /// <summary>A system as a whole answers with this until told otherwise.</summary>
    public void Set(string system, Failure? state)
    {
        world.Trace.Note(system, state is null ? "works again" : $"from now on: {state.Message}");
        if (state is null)
        {
            _states.Remove(system);
        }
        else
        {
            _states[system] = state;
        }
    }

    public Failure? StateOf(string system) => _states.GetValueOrDefault(system);

    public TimeSpan Trip() => TimeSpan.FromMilliseconds(_chance.Next(10) == 0 ? 1 + _chance.Next(3_000) : 1 + _chance.Next(80));

    /// <summary>A question: it has no effect, so it only works or fails.</summary>
    public async Task<T> AskAsync<T>(string system, Room room, Func<T> answer)
    {
        await room.Wait(Trip());
        if (StateOf(system) is { } state)
        {
            throw new ConnectorException(state);
        }

        if (!plan.IsOver && _chance.NextDouble() < plan.FailedLook)
        {
            throw new ConnectorException(new Failure.Transient("the connection was reset"));
        }

        var result = answer();
        await room.Wait(Trip());
        return result;
    }

    /// <summary>One call: what it holds arrives together, or not, and is answered together.</summary>
    public async Task<ImmutableArray<Receipt>> WriteAsync(string system, ImmutableArray<WriteItem> items, Room room, Func<ImmutableArray<Receipt>> apply)
    {
        var what = string.Join(", ", items.Select(item => $"{item.Operation} {item.Entity} {item.ExternalId} {item.Fields.ToJson()}"));
        if (StateOf(system) is { } state)
        {
            await room.Wait(Trip());
            world.Trace.Note(room.Name, $"to {system}: {what}: {state.Code}");
            return Failed(state);
        }

        var draw = plan.IsOver ? 1 : _chance.NextDouble();
        if (Hit(plan.Unreachable))
        {
            return await FailAsync(new Failure.Transient("connection refused"));
        }

        if (Hit(plan.Throttled))
        {
            return await FailAsync(new Failure.Throttled("too many requests", _chance.Next(2) == 0 ? null : TimeSpan.FromSeconds(_chance.Next(20))));
        }

        if (Hit(plan.Refused))
        {
            return await FailAsync(new Failure.Validation("refused for a reason of its own (simulated)", []));
        }

        if (Hit(plan.LostRequest))
        {
            world.Trace.Note(room.Name, $"to {system}: {what}: lost on the way");
            await room.Wait(GivesUp());
            return Failed(new Failure.InDoubt("no answer"));
        }

        var isLate = Hit(plan.LateWrite);
        var isLost = isLate || Hit(plan.LostAnswer);
        var givesUp = GivesUp();
        var arrives = isLate ? givesUp + (Margin * (_chance.NextDouble() * 0.98)) : isLost ? givesUp * _chance.NextDouble() : Trip();
        world.Trace.Note(room.Name, $"to {system}: {what}{(isLate ? ": arrives late" : isLost ? ": its answer will be lost" : "")}");
        var answer = Deliver(system, items, arrives, apply);
        if (!isLost && Hit(plan.Doubled) && items.All(item => item is { Entity: Erp.Line, Operation: WriteOperation.Create }))
        {
            // A proxy sends it a second time, and the answer to that is the one that comes back.
            world.Trace.Note(room.Name, $"to {system}: {what}: arrives twice");
            _ = await answer;
            answer = Deliver(system, items, Trip(), apply);
        }

        if (isLost)
        {
            await room.Wait(givesUp);
            return Failed(new Failure.InDoubt("no answer"));
        }

        var receipts = await answer;
        await room.Wait(Trip());
        return receipts;

        bool Hit(double rate)
        {
            draw -= rate;
            return draw < 0 && draw >= -rate;
        }

        ImmutableArray<Receipt> Failed(Failure failure) => [.. items.Select(_ => Receipt.Failed(failure))];

        async Task<ImmutableArray<Receipt>> FailAsync(Failure failure)
        {
            await room.Wait(Trip());
            world.Trace.Note(room.Name, $"to {system}: {what}: {failure.Code}");
            return Failed(failure);
        }
    }

    private TimeSpan GivesUp() => _chance.Next(2) == 0 ? TimeOut * 0.99 : Trip() * 2;

    /// <summary>Where a call that is taken line by line breaks off: so many lines arrive; null where it does not.</summary>
    public (int Lines, Failure Failure)? Tears(int lines)
    {
        if (plan.IsOver || lines < 2 || _tears.NextDouble() >= plan.Torn)
        {
            return null;
        }

        return (_tears.Next(lines), _tears.Next(3) switch
        {
            0 => new Failure.Throttled("too many lines", TimeSpan.FromSeconds(_tears.Next(5))),
            1 => new Failure.Transient("the connection was closed before the line was sent"),
            _ => new Failure.InDoubt("the connection broke off"),
        });
    }

    private Task<ImmutableArray<Receipt>> Deliver(string system, ImmutableArray<WriteItem> items, TimeSpan arrives, Func<ImmutableArray<Receipt>> apply)
    {
        var answer = new TaskCompletionSource<ImmutableArray<Receipt>>(TaskCreationOptions.RunContinuationsAsynchronously);
        UnderWay++;
        world.Later(arrives, () =>
        {
            UnderWay--;
            var receipts = apply();
            foreach (var (item, receipt) in items.Zip(receipts))
            {
                world.Trace.Note(system, $"{item.Operation} {item.Entity} {receipt.ExternalId ?? item.ExternalId}: {receipt.Failure?.Message ?? "done"}");
            }

            answer.SetResult(receipts);
        });
        return answer.Task;
    }
}
