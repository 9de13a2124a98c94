using System.Collections.Immutable;
using Throughline.Landscape.Expressions;
using Throughline.Landscape.Files;
using Throughline.Model.Canonical;

namespace Throughline.Landscape.Reading;

/// <summary>Reads one process definition. Names that lead outside of it are looked up by <see cref="ProcessCheck"/> when everything is read.</summary>
internal static class ProcessReader
{
    public static void Read(Node node, string text, LandscapeFunctions functions, Draft draft)
    {
        if (KeyReader.Of(node, node.Place, "the process", draft.Problems) is not { } keys)
        {
            return;
        }

        var name = keys.Name("process");
        draft.Declared.Add((NameKind.Process, name ?? ""));
        var version = keys.Whole("version", 1, 1, 1_000_000, required: true);
        var title = keys.Text("title", required: true);
        var purpose = keys.Text("purpose", required: true);
        var owner = keys.Text("owner", required: true);
        var subject = SubjectOf(keys, draft);
        var scope = VariableScope.Process(subject, functions);
        var startsWhen = ExpressionReader.Take(keys, "startsWhen", scope, draft);
        var withdrawn = ReadWithdrawal(keys, scope, draft);
        var within = keys.Duration("within", TimeSpan.FromDays(1));
        var steps = ReadSteps(keys, name ?? "", scope, functions, draft);
        var result = keys.Node("result") is { } template
            ? ExpressionReader.ReadTemplate(template, scope.WithFunctions(functions.WithRecords), draft)
            : null;
        keys.Done();
        if (name is not null && title is not null && purpose is not null && owner is not null && subject is not null)
        {
            var process = new ProcessDefinition(name, version, title, purpose, owner, subject.Name, startsWhen, withdrawn, steps, result, text, keys.Place)
            {
                Within = within,
            };
            draft.Add(draft.Processes, "process", name, keys.PlaceOf("process"), process, other => other.Place);
        }
    }

    private static EntitySchema? SubjectOf(KeyReader keys, Draft draft)
    {
        if (keys.Text("subject", required: true) is not { } subject)
        {
            return null;
        }

        var schema = EntityCatalog.Find(subject);
        if (schema is null)
        {
            draft.Problems.Error(
                keys.PlaceOf("subject"), "unknown-entity", $"'{KeyReader.Shorten(subject)}' is not a canonical"
                    + $" entity{Suggestion.For(subject, EntityCatalog.All.Select(entity => entity.Name))}");
        }

        return schema;
    }

    private static Withdrawal? ReadWithdrawal(KeyReader keys, VariableScope scope, Draft draft)
    {
        if (keys.Keys("withdrawn", "'withdrawn'") is not { } withdrawal)
        {
            return null;
        }

        var when = ExpressionReader.Take(withdrawal, "when", scope, draft, required: true);
        var text = CaseReader.Read(withdrawal, scope, draft);
        withdrawal.Done();
        return when is null || text is null ? null : new Withdrawal(when, text);
    }

    private static ImmutableArray<StepDefinition> ReadSteps(KeyReader keys, string process, VariableScope scope, LandscapeFunctions functions, Draft draft)
    {
        var steps = ImmutableArray.CreateBuilder<StepDefinition>();
        string? previous = null;
        var isEmpty = true;
        foreach (var item in keys.List("steps", required: true))
        {
            isEmpty = false;
            if (KeyReader.Of(item, item.Place, "a step", draft.Problems) is { } step)
            {
                var name = step.Name("step");
                draft.DeclaredSteps.Add((process, name ?? ""));
                if (new StepReader(step.Of($"step {name}"), name ?? "", scope, functions, draft).Read(previous) is { } definition)
                {
                    steps.Add(definition);
                }

                previous = name ?? previous;
            }
        }

        if (isEmpty && keys.Has("steps"))
        {
            draft.Problems.Error(keys.PlaceOf("steps"), "missing-key", "a process needs at least one step");
        }

        return steps.ToImmutable();
    }
}

/// <summary>Reads <c>case: { queue, says, remedy, amount }</c>.</summary>
internal static class CaseReader
{
    private static readonly string[] Queues = ["finance-ops", "pmo", "staffing", "integration-ops", "account-team", "data-steward"];

    public static CaseText? Read(KeyReader parent, VariableScope scope, Draft draft)
    {
        if (parent.Keys("case", $"the case of {parent.What}", required: true) is not { } keys)
        {
            return null;
        }

        var queue = keys.Text("queue", required: true);
        if (queue is not null && !Queues.Contains(queue))
        {
            draft.Problems.Error(keys.PlaceOf("queue"), "unknown-queue", $"there is no queue '{KeyReader.Shorten(queue)}'{Suggestion.For(queue, Queues)}");
        }

        var says = ExpressionReader.Take(keys, "says", scope, draft, required: true);
        var remedy = ReadRemedy(keys, scope, draft);
        var amount = ExpressionReader.Take(keys, "amount", scope, draft);
        keys.Done();
        return queue is null || says is null || remedy is null ? null : new CaseText(queue, says, remedy, amount);
    }

    private static Expression? ReadRemedy(KeyReader keys, VariableScope scope, Draft draft)
    {
        if (!keys.Has("remedy"))
        {
            draft.Problems.Error(keys.Place, "no-remedy", $"{keys.What} has no 'remedy'; say what the person who gets it can do");
            return null;
        }

        var scalar = keys.Scalar("remedy");
        if (scalar?.Text.Trim() is "''" or "\"\"")
        {
            draft.Problems.Error(keys.PlaceOf("remedy"), "no-remedy", $"the 'remedy' of {keys.What} is empty; say what the person who gets it can do");
            return null;
        }

        return scalar is null ? null : ExpressionReader.Parse(scalar, scope, draft);
    }
}
