using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Throughline.Sandbox.Redmine;

/// <summary>Everything one sandbox holds, and how each record looks in an answer. Used under the sandbox's lock.</summary>
internal sealed class RedmineData(TimeProvider time)
{
    public static readonly (int Id, string Name)[] Trackers = [(1, "Bug"), (2, "Feature"), (3, "Support")];
    public static readonly (int Id, string Name)[] Priorities = [(1, "Low"), (2, "Normal"), (3, "High"), (4, "Urgent"), (5, "Immediate")];
    public static readonly (int Id, string Name)[] Activities = [(8, "Design"), (9, "Development")];
    public static readonly (int Id, string Name)[] Roles = [(3, "Manager"), (4, "Developer"), (5, "Reporter"), (6, "Integration")];

    public static readonly (int Id, string Name, bool IsClosed)[] Statuses =
        [(1, "New", false), (2, "In Progress", false), (3, "Resolved", false), (4, "Feedback", false), (5, "Closed", true), (6, "Rejected", true)];

    // Keys are derived, so that a replay has the same ones; they protect nothing but made-up data on loopback.
    public static string KeyOf(string login) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("redmine " + login)).AsSpan(0, 20));

    private readonly Dictionary<string, int> _lastIds = [];

    public IndexedTable<int, RedmineUser> Users { get; } = new(Comparer<int>.Default, (_, user, name) => name == "key" ? user.Key : user.Login);

    public List<RedmineCustomField> CustomFields { get; } = [];

    public RedmineTable<RedmineProject> Projects { get; } = new();

    public RedmineTable<RedmineVersion> Versions { get; } = new();

    public RedmineTable<RedmineIssue> Issues { get; } = new();

    public RedmineTable<RedmineMembership> Memberships { get; } = new();

    public RedmineTable<RedmineTimeEntry> TimeEntries { get; } = new();

    /// <summary>The least id for what is made from now on.</summary>
    public int FirstId { get; set; } = 1;

    /// <summary>Ids are never given twice, also after a deletion.</summary>
    public int NextId(string kind) => _lastIds[kind] = Math.Max(_lastIds.GetValueOrDefault(kind) + 1, FirstId);

    // Redmine's stamps are whole seconds.
    public DateTimeOffset Now() => DateTimeOffset.FromUnixTimeSeconds(time.GetUtcNow().ToUnixTimeSeconds());

    public string Today() => Now().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    public RedmineProject? Project(string? idOrIdentifier) =>
        int.TryParse(idOrIdentifier, CultureInfo.InvariantCulture, out var id)
            ? Projects.Find(id)
            : Projects.With("identifier", idOrIdentifier).FirstOrDefault();

    public bool Sees(RedmineUser? user, RedmineProject? project) => project is not null
        && (user is { IsAdmin: true } || project.IsPublic || (user is not null && IsMember(user.Id, project.Id)));

    public bool Sees(RedmineUser? user, int projectId) => Sees(user, Projects.Find(projectId));

    public RedmineUser? UserBy(string name, string? value) => Users.With(name, value).Select(Users.Find).FirstOrDefault(user => user!.Status == 1);

    public RedmineUser AddUser(string login, string firstName, string lastName, bool isAdmin)
    {
        var user = new RedmineUser
        {
            Id = NextId("user"), Login = login, FirstName = firstName, LastName = lastName, IsAdmin = isAdmin, Key = KeyOf(login), CreatedOn = Now(),
        };
        Users.Put(user.Id, user);
        return user;
    }

    public bool IsMember(int userId, int projectId) => Memberships.With("project_id", projectId).Exists(m => m.UserId == userId);

    public IEnumerable<int> WithSubprojects(int projectId) =>
        Projects.With("parent_id", projectId).SelectMany(child => WithSubprojects(child.Id)).Prepend(projectId);

    public void Delete(RedmineProject project)
    {
        foreach (var id in WithSubprojects(project.Id).ToList())
        {
            Projects.Remove(Projects.Find(id)!);
            Versions.RemoveAll(Versions.With("project_id", id));
            Issues.RemoveAll(Issues.With("project_id", id));
            Memberships.RemoveAll(Memberships.With("project_id", id));
            TimeEntries.RemoveAll(TimeEntries.With("project_id", id));
        }
    }

    // Over REST a task goes together with its subtasks and their time, without a question.
    public void Delete(RedmineIssue issue)
    {
        Issues.With("parent_id", issue.Id).ForEach(Delete);
        TimeEntries.RemoveAll(TimeEntries.With("issue_id", issue.Id));
        Issues.Remove(issue);
    }

    public JsonObject Show(RedmineProject project, bool listed)
    {
        var shown = new JsonObject { ["id"] = project.Id, ["name"] = project.Name, ["identifier"] = project.Identifier, ["description"] = project.Description };
        if (!listed)
        {
            shown["homepage"] = project.Homepage;
        }

        Reference(shown, "parent", project.ParentId, Projects.Find(project.ParentId)?.Name);
        shown["status"] = project.Status;
        shown["is_public"] = project.IsPublic;
        shown["inherit_members"] = project.InheritsMembers;
        return Stamped(AddCustomFields(shown, project, "project"), project);
    }

    public JsonObject Show(RedmineVersion version, bool listed)
    {
        var shown = new JsonObject { ["id"] = version.Id };
        Reference(shown, "project", version.ProjectId, ProjectName(version.ProjectId));
        shown["name"] = version.Name;
        shown["description"] = version.Description;
        shown["status"] = version.Status;
        shown["due_date"] = version.DueDate;
        shown["sharing"] = version.Sharing;
        shown["wiki_page_title"] = null;
        if (!listed)
        {
            shown["estimated_hours"] = Float(Issues.With("fixed_version_id", version.Id).Sum(issue => issue.EstimatedHours ?? 0));
            shown["spent_hours"] = Float(0);
        }

        return Stamped(AddCustomFields(shown, version, "version"), version);
    }

    public JsonObject Show(RedmineIssue issue, bool created)
    {
        var status = Statuses.First(s => s.Id == issue.StatusId);
        var shown = new JsonObject { ["id"] = issue.Id };
        Reference(shown, "project", issue.ProjectId, ProjectName(issue.ProjectId));
        Reference(shown, "tracker", issue.TrackerId, NameOf(Trackers, issue.TrackerId));
        shown["status"] = new JsonObject { ["id"] = status.Id, ["name"] = status.Name, ["is_closed"] = status.IsClosed };
        Reference(shown, "priority", issue.PriorityId, NameOf(Priorities, issue.PriorityId));
        Reference(shown, "author", issue.AuthorId, UserName(issue.AuthorId));
        Reference(shown, "assigned_to", issue.AssignedToId, UserName(issue.AssignedToId));
        Reference(shown, "fixed_version", issue.FixedVersionId, Versions.Find(issue.FixedVersionId)?.Name);
        Reference(shown, "parent", issue.ParentId, null);
        shown["subject"] = issue.Subject;
        shown["description"] = issue.Description;
        shown["start_date"] = issue.StartDate;
        shown["due_date"] = issue.DueDate;
        shown["done_ratio"] = issue.DoneRatio;
        shown["is_private"] = issue.IsPrivate;
        shown["estimated_hours"] = issue.EstimatedHours is { } hours ? Float(hours) : null;
        shown["total_estimated_hours"] = issue.EstimatedHours is { } total ? Float(total) : null;
        if (!created)
        {
            var spent = TimeEntries.With("issue_id", issue.Id).Sum(entry => entry.Hours);
            shown["spent_hours"] = Float(spent);
            shown["total_spent_hours"] = Float(spent);
        }

        Stamped(AddCustomFields(shown, issue, "issue"), issue);
        shown["closed_on"] = issue.ClosedOn is { } closed ? Stamp(closed) : null;
        return shown;
    }

    public JsonObject Show(RedmineMembership membership)
    {
        var shown = new JsonObject { ["id"] = membership.Id };
        Reference(shown, "project", membership.ProjectId, ProjectName(membership.ProjectId));
        Reference(shown, "user", membership.UserId, UserName(membership.UserId));
        shown["roles"] = new JsonArray([.. membership.RoleIds.Select(id => new JsonObject { ["id"] = id, ["name"] = NameOf(Roles, id) })]);
        return shown;
    }

    public JsonObject Show(RedmineTimeEntry entry)
    {
        var shown = new JsonObject { ["id"] = entry.Id };
        Reference(shown, "project", entry.ProjectId, ProjectName(entry.ProjectId));
        Reference(shown, "issue", entry.IssueId, null);
        Reference(shown, "user", entry.UserId, UserName(entry.UserId));
        Reference(shown, "activity", entry.ActivityId, NameOf(Activities, entry.ActivityId));
        shown["hours"] = Float(entry.Hours);
        shown["comments"] = entry.Comments;
        shown["spent_on"] = entry.SpentOn;
        return AddCustomFields(Stamped(shown, entry), entry, "time_entry");
    }

    /// <summary>A user; alone, administrators and the user see the API key as well.</summary>
    public static JsonObject Show(RedmineUser user, bool listed)
    {
        var shown = new JsonObject
        {
            ["id"] = user.Id, ["login"] = user.Login, ["admin"] = user.IsAdmin, ["firstname"] = user.FirstName, ["lastname"] = user.LastName,
            ["mail"] = $"{user.Login}@example.com", ["created_on"] = Stamp(user.CreatedOn), ["updated_on"] = Stamp(user.CreatedOn),
            ["last_login_on"] = null, ["passwd_changed_on"] = Stamp(user.CreatedOn), ["twofa_scheme"] = null,
        };
        if (!listed)
        {
            shown["api_key"] = user.Key;
            shown["status"] = user.Status;
        }

        return shown;
    }

    public static JsonObject Show(RedmineCustomField field) => new()
    {
        ["id"] = field.Id, ["name"] = field.Name, ["customized_type"] = field.Kind, ["field_format"] = field.Format, ["regexp"] = "",
        ["min_length"] = null, ["max_length"] = field.LengthMax, ["is_required"] = false, ["is_filter"] = field.IsFilter,
        ["searchable"] = false, ["multiple"] = false, ["default_value"] = null, ["visible"] = true,
    };

    public static string Stamp(DateTimeOffset at) => at.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static string? NameOf((int Id, string Name)[] list, int id) => list.FirstOrDefault(entry => entry.Id == id).Name;

    private static JsonObject Stamped(JsonObject shown, RedmineRecord record)
    {
        shown["created_on"] = Stamp(record.CreatedOn);
        shown["updated_on"] = Stamp(record.UpdatedOn);
        return shown;
    }

    private static void Reference(JsonObject shown, string name, int? id, string? label)
    {
        if (id is { } there)
        {
            shown[name] = label is null ? new JsonObject { ["id"] = there } : new JsonObject { ["id"] = there, ["name"] = label };
        }
    }

    // Ruby prints a float with at least one decimal: 40.0, 7.5.
    private static JsonValue Float(decimal number)
    {
        var plain = number / 1.0000000000000000000000000000m;
        return JsonValue.Create(plain == decimal.Truncate(plain) ? plain * 1.0m : plain);
    }

    private JsonObject AddCustomFields(JsonObject shown, RedmineRecord record, string kind)
    {
        var fields = CustomFields.Where(field => field.Kind == kind).ToList();
        if (fields.Count > 0)
        {
            shown["custom_fields"] = new JsonArray([.. fields.Select(field => new JsonObject
            {
                ["id"] = field.Id, ["name"] = field.Name, ["value"] = record.CustomValues.GetValueOrDefault(field.Id),
            })]);
        }

        return shown;
    }

    private string? ProjectName(int id) => Projects.Find(id)?.Name;

    private string? UserName(int? id) => id is { } there ? Users.Find(there)?.Name : null;
}
