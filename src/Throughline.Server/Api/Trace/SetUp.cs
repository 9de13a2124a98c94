using System.Globalization;
using Throughline.Engine.Cases;
using Throughline.Engine.Partition;
using Throughline.Engine.Process;
using Throughline.Landscape;

namespace Throughline.Server.Api.Trace;

/// <summary>What one process set up and where, what it only recorded, and after it was rejected: what was taken back, what remains and why.</summary>
internal sealed class SetUp(UnitState unit, Instance instance, Landscape.Landscape landscape, PlainWords words)
{
    private readonly StepDefinition[] _steps = landscape.Processes.GetValueOrDefault(instance.Process)?.Steps.ToArray() ?? [];

    /// <summary>Of a complete process: what each system has, what it has not, and what stands in the hub alone.</summary>
    public string Complete()
    {
        var standing = Targets().Where(Stands).Select(target => (target.System, What: What(target))).Concat(Customers()).ToArray();
        var says = BySystem(standing).Select(each => $"The {words.System(each.System)} has {each.List}{Missing(each.System)}.");
        var told = Told();
        return string.Join(" ", says.Prepend("Complete.")
            .Concat(Recorded() is { } recorded ? [$"Only recorded in the hub: {recorded}."] : [])
            .Concat(told.Length > 0 ? [$"Other programs can read from the hub that it happened ({string.Join(", ", told)}); the hub itself sends no messages to anybody."] : []));
    }

    /// <summary>Of one that was rejected.</summary>
    public string TakenBack(IEnumerable<Case> cases)
    {
        var rejected = cases.Where(item => item.Instance == instance.Id && item.Status == CaseStatus.Rejected).MaxBy(item => item.ClosedAt);
        var head = rejected is null ? "Rejected." : $"Rejected by {rejected.ClosedBy}{Case.StatedName}{(rejected.Reason is { Length: > 0 } why ? $": {why.TrimEnd('.')}" : "")}.";
        var taken = Targets().Where(target => target.Undone).Select(target => (target.System, What: What(target))).ToArray();
        var back = taken.Length == 0 ? "Nothing had been created in other systems."
            : $"Taken back: {string.Join("; ", BySystem(taken).Select(each => $"{each.List} in the {words.System(each.System)}"))}.";
        var remains = Remaining().ToArray();
        return $"{head} {back}{(remains.Length == 0 ? "" : $" What remains: {string.Join("; ", remains)}.")}";
    }

    /// <summary>A step that is done because there was nothing to do in it: no approval was needed, no record or event belongs to it.</summary>
    public bool HadNothingToDo(StepDefinition step)
    {
        var data = instance.Step(step.Name).Data;
        return instance.Step(step.Name).IsDone && step switch
        {
            StepDefinition.Approval => data.Text("approved") is null,
            StepDefinition.Request { IsNumber: false } request => !unit.Of(request.Into).Any(record => data.ContainsKey(record.Id.Key)),
            StepDefinition.Write { Always: false } write => !unit.Targets.Values.Any(target => target.Instance == instance.Id
                && (target.Step == write.Name || target.Map == write.Map)),
            StepDefinition.Publish { When: not null } publish => data.Text("event") != publish.Event,
            _ => false,
        };
    }

    /// <summary>How a step of a rejected process ended, and why something of it remains.</summary>
    public (string Outcome, string? Note) Ended(StepDefinition step)
    {
        var isDone = instance.Step(step.Name).IsDone;
        var mine = Targets().Where(target => target.Step == step.Name).ToArray();
        return step switch
        {
            StepDefinition.Write { Always: false } when mine.FirstOrDefault(Stands) is { } kept => ("remains", Why(kept)),
            StepDefinition.Write { Always: false } when mine.Any(target => target.Undone) => ("taken-back", null),
            _ when HadNothingToDo(step) => ("nothing", null),
            StepDefinition.Write { Always: false } when mine.Length > 0 => ("not-written", null),
            StepDefinition.Request request when isDone => ("remains", request.IsNumber ? "a number is given once" : "other sales may need it"),
            StepDefinition.Publish when isDone => ("remains", "what was recorded for other programs cannot be unsaid"),
            StepDefinition.Decide when isDone => ("remains", "in the hub only, as a record of what was planned"),
            StepDefinition.Approval when !isDone && instance.Step(step.Name).Data.ContainsKey("asked") => ("rejected", null),
            _ => (isDone ? "done" : "not-reached", null),
        };
    }

    private IEnumerable<string> Remaining()
    {
        foreach (var (system, list) in BySystem(Customers()))
        {
            yield return $"{list} in the {words.System(system)}, since other sales may need them";
        }

        foreach (var target in Targets().Where(Stands).OrderBy(target => target.Id, StringComparer.Ordinal))
        {
            yield return $"the {What(target)} {ProcessRunner.NameOf(unit, target.Record)} in the {words.System(target.System)}, since {Why(target).TrimEnd('.')}";
        }

        foreach (var step in _steps.OfType<StepDefinition.Request>().Where(step => step.IsNumber && instance.Step(step.Name).IsDone))
        {
            yield return $"the number {string.Join(", ", unit.Of(step.Into).Select(record => record.Attributes.Text("number")))}, since a number is given once";
        }

        var told = Told();
        if (told.Length > 0)
        {
            yield return $"what was recorded for other programs ({string.Join(", ", told)}), since it cannot be unsaid";
        }

        if (Recorded() is { } recorded)
        {
            yield return $"in the hub alone, as a record of what was planned: {recorded}";
        }
    }

    private string Why(Target target) =>
        _steps.OfType<StepDefinition.Write>().FirstOrDefault(step => step.Name == target.Step) is { Undo: false, KeepReason: { Length: > 0 } reason } ? reason
            : !target.Created ? "it was there before" : target.Failure is { } failure ? $"it could not be taken back ({failure.Message})" : "it is not taken back yet";

    // A text that is shown at a record of somebody else is no record of this process.
    private IEnumerable<Target> Targets() => unit.Targets.Values
        .Where(target => target.Instance == instance.Id && landscape.OutwardMaps.GetValueOrDefault(target.Map)?.UpdateOnly != true);

    private static bool Stands(Target target) => target is { Undone: false, ExternalId: not null };

    private string What(Target target) => words.Record(target.System, target.Entity, target.Record.Entity);

    private IEnumerable<(string System, string What)> Customers() =>
        from step in _steps.OfType<StepDefinition.Request>()
        where !step.IsNumber
        from record in unit.Of(step.Into)
        where instance.Step(step.Name).Data.ContainsKey(record.Id.Key)
        from id in record.Attributes.Nested("ids") ?? Model.Fields.Empty
        where id.Value is not null
        select (landscape.Roles.TryGetValue(id.Key, out var role) ? role.Default : id.Key, landscape.Processes.GetValueOrDefault(step.Process)?.Subject ?? step.Into);

    private string[] Told() => [.. _steps.OfType<StepDefinition.Publish>().Where(step => instance.Step(step.Name).IsDone).Select(step => step.Event)];

    private CanonicalRecord[] Planned() =>
        [.. unit.Records.Values.Where(record => record.Owner?.StartsWith(instance.Id + "|", StringComparison.Ordinal) == true)];

    private string? Recorded()
    {
        var written = _steps.OfType<StepDefinition.Write>().Select(step => landscape.OutwardMaps.GetValueOrDefault(step.Map)?.From).ToHashSet();
        var only = Planned().Where(record => !written.Contains(record.Id.Entity)).Select(record => record.Id.Entity.Replace('-', ' ')).ToArray();
        return only.Length == 0 ? null : List(only);
    }

    // A subcontract, say, has no project in the ERP.
    private string Missing(string system)
    {
        var missing = (from step in _steps.OfType<StepDefinition.Write>()
                       let map = landscape.OutwardMaps.GetValueOrDefault(step.Map)
                       where step is { Always: false, When: not null } && map is not null
                       from record in Planned()
                       where record.Id.Entity == map.From && landscape.SystemFor(map.Role, record.Attributes.Text("legalEntity")) == system
                           && unit.Targets.GetValueOrDefault(Target.IdOf(map.Name, record.Id)) is not { Undone: false, ExternalId: not null }
                       orderby map.Name, record.Id.Key
                       select $"no {words.Record(system, map.Entity, map.From)} for {record.Attributes.Text("name") ?? record.Id.Key}").ToArray();
        return missing.Length == 0 ? "" : $"; {string.Join(", ", missing)}";
    }

    private static IEnumerable<(string System, string List)> BySystem(IEnumerable<(string System, string What)> records) =>
        records.GroupBy(record => record.System).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => (group.Key, List(group.Select(record => record.What))));

    private static string List(IEnumerable<string> whats)
    {
        var counted = whats.GroupBy(what => what).OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => string.Create(CultureInfo.InvariantCulture, $"{group.Count()} {group.Key}{(group.Count() == 1 ? "" : "s")}")).ToArray();
        return counted.Length == 1 ? counted[0] : $"{string.Join(", ", counted[..^1])} and {counted[^1]}";
    }
}
