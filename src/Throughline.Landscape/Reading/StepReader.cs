using System.Collections.Immutable;
using Throughline.Landscape.Expressions;
using Throughline.Landscape.Files;
using Throughline.Model.Canonical;

namespace Throughline.Landscape.Reading;

/// <summary>Reads one step of a process.</summary>
internal sealed class StepReader(KeyReader keys, string name, VariableScope scope, LandscapeFunctions functions, Draft draft)
{
    private static readonly string[] Kinds = ["check", "approval", "decide", "request", "write", "lines", "payments", "publish"];

    public StepDefinition? Read(string? previous)
    {
        keys.Has("step");
        var kind = keys.Text("kind", required: true);
        var title = keys.Text("title", required: true) ?? "";
        ImmutableArray<string> after = keys.Has("after") ? [.. keys.Texts("after").Select(item => item.Text)] : previous is null ? [] : [previous];
        StepDefinition? step = kind switch
        {
            "check" => ReadCheck(title, after),
            "approval" => ReadApproval(title, after),
            "decide" => ReadDecide(title, after),
            "request" => ReadRequest(title, after),
            "write" => ReadWrite(title, after),
            "lines" => ReadLines(title, after),
            "payments" => new StepDefinition.Payments(name, title, after, keys.Place),
            "publish" => ReadPublish(title, after),
            _ => null,
        };
        if (kind is not null && !Kinds.Contains(kind))
        {
            // Which keys a step may have depends on its kind, so they are not looked at.
            draft.Problems.Error(keys.PlaceOf("kind"), "unknown-kind", $"there is no kind of step '{KeyReader.Shorten(kind)}'{Suggestion.For(kind, Kinds)}");
        }
        else if (kind is not null)
        {
            keys.Done();
        }

        return step;
    }

    private StepDefinition.Check? ReadCheck(string title, ImmutableArray<string> after)
    {
        var checks = ImmutableArray.CreateBuilder<CheckDefinition>();
        foreach (var item in keys.List("checks", required: true))
        {
            if (KeyReader.Of(item, item.Place, $"a check of step {name}", draft.Problems) is { } check)
            {
                ReadOneCheck(check, checks);
            }
        }

        return new StepDefinition.Check(name, title, after, checks.ToImmutable(), keys.Place);
    }

    private void ReadOneCheck(KeyReader check, ImmutableArray<CheckDefinition>.Builder checks)
    {
        var checkName = check.Name("check");
        check = check.Of($"check {checkName}");
        check.Has("check");
        var holds = ExpressionReader.Take(check, "holds", scope, draft, required: true);
        var waits = check.Flag("waits", false);
        var within = check.Duration("within", TimeSpan.Zero, required: waits);
        var until = ExpressionReader.Take(check, "until", scope, draft);
        var text = CaseReader.Read(check, scope, draft);
        check.Done();
        if (!waits && check.Has("until"))
        {
            draft.Problems.Error(check.PlaceOf("until"), "unknown-key", $"'until' of check {checkName} has no meaning without 'waits: true', since it"
                + " becomes a case at once");
        }

        if (!waits && check.Has("within"))
        {
            draft.Problems.Error(check.PlaceOf("within"), "unknown-key", $"'within' of check {checkName} has no meaning without 'waits: true', since it"
                + " becomes a case at once");
        }

        if (checks.Any(other => other.Name == checkName))
        {
            draft.Problems.Error(check.PlaceOf("check"), "duplicate-name", $"step {name} has two checks named '{checkName}'; rename one");
        }

        if (checkName is not null && holds is not null && text is not null)
        {
            checks.Add(new CheckDefinition(checkName, holds, waits, within, text, check.Place) { Until = until });
        }
    }

    private StepDefinition.Approval? ReadApproval(string title, ImmutableArray<string> after)
    {
        var when = ExpressionReader.Take(keys, "when", scope, draft, required: true);
        var covers = ExpressionReader.Take(keys, "covers", scope, draft, required: true);
        var notBy = ExpressionReader.Take(keys, "notBy", scope, draft, required: true);
        var within = keys.Duration("within", TimeSpan.Zero, required: true);
        var text = CaseReader.Read(keys, scope, draft);
        return when is null || covers is null || notBy is null || text is null
            ? null
            : new StepDefinition.Approval(name, title, after, when, covers, notBy, text, within, keys.Place);
    }

    private StepDefinition.Decide? ReadDecide(string title, ImmutableArray<string> after) =>
        keys.Text("decision", required: true) is { } decision ? new StepDefinition.Decide(name, title, after, decision, keys.Place) : null;

    private StepDefinition.Request? ReadRequest(string title, ImmutableArray<string> after)
    {
        var process = keys.Text("process", required: true);
        var each = ExpressionReader.Take(keys, "each", scope, draft, required: true);
        var into = keys.Text("into", required: true);
        var within = keys.Duration("within", TimeSpan.Zero, required: true);
        var text = CaseReader.Read(keys, scope.With(VariableNames.Item, VariableNames.Failure), draft);
        if (into is not null && EntityCatalog.Find(into) is null)
        {
            draft.Problems.Error(
                keys.PlaceOf("into"), "unknown-entity", $"'{KeyReader.Shorten(into)}' is not a canonical"
                    + $" entity{Suggestion.For(into, EntityCatalog.All.Select(entity => entity.Name))}");
            return null;
        }

        return process is null || each is null || into is null || text is null
            ? null
            : new StepDefinition.Request(name, title, after, process, each, into, within, text, keys.Place);
    }

    private StepDefinition.Write? ReadWrite(string title, ImmutableArray<string> after)
    {
        var map = keys.Text("map", required: true);
        // Maps are read before processes, so the record's attributes are known here.
        var record = map is not null && draft.OutwardMaps.TryGetValue(map, out var outward) ? EntityCatalog.Find(outward.From) : null;
        var recordScope = scope.With(record);
        var when = record is null ? null : ExpressionReader.Take(keys, "when", recordScope, draft);
        keys.Has("when");
        var always = keys.Flag("always", false);
        var undo = keys.Flag("undo", false);
        var keep = keys.Text("keep");
        var within = Within();
        var text = CaseReader.Read(keys, recordScope.With(VariableNames.Record, VariableNames.Failure), draft);
        if (undo == (keep is not null))
        {
            draft.Problems.Error(
                keys.Place,
                "no-undo",
                $"step {name} must say what happens when the deal is rejected: "
                + "'undo: true', or 'keep:' with the reason why the record stays");
        }

        return map is null || text is null || (when is null && keys.Has("when") && record is not null)
            ? null
            : new StepDefinition.Write(name, title, after, map, when, always, undo, keep, text, keys.Place) { Within = within };
    }

    private StepDefinition.Lines? ReadLines(string title, ImmutableArray<string> after)
    {
        var answer = keys.Text("answer", required: true);
        var readBack = keys.Group("readBack", required: true) is { } group ? ExpressionReader.ReadTemplate(group, scope.WithFunctions(functions.WithRecords), draft) : null;
        var text = CaseReader.Read(keys, scope.With(VariableNames.Failure), draft);
        return answer is null || readBack is null || text is null ? null : new StepDefinition.Lines(name, title, after, answer, readBack, text, keys.Place);
    }

    private StepDefinition.Publish? ReadPublish(string title, ImmutableArray<string> after)
    {
        var eventName = keys.Text("event", required: true);
        var when = ExpressionReader.Take(keys, "when", scope, draft);
        var within = Within();
        var payloadScope = scope.WithFunctions(functions.WithRecords);
        var payload = keys.Node("payload", required: true) is { } node ? ExpressionReader.ReadTemplate(node, payloadScope, draft) : null;
        return eventName is null || payload is null
            ? null
            : new StepDefinition.Publish(name, title, after, eventName, when, payload, keys.Place) { Within = within };
    }

    // Where it is left out, the process says it for all its steps.
    private TimeSpan? Within() => keys.Has("within") ? keys.Duration("within", TimeSpan.Zero) : null;
}
