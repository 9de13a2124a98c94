using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Throughline.Connect;
using Throughline.Engine.Partition;
using Throughline.Engine.Recovery;
using Throughline.Landscape;
using Throughline.Model;

namespace Throughline.Engine.Delivery;

/// <summary>
/// The one way to one system: takes commands in order of importance, marks them durably as being sent, sends them within the system's
/// limits, and settles them with their receipts. It is the only place that sends anything twice (invariant 5), and never after silence
/// without asking the target first (invariant 3).
/// </summary>
public sealed partial class Lane(
    SystemDeclaration system, IConnector connector, ILaneStore store, IDoorbell doorbell, LaneCircuit circuit, TimeProvider time, Random random, ILogger<Lane> log)
{
    private const string NotThere = "the target does not have it; it is sent again";

    private static readonly TimeSpan SendWindow = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ProbeAgain = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly Dictionary<CommandId, int> _heldBack = [];
    private readonly CommandSender _sender = new(system, connector, time);
    private long? _epoch;

    public string System => system.Name;

    public LaneCircuit Circuit => circuit;

    /// <summary>Does what is due now; returns how many commands were settled.</summary>
    public async Task<int> WorkAsync(string owner, CancellationToken cancellation)
    {
        var epoch = _epoch ??= await store.TakeLaneAsync(system.Name, owner, cancellation);
        try
        {
            if (!circuit.MayPass(time.GetUtcNow()))
            {
                return 0;
            }

            return await ProbeAsync(epoch, cancellation) + await SendAsync(epoch, cancellation);
        }
        catch
        {
            // Whatever was claimed and not settled is found again only under a newer epoch: after its time it is asked for in the target.
            _epoch = null;
            throw;
        }
    }

    private async Task<int> ProbeAsync(long epoch, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var abandoned = now - system.Limits.TimeOut - system.Limits.Margin;
        var commands = await store.ClaimInDoubtAsync(system.Name, epoch, now, abandoned, now + system.Limits.TimeOut + ProbeAgain, Wave, cancellation);
        return await SettleAsync(epoch, commands, _sender.ProbeAsync, isProbe: true);
    }

    private async Task<int> SendAsync(long epoch, CancellationToken cancellation)
    {
        // While the circuit is half open one call at a time finds out whether the system is back.
        var max = circuit.IsTrying ? 1 : Wave;
        var now = time.GetUtcNow();
        var commands = await store.ClaimCommandsAsync(system.Name, epoch, now, now + SendWindow, max, cancellation);
        return await SettleAsync(epoch, commands, _sender.SendAsync, isProbe: false);
    }

    private int Wave => Math.Max(1, system.Limits.Concurrency);

    private async Task<int> SettleAsync(long epoch, ImmutableArray<Command> commands, Func<Command, Task<SendResult>> act, bool isProbe)
    {
        if (commands.IsEmpty)
        {
            return 0;
        }

        var outcomes = await Task.WhenAll(commands.Select(async command => Conclude(command, await GuardedAsync(command, act, isProbe))));
        // Not torn by stopping: what was sent is settled first.
        var partitions = await store.SettleAsync(system.Name, epoch, [.. outcomes], CancellationToken.None);
        lock (_gate)
        {
            foreach (var outcome in outcomes.Where(outcome => outcome.Receipt is not null))
            {
                _heldBack.Remove(outcome.Command);
            }
        }

        foreach (var partition in partitions)
        {
            doorbell.Ring(partition);
        }

        return outcomes.Length;
    }

    // A defect of a connector strikes one command, not the wave; and since nobody knows how far it came, the target is asked.
    private async Task<SendResult> GuardedAsync(Command command, Func<Command, Task<SendResult>> act, bool isProbe)
    {
        try
        {
            return await act(command);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            LogDefect(e, command.Id, system.Name);
            var failure = new Failure.InDoubt($"the connector of {system.Name} failed unexpectedly ({e.GetType().Name}); see TL1202 in the log");
            return new SendResult { WasProbe = isProbe, Failure = failure };
        }
    }

    private CommandOutcome Conclude(Command command, SendResult result)
    {
        var now = time.GetUtcNow();
        circuit.Note(result.Failure, now);
        if (result.NotSent)
        {
            return new CommandOutcome(command.Id, CommandStatus.Waiting, now, null, null);
        }

        if (result.SendAgain && command.Attempt >= RecoveryPolicy.AttemptsMax)
        {
            var lost = new Failure.InDoubt($"sent {command.Attempt} times without a clear answer, and {system.Name} does not have it");
            return Terminal(command, CommandStatus.Failed, lost, result, now);
        }

        if (result.SendAgain)
        {
            return new CommandOutcome(command.Id, CommandStatus.Waiting, now, NotThere, null);
        }

        if (result.Failure is not { } failure)
        {
            return Terminal(command, CommandStatus.Done, null, result, now);
        }

        var text = $"{failure.Code}: {failure.Message}";
        LogFailure(command.Id, system.Name, command.Item.Entity, text);
        if (result.WasProbe)
        {
            // The question itself failed; nothing is sent until it is answered.
            return result.Decisive || failure is { Disposition: Disposition.AskPerson } and not Failure.Authentication
                ? Terminal(command, CommandStatus.Failed, failure, result, now)
                : new CommandOutcome(command.Id, CommandStatus.InDoubt, now + RecoveryPolicy.Delay(command.Attempt, Spread()), text, null);
        }

        if (circuit.HoldsBack(failure))
        {
            CountHeldBack(command.Id);
            return new CommandOutcome(command.Id, CommandStatus.Waiting, circuit.OpenUntil ?? now, text, null);
        }

        var attempt = command.Attempt - HeldBack(command.Id);
        if (failure is Failure.Duplicate && !WasInDoubt(command))
        {
            // Nothing of ours can be there yet, so what has our key is somebody else's; taking it for ours would join two records.
            return Terminal(command, CommandStatus.Failed, failure, result, now);
        }

        return RecoveryPolicy.Decide(failure, attempt, Spread()) switch
        {
            RecoveryAction.RetryAfter retry => new CommandOutcome(command.Id, CommandStatus.Waiting, now + retry.Delay, text, null),
            RecoveryAction.Probe probe => new CommandOutcome(command.Id, CommandStatus.InDoubt, now + probe.Delay + LateWrite(failure), text, null),
            _ => Terminal(command, CommandStatus.Failed, failure, result, now),
        };
    }

    private static bool WasInDoubt(Command command) =>
        command.LastFailure is { } last && (last == NotThere || last.StartsWith("in-doubt", StringComparison.Ordinal));

    // A write whose answer was lost may still be on its way in; a duplicate is already there.
    private TimeSpan LateWrite(Failure failure) => failure is Failure.InDoubt ? system.Limits.Margin : TimeSpan.Zero;

    private static CommandOutcome Terminal(Command command, CommandStatus status, Failure? failure, SendResult result, DateTimeOffset now)
    {
        var payload = new ReceiptPayload(
            command.Id, command.Target, command.Item.Operation == WriteOperation.Undo, result.ExternalId ?? command.Item.ExternalId, result.Answer,
            result.Adopted, result.WasProbe, failure is null ? null : new TargetFailure(failure.Code, failure.Message, failure.Evidence));
        var receipt = new NewEnvelope(
            new EnvelopeId(CommandId.Derive(command.Id.ToString(), "receipt").Value), command.Unit.Scope, command.Unit.Unit, EnvelopeKind.Receipt,
            payload.ToFields(), command.CorrelationId, new EnvelopeId(command.Id.Value), now, now);
        return new CommandOutcome(command.Id, status, null, failure is null ? null : $"{failure.Code}: {failure.Message}", receipt);
    }

    private void CountHeldBack(CommandId command)
    {
        lock (_gate)
        {
            _heldBack[command] = _heldBack.GetValueOrDefault(command) + 1;
        }
    }

    private int HeldBack(CommandId command)
    {
        lock (_gate)
        {
            return _heldBack.GetValueOrDefault(command);
        }
    }

    private double Spread()
    {
        lock (_gate)
        {
            return random.NextDouble();
        }
    }

    [LoggerMessage(EventId = 1202, Level = LogLevel.Error, Message = "TL1202 the connector failed unexpectedly at command {Command} to {System}")]
    private partial void LogDefect(Exception e, CommandId command, string system);

    [LoggerMessage(EventId = 1201, Level = LogLevel.Warning, Message = "TL1201 command {Command} to {System} ({Entity}): {Failure}")]
    private partial void LogFailure(CommandId command, string system, string entity, string failure);
}
