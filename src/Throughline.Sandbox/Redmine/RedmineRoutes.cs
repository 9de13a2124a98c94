using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Throughline.Sandbox.Redmine;

/// <summary>What was asked: who, which verb, the parts of the path without <c>.json</c>, the query and the body.</summary>
internal sealed record RedmineCall(RedmineUser? User, string Method, string[] Path, IQueryCollection Query, JsonObject? Body)
{
    public bool IsAdmin => User is { IsAdmin: true };

    public RedmineAttributes Sent(string name) => new(Body?[name] as JsonObject ?? []);

    // 401 asks a nameless caller to sign in, where a named one is told that it may not.
    public RedmineReply Denied() => RedmineReply.Empty(User is null ? 401 : 403);
}

/// <summary>The routes of Redmine 5.0's REST API that a hub needs.</summary>
internal sealed class RedmineRoutes(RedmineData data)
{
    private readonly RedmineLists _lists = new(data);
    private readonly RedmineRules _rules = new(data);

    public RedmineReply Answer(RedmineCall call) => (call.Method, call.Path) switch
    {
        ("GET", ["users", "current"]) => call.User is { } me ? One("user", RedmineData.Show(me, listed: false)) : call.Denied(),
        ("GET", ["users"]) => call.IsAdmin ? _lists.Users(call.Query) : call.Denied(),
        ("POST", ["users"]) => call.IsAdmin ? CreateUser(call.Sent("user")) : call.Denied(),
        ("GET", ["users", var id]) => User(call, id),
        ("GET", ["custom_fields"]) => call.IsAdmin ? All("custom_fields", data.CustomFields.Select(RedmineData.Show)) : call.Denied(),
        ("GET", ["trackers"]) => Names("trackers", RedmineData.Trackers),
        ("GET", ["roles"]) => Names("roles", RedmineData.Roles),
        ("GET", ["enumerations", "issue_priorities"]) => Names("issue_priorities", RedmineData.Priorities),
        ("GET", ["enumerations", "time_entry_activities"]) => Names("time_entry_activities", RedmineData.Activities),
        ("GET", ["issue_statuses"]) => All("issue_statuses", RedmineData.Statuses.Select(s =>
            new JsonObject { ["id"] = s.Id, ["name"] = s.Name, ["is_closed"] = s.IsClosed })),
        ("GET", ["projects"]) => _lists.Projects(call.Query, call.User),
        ("POST", ["projects"]) => CreateProject(call),
        ("GET", ["issues"]) => _lists.Issues(call.Query, call.User),
        ("POST", ["issues"]) => CreateIssue(call),
        ("GET", ["time_entries"]) => _lists.TimeEntries(call.Query, call.User),
        ("POST", ["time_entries"]) => CreateTimeEntry(call),
        (_, ["projects", var id, .. var rest]) => InProject(call, data.Project(id), rest),
        (_, ["issues", var id]) => Issue(call, data.Issues.Find(id)),
        (_, ["versions", var id]) => Version(call, data.Versions.Find(id)),
        (_, ["memberships", var id]) => Membership(call, data.Memberships.Find(id)),
        (_, ["time_entries", var id]) => TimeEntry(call, data.TimeEntries.Find(id)),
        _ => RedmineReply.Empty(404),
    };

    private static RedmineReply One(string name, JsonObject shown) => RedmineReply.Ok(new JsonObject { [name] = shown });

    private static RedmineReply All(string name, IEnumerable<JsonObject> all) => RedmineReply.Ok(new JsonObject { [name] = new JsonArray([.. all]) });

    private static RedmineReply Names(string name, (int Id, string Name)[] all) =>
        All(name, all.Select(entry => new JsonObject { ["id"] = entry.Id, ["name"] = entry.Name }));

    private static RedmineReply Replace<T>(RedmineTable<T> all, T changed, List<string> errors, DateTimeOffset now)
        where T : RedmineRecord
    {
        if (errors.Count > 0)
        {
            return RedmineReply.Invalid(errors);
        }

        changed.UpdatedOn = now;
        all.Put(changed);
        return RedmineReply.Empty(204);
    }

    private T Stamped<T>(T record)
        where T : RedmineRecord
    {
        record.CreatedOn = record.UpdatedOn = data.Now();
        return record;
    }

    private bool MayWork(RedmineCall call, int projectId) => call.IsAdmin || (call.User is { } user && data.IsMember(user.Id, projectId));

    private RedmineReply User(RedmineCall call, string id) =>
        call.User is null ? call.Denied()
        : int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var whole) && data.Users.Find(whole) is { } found
            && found.Id.ToString(CultureInfo.InvariantCulture) == id
            ? One("user", RedmineData.Show(found, !call.IsAdmin))
        : RedmineReply.Empty(404);

    private RedmineReply CreateProject(RedmineCall call)
    {
        if (!call.IsAdmin)
        {
            return call.Denied();
        }

        var sent = call.Sent("project");
        var project = Stamped(new RedmineProject { Id = data.NextId("project") });
        var errors = _rules.Assign(project, sent, isNew: true);
        if (errors.Count > 0)
        {
            return RedmineReply.Invalid(errors);
        }

        if (project.ParentId is { } parent && data.Projects.Find(parent) is null)
        {
            return RedmineReply.Empty(500); // Redmine itself breaks here [RUN]
        }

        data.Projects.Put(project);
        return RedmineReply.Created("project", data.Show(project, listed: false), $"/projects/{project.Id}");
    }

    private RedmineReply InProject(RedmineCall call, RedmineProject? project, string[] rest)
    {
        if (project is null)
        {
            return RedmineReply.Empty(404);
        }

        if (!data.Sees(call.User, project) || (project.Status == 9 && rest is not ["unarchive"]))
        {
            return call.Denied();
        }

        switch (call.Method, rest)
        {
            case ("GET", []):
                return One("project", data.Show(project, listed: false));
            case ("GET", ["versions"]):
                return _lists.Versions(project);
            case ("GET", ["memberships"]):
                return _lists.Memberships(project, call.Query);
            case ("POST", ["versions"]):
                return MayWork(call, project.Id) ? CreateVersion(call, project) : call.Denied();
        }

        if (!call.IsAdmin)
        {
            return call.Denied();
        }

        switch (call.Method, rest)
        {
            case ("PUT", []):
                var changed = (RedmineProject)project.Copy();
                return Replace(data.Projects, changed, _rules.Assign(changed, call.Sent("project"), isNew: false), data.Now());
            case ("DELETE", []):
                data.Delete(project);
                return RedmineReply.Empty(204);
            case ("PUT", ["close" or "reopen" or "archive" or "unarchive"]):
                var moved = (RedmineProject)project.Copy();
                moved.Status = rest[0] switch { "close" => 5, "archive" => 9, _ => 1 };
                data.Projects.Put(moved);
                return RedmineReply.Empty(204);
            case ("POST", ["memberships"]):
                return CreateMembership(call, project);
            default:
                return RedmineReply.Empty(404);
        }
    }

    private RedmineReply CreateVersion(RedmineCall call, RedmineProject project)
    {
        var version = Stamped(new RedmineVersion { Id = data.NextId("version"), ProjectId = project.Id });
        if (_rules.Assign(version, call.Sent("version")) is { Count: > 0 } errors)
        {
            return RedmineReply.Invalid(errors);
        }

        data.Versions.Put(version);
        return RedmineReply.Created("version", data.Show(version, listed: false), $"/versions/{version.Id}");
    }

    private RedmineReply CreateMembership(RedmineCall call, RedmineProject project)
    {
        var sent = call.Sent("membership");
        var membership = new RedmineMembership { Id = data.NextId("membership"), ProjectId = project.Id, UserId = sent.Whole("user_id") ?? 0 };
        if (_rules.Assign(membership, sent, isNew: true) is { Count: > 0 } errors)
        {
            return RedmineReply.Invalid(errors);
        }

        data.Memberships.Put(membership);
        return RedmineReply.Created("membership", data.Show(membership), $"/memberships/{membership.Id}");
    }

    private RedmineReply CreateIssue(RedmineCall call)
    {
        var sent = call.Sent("issue");
        if (call.User is null || (data.Project(sent.Text("project_id")) is { } project && !MayWork(call, project.Id)))
        {
            return call.Denied();
        }

        var issue = Stamped(new RedmineIssue { Id = data.NextId("issue"), AuthorId = call.User.Id });
        if (_rules.Assign(issue, sent, isNew: true) is { Count: > 0 } errors)
        {
            return RedmineReply.Invalid(errors);
        }

        data.Issues.Put(issue);
        return RedmineReply.Created("issue", data.Show(issue, created: true), $"/issues/{issue.Id}");
    }

    private RedmineReply Issue(RedmineCall call, RedmineIssue? issue)
    {
        if (issue is null)
        {
            return RedmineReply.Empty(404);
        }

        switch (call.Method)
        {
            case "GET":
                return data.Sees(call.User, issue.ProjectId) ? One("issue", data.Show(issue, created: false)) : call.Denied();
            case "PUT" when MayWork(call, issue.ProjectId):
                var sent = call.Sent("issue");
                if (sent.Whole("lock_version") is { } expected && expected != issue.LockVersion)
                {
                    return RedmineReply.Invalid([]); // a stale lock has no text [RUN]
                }

                var changed = (RedmineIssue)issue.Copy();
                var errors = _rules.Assign(changed, sent, isNew: false);
                changed.LockVersion++;
                changed.ClosedOn = RedmineData.Statuses.First(s => s.Id == changed.StatusId).IsClosed ? changed.ClosedOn ?? data.Now() : changed.ClosedOn;
                return Replace(data.Issues, changed, errors, data.Now());
            case "DELETE" when call.IsAdmin:
                data.Delete(issue);
                return RedmineReply.Empty(204);
            default:
                return call.Denied();
        }
    }

    private RedmineReply Version(RedmineCall call, RedmineVersion? version)
    {
        if (version is null)
        {
            return RedmineReply.Empty(404);
        }

        switch (call.Method)
        {
            case "GET":
                return data.Sees(call.User, version.ProjectId) ? One("version", data.Show(version, listed: false)) : call.Denied();
            case "PUT" when MayWork(call, version.ProjectId):
                var changed = (RedmineVersion)version.Copy();
                return Replace(data.Versions, changed, _rules.Assign(changed, call.Sent("version")), data.Now());
            case "DELETE" when MayWork(call, version.ProjectId):
                if (data.Issues.With("fixed_version_id", version.Id).Count > 0)
                {
                    return RedmineReply.Empty(422); // a milestone with tasks stays, without a text [RUN]
                }

                data.Versions.Remove(version);
                return RedmineReply.Empty(204);
            default:
                return call.Denied();
        }
    }

    private RedmineReply Membership(RedmineCall call, RedmineMembership? membership)
    {
        if (membership is null || !call.IsAdmin)
        {
            return membership is null ? RedmineReply.Empty(404) : call.Denied();
        }

        switch (call.Method)
        {
            case "GET":
                return One("membership", data.Show(membership));
            case "PUT":
                var changed = (RedmineMembership)membership.Copy();
                return Replace(data.Memberships, changed, _rules.Assign(changed, call.Sent("membership"), isNew: false), data.Now());
            default:
                data.Memberships.Remove(membership);
                return RedmineReply.Empty(204);
        }
    }

    private RedmineReply CreateUser(RedmineAttributes sent)
    {
        (string Name, string Field)[] needed = [("Email", "mail"), ("Login", "login"), ("First name", "firstname"), ("Last name", "lastname")];
        var errors = needed.Where(each => string.IsNullOrWhiteSpace(sent.Text(each.Field))).Select(each => each.Name + " cannot be blank").ToList();
        if (data.UserBy("login", sent.Text("login") ?? "") is not null)
        {
            errors.Add("Login has already been taken");
        }

        if (errors.Count > 0)
        {
            return RedmineReply.Invalid(errors);
        }

        var user = data.AddUser(sent.Text("login")!, sent.Text("firstname")!, sent.Text("lastname")!, sent.Flag("admin"));
        return RedmineReply.Created("user", RedmineData.Show(user, listed: false), $"/users/{user.Id}");
    }

    private RedmineReply CreateTimeEntry(RedmineCall call)
    {
        if (call.User is null)
        {
            return call.Denied();
        }

        var entry = Stamped(new RedmineTimeEntry { Id = data.NextId("time_entry"), UserId = call.User.Id });
        if (_rules.Assign(entry, call.Sent("time_entry"), isNew: true) is { Count: > 0 } errors)
        {
            return RedmineReply.Invalid(errors);
        }

        data.TimeEntries.Put(entry);
        return RedmineReply.Created("time_entry", data.Show(entry), $"/time_entries/{entry.Id}");
    }

    private RedmineReply TimeEntry(RedmineCall call, RedmineTimeEntry? entry)
    {
        if (entry is null)
        {
            return RedmineReply.Empty(404);
        }

        switch (call.Method)
        {
            case "GET":
                return data.Sees(call.User, entry.ProjectId) ? One("time_entry", data.Show(entry)) : call.Denied();
            case "PUT" when MayWork(call, entry.ProjectId):
                var changed = (RedmineTimeEntry)entry.Copy();
                return Replace(data.TimeEntries, changed, _rules.Assign(changed, call.Sent("time_entry"), isNew: false), data.Now());
            case "DELETE" when MayWork(call, entry.ProjectId):
                data.TimeEntries.Remove(entry);
                return RedmineReply.Empty(204);
            default:
                return call.Denied();
        }
    }
}
