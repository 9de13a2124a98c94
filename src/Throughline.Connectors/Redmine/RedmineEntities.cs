using System.Collections.Immutable;
using Throughline.Connect;

namespace Throughline.Connectors.Redmine;

/// <summary>What the connector knows about one kind of record; the manifest is made from it.</summary>
internal sealed record RedmineEntity
{
    /// <summary>The name in a single answer; also Redmine's name for the kind of record that has a custom field.</summary>
    public required string Name { get; init; }

    /// <summary>The name of lists and addresses.</summary>
    public required string Plural { get; init; }

    public required string Summary { get; init; }

    public ChangeDetection Changes { get; init; } = ChangeDetection.Sweep;

    /// <summary>Fields without which an answer cannot be understood; one that lacks is reported as drift.</summary>
    public required ImmutableArray<string> Relied { get; init; }

    /// <summary>Attributes that may be sent. Redmine ignores any other without a word, so the connector refuses it.</summary>
    public ImmutableArray<string> Attributes { get; init; } = [];

    /// <summary>Attributes that count only at creation; later Redmine ignores them without a word.</summary>
    public ImmutableArray<string> Fixed { get; init; } = [];

    public required ImmutableArray<ImmutableArray<string>> FindKeys { get; init; }

    public bool EnforcesKey { get; init; }

    public string? Undo { get; init; }

    public ImmutableArray<string> Volatile { get; init; } = [];

    /// <summary>Fields that only a single answer shows; left out, so that a record looks the same however it was read.</summary>
    public ImmutableArray<string> LeftOut { get; init; } = [];

    public EntityManifest ToManifest() => new()
    {
        Name = Name,
        Summary = Summary,
        Changes = Changes,
        Writes = Attributes.IsEmpty ? [] : [WriteOperation.Create, WriteOperation.Update, WriteOperation.Undo],
        Undo = Undo,
        FindKeys = FindKeys,
        EnforcesKey = EnforcesKey,
        Volatile = Volatile,
    };
}

internal static class RedmineEntities
{
    public const string IssueKeyField = "Hub key";
    public const string TimeEntryKeyField = "External id";

    public static ImmutableArray<RedmineEntity> All { get; } =
    [
        new()
        {
            Name = "project", Plural = "projects",
            Summary = "A project, active or closed. Writing status 5 closes it and status 1 opens it again. Archived projects are not listed.",
            Relied = ["id", "name", "identifier", "status", "updated_on"],
            Attributes = ["name", "identifier", "description", "homepage", "is_public", "parent_id", "parent_identifier", "inherit_members",
                "enabled_module_names", "tracker_ids", "custom_fields", "status"],
            Fixed = ["identifier"],
            FindKeys = [["identifier"]], EnforcesKey = true,
            Undo = "deletes the project and all in it (needs an administrator's key); refused where time has been logged on it or below it",
            LeftOut = ["homepage"],
        },
        new()
        {
            Name = "version", Plural = "versions",
            Summary = "A milestone (\"target version\") of a project; project_id or project_identifier says of which.",
            Relied = ["id", "project", "name", "status", "updated_on"],
            Attributes = ["project_id", "project_identifier", "name", "description", "status", "due_date", "sharing", "custom_fields"],
            Fixed = ["project_id", "project_identifier"],
            FindKeys = [["project_identifier", "name"], ["project_id", "name"]], EnforcesKey = true,
            Undo = "deletes the version; Redmine refuses where an issue refers to it",
            LeftOut = ["estimated_hours", "spent_hours"],
        },
        new()
        {
            Name = "issue", Plural = "issues",
            Summary = "A task. Tracker, status, priority, version, assignee and parent are given by id; project_id or project_identifier says where.",
            Changes = ChangeDetection.Incremental,
            Relied = ["id", "project", "status", "subject", "updated_on"],
            Attributes = ["project_id", "project_identifier", "tracker_id", "status_id", "priority_id", "subject", "description", "category_id",
                "fixed_version_id", "assigned_to_id", "parent_issue_id", "estimated_hours", "start_date", "due_date", "done_ratio", "is_private",
                "notes", "custom_fields"],
            FindKeys = [[IssueKeyField]],
            Undo = "deletes the issue; refused where time has been logged on it or it has subtasks",
            Volatile = ["spent_hours", "total_spent_hours", "total_estimated_hours"],
        },
        new()
        {
            Name = "membership", Plural = "memberships",
            Summary = "A person's roles in a project.",
            Relied = ["id", "project", "roles"],
            Attributes = ["project_id", "project_identifier", "user_id", "role_ids"],
            Fixed = ["project_id", "project_identifier", "user_id"],
            FindKeys = [["project_id", "user_id"], ["project_identifier", "user_id"]], EnforcesKey = true,
            Undo = "deletes the membership",
        },
        new()
        {
            Name = "user", Plural = "users",
            Summary = "A person, active, registered or locked (needs an administrator's key). Read only; API keys are never read.",
            Relied = ["id", "login"],
            FindKeys = [["login"]], EnforcesKey = true,
            Volatile = ["last_login_on"],
            LeftOut = ["api_key", "status", "passwd_changed_on", "twofa_scheme"],
        },
        new()
        {
            Name = "time_entry", Plural = "time_entries",
            Summary = "Hours that somebody worked on a day, on an issue or a project.",
            Relied = ["id", "project", "hours", "spent_on", "updated_on"],
            Attributes = ["project_id", "project_identifier", "issue_id", "spent_on", "hours", "activity_id", "comments", "user_id", "custom_fields"],
            FindKeys = [[TimeEntryKeyField]],
            Undo = "deletes the time entry",
        },
    ];

    public static RedmineEntity? Find(string name) => All.FirstOrDefault(entity => entity.Name == name);
}
