using Throughline.Engine.Entries;
using Throughline.Engine.Intake;
using Throughline.Model;

namespace Throughline.Engine.Cases;

/// <summary>What became of a person's action on a case.</summary>
public enum CaseActionOutcome
{
    /// <summary>It took effect; the case is in its new form (a retry whose reason still holds is open again).</summary>
    Done,

    /// <summary>It is durable and will take effect; the hub had not come to it within the waiting time.</summary>
    Pending,

    UnknownCase,

    /// <summary>The case was settled before.</summary>
    AlreadyClosed,

    /// <summary>The case does not offer this action.</summary>
    NotOffered,

    /// <summary>Who asks may not approve.</summary>
    Forbidden,
}

/// <param name="Case">The case as it stands now; null where there is none.</param>
public sealed record CaseActionResult(CaseActionOutcome Outcome, Case? Case);

/// <summary>Takes in what people decide about cases, as durable envelopes of the scope that the case belongs to.</summary>
public static class CaseDesk
{
    /// <summary>In the payload of an action that was refused at once: it is only told.</summary>
    internal const string Refused = "refused";

    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(10);
    // The case of held entries changes only where none of them is held any more, which shows at once or not at all.
    private static readonly TimeSpan WaitForEntries = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// Retries, approves or rejects a case. The same request again is the same action: its key is made of the case, its opening, the
    /// action, who and why; for held entries, whose case a retry leaves as it is, also about when.
    /// Returns once the case has changed, or after ten seconds (two for held entries). An approval by who may not give it changes nothing
    /// and is answered at once; the story of the case tells of it.
    /// </summary>
    /// <exception cref="StoreUnavailableException">Nothing was recorded.</exception>
    /// <exception cref="IntakeBusyException">Nothing was recorded.</exception>
    public static async Task<CaseActionResult> ActOnCaseAsync(
        this Hub hub, CaseId id, CaseAction action, string by, string? reason, TimeProvider time, CancellationToken cancellation)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(by);
        var item = await hub.Store.FindCaseAsync(id, cancellation);
        if (Refusal(item, action, by) is { } refusal)
        {
            if (refusal == CaseActionOutcome.Forbidden)
            {
                // Told once for each person and opening, so that trying again and again does not fill the story.
                var attempt = Fields.Of(("case", id.ToString()), ("action", action), ("by", by), (Refused, true));
                await AppendAsync(hub, item!, attempt, attempt.With("by", by.ToUpperInvariant()), time);
            }

            return new CaseActionResult(refusal, item);
        }

        var payload = Fields.Of(("case", id.ToString()), ("action", action), ("by", by), ("reason", reason));
        // A retry leaves the case of held entries as it is, and may be wanted again for the same reason: only at once is it the same request.
        var same = action == CaseAction.Retry && item!.Kind == EntryTrouble.CaseKind ? payload.With("about", time.GetUtcNow().UtcTicks / WaitMax.Ticks) : payload;
        await AppendAsync(hub, item!, payload, same, time);
        return await WaitAsync(hub, item!, time, cancellation);
    }

    private static async Task AppendAsync(Hub hub, Case item, Fields payload, Fields same, TimeProvider time)
    {
        var now = time.GetUtcNow();
        var envelope = new NewEnvelope(EnvelopeId.New(time), item.Unit.Scope, item.Unit.Unit, EnvelopeKind.PersonAction, payload, item.CorrelationId, null, now, now);
        var key = same.With("openedAt", item.OpenedAt).Fingerprint();
        await hub.GroupCommit.AppendAsync([new IntakeItem("@hub", "case-action", key, null, envelope)]);
    }

    private static CaseActionOutcome? Refusal(Case? item, CaseAction action, string by) => item switch
    {
        null => CaseActionOutcome.UnknownCase,
        { Status: not CaseStatus.Open } => item.ClosedBy == by && item.Status == Closing(action) ? CaseActionOutcome.Done : CaseActionOutcome.AlreadyClosed,
        _ when !item.Actions.Contains(action) => CaseActionOutcome.NotOffered,
        _ when action == CaseAction.Approve && string.Equals(item.NotBy, by, StringComparison.OrdinalIgnoreCase) => CaseActionOutcome.Forbidden,
        _ => null,
    };

    private static CaseStatus Closing(CaseAction action) => action switch
    {
        CaseAction.Retry => CaseStatus.Settled,
        CaseAction.Approve => CaseStatus.Approved,
        CaseAction.Reject => CaseStatus.Rejected,
    };

    private static async Task<CaseActionResult> WaitAsync(Hub hub, Case before, TimeProvider time, CancellationToken cancellation)
    {
        var until = time.GetUtcNow() + (before.Kind == EntryTrouble.CaseKind ? WaitForEntries : WaitMax);
        var item = before;
        while (time.GetUtcNow() < until)
        {
            item = await hub.Store.FindCaseAsync(before.Id, cancellation) ?? before;
            // A retry may close the case and open it again at once; then it is open since later than before.
            if (item.Status != CaseStatus.Open || item.OpenedAt != before.OpenedAt)
            {
                return new CaseActionResult(CaseActionOutcome.Done, item);
            }

            await Task.Delay(LookEvery, time, cancellation);
        }

        return new CaseActionResult(CaseActionOutcome.Pending, item);
    }
}
