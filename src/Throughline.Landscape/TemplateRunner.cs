using System.Collections.Immutable;
using Throughline.Landscape.Expressions;
using Throughline.Model;

namespace Throughline.Landscape;

/// <summary>What a template came to. It has a value, or waits for ids that are not known yet, or has problems.</summary>
/// <param name="HasValue">False for an expression that yields an optional without a value: whoever holds it leaves it out.</param>
/// <param name="Waits">Which ids are not known yet, for people; empty where none are missing.</param>
public sealed record TemplateResult(object? Value, bool HasValue, ImmutableArray<string> Waits, ImmutableArray<FieldProblem> Problems)
{
    public bool IsComplete => Waits.IsEmpty && Problems.IsEmpty;

    /// <summary>The value as a document; empty where it is none.</summary>
    public Fields Fields => Value as Fields ?? Fields.Empty;

    /// <summary>The problems as one failure, with the beginning of the sentence given.</summary>
    public Failure.Validation Refusal(string what) =>
        new($"{what}: {string.Join("; ", Problems.Select(problem => $"{problem.Field} {problem.Message}"))}", Problems);
}

/// <summary>What the functions <c>id</c> and <c>record</c> look into.</summary>
/// <param name="Id">The id of a canonical record in the system that plays a role; null where it is not known yet.</param>
/// <param name="Records">The <c>records</c> variable.</param>
public sealed record TemplateHooks(Func<string, string, string, string?> Id, Fields Records)
{
    public static TemplateHooks None { get; } = new((_, _, _) => null, Fields.Empty);

    /// <summary>What the system answered when an outward map wrote the record with a key; null while that is not known.</summary>
    public Func<string, string, Fields?> Answer { get; init; } = (_, _) => null;
}

/// <summary>Evaluates templates: the only place where a tree of expressions becomes a document.</summary>
public static class TemplateRunner
{
    private const string Whole = "the value";

    /// <summary>
    /// A member or item whose expression yields an optional without a value is left out; null stays null. Every problem of the tree is reported.
    /// </summary>
    public static TemplateResult Run(Template template, IReadOnlyDictionary<string, object?> variables, TemplateHooks hooks)
    {
        using var calls = new CallHooks(hooks);
        var run = new Evaluation(calls);
        var (has, value) = run.Evaluate(template, variables, "");
        return new TemplateResult(value, has, [.. calls.Missing.Distinct()], run.Problems.ToImmutable());
    }

    /// <summary>One expression, for what is not a template (a key, a condition, a text).</summary>
    public static TemplateResult Run(Expression expression, IReadOnlyDictionary<string, object?> variables, TemplateHooks hooks) =>
        Run(new Template.Leaf(expression), variables, hooks);

    private sealed class Evaluation(CallHooks calls)
    {
        public ImmutableArray<FieldProblem>.Builder Problems { get; } = ImmutableArray.CreateBuilder<FieldProblem>();

        public (bool Has, object? Value) Evaluate(Template template, IReadOnlyDictionary<string, object?> variables, string path) => template switch
        {
            Template.Leaf leaf => Leaf(leaf, variables, path),
            Template.Tree tree => (true, Tree(tree, variables, path)),
            Template.Sequence sequence => (true, Sequence(sequence, variables, path)),
            Template.Each each => Each(each, variables, path),
            _ => throw new InvalidOperationException($"there is no template of type {template.GetType().Name}"),
        };

        private (bool Has, object? Value) Leaf(Template.Leaf leaf, IReadOnlyDictionary<string, object?> variables, string path)
        {
            var (has, value) = Value(leaf.Expression, variables, path);
            return has && value is null && leaf.IsAbsent is not null && Value(leaf.IsAbsent, variables, path) is (true, true) ? (false, null) : (has, value);
        }

        private (bool Has, object? Value) Value(Expression expression, IReadOnlyDictionary<string, object?> variables, string path)
        {
            var missingBefore = calls.Missing.Count;
            try
            {
                return (true, Fields.Normalize(expression.Evaluate(variables)));
            }
            catch (Exception e) when (e is EvaluationException or FormatException or OverflowException)
            {
                // An id that is not known yet is not the author's mistake.
                if (calls.Missing.Count == missingBefore)
                {
                    Problems.Add(new FieldProblem(path.Length == 0 ? Whole : path, e.Message));
                }

                return (false, null);
            }
        }

        private Fields Tree(Template.Tree tree, IReadOnlyDictionary<string, object?> variables, string path)
        {
            var members = new List<(string, object?)>(tree.Members.Length);
            foreach (var (name, member) in tree.Members)
            {
                if (Evaluate(member, variables, path.Length == 0 ? name : $"{path}.{name}") is (true, var value))
                {
                    members.Add((name, value));
                }
            }

            return Fields.Of([.. members]);
        }

        private object?[] Sequence(Template.Sequence sequence, IReadOnlyDictionary<string, object?> variables, string path)
        {
            var items = new List<object?>(sequence.Items.Length);
            for (var i = 0; i < sequence.Items.Length; i++)
            {
                if (Evaluate(sequence.Items[i], variables, $"{path}[{i}]") is (true, var value))
                {
                    items.Add(value);
                }
            }

            return [.. items];
        }

        private bool Selects(Expression? when, IReadOnlyDictionary<string, object?> variables, string path)
        {
            if (when is null)
            {
                return true;
            }

            var (has, value) = Value(when, variables, path);
            if (has && value is not bool)
            {
                Problems.Add(new FieldProblem(path, "'when' must be true or false"));
            }

            return value is true;
        }

        private (bool Has, object? Value) Each(Template.Each each, IReadOnlyDictionary<string, object?> variables, string path)
        {
            if (Value(each.List, variables, path) is not (true, var value))
            {
                return (false, null);
            }

            // A sub-list that the source leaves empty comes as null from several vendors.
            if ((value ?? Array.Empty<object?>()) is not IReadOnlyList<object?> list)
            {
                Problems.Add(new FieldProblem(path.Length == 0 ? Whole : path, "'each' needs a list"));
                return (false, null);
            }

            var items = new List<object?>(list.Count);
            for (var i = 0; i < list.Count; i++)
            {
                var own = new Dictionary<string, object?>(variables, StringComparer.Ordinal) { [each.As] = list[i] };
                var place = $"{path}[{i}]";
                if (Selects(each.When, own, place) && Evaluate(each.Value, own, place) is (true, var item))
                {
                    items.Add(item);
                }
            }

            return (true, items.ToArray());
        }
    }
}

/// <summary>
/// What <c>id</c> and <c>record</c> look into while one template is evaluated on one thread. The functions of an expression are
/// bound when it is parsed and shared by all evaluations, so what belongs to one evaluation travels beside it.
/// </summary>
internal sealed class CallHooks : IDisposable
{
    [ThreadStatic]
    private static CallHooks? _current;

    private readonly CallHooks? _outer;
    private readonly TemplateHooks _hooks;

    public CallHooks(TemplateHooks hooks) => (_hooks, _outer, _current) = (hooks, _current, this);

    public List<string> Missing { get; } = [];

    public static CallHooks Required(string function) => _current ?? throw new EvaluationException($"{function} cannot be used here");

    public string IdOf(string role, string entity, object? key)
    {
        if (key is not string text)
        {
            throw new EvaluationException($"id('{role}', '{entity}', ...) needs the key of a record, and got {(key is null ? "null" : "no text")}");
        }

        if (_hooks.Id(role, entity, text) is { } id)
        {
            return id;
        }

        Missing.Add($"the id of {entity} {text} in the {role} system");
        throw new EvaluationException($"the id of {entity} {text} in the {role} system is not known yet");
    }

    public Fields AnswerOf(string map, object? key)
    {
        if (key is string text && _hooks.Answer(map, text) is { } answer)
        {
            return answer;
        }

        Missing.Add($"map {map} to have written {key ?? "null"}");
        throw new EvaluationException($"map {map} has not written {key ?? "null"} yet");
    }

    public Fields RecordOf(string entity, object? key) =>
        _hooks.Records.NestedList(VariableNames.Of(entity)).FirstOrDefault(record => record.Text("key") is { } own && own == key as string)
        ?? throw new EvaluationException($"there is no {entity} '{key}' here");

    public void Dispose() => _current = _outer;
}
