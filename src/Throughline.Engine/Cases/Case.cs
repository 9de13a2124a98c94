using System.Collections.Immutable;
using Throughline.Engine.Partition;
using Throughline.Model;

namespace Throughline.Engine.Cases;

public enum CaseStatus
{
    Open,

    /// <summary>The reason is gone: by itself, or because a person fixed and retried.</summary>
    Settled,

    /// <summary>A person rejected it, with a reason; the instance was undone.</summary>
    Rejected,

    Approved,
}

/// <summary>What a person may do with a case.</summary>
public enum CaseAction
{
    Retry,
    Reject,
    Approve,
}

/// <summary>A business exception that a person or a rule must settle.</summary>
/// <param name="Kind">check, approval, refused, in-doubt, withdrawn, parked, result, overdue ...</param>
/// <param name="Subject">What it is about, in words: the opportunity's name and customer.</param>
/// <param name="Says">What is wrong.</param>
/// <param name="Remedy">What to do.</param>
/// <param name="Amount">Money at stake, where known.</param>
/// <param name="DueAt">When it is overdue and escalates.</param>
/// <param name="NotBy">Who may not approve it (segregation of duties).</param>
public sealed record Case(
    CaseId Id,
    UnitKey Unit,
    string CorrelationId,
    InstanceId? Instance,
    string? Step,
    string Kind,
    string Queue,
    string Subject,
    string Says,
    string Remedy,
    Money? Amount,
    CaseStatus Status,
    ImmutableArray<CaseAction> Actions,
    string? NotBy,
    DateTimeOffset OpenedAt,
    DateTimeOffset DueAt,
    DateTimeOffset? ClosedAt,
    string? ClosedBy,
    string? Reason)
{
    /// <summary>Nothing that bears money expires; somebody must have looked at it by then.</summary>
    public static readonly TimeSpan OverdueAfter = TimeSpan.FromDays(1);

    /// <summary>What the name of who decided is worth: until there are accounts, whoever has the hub's token says any name.</summary>
    public const string Stated = "stated by the caller with the hub's token, not proved";

    /// <summary>The same, said beside the name.</summary>
    public const string StatedName = $" (name as {Stated})";

    /// <summary>An envelope was set aside; while such a case is open, everything else of its unit waits behind it.</summary>
    public const string ParkedKind = "parked";

    /// <summary>
    /// A source record could not be mapped. It is parked too, but holds nobody up: records are states, so a later one that can be
    /// mapped takes its place and settles the case.
    /// </summary>
    public const string UnmappedKind = "unmapped";

    /// <summary>
    /// A case as it begins: open since <paramref name="now"/>. What only some cases have (instance, step, who may not approve) is added with
    /// <c>with</c>.
    /// </summary>
    public static Case Opened(
        CaseId id, UnitKey unit, string correlationId, string kind, string subject, CaseWords words, ImmutableArray<CaseAction> actions, DateTimeOffset now) => new(
        id, unit, correlationId, null, null, kind, words.Queue, subject, words.Says, words.Remedy, words.Amount, CaseStatus.Open, actions, null,
        now, now + OverdueAfter, null, null, null);

    public static CaseId UnmappedId(string system, string entity, string externalId) => CaseId.Derive(UnmappedKind, system, entity, externalId);
}

/// <summary>What a case says, and to whom.</summary>
public sealed record CaseWords(string Queue, string Says, string Remedy, Money? Amount = null);

/// <param name="After">Page key: the id of the last case of the page before.</param>
public sealed record CaseFilter(CaseStatus? Status = null, string? Queue = null, string? CorrelationId = null, string? After = null, int Max = 100);
