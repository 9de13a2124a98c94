using System.Collections.Immutable;
using Throughline.Engine.Cases;
using Throughline.Engine.Partition;
using Throughline.Landscape;
using Throughline.Model;

namespace Throughline.Engine.Process;

/// <summary>One instance being moved on within one turn.</summary>
public sealed class InstanceRun(Turn turn, ProcessDefinition definition, InstanceId id)
{
    /// <summary>The kind of a line of the story: a step waits no longer.</summary>
    public const string WentOn = "went-on";

    private Scene? _scene;
    private UnitState? _sceneOf;

    public Turn Turn { get; } = turn;

    public ProcessDefinition Definition { get; } = definition;

    public Instance Instance => Turn.State.Instances[id];

    /// <summary>Sets the instance where it really changed; an equal one must not count as a change, or the runner would never rest.</summary>
    public void Set(Instance instance)
    {
        if (!ReferenceEquals(instance, Instance))
        {
            Turn.State = Turn.State.With(instance);
        }
    }

    /// <summary>What expressions see now. Made once per state: a scene lists every record of the unit, and most steps ask for it.</summary>
    public Scene Scene()
    {
        if (_scene is null || !ReferenceEquals(_sceneOf, Turn.State))
        {
            (_scene, _sceneOf) = (Turn.State.Memo.SceneOf(this), Turn.State);
        }

        return _scene;
    }

    public void Tell(string kind, string text, StepDefinition? step = null, RecordId? record = null) => Turn.TellOf(Instance, kind, text, step?.Name, record);

    public void Done(StepDefinition step, Fields? data = null)
    {
        var state = Instance.Step(step.Name);
        if (!state.IsDone || state.Reason is not null || (data is not null && !data.Equals(state.Data)))
        {
            if (state.Reason is not null)
            {
                Tell(WentOn, $"{step.Title}: goes on{(Turn.Occasion is null ? "" : $", since {Turn.Occasion}")}.", step);
            }

            Set(Instance.With(step.Name, new StepState(true, null, null, null, data ?? state.Data)) with { ChangedAt = Turn.Now });
        }
    }

    /// <summary>The step is not done, for a reason that people can read.</summary>
    public void Wait(StepDefinition step, string reason, Fields? data = null, bool tell = true)
    {
        var state = Instance.Step(step.Name);
        if (state.IsDone || state.Due is null || state.Reason != reason || (data is not null && !data.Equals(state.Data)))
        {
            if (tell && state.Reason != reason)
            {
                Tell("waiting", $"{step.Title}: {reason}", step);
            }

            var since = state is { IsDone: false, Since: { } start } ? start : Turn.Now;
            var due = (state.IsDone ? null : state.Due) ?? since + Definition.DeadlineOf(step);
            Set(Instance.With(step.Name, new StepState(false, reason, since, due, data ?? state.Data)) with { ChangedAt = Turn.Now });
        }
    }

    public CaseId CaseIdOf(string kind, string detail) => CaseId.Derive(Instance.Id.ToString(), kind, detail);

    public CaseWords Words(CaseText text, Scene scene) =>
        new(text.Queue, scene.Text(text.Says), scene.Text(text.Remedy), scene.Money(text.Amount));

    public void OpenCase(CaseId caseId, string? step, string kind, CaseWords words, ImmutableArray<CaseAction> actions, string? notBy = null, TimeSpan? within = null) =>
        Turn.Open(Case.Opened(caseId, Turn.State.Key, Instance.CorrelationId, kind, About(), words, actions, Turn.Now) with
        {
            Instance = Instance.Id, Step = step, NotBy = notBy, DueAt = Turn.Now + (within ?? Case.OverdueAfter),
        });

    public string SubjectFingerprint() => Process.Scene.Subject(Turn.State, Instance).Fingerprint();

    /// <summary>What the instance is about, for lists and cases: its subject's name.</summary>
    public string About() => ProcessRunner.NameOf(Turn.State, Instance.Subject);

    /// <summary>
    /// Until when the status text keeps back that a step waits for something outside; null where it waits for nothing of the kind. Once somebody has a case
    /// about it, nothing is kept back.
    /// </summary>
    public DateTimeOffset? UntoldUntil(StepDefinition step)
    {
        var state = Instance.Step(step.Name);
        return state is not { IsDone: false, Since: { } since } || state.Data.Flag("attention") != true ? null
            : Turn.State.Cases.Values.Any(item => item.Instance == Instance.Id && item.Step == step.Name) ? since : since + Turn.Landscape.WaitsUntold;
    }

    /// <summary>One line about how it stands, as it is written back to the CRM (requirement X16).</summary>
    /// <param name="before">What it was before: the same object again where nothing has changed.</param>
    public Fields Status(Fields? before = null)
    {
        // The step that writes this very text does not wait for itself.
        StepState? waiting = null;
        var finished = true;
        foreach (var step in Definition.Steps)
        {
            if (step is not StepDefinition.Write { Always: true } && Instance.Step(step.Name) is { IsDone: false } state)
            {
                finished = false;
                waiting ??= (UntoldUntil(step) is { } until && until <= Turn.Now) || state.Due <= Turn.Now ? state : null;
            }
        }

        var text = Instance.Status switch
        {
            InstanceStatus.Undoing or InstanceStatus.Undone => "Rejected",
            _ when Instance.Held => "On hold",
            _ when waiting is not null => "Waiting",
            _ when finished => "Active",
            _ => "Being set up",
        };
        var next = Instance.Held ? "The sale was withdrawn; see the case." : waiting?.Reason ?? "";
        return before is not null && before.Text("text") == text && before.Text("nextAction") == next ? before : Fields.Of(("text", text), ("nextAction", next));
    }
}
