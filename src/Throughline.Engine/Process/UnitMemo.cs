using System.Collections.Immutable;
using Throughline.Engine.Partition;
using Throughline.Landscape;
using Throughline.Model;

namespace Throughline.Engine.Process;

/// <summary>
/// What has been worked out for one unit from values that have not changed since. Steps ask what should be so each time anything in the
/// unit changes, and nearly always the answer is the same; this remembers it beside what it was made of. Never stored, and never right
/// or wrong by itself: an entry counts only while each thing that it was made of is the same.
/// </summary>
public sealed class UnitMemo
{
    private readonly Dictionary<(InstanceId, string), Basis> _done = [];
    private readonly Dictionary<string, Outward> _outward = new(StringComparer.Ordinal);
    private readonly Dictionary<InstanceId, Scene> _scenes = [];
    private readonly Dictionary<(string Process, RecordId Subject), InstanceId> _instances = [];
    private Basis _lookedAt;

    /// <summary>The step was done, and what it looks at is as it was then.</summary>
    internal bool IsRemembered(InstanceRun run, StepDefinition step)
    {
        _lookedAt = Basis.Of(run);
        return run.Instance.Step(step.Name).IsDone && _done.TryGetValue((run.Instance.Id, step.Name), out var known) && known == _lookedAt;
    }

    /// <summary>
    /// Remembers a step that is done, where all that it looks at are the records and what was asked for. A step that has just changed the
    /// records has not looked at what they are now, so it is asked once more.
    /// </summary>
    internal void Remember(InstanceRun run, StepDefinition step)
    {
        if (run.Instance.Step(step.Name).IsDone && LooksAtRecordsOnly(step) && _lookedAt == Basis.Of(run))
        {
            _done[(run.Instance.Id, step.Name)] = _lookedAt;
        }
    }

    /// <summary>The id of the run of a process about a record of the unit.</summary>
    internal InstanceId InstanceOf(UnitKey unit, string process, RecordId subject)
    {
        if (!_instances.TryGetValue((process, subject), out var id))
        {
            _instances[(process, subject)] = id = InstanceId.Derive(process, unit.Scope.ToString(), unit.Unit, subject.ToString());
        }

        return id;
    }

    /// <summary>What the expressions of an instance see in the state that the run has come to.</summary>
    internal Scene SceneOf(InstanceRun run)
    {
        var known = _scenes.GetValueOrDefault(run.Instance.Id);
        var status = run.Status(known?.Status);
        return _scenes[run.Instance.Id] = known?.For(run.Turn.Landscape, run.Turn.State, run.Instance, status)
            ?? new Scene(run.Turn.Landscape, run.Turn.State, run.Instance, status);
    }

    /// <summary>What a record is to be in a system, with the fingerprint of its content.</summary>
    internal (OutwardResult Result, string Hash) OutwardOf(string target, OutwardMap map, CanonicalRecord record, Scene scene, Landscape.Landscape landscape)
    {
        if (!_outward.TryGetValue(target, out var known) || !known.IsOf(map, record, scene, landscape))
        {
            _outward[target] = known = Outward.Of(map, record, scene, landscape);
        }

        return (known.Result, known.Hash);
    }

    private static bool LooksAtRecordsOnly(StepDefinition step) => step switch
    {
        StepDefinition.Decide => true,
        StepDefinition.Check check => check.Checks.All(each => !each.Holds.Variables.Contains(VariableNames.Status)),
        StepDefinition.Approval approval =>
            !approval.When.Variables.Contains(VariableNames.Status) && !approval.Covers.Variables.Contains(VariableNames.Status),
        StepDefinition.Request request => !request.Each.Variables.Contains(VariableNames.Status),
        _ => false,
    };

    // Compared by reference: all of them are immutable, and equal ones that were made anew are only worked out once more.
    private readonly record struct Basis(object Records, object Landscape, object Definition, object Request)
    {
        public static Basis Of(InstanceRun run) => new(run.Turn.State.Records, run.Turn.Landscape, run.Definition, run.Instance.Request);

        public bool Equals(Basis other) => ReferenceEquals(Records, other.Records) && ReferenceEquals(Landscape, other.Landscape)
            && ReferenceEquals(Definition, other.Definition) && ReferenceEquals(Request, other.Request);

        public override int GetHashCode() => 0;
    }

    private sealed record Outward(
        OutwardMap Map, Fields Attributes, Fields Records, Landscape.Landscape Landscape, Fields Status,
        ImmutableArray<(string Role, string Entity, string Key, string? Id)> Ids, ImmutableArray<(string Map, string Key, Fields? Answer)> Answers,
        OutwardResult Result, string Hash)
    {
        public static Outward Of(OutwardMap map, CanonicalRecord record, Scene scene, Landscape.Landscape landscape)
        {
            var ids = ImmutableArray.CreateBuilder<(string, string, string, string?)>();
            var answers = ImmutableArray.CreateBuilder<(string, string, Fields?)>();
            var context = new OutwardContext(scene.Records, record.Attributes.Text("legalEntity"), scene.Status, IdOf) { Answer = AnswerOf };
            var result = MapRunner.Outward(map, record.View, context, landscape);
            return new Outward(map, record.Attributes, scene.Records, landscape, scene.Status, ids.ToImmutable(), answers.ToImmutable(), result, result.Fields.Fingerprint());

            string? IdOf(string role, string entity, string key)
            {
                var id = scene.IdOf(role, entity, key);
                ids.Add((role, entity, key, id));
                return id;
            }

            Fields? AnswerOf(string written, string key)
            {
                var answer = scene.AnswerOf(written, key);
                answers.Add((written, key, answer));
                return answer;
            }
        }

        public bool IsOf(OutwardMap map, CanonicalRecord record, Scene scene, Landscape.Landscape landscape) =>
            ReferenceEquals(Map, map) && ReferenceEquals(Attributes, record.Attributes) && ReferenceEquals(Landscape, landscape)
            && (ReferenceEquals(Records, scene.Records) || !map.Sees(VariableNames.Records))
            && (ReferenceEquals(Status, scene.Status) || !map.Sees(VariableNames.Status))
            && Ids.All(known => scene.IdOf(known.Role, known.Entity, known.Key) == known.Id)
            && Answers.All(known => ReferenceEquals(scene.AnswerOf(known.Map, known.Key), known.Answer));
    }
}
