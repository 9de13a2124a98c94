using System.Collections.Immutable;
using Throughline.Engine.Partition;
using Throughline.Model;

namespace Throughline.Engine.Process;

public enum InstanceStatus
{
    Running,

    /// <summary>Every step is done.</summary>
    Done,

    /// <summary>A person rejected it; what was written is being taken back.</summary>
    Undoing,

    /// <summary>Taken back; what could not be is named in the lineage.</summary>
    Undone,
}

/// <summary>One run of a process about one subject.</summary>
/// <param name="Definition">Fingerprint of the definition that it works by; the current one takes over where a restart no longer knows the first.</param>
/// <param name="Held">The reason for it was withdrawn (a won sale is won no longer): nothing more is written until a person has decided.</param>
/// <param name="Requesters">Who waits for the result.</param>
/// <param name="Seen">Fingerprint of the subject when it was done, to notice changes afterwards.</param>
/// <param name="Watch">When the hub looks by itself whether a step has waited too long; null where none waits.</param>
public sealed record Instance(
    InstanceId Id,
    string Process,
    string Definition,
    RecordId Subject,
    InstanceStatus Status,
    bool Held,
    ImmutableDictionary<string, StepState> Steps,
    ImmutableArray<Requester> Requesters,
    string CorrelationId,
    Fields Request,
    DateTimeOffset StartedAt,
    DateTimeOffset ChangedAt,
    string? Seen = null,
    DateTimeOffset? Watch = null)
{
    public StepState Step(string name) => Steps.GetValueOrDefault(name) ?? StepState.New;

    // A trace shows as many engagements; the newest count.
    private const int RequestersMax = 20;

    /// <summary>Correlation ids of the engagements that asked for it, also after they were answered; the newest ones.</summary>
    public ImmutableArray<string> RequestedBy { get; init; } = [];

    public Instance AndRequestedBy(string correlationId) =>
        this with { RequestedBy = [.. RequestedBy.Where(known => known != correlationId).TakeLast(RequestersMax - 1), correlationId] };

    public Instance With(string step, StepState state) => this with { Steps = Steps.SetItem(step, state) };
}

/// <summary>How far one step is.</summary>
/// <param name="Reason">Why it waits, for people; null where it does not.</param>
/// <param name="Since">Since when it waits for that kind of reason.</param>
/// <param name="Due">When a case tells a person that it still waits.</param>
/// <param name="Data">What the step kind remembers: the approval given, requests sent, failing checks.</param>
public sealed record StepState(bool IsDone, string? Reason, DateTimeOffset? Since, DateTimeOffset? Due, Fields Data)
{
    public static StepState New { get; } = new(false, null, null, null, Fields.Empty);

    /// <summary>The same without the wait that it is in: when it waits again, its time begins anew.</summary>
    public StepState Anew => this with { Reason = null, Since = null, Due = null };
}

/// <summary>Who asked for an instance and is answered when it is done.</summary>
public sealed record Requester(string RequestId, Scope Scope, string Unit, string CorrelationId);
