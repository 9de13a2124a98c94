using System.Text;
using Microsoft.Extensions.Logging;
using Throughline.Connect;
using Throughline.Engine.Entries;
using Throughline.Engine.Partition;
using Throughline.Engine.Recovery;
using Throughline.Model;

namespace Throughline.Engine.Delivery;

/// <summary>What follows from what a system answered.</summary>
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
            return CanBeKey(result.ExternalId) ? Terminal(command, CommandStatus.Done, null, result, now) : Unusable(command, now);
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

    private static bool WasInDoubt(Command command) =>
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

    // Entries ask the batch that they are in how it went; only what was refused has to be told.
    private static CommandOutcome TerminalBatch(Command command, CommandStatus status, Failure? failure, SendResult result, DateTimeOffset now)
    {
        var said = failure is null ? null : $"{failure.Code}: {failure.Message}";
        var receipt = failure is null && result.Refused.IsEmpty ? null : new NewEnvelope(
            new EnvelopeId(CommandId.Derive(command.Id.ToString(), "receipt").Value), command.Unit.Scope, "", EnvelopeKind.BatchReceipt,
            new BatchReceipt(command.Id, failure is null ? null : (failure.Code, failure.Message), result.Refused).ToFields(), command.CorrelationId,
            new EnvelopeId(command.Id.Value), now, now);
        return new CommandOutcome(command.Id, status, null, said, receipt) { Answer = failure is null ? result.Answer : null };
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
