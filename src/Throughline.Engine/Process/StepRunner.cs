using System.Collections.Immutable;
using System.Globalization;
using Throughline.Engine.Cases;
using Throughline.Engine.Lineage;
using Throughline.Engine.Partition;
using Throughline.Landscape;
using Throughline.Model;

namespace Throughline.Engine.Process;

/// <summary>What each kind of step does. Each call compares what should be with what is and records the difference; calling again changes nothing.</summary>
internal static class StepRunner
{
    public static void Run(InstanceRun run, StepDefinition step)
    {
        if (run.Turn.State.Memo.IsRemembered(run, step))
        {
            return;
        }

        switch (step)
        {
            case StepDefinition.Check check: CheckStep.Run(run, check); break;
            case StepDefinition.Approval approval: ApprovalStep.Run(run, approval); break;
            case StepDefinition.Decide decide: DecideStep.Run(run, decide); break;
            case StepDefinition.Request request: RequestStep.Run(run, request); break;
            case StepDefinition.Write write: WriteStep.Run(run, write); break;
            case StepDefinition.Lines lines: LinesStep.Run(run, lines); break;
            case StepDefinition.Payments payments: PaymentsStep.Run(run, payments); break;
            case StepDefinition.Publish publish: RunPublish(run, publish); break;
        }

        run.Turn.State.Memo.Remember(run, step);
    }

    private static void RunPublish(InstanceRun run, StepDefinition.Publish step)
    {
        if (run.Instance.Step(step.Name).IsDone)
        {
            return;
        }

        var scene = run.Scene();
        object? wanted = true;
        if (step.When is not null && !scene.TryEvaluate(step.When, out wanted, out var problem))
        {
            run.Wait(step, $"It cannot be told whether {step.Event} is to be published: {problem}");
            return;
        }

        if (wanted is not true || DefinitionChange.HasPublished(run, step))
        {
            run.Done(step);
            return;
        }

        var payload = TemplateRunner.Run(step.Payload, scene.Variables, scene.Hooks);
        if (!payload.IsComplete)
        {
            run.Wait(step, $"{step.Event} cannot be published: "
                + (payload.Problems.IsEmpty ? $"waits for {string.Join(", ", payload.Waits)}" : payload.Refusal("its content has no value").Message));
            return;
        }

        run.Turn.Events.Add(new PublishedEvent(0, step.Event, run.Instance.CorrelationId, run.Turn.Now, payload.Fields));
        run.Tell("published", $"Event {step.Event} published.", step);
        run.Done(step, Fields.Of((DefinitionChange.EventName, step.Event)));
    }
}

/// <summary>Conditions that must hold. One that fails waits, and becomes a case at once or when its time is up.</summary>
internal static class CheckStep
{
    public static void Run(InstanceRun run, StepDefinition.Check step)
    {
        var scene = run.Scene();
        var data = run.Instance.Step(step.Name).Data;
        var failing = ImmutableArray.CreateBuilder<string>();
        foreach (var check in step.Checks)
        {
            var holds = scene.TryEvaluate(check.Holds, out var value, out var problem) && value is true;
            var caseId = run.CaseIdOf("check", check.Name);
            var timer = $"{run.Instance.Id}|{step.Name}|{check.Name}";
            if (holds)
            {
                if (data.ContainsKey(check.Name))
                {
                    data = data.Without(check.Name).Without(Due(check));
                    run.Turn.Timer(timer, null, Fields.Empty);
                    run.Turn.Close(caseId, CaseStatus.Settled, null, null);
                }

                continue;
            }

            var since = PlainTime.Instant(data, check.Name) ?? run.Turn.Now;
            var due = DueOf(check, scene) ?? since + check.Within;
            if (!data.ContainsKey(check.Name) || (check.Until is not null && PlainTime.Instant(data, Due(check)) != due))
            {
                data = data.With(check.Name, since);
                data = check.Until is null ? data : data.With(Due(check), due);
                run.Turn.Timer(timer, due, Fields.Of(("instance", run.Instance.Id.ToString())));
                if (run.Turn.Now < due)
                {
                    // The day was put off.
                    run.Turn.Close(caseId, CaseStatus.Settled, null, null);
                }
            }

            var words = run.Words(check.Case, scene);
            failing.Add(problem is null ? words.Says : $"{words.Says} ({problem})");
            if (!check.Waits || run.Turn.Now >= due)
            {
                run.OpenCase(caseId, step.Name, "check", words, [CaseAction.Retry, CaseAction.Reject]);
            }
        }

        if (failing.Count == 0)
        {
            run.Done(step, data.Without("attention"));
        }
        else
        {
            run.Wait(step, string.Join(" ", failing), data.With("attention", true));
        }
    }

    private static string Due(CheckDefinition check) => check.Name + "|due";

    // The day itself is still in time.
    private static DateTimeOffset? DueOf(CheckDefinition check, Scene scene) =>
        check.Until is { } until && scene.TryEvaluate(until, out var value, out _) && value is string text
        && DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && day < DateOnly.MaxValue
            ? new DateTimeOffset(day.AddDays(1), TimeOnly.MinValue, TimeSpan.Zero) : null;
}

/// <summary>A person other than the one who asks says yes to a value; another value needs another yes.</summary>
internal static class ApprovalStep
{
    public static void Run(InstanceRun run, StepDefinition.Approval step)
    {
        var scene = run.Scene();
        if (!scene.TryEvaluate(step.When, out var needed, out var problem))
        {
            run.Wait(step, $"It cannot be told whether an approval is needed: {problem}", run.Instance.Step(step.Name).Data.With("attention", true));
            return;
        }

        var covers = scene.TryEvaluate(step.Covers, out var value, out _) ? Fields.Of(("value", value)).Fingerprint() : "";
        var data = run.Instance.Step(step.Name).Data;

        // One case per value: who approves what was on the screen does not approve what it has become meanwhile.
        var caseId = run.CaseIdOf("approval", step.Name + covers);
        var isApproved = needed is not true || data.Text("approved") == covers;
        foreach (var other in run.Turn.State.Cases.Values.Where(item => item.Instance == run.Instance.Id && item.Kind == "approval" && item.Step == step.Name).ToArray())
        {
            if (isApproved || other.Id != caseId)
            {
                run.Turn.Close(other.Id, CaseStatus.Settled, null, null);
                run.Turn.Timer(TimerId(run, step), null, Fields.Empty);
            }
        }

        if (isApproved)
        {
            run.Done(step, data.Without("attention"));
            return;
        }

        var words = run.Words(step.Case, scene);
        if (!run.Turn.State.Cases.ContainsKey(caseId))
        {
            run.Turn.Timer(TimerId(run, step), run.Turn.Now + step.Within, Fields.Of(("instance", run.Instance.Id.ToString()), ("overdue", caseId.ToString())));
        }

        run.OpenCase(caseId, step.Name, "approval", words, [CaseAction.Approve, CaseAction.Reject], scene.Text(step.NotBy), step.Within);
        run.Wait(step, words.Says, data.With("attention", true).With("asked", covers));
    }

    private static string TimerId(InstanceRun run, StepDefinition.Approval step) => $"{run.Instance.Id}|{step.Name}";
}

/// <summary>Derives records by a named decision and keeps them equal to what it says.</summary>
internal static class DecideStep
{
    private const string CaseKind = "decision";

    public static void Run(InstanceRun run, StepDefinition.Decide step)
    {
        var state = run.Turn.State;
        var owner = $"{run.Instance.Id}|{step.Name}";
        var input = new DecisionInput(Scene.Subject(state, run.Instance), [.. state.Records.Values], run.Turn.Landscape, owner);
        var result = Decide(run, step, input);
        var caseId = run.CaseIdOf(CaseKind, step.Name);
        if (result.Problems.Length > 0)
        {
            var first = result.Problems[0];
            var says = string.Join(" ", result.Problems.Select(problem => problem.Says));
            var remedy = string.Join(" ", result.Problems.Select(problem => problem.Remedy));
            run.OpenCase(caseId, step.Name, CaseKind, new CaseWords(first.Queue, says, remedy, first.Amount), [CaseAction.Retry, CaseAction.Reject]);
            run.Wait(step, first.Says, Fields.Of(("attention", true)));
            return;
        }

        run.Turn.Close(caseId, CaseStatus.Settled, null, null);
        var wanted = result.Records.ToDictionary(record => new RecordId(record.Entity, record.Key));
        foreach (var (id, record) in wanted)
        {
            var known = run.Turn.State.Records.GetValueOrDefault(id);
            // A record that systems sent is theirs; the decision only adds what it issues (a number) to it.
            var isTheirs = known is { Owner: null };
            var attributes = isTheirs ? known!.Attributes.Merge(record.Attributes) : record.Attributes;
            if (known is null || !known.Attributes.Equals(attributes) || (!isTheirs && known.Owner != owner))
            {
                run.Turn.State = run.Turn.State.With(new CanonicalRecord(id, attributes, isTheirs ? null : owner, known?.Versions ?? Fields.Empty));
                LookupKeys.Publish(run.Turn, id, attributes);
                var name = attributes.Text("name") ?? id.Key;
                var differs = known is null ? null : ChangeWords.Between(id.Entity, known.Attributes, attributes);
                run.Tell(
                    known is null ? "decided" : "changed", $"{(known is null ? "Planned" : "Changed")}: {id.Entity} {name}{(differs is null ? "" : $": {differs}")}.",
                    step, id);
            }
        }

        foreach (var gone in run.Turn.State.Records.Values.Where(record => DefinitionChange.Owns(run, step, record.Owner) && !wanted.ContainsKey(record.Id)).ToArray())
        {
            TellOfOrphans(run, step, gone);
            run.Turn.State = run.Turn.State with { Records = run.Turn.State.Records.Remove(gone.Id) };
            run.Tell("changed", $"No longer planned: {gone.Id.Entity} {gone.Attributes.Text("name") ?? gone.Id.Key}.", step, gone.Id);
        }

        run.Done(step, Fields.Empty);
    }

    // A decision that throws is a defect; it must cost a case, not the receipts and replies that happen to come next.
    private static DecisionResult Decide(InstanceRun run, StepDefinition.Decide step, DecisionInput input)
    {
        try
        {
            var result = run.Turn.Context.Decisions[step.Decision].Decide(input);
            var foreign = result.Records.FirstOrDefault(record =>
                run.Turn.State.Records.GetValueOrDefault(new RecordId(record.Entity, record.Key)) is { Owner: { } other } && !DefinitionChange.Owns(run, step, other));
            return foreign is null ? result : DecisionResult.Refuse(new DecisionProblem(
                "pmo", $"{foreign.Entity} {foreign.Key} belongs to another sale of this engagement and cannot be planned again.",
                "Give the workstream another code in the CRM.", null));
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // The case stays open while it lasts; one line of the log is enough for it.
            if (!run.Turn.State.Cases.ContainsKey(run.CaseIdOf(CaseKind, step.Name)))
            {
                run.Turn.Defects.Add((step.Decision, e));
            }

            return DecisionResult.Refuse(new DecisionProblem(
                "integration-ops", $"{step.Title}: the hub failed while it decided this ({step.Decision}), which is a defect of the hub; TL1102 in the log says more.",
                "Report the defect with that line of the log. Where the sale holds something unusual, correct it in the CRM. Then 'retry'.", null));
        }
    }

    // What already stands in a system is not deleted behind people's backs: time may be booked on it.
    private static void TellOfOrphans(InstanceRun run, StepDefinition.Decide step, CanonicalRecord gone)
    {
        var standing = run.Turn.State.Targets.Values
            .Where(target => target.Record == gone.Id && !target.Undone && (target.ExternalId is not null || target.InFlight is not null));
        foreach (var target in standing)
        {
            var name = ProcessRunner.NameOf(run.Turn.State, gone.Id);
            run.OpenCase(run.CaseIdOf("orphan", target.Id), step.Name, "orphan", new CaseWords(
                "pmo",
                $"{gone.Id.Entity} {name} is no longer part of the sale, but stands in {target.System} as {target.Entity} {target.ExternalId ?? "(just being created)"}.",
                $"Close or move it in {target.System} by hand, then 'retry' to say that it is done.",
                gone.Attributes.Money("amount")), [CaseAction.Retry]);
        }
    }
}

/// <summary>Asks another scope, once per item, and keeps its answers as records.</summary>
internal static class RequestStep
{
    /// <summary>Before the key of an item in the step's data: the request that was answered.</summary>
    public const string AnsweredPrefix = "answered/";

    public static void Run(InstanceRun run, StepDefinition.Request step)
    {
        var scene = run.Scene();
        if (Items(scene, step, out var problem) is not { } items)
        {
            run.Wait(step, $"It cannot be told what to ask for: {problem}", run.Instance.Step(step.Name).Data.With("attention", true));
            return;
        }

        var data = run.Instance.Step(step.Name).Data.Without("attention");
        var missing = new List<string>();
        foreach (var item in items)
        {
            var key = item.Text("key")!;
            var requestId = CommandId.Derive(run.Instance.Id.ToString(), step.Name, key, item.Fingerprint()).ToString();
            // A number is issued once; anything else is asked for again when what is asked has changed.
            var isNumber = step.IsNumber;
            var answered = run.Turn.State.Records.ContainsKey(new RecordId(step.Into, key)) && (isNumber || data.Text(AnsweredPrefix + key) == requestId);
            if (!answered)
            {
                missing.Add(item.Text("waitsFor") ?? key);
            }

            if (!answered && data.Text(key) != requestId)
            {
                data = data.With(key, requestId);
                var scope = Scope.Master(isNumber ? step.Process : run.Turn.Landscape.Processes[step.Process].Subject);
                run.Turn.Send(EnvelopeKind.Request, scope, isNumber ? "" : key, Fields.Of(
                    ("requestId", requestId), ("process", step.Process), ("item", item),
                    ("scope", run.Turn.State.Key.Scope.ToString()), ("unit", run.Turn.State.Key.Unit)));
            }
        }

        Conclude(run, step, data, missing);
    }

    private static List<Fields>? Items(Scene scene, StepDefinition.Request step, out string? problem)
    {
        if (!scene.TryEvaluate(step.Each, out var value, out problem))
        {
            return null;
        }

        var items = (value as IReadOnlyList<object?>)?.Select(item => Fields.Normalize(item) as Fields).ToList();
        problem = items is null ? $"{step.Place} does not yield a list"
            : items.Exists(item => item?.Text("key") is not { Length: > 0 }) ? $"{step.Place} yields an item without a key"
            : null;
        return problem is null ? items!.ConvertAll(item => item!) : null;
    }

    private static void Conclude(InstanceRun run, StepDefinition.Request step, Fields data, List<string> missing)
    {
        var caseId = run.CaseIdOf("request", step.Name);
        if (missing.Count == 0)
        {
            run.Turn.Close(caseId, CaseStatus.Settled, null, null);
            run.Done(step, data);
            return;
        }

        var state = run.Instance.Step(step.Name);
        if (!state.IsDone && run.Turn.Now >= state.Due)
        {
            var words = run.Words(step.Case, run.Scene());
            var says = $"{words.Says} It waits since {PlainTime.Of(state.Since!.Value)} for {string.Join(", ", missing)}.";
            run.OpenCase(caseId, step.Name, Deadlines.CaseKind, words with { Says = says }, [CaseAction.Retry, CaseAction.Reject]);
            data = data.With("attention", true);
        }

        run.Wait(step, $"waits for {string.Join(", ", missing)}", data);
    }
}
