using System.Collections.Immutable;
using System.Text;
using Microsoft.Extensions.Logging;
using Throughline.Connect;
using Throughline.Engine.Entries;
using Throughline.Engine.Partition;
using Throughline.Engine.Recovery;
using Throughline.Model;

namespace Throughline.Engine.Delivery;

/// <summary>What follows from what a system answered, and how the store is told.</summary>
public sealed partial class Lane
{
    private const string NotThere = "the target does not have it; it is sent again";

    private CommandOutcome Conclude(Command command, SendResult result)
    {
        var now = time.GetUtcNow();
        if (!result.NotSent)
        {
            circuit.Note(result.Failure, now);
        }

        if (result.NotSent)
        {
            return new CommandOutcome(command.Id, CommandStatus.Waiting, circuit.OpenUntil ?? now, command.LastFailure, null, IsNoAttempt: true);
        }

        var attempt = command.Attempt;
        if (result.SendAgain && attempt >= RecoveryPolicy.AttemptsMax)
        {
            var lost = new Failure.InDoubt($"sent {attempt} times without a clear answer, and {system.Name} does not have it");
            return Terminal(command, CommandStatus.Failed, lost, result, now);
        }

        if (result.SendAgain)
        {
            return new CommandOutcome(command.Id, CommandStatus.Waiting, now, NotThere, null);
        }

        if (result.Failure is not { } failure)
        {
            return CanBeKey(result.ExternalId) && result.Ids.All(CanBeKey) ? Terminal(command, CommandStatus.Done, null, result, now) : Unusable(command, now);
        }

        var text = $"{failure.Code}: {failure.Message}";
        LogFailure(command.Id, system.Name, command.Item.Entity, text);
        if (result.WasProbe)
        {
            // The question itself failed; nothing is sent until it is answered.
            return result.Decisive || failure is { Disposition: Disposition.AskPerson } and not Failure.Authentication
                ? Terminal(command, CommandStatus.Failed, failure, result, now)
                : new CommandOutcome(command.Id, CommandStatus.InDoubt, now + RecoveryPolicy.Delay(attempt, Spread()), text, null);
        }

        if (circuit.HoldsBack(failure))
        {
            return new CommandOutcome(command.Id, CommandStatus.Waiting, circuit.OpenUntil ?? now, text, null, IsNoAttempt: true);
        }

        if (failure is Failure.Duplicate && !WasInDoubt(command) && !command.IsBatch)
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

    // An id with which nothing could be found again; the engagement could not take it in, and would stand still with its receipt.
    private static bool CanBeKey(string? id) => id is null || (!id.Contains('\0', StringComparison.Ordinal) && Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(id)) == id);

    private CommandOutcome Unusable(Command command, DateTimeOffset now)
    {
        var failure = Unkept(system.Name);
        LogFailure(command.Id, system.Name, command.Item.Entity, failure.Message);
        return Terminal(command, CommandStatus.Failed, new Failure.InDoubt(failure.Message), new SendResult(), now);
    }

    private static TargetFailure Unkept(string system) => new(
        "in-doubt", $"{system} answered with something that the hub cannot keep, such as a NUL character in an id; the record probably stands there. Look there first", null);

    internal static bool WasInDoubt(Command command) =>
        command.LastFailure is { } last && (last == NotThere || last.StartsWith("in-doubt", StringComparison.Ordinal));

    // A write whose answer was lost may still be on its way in; a duplicate is already there.
    private TimeSpan LateWrite(Failure failure) => failure is Failure.InDoubt ? system.Limits.Margin : TimeSpan.Zero;

    private static CommandOutcome Terminal(Command command, CommandStatus status, Failure? failure, SendResult result, DateTimeOffset now)
    {
        if (command.IsBatch)
        {
            return TerminalBatch(command, status, failure, result, now);
        }

        var payload = new ReceiptPayload(
            command.Id, command.Target, command.Item.Operation == WriteOperation.Undo, result.ExternalId ?? command.Item.ExternalId, result.Answer,
            result.Adopted, result.WasProbe, failure is null ? null : new TargetFailure(failure.Code, failure.Message, failure.Evidence));
        var receipt = new NewEnvelope(
            new EnvelopeId(CommandId.Derive(command.Id.ToString(), "receipt").Value), command.Unit.Scope, command.Unit.Unit, EnvelopeKind.Receipt,
            payload.ToFields(), command.CorrelationId, new EnvelopeId(command.Id.Value), now, now);
        return new CommandOutcome(command.Id, status, null, failure is null ? null : $"{failure.Code}: {failure.Message}", receipt);
    }

    // Entries ask the batch that they are in how it went; the receipt only says that they should.
    private static CommandOutcome TerminalBatch(Command batch, CommandStatus status, Failure? failure, SendResult result, DateTimeOffset now)
    {
        // A question that was not answered leaves open what it asked for.
        var isInDoubt = failure is Failure.InDoubt || (failure is not null && result.WasProbe);
        var said = failure is null ? null : isInDoubt && failure is not Failure.InDoubt ? $"in-doubt: {failure.Code}: {failure.Message}" : $"{failure.Code}: {failure.Message}";
        var isAsSent = failure is null && !result.WasThere && !result.Ids.Contains(null);
        var receipt = isAsSent ? null : new NewEnvelope(
            new EnvelopeId(CommandId.Derive(batch.Id.ToString(), "receipt").Value), batch.Unit.Scope, "", EnvelopeKind.BatchReceipt,
            new BatchReceipt(batch.Id).ToFields(), batch.CorrelationId, new EnvelopeId(batch.Id.Value), now, now);
        return new CommandOutcome(batch.Id, status, null, said, receipt)
        {
            Answer = failure is null ? BatchAnswer.Of(batch.Item.Operation, result.Ids, result.Refused, result.WasThere) : null,
        };
    }

    // Not torn by stopping: what was sent is concluded. Where the store cannot say that it took them, the outcomes stay for the next step.
    private async Task<int> ConcludeAsync()
    {
        var finished = _finished.ToArray();
        ImmutableArray<CommandOutcome> outcomes = [.. finished.Where(item => item.Epoch == _epoch).Select(item => item.Outcome)];
        if (!outcomes.IsEmpty)
        {
            await ConcludeAsync(_epoch!.Value, outcomes);
        }

        foreach (var item in finished)
        {
            _finished.TryDequeue(out var _);
            lock (_gate)
            {
                _unconcluded.Remove(item.Outcome.Command);
            }
        }

        return finished.Length;
    }

    private async Task ConcludeAsync(long epoch, ImmutableArray<CommandOutcome> outcomes)
    {
        try
        {
            foreach (var partition in await store.ConcludeAsync(system.Name, epoch, outcomes, CancellationToken.None))
            {
                doorbell.Ring(partition);
            }

            Noted(outcomes);
        }
        catch (Exception e) when (e is not (FencedException or StoreUnavailableException or OutOfMemoryException))
        {
            // One answer must not stop the others, so each is concluded alone.
            foreach (var outcome in outcomes)
            {
                if (outcomes.Length > 1)
                {
                    await ConcludeAsync(epoch, [outcome]);
                }
                else if (e is ArgumentException && outcome.Receipt is { Kind: EnvelopeKind.Receipt } receipt && WithoutAnswer(outcome, receipt) is var bare && bare != outcome)
                {
                    // To ask the system again would bring the same answer, so a person is told.
                    await ConcludeAsync(epoch, [bare]);
                    LogUnkept(e, outcome.Command, system.Name);
                }
                else if (outcome.Status == CommandStatus.InDoubt)
                {
                    throw;
                }
                else
                {
                    // A defect of ours says nothing about the answer: it stays in doubt, and the system is asked again.
                    LogDefect(e, outcome.Command, system.Name);
                    var failure = $"in-doubt: the answer of {system.Name} could not be written down ({e.GetType().Name}); see TL1202 in the log";
                    var doubt = new CommandOutcome(outcome.Command, CommandStatus.InDoubt, time.GetUtcNow() + system.Limits.Margin + ProbeAgain, failure, null);
                    await ConcludeAsync(epoch, [doubt]);
                }
            }
        }
    }

    // The same outcome without anything that the system said. Whether the record stands there is for a person to see.
    private CommandOutcome WithoutAnswer(CommandOutcome outcome, NewEnvelope receipt)
    {
        var answered = ReceiptPayload.From(receipt.Payload);
        var failure = Unkept(system.Name);
        var payload = new ReceiptPayload(answered.Command, answered.Target, answered.IsUndo, null, Fields.Empty, false, false, failure);
        return outcome with
        {
            Status = CommandStatus.Failed, Failure = $"{failure.Code}: {failure.Message}", Receipt = receipt with { Payload = payload.ToFields() },
        };
    }

    private void Noted(ImmutableArray<CommandOutcome> outcomes)
    {
        lock (_gate)
        {
            foreach (var outcome in outcomes)
            {
                if (outcome is { Status: CommandStatus.InDoubt, DueAt: { } doubtDue })
                {
                    _probeLookAt = doubtDue < _probeLookAt ? doubtDue : _probeLookAt;
                }
                else if (outcome is { Receipt: null, DueAt: { } due })
                {
                    _lookAt = due < _lookAt ? due : _lookAt;
                }
            }
        }
    }

    private double Spread()
    {
        lock (_gate)
        {
            return random.NextDouble();
        }
    }

    [LoggerMessage(EventId = 1201, Level = LogLevel.Warning, Message = "TL1201 command {Command} to {System} ({Entity}): {Failure}")]
    private partial void LogFailure(CommandId command, string system, string entity, string failure);
}
