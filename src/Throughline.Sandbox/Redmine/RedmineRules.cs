using System.Globalization;
using System.Text.RegularExpressions;

namespace Throughline.Sandbox.Redmine;

/// <summary>Assigns what a request sent and answers the texts of Redmine 5.0's 422, in its order; empty where the record is valid.</summary>
internal sealed partial class RedmineRules(RedmineData data)
{
    public List<string> Assign(RedmineProject project, RedmineAttributes sent, bool isNew)
    {
        var errors = new List<string>();
        project.Name = Given(sent, "name", project.Name) ?? "";
        Required(errors, "Name", project.Name);
        TooLong(errors, "Name", project.Name, 255);
        if (isNew)
        {
            project.Identifier = sent.Text("identifier") ?? "";
            if (project.Identifier.Length == 0)
            {
                errors.Add("Identifier cannot be blank");
            }
            else if (data.Projects.With("identifier", project.Identifier).Count > 0)
            {
                errors.Add("Identifier has already been taken");
            }
            else if (!Identifier().IsMatch(project.Identifier))
            {
                errors.Add("Identifier is invalid");
            }
        }

        project.Description = Given(sent, "description", project.Description);
        project.Homepage = Given(sent, "homepage", project.Homepage) ?? "";
        TooLong(errors, "Homepage", project.Homepage, 255);
        project.IsPublic = sent.Has("is_public") ? sent.Flag("is_public") : project.IsPublic;
        project.InheritsMembers = sent.Has("inherit_members") ? sent.Flag("inherit_members") : project.InheritsMembers;
        project.ParentId = sent.Has("parent_id") ? sent.Whole("parent_id") : project.ParentId;
        AssignCustomFields(errors, project, "project", sent);
        return errors;
    }

    public List<string> Assign(RedmineVersion version, RedmineAttributes sent)
    {
        var errors = new List<string>();
        version.Name = Given(sent, "name", version.Name) ?? "";
        Required(errors, "Name", version.Name);
        if (data.Versions.With("project_id", version.ProjectId).Exists(other => other.Id != version.Id && other.Name == version.Name))
        {
            errors.Add("Name has already been taken");
        }

        TooLong(errors, "Name", version.Name, 60);
        version.Description = Given(sent, "description", version.Description) ?? "";
        TooLong(errors, "Description", version.Description, 255);
        version.DueDate = Date(errors, "Due date", sent, "due_date", version.DueDate);
        version.Status = Given(sent, "status", version.Status) ?? "";
        if (version.Status is not ("open" or "locked" or "closed"))
        {
            errors.Add("Status is not included in the list");
        }

        AssignCustomFields(errors, version, "version", sent);
        return errors;
    }

    public List<string> Assign(RedmineIssue issue, RedmineAttributes sent, bool isNew)
    {
        var errors = new List<string>();
        if (sent.Has("project_id"))
        {
            // A project that is not there, closed or archived is dropped without a word; only a new issue then lacks one.
            issue.ProjectId = data.Project(sent.Text("project_id")) is { Status: 1 } project ? project.Id : issue.ProjectId;
        }

        if (issue.ProjectId == 0)
        {
            return ["Project cannot be blank", "Tracker cannot be blank", "Status cannot be blank"];
        }

        AssignLists(errors, issue, sent);
        issue.Subject = Given(sent, "subject", issue.Subject) ?? "";
        Required(errors, "Subject", issue.Subject);
        TooLong(errors, "Subject", issue.Subject, 255);
        issue.DoneRatio = sent.Has("done_ratio") ? sent.Whole("done_ratio") ?? 0 : issue.DoneRatio;
        if (issue.DoneRatio is < 0 or > 100)
        {
            errors.Add("% Done is not included in the list");
        }

        issue.EstimatedHours = Hours(errors, "Estimated time", sent, "estimated_hours", issue.EstimatedHours);
        issue.StartDate = Date(errors, "Start date", sent, "start_date", issue.StartDate ?? (isNew ? data.Today() : null));
        issue.DueDate = Date(errors, "Due date", sent, "due_date", issue.DueDate);
        if (string.CompareOrdinal(issue.DueDate ?? "9999", issue.StartDate) < 0)
        {
            errors.Add("Due date must be greater than start date");
        }

        issue.Description = Given(sent, "description", issue.Description)?.ReplaceLineEndings("\r\n");
        issue.IsPrivate = sent.Has("is_private") ? sent.Flag("is_private") : issue.IsPrivate;
        AssignReferences(errors, issue, sent);
        AssignCustomFields(errors, issue, "issue", sent);
        return errors;
    }

    public List<string> Assign(RedmineMembership membership, RedmineAttributes sent, bool isNew)
    {
        var errors = new List<string>();
        if (isNew && data.Users.Find(membership.UserId) is null)
        {
            errors.Add("Principal cannot be blank");
        }
        else if (isNew && data.IsMember(membership.UserId, membership.ProjectId))
        {
            errors.Add("User has already been taken");
        }

        if (sent.Has("role_ids"))
        {
            membership.RoleIds = [.. sent.Wholes("role_ids").Where(id => RedmineData.NameOf(RedmineData.Roles, id) is not null)];
        }

        if (membership.RoleIds.Count == 0)
        {
            errors.Add("Role cannot be empty");
        }

        return errors;
    }

    public List<string> Assign(RedmineTimeEntry entry, RedmineAttributes sent, bool isNew)
    {
        var errors = new List<string>();
        var issue = data.Issues.Find(sent.Has("issue_id") ? sent.Whole("issue_id") : entry.IssueId);
        var issueIsWrong = sent.Whole("issue_id") is not null && issue is null;
        entry.IssueId = issue?.Id;

        // Unlike an issue, a time entry takes the project's number only [RUN].
        var project = issue?.ProjectId ?? (sent.Has("project_id") ? data.Projects.Find(sent.Whole("project_id"))?.Id : entry.ProjectId) ?? 0;
        entry.ProjectId = project;
        entry.ActivityId = sent.Has("activity_id") ? sent.Whole("activity_id") ?? 0 : entry.ActivityId;
        if (RedmineData.NameOf(RedmineData.Activities, entry.ActivityId) is null)
        {
            errors.Add("Activity cannot be blank");
        }

        if (project == 0)
        {
            errors.Add("Project cannot be blank");
        }

        entry.Hours = Hours(errors, "Hours", sent, "hours", isNew ? null : entry.Hours) ?? 0;
        entry.SpentOn = Date(errors, "Date", sent, "spent_on", isNew ? data.Today() : entry.SpentOn) ?? "";
        entry.Comments = Given(sent, "comments", entry.Comments) ?? "";
        TooLong(errors, "Comment", entry.Comments, 1024);
        if (data.Projects.Find(project) is not { Status: 1 })
        {
            errors.Add("Project is invalid");
        }

        if (issueIsWrong)
        {
            errors.Add("Issue is invalid");
        }

        entry.UserId = sent.Whole("user_id") ?? entry.UserId;
        if (data.Users.Find(entry.UserId) is not { } user || !(user.IsAdmin || data.IsMember(user.Id, project)))
        {
            errors.Add("User is invalid");
        }

        AssignCustomFields(errors, entry, "time_entry", sent);
        return errors;
    }

    // A tracker or status that is not there is dropped without a word; a priority is not.
    private static void AssignLists(List<string> errors, RedmineIssue issue, RedmineAttributes sent)
    {
        if (sent.Whole("tracker_id") is { } tracker && RedmineData.NameOf(RedmineData.Trackers, tracker) is not null)
        {
            issue.TrackerId = tracker;
        }

        if (sent.Whole("status_id") is { } status && RedmineData.Statuses.Any(s => s.Id == status))
        {
            issue.StatusId = status;
        }

        if (sent.Has("priority_id"))
        {
            if (sent.Whole("priority_id") is { } priority && RedmineData.NameOf(RedmineData.Priorities, priority) is not null)
            {
                issue.PriorityId = priority;
            }
            else
            {
                errors.Add("Priority cannot be blank");
            }
        }
    }

    private void AssignReferences(List<string> errors, RedmineIssue issue, RedmineAttributes sent)
    {
        issue.FixedVersionId = sent.Has("fixed_version_id") ? sent.Whole("fixed_version_id") : issue.FixedVersionId;
        if (issue.FixedVersionId is { } version && data.Versions.Find(version)?.ProjectId != issue.ProjectId)
        {
            errors.Add("Target version is not included in the list");
        }

        issue.AssignedToId = sent.Has("assigned_to_id") ? sent.Whole("assigned_to_id") : issue.AssignedToId;
        if (sent.Has("assigned_to_id") && issue.AssignedToId is { } assignee && !data.IsMember(assignee, issue.ProjectId))
        {
            errors.Add("Assignee is invalid");
        }

        issue.ParentId = sent.Has("parent_issue_id") ? sent.Whole("parent_issue_id") : issue.ParentId;
        if (issue.ParentId is { } parent && (parent == issue.Id || data.Issues.Find(parent)?.ProjectId != issue.ProjectId))
        {
            errors.Add("Parent task is invalid");
        }
    }

    private void AssignCustomFields(List<string> errors, RedmineRecord record, string kind, RedmineAttributes sent)
    {
        foreach (var (id, value) in sent.CustomFields())
        {
            // An id that no field of this kind has is dropped without a word.
            if (data.CustomFields.Find(field => field.Id == id && field.Kind == kind) is not { } field)
            {
                continue;
            }

            record.CustomValues[id] = value ?? "";
            TooLong(errors, field.Name, value ?? "", field.LengthMax ?? int.MaxValue);
            if (!string.IsNullOrEmpty(value) && field.Format == "float" && !decimal.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out _))
            {
                errors.Add($"{field.Name} is invalid");
            }
        }
    }

    private static string? Given(RedmineAttributes sent, string name, string? now) => sent.Has(name) ? sent.Text(name) : now;

    private static void Required(List<string> errors, string label, string value)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            errors.Add($"{label} cannot be blank");
        }
    }

    private static void TooLong(List<string> errors, string label, string value, int lengthMax)
    {
        if (value.EnumerateRunes().Count() > lengthMax)
        {
            errors.Add($"{label} is too long (maximum is {lengthMax} characters)");
        }
    }

    private static string? Date(List<string> errors, string label, RedmineAttributes sent, string name, string? now)
    {
        if (!sent.Has(name))
        {
            return now;
        }

        var text = sent.Text(name);
        if (!string.IsNullOrEmpty(text) && !DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _))
        {
            errors.Add($"{label} is not a valid date");
        }

        return string.IsNullOrEmpty(text) ? null : text;
    }

    private static decimal? Hours(List<string> errors, string label, RedmineAttributes sent, string name, decimal? now)
    {
        var text = sent.Has(name) ? sent.Text(name) : now?.ToString(CultureInfo.InvariantCulture);
        if (string.IsNullOrEmpty(text))
        {
            if (name == "hours")
            {
                errors.Add($"{label} cannot be blank");
            }

            return null;
        }

        if (HoursAndMinutes().Match(text) is { Success: true } parts)
        {
            var minutes = int.Parse(parts.Groups[2].Value, CultureInfo.InvariantCulture);
            return Math.Round(int.Parse(parts.Groups[1].Value, CultureInfo.InvariantCulture) + (minutes / 60m), 2);
        }

        if (decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var hours) && hours >= 0)
        {
            return hours;
        }

        errors.Add($"{label} is invalid");
        return now;
    }

    [GeneratedRegex(@"\A(?!\d+\z)[a-z0-9\-_]{1,100}\z")]
    private static partial Regex Identifier();

    [GeneratedRegex(@"\A(\d+)(?::|h)(\d{1,2})m?\z")]
    private static partial Regex HoursAndMinutes();
}
