using System.Collections.Immutable;
using Throughline.Engine;
using Throughline.Engine.Delivery;
using Throughline.Engine.Lineage;
using Throughline.Model;

namespace Throughline.Store;

/// <summary>What of a command decides whether an outcome is taken.</summary>
internal sealed record StandingCommand(
    CommandId Id, CommandStatus Status, string? Answer, string System, Scope Scope, string CorrelationId, string Item, DateTimeOffset DueAt)
{
    /// <summary>Read only where it is told: a batch is long.</summary>
    public string Entity => StoredCommand.Item(Item).Item.Entity;
}

/// <summary>One change of a command row; a null due time leaves the old one.</summary>
/// <param name="Unsent">Claims that do not count among the attempts.</param>
internal sealed record CommandChange(CommandId Id, CommandStatus Status, DateTimeOffset? DueAt, string? Failure, string? Answer, int Unsent);

/// <summary>Decides what a list of outcomes does to the commands as they stand, one outcome after the other.</summary>
internal sealed class Conclusion
{
    private readonly Dictionary<CommandId, StandingCommand> _standing;
    private readonly Dictionary<CommandId, CommandChange> _changes = [];
    private readonly List<NewEnvelope> _receipts = [];
    private readonly List<LineageEntry> _lateAnswers = [];

    private Conclusion(IEnumerable<StandingCommand> standing) => _standing = standing.ToDictionary(command => command.Id);

    public IReadOnlyCollection<CommandChange> Changes => _changes.Values;

    public IReadOnlyList<NewEnvelope> Receipts => _receipts;

    public IReadOnlyList<LineageEntry> LateAnswers => _lateAnswers;

    /// <summary>The bells of the streams to which receipts were appended, ascending.</summary>
    public ImmutableArray<int> Bells => [.. _receipts.Select(Bell.Of).Distinct().Order()];

    public static Conclusion Decide(ImmutableArray<CommandOutcome> outcomes, IEnumerable<StandingCommand> standing)
    {
        var conclusion = new Conclusion(standing);
        foreach (var outcome in outcomes)
        {
            conclusion.Take(outcome);
        }

        return conclusion;
    }

    /// <summary>The same where each command still waits for an outcome, which the statement that applies it has to check.</summary>
    public static Conclusion Undisputed(ImmutableArray<CommandOutcome> outcomes)
    {
        var conclusion = new Conclusion([]);
        foreach (var outcome in outcomes)
        {
            conclusion.Apply(outcome);
        }

        return conclusion;
    }

    private void Take(CommandOutcome outcome)
    {
        if (!_standing.TryGetValue(outcome.Command, out var command))
        {
            throw new InvalidOperationException($"there is no command {outcome.Command} whose outcome could be recorded");
        }

        var answer = AnswerOf(outcome);
        if (IsTerminal(command.Status))
        {
            if (answer is not null && answer != command.Answer)
            {
                _lateAnswers.Add(LateAnswer(command, outcome));
            }

            return;
        }

        _standing[command.Id] = command with { Status = outcome.Status, Answer = answer };
        Apply(outcome);
    }

    private void Apply(CommandOutcome outcome)
    {
        var earlier = _changes.GetValueOrDefault(outcome.Command);
        _changes[outcome.Command] = new CommandChange(
            outcome.Command, outcome.Status, outcome.DueAt ?? earlier?.DueAt, outcome.Failure, AnswerOf(outcome),
            (earlier?.Unsent ?? 0) + (outcome.IsNoAttempt ? 1 : 0));
        if (IsTerminal(outcome.Status) && outcome.Receipt is { } receipt)
        {
            _receipts.Add(receipt);
        }
    }

    private static bool IsTerminal(CommandStatus status) => status is CommandStatus.Done or CommandStatus.Failed;

    private static string? AnswerOf(CommandOutcome outcome) =>
        !IsTerminal(outcome.Status) ? null : outcome.Status + " " + (outcome.Answer?.ToJson() ?? outcome.Receipt?.Payload.Fingerprint());

    private static LineageEntry LateAnswer(StandingCommand command, CommandOutcome outcome) => new(
        0,
        outcome.Receipt?.ReceivedAt ?? outcome.DueAt ?? command.DueAt,
        command.CorrelationId,
        command.Scope,
        "late-answer",
        $"{command.System} gave a second, different answer to one write of {command.Entity}: {Word(outcome.Status)}"
            + (outcome.Failure is null ? "" : $" ({outcome.Failure})")
            + $". The first answer, {Word(command.Status)}, stands and nothing was changed; look at the record in {command.System}.",
        command.System,
        command.Entity,
        null,
        command.Id.ToString());

    private static string Word(CommandStatus status) => status == CommandStatus.Done ? "done" : "failed";
}
