using System.Collections.Immutable;
using System.Globalization;
using Throughline.Engine;
using Throughline.Engine.Delivery;
using Throughline.Engine.Lineage;
using Throughline.Engine.Partition;
using Throughline.Model;

namespace Throughline.Conformance.Store;

public sealed partial class MemoryHubStore
{
    public Task<long> TakeLaneAsync(string system, string owner, CancellationToken cancellation) => Do(() =>
    {
        Check(system, owner);
        return _data.Lanes[system] = _data.Lanes.GetValueOrDefault(system) + 1;
    });

    public Task<ImmutableArray<Command>> ClaimCommandsAsync(
        string system, long epoch, DateTimeOffset now, DateTimeOffset sendBefore, int max, CancellationToken cancellation) => Do(() => Claim(
        system,
        epoch,
        held => held.Content.Status == CommandStatus.Waiting && held.Content.DueAt <= At(now),
        command => command with { Status = CommandStatus.Sending, Attempt = command.Attempt + 1, SendBefore = At(sendBefore) },
        max));

    public Task<ImmutableArray<Command>> ClaimInDoubtAsync(
        string system, long epoch, DateTimeOffset now, DateTimeOffset abandonedBefore, DateTimeOffset probeAgainAt, int max, CancellationToken cancellation) =>
        Do(() => Claim(
            system,
            epoch,
            held => (held.Content.Status == CommandStatus.InDoubt && held.Content.DueAt <= At(now))
                || (held.Content.Status == CommandStatus.Sending && held.Epoch < epoch && held.Content.SendBefore < At(abandonedBefore)),
            command => command with { Status = CommandStatus.InDoubt, DueAt = Due(probeAgainAt) },
            max));

    public Task<ImmutableArray<int>> ConcludeAsync(string system, long epoch, ImmutableArray<CommandOutcome> outcomes, CancellationToken cancellation) =>
        Do(() =>
        {
            if (outcomes.Any(outcome => !_data.CommandsById.ContainsKey(outcome.Command)))
            {
                throw new InvalidOperationException("an outcome names a command that does not exist");
            }

            FenceLane(system, epoch);
            foreach (var receipt in outcomes.Select(outcome => outcome.Receipt).OfType<NewEnvelope>())
            {
                Check(receipt);
            }

            return outcomes.Select(outcome => Conclude(outcome)).OfType<NewEnvelope>().Select(Bell.Of).Distinct().Order().ToImmutableArray();
        });

    public Task<ImmutableArray<int>> FireTimersAsync(DateTimeOffset now, int max, CancellationToken cancellation) => Do(() =>
    {
        var due = _data.Timers.Where(timer => timer.Due <= At(now))
            .OrderBy(timer => timer.Due).ThenBy(timer => timer.Unit.Scope.ToString(), ByBytes).ThenBy(timer => timer.Unit.Unit, ByBytes)
            .ThenBy(timer => timer.Id, ByBytes)
            .Take(max)
            .ToList();
        foreach (var timer in due)
        {
            _data.Timers.Remove(timer);
            Append(
                new NewEnvelope(
                    new EnvelopeId(CommandId.Derive(
                        "timer", timer.Unit.Scope.ToString(), timer.Unit.Unit, timer.Id, Microseconds(timer.Due!.Value), Microseconds(now)).Value),
                    timer.Unit.Scope, timer.Unit.Unit, EnvelopeKind.Timer, timer.Payload, timer.CorrelationId, null, timer.Due.Value, now),
                EnvelopeStream.Control);
        }

        return due.Select(timer => timer.Unit.Scope.Partition).Distinct().Order().ToImmutableArray();
    });

    public Task<DateTimeOffset?> NextTimerAsync(CancellationToken cancellation) => Do(() => _data.Timers.Select(timer => timer.Due).Min());

    /// <summary>Every clock that is set; for tests that look whether something waits without one.</summary>
    public ImmutableArray<TimerRow> Timers()
    {
        lock (_lock)
        {
            return [.. _data.Timers];
        }
    }

    public Task<string?> ReadCursorAsync(string system, string entity, CancellationToken cancellation) =>
        Do(() => _data.Cursors.GetValueOrDefault((system, entity)));

    public Task WriteCursorAsync(string system, string entity, string cursor, CancellationToken cancellation) => Do(() =>
    {
        Check(system, entity, cursor);
        return _data.Cursors[(system, entity)] = cursor;
    });

    private static string Microseconds(DateTimeOffset time) =>
        ((time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond).ToString(CultureInfo.InvariantCulture);

    private ImmutableArray<Command> Claim(string system, long epoch, Func<Held, bool> isWanted, Func<Command, Command> mark, int max)
    {
        FenceLane(system, epoch);
        var claimed = _data.Commands.Where(held => held.Content.System == system && isWanted(held))
            .OrderBy(held => held.Content.Priority).ThenBy(held => held.Content.CreatedAt)
            .Take(max)
            .ToList();
        foreach (var held in claimed)
        {
            held.Content = mark(held.Content);
            held.Epoch = epoch;
        }

        return [.. claimed.Select(held => held.Content)];
    }

    private void FenceLane(string system, long epoch)
    {
        if (!_data.Lanes.TryGetValue(system, out var current) || current != epoch)
        {
            throw new FencedException($"the lane of {system} has another driver");
        }
    }

    private void CheckCommands(PartitionCommit commit)
    {
        var isClaim = commit.Commands.Any(command => command.Status == CommandStatus.Sending);
        var isNew = commit.Commands.All(command => !_data.CommandsById.ContainsKey(command.Id))
            && commit.Commands.DistinctBy(command => command.Id).Count() == commit.Commands.Length;
        var isDisputed = (isClaim && !isNew)
            || commit.Outcomes.Any(outcome => _data.CommandsById.GetValueOrDefault(outcome.Command) is not { Answer: null });
        if (isDisputed)
        {
            throw new InvalidOperationException("a command is there already or has its outcome already");
        }
    }

    /// <summary>The receipt that was appended, if one was.</summary>
    /// <param name="isDecided">The receipt was decided already and becomes no envelope.</param>
    private NewEnvelope? Conclude(CommandOutcome outcome, bool isDecided = false)
    {
        var held = _data.CommandsById[outcome.Command];
        var isAnswer = outcome.Status is CommandStatus.Done or CommandStatus.Failed;
        var answer = outcome.Status + " " + (outcome.Answer?.ToJson() ?? outcome.Receipt?.Payload.Fingerprint());
        if (held.Answer is not null)
        {
            if (isAnswer && held.Answer != answer)
            {
                Tell([LateAnswer(held.Content, outcome)]);
            }

            return null;
        }

        held.Answer = isAnswer ? answer : null;
        held.Content = held.Content with
        {
            Status = outcome.Status,
            DueAt = outcome.DueAt is { } due ? Due(due) : held.Content.DueAt,
            LastFailure = Prose(outcome.Failure),
            SendBefore = null,
            Attempt = held.Content.Attempt - (outcome.IsNoAttempt ? 1 : 0),
        };
        if (!isAnswer || isDecided || outcome.Receipt is null)
        {
            return null;
        }

        Append(outcome.Receipt, outcome.Receipt.Stream);
        return outcome.Receipt;
    }

    private static LineageEntry LateAnswer(Command command, CommandOutcome outcome) => new(
        0, outcome.Receipt?.ReceivedAt ?? outcome.DueAt ?? command.DueAt, command.CorrelationId, command.Unit.Scope, "late-answer",
        $"{command.System} gave a second, different answer to one write of {command.Item.Entity}: {Word(outcome.Status)}"
            + (outcome.Failure is null ? "" : $" ({outcome.Failure})")
            + $". The first answer, {Word(command.Status)}, stands and nothing was changed; look at the record in {command.System}.",
        command.System, command.Item.Entity, null, command.Id.ToString());

    private static string Word(CommandStatus status) => status == CommandStatus.Done ? "done" : "failed";
}
