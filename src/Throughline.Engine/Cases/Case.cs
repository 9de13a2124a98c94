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
/// <param name="Kind">check, approval, refused, in-doubt, withdrawn, poison, overdue ...</param>
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
    /// <summary>Said beside the name of who decided: until there are accounts, whoever has the hub's token says any name.</summary>
    public const string StatedName = " (name as stated by the caller with the hub's token, not proved)";

    /// <summary>An envelope was set aside; while such a case is open, everything else of its unit waits behind it.</summary>
    public const string ParkedKind = "parked";

    /// <summary>
    /// A source record could not be mapped. It is parked too, but holds nobody up: records are states, so a later one that can be
    /// mapped takes its place and settles the case.
    /// </summary>
    public const string UnmappedKind = "unmapped";

    public static CaseId UnmappedId(string system, string entity, string externalId) => CaseId.Derive(UnmappedKind, system, entity, externalId);
}

/// <param name="After">Page key: the id of the last case of the page before.</param>
public sealed record CaseFilter(CaseStatus? Status = null, string? Queue = null, string? CorrelationId = null, string? After = null, int Max = 100);
