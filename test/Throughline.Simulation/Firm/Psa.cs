using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Simulation.Firm;

/// <summary>
/// The project system: projects with a unique identifier; issues and versions below them, which it takes twice if it is sent them twice; time that
/// people book, on which projects and issues cannot be deleted.
/// </summary>
internal sealed class Psa(TimeBook time) : TargetSystem("psa")
{
    public const string Project = "project";
    public const string Issue = "issue";
    public const string Version = "version";

    protected override Failure? Objection(WriteItem item, Fields? known)
    {
        var fields = item.Fields;
        return (item.Entity, item.Operation) switch
        {
            (Project or Issue, WriteOperation.Undo) when TimeOn(item.Entity, item.ExternalId!).Any() => new Failure.Policy("time has been logged on it"),
            (Project, WriteOperation.Create) when ProjectOf(fields.Text("identifier")) is { } id => new Failure.Duplicate("identifier has already been taken", id),
            (Project, WriteOperation.Undo) when Below(known!.Text("identifier")).Any() => new Failure.Policy("the project still has issues"),
            (Issue or Version, not WriteOperation.Undo) when ProjectOf(IdentifierIn(fields)) is null =>
                new Failure.MissingReference("project is invalid", fields.Text("project_identifier") ?? fields.Text("project_id") ?? ""),
            (Issue, not WriteOperation.Undo) when fields.Text("parent_issue_id") is { } parent && Find(Issue, parent) is null =>
                new Failure.MissingReference("parent task is invalid", parent),
            (Issue, WriteOperation.Undo) when All(Issue).Any(issue => issue.Fields.Text("parent_issue_id") == item.ExternalId) =>
                new Failure.Policy("the issue still has subtasks"),
            _ => null,
        };
    }

    protected override bool Holds(Fields fields, string name, object? value) => base.Holds(fields, name, value)
        || (fields.Nested("custom_fields") is { } custom && custom.ContainsKey(name) && base.Holds(custom, name, value));

    /// <summary>Time that is booked on a project or an issue.</summary>
    public IEnumerable<TimeChange> TimeOn(string entity, string id) => time.All.Where(line => !line.IsDeleted && (entity == Project ? line.Project : line.Issue) == id);

    /// <summary>The identifier of the project that an issue or version names, by identifier or by id.</summary>
    public string? IdentifierIn(Fields fields) => fields.Text("project_identifier")
        ?? (fields.Text("project_id") is { } id ? Find(Project, id)?.Text("identifier") : null);

    /// <summary>Tasks stand below the issue of their workstream.</summary>
    public bool IsTask(string? issue) => Find(Issue, issue)?.Text("parent_issue_id") is not null;

    public string? ProjectOf(string? identifier) => All(Project).Where(row => row.Fields.Text("identifier") == identifier).Select(row => row.Id).FirstOrDefault();

    private IEnumerable<string> Below(string? identifier) => All(Issue).Where(issue => IdentifierIn(issue.Fields) == identifier).Select(issue => issue.Id);
}
