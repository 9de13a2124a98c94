using System.Diagnostics.CodeAnalysis;
using Throughline.Engine.Partition;
using Throughline.Landscape;
using Throughline.Landscape.Expressions;
using Throughline.Model;
using Throughline.Model.Canonical;

namespace Throughline.Engine.Process;

/// <summary>What the expressions of one instance see: its subject, what the subject refers to, all records of the unit, parameters, its own state.</summary>
public sealed class Scene
{
    private readonly Landscape.Landscape _landscape;
    private readonly UnitState _unit;
    private readonly Instance _instance;

    public Scene(Landscape.Landscape landscape, UnitState unit, Instance instance, Fields status)
    {
        (_landscape, _unit, _instance, Status) = (landscape, unit, instance, status);
        Records = unit.RecordsView;
        var subject = Subject(unit, instance);
        var variables = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            [VariableNames.Parameters] = landscape.Parameters,
            [VariableNames.Request] = instance.Request,
            [VariableNames.Status] = status,
            [VariableNames.Records] = Records,
            [VariableNames.Instance] = Fields.Of(("id", instance.Id.ToString()), ("process", instance.Process), ("scope", unit.Key.Scope.ToString())),
            [VariableNames.Of(instance.Subject.Entity)] = subject,
        };

        // opportunity.contract names a contract: the expression may simply say contract.signedOn.
        foreach (var name in VariableNames.ReferencesOf(EntityCatalog.Find(instance.Subject.Entity)))
        {
            variables[name] = subject.Text(name) is { } key ? unit.Records.GetValueOrDefault(new RecordId(name, key))?.View ?? Fields.Empty : Fields.Empty;
        }

        Variables = variables;
    }

    private Scene(Scene other, UnitState unit, IReadOnlyDictionary<string, object?> variables) =>
        (_landscape, _unit, _instance, Records, Status, Variables) = (other._landscape, unit, other._instance, other.Records, other.Status, variables);

    /// <summary>
    /// The scene of another state of the same instance. Most decisions change a target or a step, which no expression sees, so the variables
    /// are carried along.
    /// </summary>
    public Scene For(Landscape.Landscape landscape, UnitState unit, Instance instance, Fields status) =>
        !ReferenceEquals(_landscape, landscape) || !ReferenceEquals(Records, unit.RecordsView) || !ReferenceEquals(_instance.Request, instance.Request)
            || !ReferenceEquals(Status, status) ? new Scene(landscape, unit, instance, status)
        : ReferenceEquals(_unit, unit) ? this
        : new Scene(this, unit, Variables);

    public IReadOnlyDictionary<string, object?> Variables { get; }

    public Fields Records { get; }

    /// <summary>One line about how the instance stands.</summary>
    public Fields Status { get; }

    public TemplateHooks Hooks => new(IdOf, Records) { Answer = AnswerOf };

    public Scene And(string name, object? value) => new(this, _unit, With(name, value));

    /// <summary>The id of a record of this unit in a role's system: whichever map wrote it, once it is known.</summary>
    public string? IdOf(string role, string entity, string key) => TargetOf(_landscape, _unit, role, entity, key)?.ExternalId;

    /// <summary>What the system answered when an outward map wrote the record with a key; null while that is not known.</summary>
    public Fields? AnswerOf(string map, string key) => AnswerOf(_landscape, _unit, map, key);

    internal static Fields? AnswerOf(Landscape.Landscape landscape, UnitState unit, string map, string key) =>
        landscape.OutwardMaps.TryGetValue(map, out var written)
            ? unit.Targets.GetValueOrDefault(Target.IdOf(map, new RecordId(written.From, key))) is { ExternalId: not null } target ? target.Answer : null
            : null;

    /// <summary>The record of a unit as it stands in a role's system; null while it is not known to stand there.</summary>
    internal static Target? TargetOf(Landscape.Landscape landscape, UnitState unit, string role, string entity, string key)
    {
        var record = new RecordId(entity, key);
        foreach (var map in landscape.MapsTo(role, entity))
        {
            if (unit.Targets.GetValueOrDefault(Target.IdOf(map.Name, record)) is { ExternalId: not null } target)
            {
                return target;
            }
        }

        return null;
    }

    /// <summary>The same with one record under its entity's name.</summary>
    public IReadOnlyDictionary<string, object?> With(string name, object? value) =>
        new Dictionary<string, object?>(Variables, StringComparer.Ordinal) { [name] = value };

    public static Fields Subject(UnitState unit, Instance instance) =>
        (unit.Records.GetValueOrDefault(instance.Subject) ?? new CanonicalRecord(instance.Subject, Fields.Empty, null, Fields.Empty)).View;

    /// <summary>The value, or false with a sentence where the expression has none (a field it reads is missing, for example).</summary>
    public bool TryEvaluate(Expression expression, out object? value, [NotNullWhen(false)] out string? problem)
    {
        try
        {
            value = expression.Evaluate(Variables);
            problem = null;
            return true;
        }
        catch (EvaluationException e)
        {
            value = null;
            problem = e.Message;
            return false;
        }
    }

    /// <summary>A text for people; where the expression itself fails, a text that says so is better than none.</summary>
    public string Text(Expression expression) =>
        TryEvaluate(expression, out var value, out var problem) ? value as string ?? value?.ToString() ?? "" : $"(the text '{expression.Text}' cannot be made: {problem})";

    public Money? Money(Expression? expression) =>
        expression is null || !TryEvaluate(expression, out var value, out _) ? null : value switch
        {
            Money money => money,
            Fields fields => fields.AsMoney(),
            _ => null,
        };
}
