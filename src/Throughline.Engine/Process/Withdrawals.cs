using Throughline.Engine.Cases;
using Throughline.Engine.Partition;
using Throughline.Model;

namespace Throughline.Engine.Process;

/// <summary>The reason for an instance withdrawn (a won sale is won no longer): it holds, and a person says whether it is undone.</summary>
internal static class Withdrawals
{
    public static void Examine(InstanceRun run)
    {
        if (run.Definition.Withdrawn is not { } withdrawn)
        {
            return;
        }

        var scene = run.Scene();
        if (!scene.TryEvaluate(withdrawn.When, out var value, out _))
        {
            // Not known is neither withdrawn nor given again: it stays as it is.
            return;
        }

        var taken = value is true;
        var caseId = run.CaseIdOf("withdrawn", "");
        if (taken)
        {
            run.OpenCase(caseId, null, "withdrawn", run.Words(withdrawn.Case, scene), [CaseAction.Reject]);
        }

        if (taken && !run.Instance.Held)
        {
            run.Set(run.Instance with { Held = true, ChangedAt = run.Turn.Now });
            run.Turn.Events.Add(new PublishedEvent(0, "engagement.held", run.Instance.CorrelationId, run.Turn.Now, Fields.Of(("subject", run.Instance.Subject.ToString()))));
            run.Tell("held", $"On hold: {scene.Text(withdrawn.Case.Says)} Nothing more is written and nothing may be billed.");
        }
        else if (!taken && run.Instance.Held)
        {
            run.Set(run.Instance with { Held = false, ChangedAt = run.Turn.Now });
            run.Turn.Events.Add(new PublishedEvent(0, "engagement.released", run.Instance.CorrelationId, run.Turn.Now, Fields.Of(("subject", run.Instance.Subject.ToString()))));
            run.Turn.Close(caseId, CaseStatus.Settled, null, null);
            run.Tell("released", "No longer on hold.");
        }
    }
}
