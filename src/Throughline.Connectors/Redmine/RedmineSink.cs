using System.Collections.Frozen;
using System.Collections.Immutable;
using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Connectors.Redmine;

/// <summary>Writes records. Checks before sending what Redmine would drop without a word, so that nothing is lost silently.</summary>
internal sealed class RedmineSink(RedmineClient client, RedmineCustomFields customFields)
{
    private const long Closed = 5;
    private const long Active = 1;

    private readonly Dictionary<string, FrozenSet<long>> _ids = [];
    private readonly Lock _gate = new();

    public async Task<Receipt> WriteAsync(WriteItem item, CancellationToken cancellation)
    {
        if (RedmineEntities.Find(item.Entity) is not { Attributes.IsEmpty: false } entity)
        {
            return Receipt.Failed(RedmineEntities.Find(item.Entity) is null
                ? RedmineFailures.NoSuchEntity(item.Entity)
                : new Failure.Validation($"{item.Entity} is read only", [new FieldProblem("entity", "is read only")]));
        }

        try
        {
            return item.Operation switch
            {
                WriteOperation.Create => await CreateAsync(entity, item, cancellation),
                WriteOperation.Update => await UpdateAsync(entity, item, cancellation),
                WriteOperation.Undo => await UndoAsync(entity, item.ExternalId ?? "", cancellation),
            };
        }
        catch (ConnectorException e)
        {
            return Receipt.Failed(e.Failure); // from a look-up before anything was written
        }
    }

    private async Task<Receipt> CreateAsync(RedmineEntity entity, WriteItem item, CancellationToken cancellation)
    {
        var what = $"creating {entity.Name} {item.Find?.ToJson() ?? item.IdempotencyKey}";
        Check(entity, item.Fields, what, isNew: true);
        var body = await ToWireAsync(entity, item.Fields, what, isNew: true, cancellation);
        var path = entity.Name is "version" or "membership" ? $"/projects/{ProjectPart(item.Fields, what)}/{entity.Plural}.json" : $"/{entity.Plural}.json";
        var (answer, failure) = await client.WriteAsync(HttpMethod.Post, path, Fields.Of((entity.Name, body)), what, item.Fields, cancellation);
        if (failure is not null)
        {
            return Receipt.Failed(failure);
        }

        if (answer.Nested(entity.Name) is not { } shown || shown.Number("id") is not { } id)
        {
            return Receipt.Failed(new Failure.InDoubt($"{what}: Redmine accepted it, but its answer has no id"));
        }

        // The workflow may refuse a status or a project a tracker; Redmine then takes another one without a word.
        var ignored = new[] { "tracker", "status" }
            .Where(name => body.Number(name + "_id") is { } sent && shown.Nested(name)?.Number("id") != sent)
            .ToArray();
        return Receipt.Done(RedmineClient.Text((long)id), shown.Text("updated_on"), shown.Without("api_key").With("ignored", ignored));
    }

    private async Task<Receipt> UpdateAsync(RedmineEntity entity, WriteItem item, CancellationToken cancellation)
    {
        var id = item.ExternalId ?? "";
        var what = $"changing {entity.Name} {id}";
        Check(entity, item.Fields, what, isNew: false);
        var body = await ToWireAsync(entity, item.Fields, what, isNew: false, cancellation);
        var status = entity.Name == "project" ? body.Number("status") : null;
        body = status is null ? body : body.Without("status");

        // A closed project takes no change, so it is opened first and closed last.
        if (status == Active && await PutAsync($"/projects/{id}/reopen.json", null) is { } reopening)
        {
            return Receipt.Failed(reopening);
        }

        if ((body.Count > 0 || status is null)
            && await PutAsync($"/{entity.Plural}/{Uri.EscapeDataString(id)}.json", Fields.Of((entity.Name, body))) is { } changing)
        {
            return Receipt.Failed(changing);
        }

        if (status == Closed && await PutAsync($"/projects/{id}/close.json", null) is { } closing)
        {
            return Receipt.Failed(closing);
        }

        return body.Number("status_id") is { } wanted && entity.Name == "issue" ? await ConfirmStatusAsync(id, wanted, what, cancellation) : Receipt.Done(id);

        async Task<Failure?> PutAsync(string path, Fields? document) =>
            (await client.WriteAsync(HttpMethod.Put, path, document, what, item.Fields, cancellation)).Failure;
    }

    // Redmine answers 204 to a status that the workflow does not allow, and leaves the old one.
    private async Task<Receipt> ConfirmStatusAsync(string id, decimal wanted, string what, CancellationToken cancellation)
    {
        try
        {
            var issue = (await client.GetAsync($"/issues/{id}.json", what, cancellation))?.Nested("issue");
            return issue?.Nested("status")?.Number("id") == wanted
                ? Receipt.Done(id, issue.Text("updated_on"))
                : Receipt.Failed(new Failure.Policy(
                    $"{what}: Redmine's workflow does not allow status {wanted} here; it kept {issue?.Nested("status")?.Text("name")}"));
        }
        catch (ConnectorException e)
        {
            return Receipt.Failed(new Failure.InDoubt($"{what}: it was sent, but whether the status was taken could not be read ({e.Failure.Message})"));
        }
    }

    private async Task<Receipt> UndoAsync(RedmineEntity entity, string id, CancellationToken cancellation)
    {
        var what = $"deleting {entity.Name} {id}";
        if (entity.Name == "project" && await AnyAsync("time_entries", $"project_id={id}"))
        {
            return Receipt.Failed(new Failure.Policy($"{what}: time has been logged on it, which would be deleted with it; close the project instead"));
        }

        if (entity.Name == "issue" && (await AnyAsync("time_entries", $"issue_id={id}") || await AnyAsync("issues", $"parent_id={id}&status_id=*")))
        {
            return Receipt.Failed(new Failure.Policy($"{what}: it has logged time or subtasks, which would be deleted with it; close the issue instead"));
        }

        await client.VerifyKeyAsync(cancellation); // "no time logged" from a withdrawn key proves nothing
        var path = $"/{entity.Plural}/{Uri.EscapeDataString(id)}.json";
        var (_, failure) = await client.WriteAsync(HttpMethod.Delete, path, null, what, Fields.Empty, cancellation);
        return failure is null or Failure.MissingReference ? Receipt.Done(id) : Receipt.Failed(failure);

        async Task<bool> AnyAsync(string name, string filter)
        {
            var answer = await client.GetAsync($"/{name}.json?{filter}&limit=1", what, cancellation);
            return answer is not null && answer.Number("total_count") is not 0;
        }
    }

    private static void Check(RedmineEntity entity, Fields fields, string what, bool isNew)
    {
        var problems = ImmutableArray.CreateBuilder<FieldProblem>();
        foreach (var name in fields.Keys)
        {
            if (!entity.Attributes.Contains(name))
            {
                problems.Add(new FieldProblem(name, $"is no attribute of {entity.Name}; Redmine would ignore it without a word"));
            }
            else if (!isNew && entity.Fixed.Contains(name))
            {
                problems.Add(new FieldProblem(name, "cannot be changed; Redmine would ignore it without a word"));
            }
            else if (name == "custom_fields" && fields.Nested(name) is null)
            {
                problems.Add(new FieldProblem(name, "must be a document from the field's name to its value"));
            }
        }

        if (entity.Name == "project" && fields.ContainsKey("status") && fields.Number("status") is not (Active or Closed))
        {
            problems.Add(new FieldProblem("status", "must be 1 (active) or 5 (closed)"));
        }
        else if (entity.Name == "project" && isNew && fields.Number("status") == Closed)
        {
            problems.Add(new FieldProblem("status", "cannot be 5 for a new project; make it first and then close it"));
        }

        if (problems.Count > 0)
        {
            var text = string.Join("; ", problems.Select(problem => $"{problem.Field} {problem.Message}"));
            throw new ConnectorException(new Failure.Validation($"{what}: {text}", problems.ToImmutable()));
        }
    }

    private async Task<Fields> ToWireAsync(RedmineEntity entity, Fields fields, string what, bool isNew, CancellationToken cancellation)
    {
        var body = fields;
        if (fields.Nested("custom_fields") is { } named)
        {
            body = body.With("custom_fields", await customFields.ToWireAsync(entity.Name, named, cancellation));
        }

        if (fields.Text("parent_identifier") is { } parent)
        {
            body = body.Without("parent_identifier").With("parent_id", await ProjectIdAsync(parent, what, cancellation));
        }
        else if (entity.Name == "project" && fields.Number("parent_id") is { } parentId)
        {
            await ProjectIdAsync(RedmineClient.Text((long)parentId), what, cancellation); // Redmine breaks with 500 where it is not there [RUN]
        }

        body = await WithProjectAsync(entity, fields, body, what, isNew, cancellation);
        if (entity.Name == "project" && isNew)
        {
            body = body.Without("status"); // a project is made active; closing it is a change
        }

        if (entity.Name == "issue")
        {
            await RequireIdAsync("tracker_id", "trackers", "/trackers.json");
            await RequireIdAsync("status_id", "issue_statuses", "/issue_statuses.json");
        }

        return body;

        async Task RequireIdAsync(string attribute, string list, string path)
        {
            if (fields.Number(attribute) is { } id && !(await IdsAsync(list, path, (long)id, cancellation)).Contains((long)id))
            {
                throw new ConnectorException(new Failure.MissingReference(
                    $"{what}: Redmine has no {list} with id {id} and would ignore it without a word", $"{attribute} {id}"));
            }
        }
    }

    // Where a record goes: in the address for versions and members; as a number for time entries, which take nothing else; by id or identifier
    // for issues, where a project that is not there is refused at creation and ignored at a change.
    private async Task<Fields> WithProjectAsync(RedmineEntity entity, Fields fields, Fields body, string what, bool isNew, CancellationToken cancellation)
    {
        var named = fields.Text("project_identifier") ?? fields.Get("project_id")?.ToString();
        if (named is null || entity.Name == "project")
        {
            return body;
        }

        body = body.Without("project_identifier").Without("project_id");
        return entity.Name switch
        {
            "issue" when isNew => body.With("project_id", named),
            "issue" or "time_entry" => body.With("project_id", await ProjectIdAsync(named, what, cancellation)),
            _ => body,
        };
    }

    private async Task<long> ProjectIdAsync(string idOrIdentifier, string what, CancellationToken cancellation)
    {
        var answer = await client.GetAsync($"/projects/{Uri.EscapeDataString(idOrIdentifier)}.json", what, cancellation);
        return answer?.Nested("project")?.Number("id") is { } id
            ? (long)id
            : throw new ConnectorException(new Failure.MissingReference($"{what}: Redmine has no project {idOrIdentifier}", $"project {idOrIdentifier}"));
    }

    private static string ProjectPart(Fields fields, string what) =>
        (fields.Text("project_identifier") ?? fields.Get("project_id")?.ToString()) is { Length: > 0 } project
            ? Uri.EscapeDataString(project)
            : throw new ConnectorException(RedmineFailures.BadField(what, "project_identifier", "or project_id is required"));

    private async Task<FrozenSet<long>> IdsAsync(string list, string path, long wanted, CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (_ids.TryGetValue(list, out var known) && known.Contains(wanted))
            {
                return known;
            }
        }

        var answer = await client.GetAsync(path, $"reading {list}", cancellation);
        var ids = (answer ?? Fields.Empty).NestedList(list).Select(entry => (long)(entry.Number("id") ?? 0)).ToFrozenSet();
        lock (_gate)
        {
            return _ids[list] = ids;
        }
    }
}
