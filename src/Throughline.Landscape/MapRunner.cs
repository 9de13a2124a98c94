using System.Collections.Immutable;
using System.Globalization;
using Throughline.Connect;
using Throughline.Landscape.Expressions;
using Throughline.Model;
using Throughline.Model.Canonical;

namespace Throughline.Landscape;

/// <summary>What a source record means.</summary>
/// <param name="Applies">False where the map's <c>when</c> says that such a record is not taken; the rest is then empty.</param>
/// <param name="Key">The canonical record's key.</param>
/// <param name="ScopeReference">What the map's <c>scope</c> came to: the engagement's key or a reference to it; null for master records.</param>
/// <param name="OccurredAt">When it happened, as the source says; null where the map or the record does not.</param>
/// <param name="Attributes">The attributes that the record says something about; null clears one.</param>
/// <param name="Failure">Why it cannot be mapped, with every problem; the other members then hold what is known.</param>
public sealed record InwardResult(bool Applies, string? Key, string? ScopeReference, DateTimeOffset? OccurredAt, Fields Attributes, Failure? Failure);

/// <summary>What an outward map sees beside the record.</summary>
/// <param name="Records">The <c>records</c> variable, made with <see cref="VariableNames.RecordsOf"/>.</param>
/// <param name="LegalEntity">Code of the legal entity of the record; null where it has none.</param>
/// <param name="Status">How the process is, <c>{ text, nextAction }</c>.</param>
/// <param name="Id">The id of a canonical record (entity, key) in the system that plays a role; null where it is not known yet.</param>
public sealed record OutwardContext(Fields Records, string? LegalEntity, Fields? Status, Func<string, string, string, string?> Id)
{
    /// <summary>What the system answered when an outward map wrote the record with a key; null while that is not known.</summary>
    public Func<string, string, Fields?> Answer { get; init; } = (_, _) => null;

    /// <summary>Further records that the map may name, by the name of their entity: those that an entry belongs to.</summary>
    public IReadOnlyDictionary<string, object?> Beside { get; init; } = ImmutableDictionary<string, object?>.Empty;
}

/// <summary>What a canonical record is to be in one system; or what that waits for; or why it cannot be.</summary>
/// <param name="Waits">Ids that are not known yet, in words ("the id of customer 001A in the erp system"); null where none are missing.</param>
public sealed record OutwardResult(Fields? Find, ImmutableArray<Fields> Adopt, Fields Fields, string? Waits, Failure? Failure)
{
    public bool IsComplete => Waits is null && Failure is null;
}

/// <summary>Runs maps. Pure: the same record and landscape give the same result.</summary>
public static class MapRunner
{
    public static InwardResult Inward(InwardMap map, SourceRecord source, Landscape landscape)
    {
        var variables = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            [VariableNames.Source] = source.Fields,
            [VariableNames.ExternalId] = source.ExternalId,
            [VariableNames.Parameters] = landscape.Parameters,
        };
        var problems = ImmutableArray.CreateBuilder<FieldProblem>();
        var key = Text("key", map.Key, variables, problems);
        if (source.Deleted)
        {
            // A tombstone often carries nothing but the id; what the deletion means is decided elsewhere.
            return Finish(map, source, new InwardResult(true, key, null, null, Fields.Empty, null), problems);
        }

        if (map.When is not null && problems.Count == 0)
        {
            var when = Value("when", map.When, variables, problems);
            if (when is false)
            {
                return new InwardResult(false, null, null, null, Fields.Empty, null);
            }

            if (when is not true && problems.Count == 0)
            {
                problems.Add(new FieldProblem("when", "must be true or false"));
            }
        }

        var scope = map.Scope is null ? null : Text("scope", map.Scope, variables, problems);
        var occurredAt = map.OccurredAt is null ? null : Instant(Value("occurredAt", map.OccurredAt, variables, problems), problems);
        var result = TemplateRunner.Run(map.Fields, variables, TemplateHooks.None);
        problems.AddRange(result.Problems);
        problems.AddRange(EntityCatalog.Find(map.To)!.Check(result.Fields));
        return Finish(map, source, new InwardResult(true, key, scope, occurredAt, result.Fields, null), problems);
    }

    /// <param name="view">The record's attributes with its <c>key</c>.</param>
    public static OutwardResult Outward(OutwardMap map, Fields view, OutwardContext context, Landscape landscape)
    {
        var legalEntity = context.LegalEntity is { } code && landscape.LegalEntities.TryGetValue(code, out var found) ? found.View : null;
        var variables = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            [VariableNames.Of(map.From)] = VariableNames.Complete(map.From, view),
            [VariableNames.Records] = context.Records,
            [VariableNames.Parameters] = landscape.Parameters,
            [VariableNames.LegalEntity] = legalEntity,
            [VariableNames.Status] = context.Status,
        };
        foreach (var (name, value) in context.Beside)
        {
            variables[name] = value;
        }

        var hooks = new TemplateHooks(context.Id, context.Records) { Answer = context.Answer };
        var fields = TemplateRunner.Run(map.Fields, variables, hooks);
        var find = map.Find is null ? null : TemplateRunner.Run(map.Find, variables, hooks);
        var adopt = map.Adopt.Select(template => TemplateRunner.Run(template, variables, hooks)).ToArray();
        var all = adopt.Append(fields).Concat(find is null ? [] : [find]).ToArray();
        var problems = all.SelectMany(part => part.Problems).Concat(find is { IsComplete: true } ? MissingKeys(map, find.Fields) : []).ToImmutableArray();
        var waits = all.SelectMany(part => part.Waits).Distinct().ToArray();
        return new OutwardResult(
            find?.Fields,
            [.. adopt.Select(part => part.Fields).Where(key => key.Count > 0 && key.Values.All(value => !IsEmpty(value)))],
            fields.Fields,
            waits.Length == 0 ? null : "waits for " + string.Join(", and ", waits),
            problems.IsEmpty ? null : Refusal($"{map.From} {view.Text("key")} cannot be mapped to {map.Entity} by {map.Place.File}", problems));
    }

    // With an empty key a probe would find another record, or none, and the write would be doubled.
    private static IEnumerable<FieldProblem> MissingKeys(OutwardMap map, Fields find) =>
        MembersOf(map.Find!).Where(name => IsEmpty(find.Get(name))).Select(name => new FieldProblem("find." + name, "is empty, and without it the record"
            + " could not be found again"));

    private static IEnumerable<string> MembersOf(Template template) => template is Template.Tree tree ? tree.Members.Select(member => member.Name) : [];

    private static bool IsEmpty(object? value) => value is null or "";

    private static InwardResult Finish(InwardMap map, SourceRecord source, InwardResult result, ImmutableArray<FieldProblem>.Builder problems) =>
        problems.Count == 0 ? result : result with { Failure = Refusal($"{map.Entity} {source.ExternalId} cannot be mapped by"
            + $" {map.Place.File}", problems.ToImmutable()) };

    private static Failure.Validation Refusal(string what, ImmutableArray<FieldProblem> problems) =>
        new($"{what}: {string.Join("; ", problems.Select(problem => $"{problem.Field} {problem.Message}"))}", problems);

    private static object? Value(string field, Expression expression, Dictionary<string, object?> variables, ImmutableArray<FieldProblem>.Builder problems)
    {
        var result = TemplateRunner.Run(expression, variables, TemplateHooks.None);
        problems.AddRange(result.Problems.Select(problem => problem with { Field = field }));
        return result.Value;
    }

    private static string? Text(string field, Expression expression, Dictionary<string, object?> variables, ImmutableArray<FieldProblem>.Builder problems)
    {
        var before = problems.Count;
        var text = Value(field, expression, variables, problems) switch
        {
            string given => given,
            long whole => whole.ToString(CultureInfo.InvariantCulture),
            _ => null,
        };
        if (string.IsNullOrEmpty(text) && problems.Count == before)
        {
            problems.Add(new FieldProblem(field, "must be a text that is not empty"));
        }

        return string.IsNullOrEmpty(text) ? null : text;
    }

    /// <summary>An instant without a zone counts as UTC, which is what every supported vendor's API means by it.</summary>
    private static DateTimeOffset? Instant(object? value, ImmutableArray<FieldProblem>.Builder problems)
    {
        if (value is string text && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at))
        {
            return at.ToUniversalTime();
        }

        if (value is not null)
        {
            problems.Add(new FieldProblem("occurredAt", "must be an instant in ISO 8601"));
        }

        return null;
    }
}
