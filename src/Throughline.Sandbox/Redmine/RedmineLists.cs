using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;

namespace Throughline.Sandbox.Redmine;

/// <summary>The lists, with Redmine's filters. What Redmine ignores silently is ignored here as well.</summary>
internal sealed partial class RedmineLists(RedmineData data)
{
    public RedmineReply Projects(IQueryCollection query, RedmineUser? user)
    {
        // Without a filter only active projects are listed; archived ones never are.
        var status = query["status"].FirstOrDefault() ?? "1";
        var seen = data.Projects.All.Where(p => data.Sees(user, p) && p.Status != 9 && p.Status.ToString(CultureInfo.InvariantCulture) == status).ToList();
        var sorted = seen.OrderBy(p => p.Name, StringComparer.OrdinalIgnoreCase).ThenBy(p => p.Id);
        return Page("projects", seen.Count, sorted, query, project => data.Show(project, listed: true));
    }

    public RedmineReply Users(IQueryCollection query)
    {
        var status = query["status"].FirstOrDefault() is { Length: > 0 } given ? given : "1";
        var name = query["name"].FirstOrDefault() ?? "";
        var seen = data.Users.Rows.Where(u => u.Status.ToString(CultureInfo.InvariantCulture) == status
            && $"{u.Login} {u.FirstName} {u.LastName} {u.Login}@example.com".Contains(name, StringComparison.OrdinalIgnoreCase)).ToList();
        var sorted = query["sort"] == "id" ? seen.OrderBy(u => u.Id) : seen.OrderBy(u => u.Login, StringComparer.Ordinal);
        return Page("users", seen.Count, sorted, query, user => RedmineData.Show(user, listed: true));
    }

    // Neither paged nor limited.
    public RedmineReply Versions(RedmineProject project)
    {
        var all = data.Versions.With("project_id", project.Id).Select(version => data.Show(version, listed: true)).ToArray();
        return RedmineReply.Ok(new JsonObject { ["versions"] = new JsonArray([.. all]), ["total_count"] = all.Length });
    }

    public RedmineReply Memberships(RedmineProject project, IQueryCollection query)
    {
        var all = data.Memberships.With("project_id", project.Id);
        return Page("memberships", all.Count, all, query, data.Show);
    }

    public RedmineReply Issues(IQueryCollection query, RedmineUser? user)
    {
        var (filters, refusal) = Filters(query, "open");
        if (refusal is not null)
        {
            return refusal;
        }

        var found = Narrowed(data.Issues, filters, "issue").Where(issue => data.Sees(user, issue.ProjectId)).ToList();
        foreach (var filter in filters)
        {
            if (Narrow(found, filter, i => i.ProjectId) is { } answer)
            {
                return answer;
            }

            found = filter.Name switch
            {
                "status_id" => [.. found.Where(issue => HasStatus(issue, filter))],
                "tracker_id" => [.. found.Where(issue => filter.Is(issue.TrackerId))],
                "assigned_to_id" => [.. found.Where(issue => filter.Is(issue.AssignedToId))],
                "parent_id" => [.. found.Where(issue => filter.Is(issue.ParentId))],
                "issue_id" => [.. found.Where(issue => filter.Is(issue.Id))],
                "updated_on" => [.. found.Where(issue => filter.Covers(RedmineData.Stamp(issue.UpdatedOn)))],
                "created_on" => [.. found.Where(issue => filter.Covers(RedmineData.Stamp(issue.CreatedOn)))],
                _ => [.. ByCustomField(found, filter, "issue")],
            };
        }

        IEnumerable<RedmineIssue> sorted = query["sort"].FirstOrDefault()?.Split(',')[0] switch
        {
            "id" => found.OrderBy(issue => issue.Id),
            "updated_on" => found.OrderBy(issue => issue.UpdatedOn).ThenBy(issue => issue.Id),
            "updated_on:desc" => found.OrderByDescending(issue => issue.UpdatedOn).ThenByDescending(issue => issue.Id),
            _ => found.OrderByDescending(issue => issue.Id),
        };
        return Page("issues", found.Count, sorted, query, issue => data.Show(issue, created: false));
    }

    public RedmineReply TimeEntries(IQueryCollection query, RedmineUser? user)
    {
        var filters = Filters(query, null).Filters;
        var found = Narrowed(data.TimeEntries, filters, "time_entry").Where(entry => data.Sees(user, entry.ProjectId)).ToList();
        foreach (var filter in filters)
        {
            if (Narrow(found, filter, entry => entry.ProjectId) is { } answer)
            {
                return answer;
            }

            found = filter.Name switch
            {
                "user_id" => [.. found.Where(entry => filter.Is(entry.UserId))],
                "issue_id" => [.. found.Where(entry => filter.Is(entry.IssueId))],
                "activity_id" => [.. found.Where(entry => filter.Is(entry.ActivityId))],
                "from" => [.. found.Where(entry => string.CompareOrdinal(entry.SpentOn, filter.Value) >= 0)],
                "to" => [.. found.Where(entry => string.CompareOrdinal(entry.SpentOn, filter.Value) <= 0)],
                "spent_on" => [.. found.Where(entry => filter.Covers(entry.SpentOn))],
                _ => [.. ByCustomField(found, filter, "time_entry")], // updated_on is among what is ignored
            };
        }

        IEnumerable<RedmineTimeEntry> sorted = query["sort"].FirstOrDefault() switch
        {
            "id" => found.OrderBy(entry => entry.Id),
            "created_on:desc" => found.OrderByDescending(entry => entry.CreatedOn).ThenByDescending(entry => entry.Id),
            _ => found.OrderByDescending(entry => entry.SpentOn, StringComparer.Ordinal).ThenByDescending(entry => entry.Id),
        };
        return Page("time_entries", found.Count, sorted, query, data.Show);
    }

    private static RedmineReply Page<T>(string name, int total, IEnumerable<T> sorted, IQueryCollection query, Func<T, JsonObject> show)
    {
        // More than 100 is cut to 100 without a word.
        var limit = int.TryParse(query["limit"], CultureInfo.InvariantCulture, out var asked) && asked > 0 ? Math.Min(asked, 100) : 25;
        var offset = int.TryParse(query["offset"], CultureInfo.InvariantCulture, out var given) && given > 0 ? given
            : int.TryParse(query["page"], CultureInfo.InvariantCulture, out var page) && page > 1 ? (page - 1) * limit : 0;
        return RedmineReply.Ok(new JsonObject
        {
            [name] = new JsonArray([.. sorted.Skip(offset).Take(limit).Select(show)]),
            ["total_count"] = total,
            ["offset"] = offset,
            ["limit"] = limit,
        });
    }

    private static bool HasStatus(RedmineIssue issue, Filter filter)
    {
        var isClosed = RedmineData.Statuses.First(status => status.Id == issue.StatusId).IsClosed;
        return (filter.Operator is "*" or "o" or "c" ? filter.Operator : filter.Value) switch
        {
            "*" => true,
            "open" or "o" => !isClosed,
            "closed" or "c" => isClosed,
            _ => filter.Is(issue.StatusId),
        };
    }

    /// <summary>Keeps one project with its subprojects; 404 where it is not there.</summary>
    private RedmineReply? Narrow<T>(List<T> found, Filter filter, Func<T, int> project)
    {
        if (filter.Name != "project_id")
        {
            return null;
        }

        if (data.Project(filter.Value) is not { } there)
        {
            return RedmineReply.Empty(404);
        }

        var all = data.WithSubprojects(there.Id).ToHashSet();
        found.RemoveAll(record => !all.Contains(project(record)));
        return null;
    }

    // A custom field that is not there, or not "used as a filter", filters nothing: everything comes back [RUN].
    private IEnumerable<T> ByCustomField<T>(List<T> found, Filter filter, string kind)
        where T : RedmineRecord
    {
        if (!IsFilter(filter, kind))
        {
            return found;
        }

        string Value(T record) => (string)record.Value(filter.Name)!;
        return filter.Operator switch
        {
            "~" => found.Where(record => Value(record).Contains(filter.Value, StringComparison.OrdinalIgnoreCase)),
            "*" => found.Where(record => Value(record).Length > 0),
            "!*" => found.Where(record => Value(record).Length == 0),
            "!" => found.Where(record => Value(record) != filter.Value),
            _ => found.Where(record => Value(record) == filter.Value),
        };
    }

    private bool IsFilter(Filter filter, string kind) => filter.Name.StartsWith("cf_", StringComparison.Ordinal)
        && data.CustomFields.Exists(f => f.Kind == kind && f.IsFilter && "cf_" + f.Id.ToString(CultureInfo.InvariantCulture) == filter.Name);

    /// <summary>All records that the filters leave, with others: those of one index, so that not every record is looked at.</summary>
    private IEnumerable<T> Narrowed<T>(RedmineTable<T> all, List<Filter> filters, string kind)
        where T : RedmineRecord => filters.Select(filter => filter switch
        {
            { Name: "project_id" } when data.Project(filter.Value) is { } there =>
                data.WithSubprojects(there.Id).SelectMany(id => all.With("project_id", id)),
            { Name: "issue_id" } when kind == "issue" => filter.Ids.Select(id => all.Find(id)).OfType<T>(),
            { Name: "parent_id" or "assigned_to_id" } when kind == "issue" => filter.Ids.SelectMany(id => all.With(filter.Name, id)),
            { Name: "issue_id" or "user_id" } when kind == "time_entry" => filter.Ids.SelectMany(id => all.With(filter.Name, id)),
            { Name: "updated_on" or "created_on", Operator: ">=" or "><" } when kind == "issue" => all.From(filter.Name, filter.Value.Split('|')[0]),
            { Operator: not ("~" or "*" or "!*" or "!") } when IsFilter(filter, kind) => all.With(filter.Name, filter.Value),
            _ => null,
        }).FirstOrDefault(narrowed => narrowed is not null) ?? all.All;

    /// <summary>Both forms: <c>cf_5=value</c> with the operator in front of the value, and <c>f[]=cf_5&amp;op[cf_5]==&amp;v[cf_5][]=value</c>.</summary>
    private static (List<Filter> Filters, RedmineReply? Refusal) Filters(IQueryCollection query, string? defaultStatus)
    {
        var filters = new List<Filter>();
        if (query.ContainsKey("f[]"))
        {
            filters.AddRange(query["f[]"].OfType<string>().Where(name => name.Length > 0)
                .Select(name => new Filter(name, query[$"op[{name}]"].ToString(), query[$"v[{name}][]"].ToString())));
        }
        else
        {
            foreach (var (name, values) in query.Where(pair => pair.Key is not ("sort" or "limit" or "offset" or "page" or "include" or "key")))
            {
                var parts = Operator().Match(values.ToString());
                filters.Add(new Filter(name, parts.Groups[1].Value, parts.Groups[2].Value));
            }

            if (defaultStatus is not null && !query.ContainsKey("status_id"))
            {
                filters.Add(new Filter("status_id", "=", defaultStatus));
            }
        }

        var wrong = filters.Find(filter => filter.Name is "updated_on" or "created_on" && !Moment().IsMatch(filter.Value));
        return (filters, wrong is null ? null : RedmineReply.Invalid([wrong.Name == "updated_on" ? "Updated is invalid" : "Created is invalid"]));
    }

    [GeneratedRegex(@"\A(>=|<=|><|!\*|!|~|\*|)(.*)\z", RegexOptions.Singleline)]
    private static partial Regex Operator();

    [GeneratedRegex(@"\A\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?(\|\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?)?\z")]
    private static partial Regex Moment();

    private sealed record Filter(string Name, string Operator, string Value)
    {
        public IEnumerable<int> Ids => Value.Split(',', '|')
            .Select(text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0).Distinct();

        public bool Is(int? id) => id is { } there && Value.Split(',', '|').Contains(there.ToString(CultureInfo.InvariantCulture));

        public bool Covers(string stamp) => Operator switch
        {
            ">=" => string.CompareOrdinal(stamp, Value) >= 0,
            "<=" => string.CompareOrdinal(stamp, Value) <= 0,
            "><" => string.CompareOrdinal(stamp, Value.Split('|')[0]) >= 0 && string.CompareOrdinal(stamp, Value.Split('|')[^1]) <= 0,
            _ => stamp.StartsWith(Value, StringComparison.Ordinal),
        };
    }
}
