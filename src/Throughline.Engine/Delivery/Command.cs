using System.Collections.Immutable;
using Throughline.Connect;
using Throughline.Engine.Partition;
using Throughline.Model;

namespace Throughline.Engine.Delivery;

public enum CommandStatus
{
    /// <summary>To be sent when <see cref="Command.DueAt"/> has come.</summary>
    Waiting,

    /// <summary>Marked as being sent; the call is under way, or its hub died.</summary>
    Sending,

    /// <summary>It may or may not have happened; the target is asked when <see cref="Command.DueAt"/> has come.</summary>
    InDoubt,

    /// <summary>Seen in the target.</summary>
    Done,

    /// <summary>Refused by the target, or given up; a case says so.</summary>
    Failed,
}

/// <summary>One write to one system. Its bytes are frozen when it is decided; what changes later becomes another command.</summary>
/// <param name="Target">Which state row of the unit waits for it: the record and the map.</param>
/// <param name="Adopt">Keys by which an existing record is looked for before anything is created.</param>
/// <param name="Priority">Lower goes first: 0 finance-critical, 5 ordinary, 9 courtesy (status texts).</param>
/// <param name="Attempt">Attempts begun so far.</param>
/// <param name="SendBefore">The call of the current attempt is not begun after this time.</param>
public sealed record Command(
    CommandId Id,
    string System,
    UnitKey Unit,
    string Target,
    string CorrelationId,
    WriteItem Item,
    ImmutableArray<Fields> Adopt,
    int Priority,
    CommandStatus Status,
    int Attempt,
    DateTimeOffset CreatedAt,
    DateTimeOffset DueAt,
    DateTimeOffset? SendBefore,
    string? LastFailure)
{
    /// <summary>
    /// Where it is a batch: the writes that go to the system in one call, all with the operation and entity of <see cref="Item"/>, whose fields are
    /// the batch's control totals. Empty for one write.
    /// </summary>
    public ImmutableArray<WriteItem> Lines { get; init; } = [];

    public bool IsBatch => !Lines.IsEmpty;
}

/// <summary>What became of a claimed command.</summary>
/// <param name="Status">Waiting (again, at <paramref name="DueAt"/>), InDoubt (probe at DueAt), Done or Failed.</param>
/// <param name="Receipt">For Done and Failed: the envelope that tells the scope.</param>
/// <param name="IsNoAttempt">Nothing was sent, or the system as a whole took nothing: the claim does not count among the attempts.</param>
public sealed record CommandOutcome(
    CommandId Command, CommandStatus Status, DateTimeOffset? DueAt, string? Failure, NewEnvelope? Receipt, bool IsNoAttempt = false)
{
    /// <summary>For a batch that is done: what is kept of the answer, see <see cref="Entries.BatchAnswer"/>.</summary>
    public Fields? Answer { get; init; }
}
