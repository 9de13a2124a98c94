using System.Collections.Immutable;
using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Connectors.Redmine;

/// <summary>Looks records up by id or business key. "None" is said only while the key is known to be good.</summary>
internal sealed class RedmineFinder(RedmineClient client, RedmineCustomFields customFields)
{
    public async Task<ImmutableArray<SourceRecord>> FindAsync(RedmineEntity entity, Fields key, CancellationToken cancellation)
    {
        ImmutableArray<SourceRecord> found;
        if (key.Count == 1 && key.Text(FindRequest.IdField) is { } id)
        {
            found = Single(entity, await GetAsync(entity, id, cancellation));
        }
        else if (entity.FindKeys.Any(names => names.Length == key.Count && names.All(key.ContainsKey)))
        {
            found = await ByKeyAsync(entity, key, cancellation);
        }
        else
        {
            var keys = string.Join(" or ", entity.FindKeys.Select(names => string.Join(" + ", names)));
            throw new ConnectorException(RedmineFailures.BadField(
                $"looking up a {entity.Name}", string.Join(" + ", key.Keys), $"is not a key; it is found by {keys}"));
        }

        if (found.IsEmpty)
        {
            await client.VerifyKeyAsync(cancellation);
        }

        return found;
    }

    private Task<ImmutableArray<SourceRecord>> ByKeyAsync(RedmineEntity entity, Fields key, CancellationToken cancellation) => entity.Name switch
    {
        "project" => ProjectAsync(entity, Text(key, "identifier"), cancellation),
        "version" => InProjectAsync(entity, key, shown => shown.Text("name") == Text(key, "name"), cancellation),
        "membership" => InProjectAsync(entity, key, shown => Id(shown.Nested("user")) == Text(key, "user_id"), cancellation),
        "issue" => ByCustomFieldAsync(entity, RedmineEntities.IssueKeyField, Text(key, RedmineEntities.IssueKeyField), cancellation),
        "time_entry" => ByCustomFieldAsync(entity, RedmineEntities.TimeEntryKeyField, Text(key, RedmineEntities.TimeEntryKeyField), cancellation),
        _ => UserAsync(entity, Text(key, "login"), cancellation),
    };

    private async Task<ImmutableArray<SourceRecord>> ProjectAsync(RedmineEntity entity, string identifier, CancellationToken cancellation)
    {
        // The same address takes a number as an id; an identifier is never only digits, and the comparison makes sure.
        var found = Single(entity, await GetAsync(entity, identifier, cancellation));
        return [.. found.Where(record => record.Fields.Text("identifier") == identifier)];
    }

    private async Task<ImmutableArray<SourceRecord>> InProjectAsync(RedmineEntity entity, Fields key, Func<Fields, bool> isIt, CancellationToken cancellation)
    {
        var project = key.ContainsKey("project_id") ? Text(key, "project_id") : Text(key, "project_identifier");
        var answer = await client.GetAsync($"/projects/{Uri.EscapeDataString(project)}.json", $"looking up project {project}", cancellation);
        if (answer?.Nested("project") is not { } there)
        {
            return [];
        }

        var found = ImmutableArray.CreateBuilder<SourceRecord>();
        var offset = 0;
        RedmineList page;
        do
        {
            page = await client.ListAsync(entity.Plural, $"/projects/{Id(there)}/{entity.Plural}.json?limit=100&offset={offset}", cancellation);
            found.AddRange(page.Records
                .Where(shown => Id(shown.Nested("project")) == Id(there) && isIt(shown))
                .Select(shown => RedmineRecords.ToRecord(entity, shown)));
            offset += page.Records.Length;
        }
        while (page.Limit is not null && !page.Records.IsEmpty && offset < page.Total);

        return found.ToImmutable();
    }

    private async Task<ImmutableArray<SourceRecord>> ByCustomFieldAsync(RedmineEntity entity, string name, string value, CancellationToken cancellation)
    {
        var field = await customFields.FindAsync(entity.Name, name, cancellation);
        if (field.IsFilter == false)
        {
            throw NotAFilter(entity, name);
        }

        // The long form of a filter, since in the short one a value that begins with an operator (! or *) is taken for one.
        var cf = Uri.EscapeDataString($"cf_{field.Id}");
        var status = entity.Name == "issue" ? "&f[]=status_id&op[status_id]=*" : "";
        var path = $"/{entity.Plural}.json?set_filter=1{status}&f[]={cf}&op[{cf}]=%3D&v[{cf}][]={Uri.EscapeDataString(value)}&limit=100";
        var page = await client.ListAsync(entity.Plural, path, cancellation);
        var records = page.Records.Select(shown => RedmineRecords.ToRecord(entity, shown)).ToList();
        var found = records.Where(record => Value(record) == value).ToImmutableArray();

        // A filter that Redmine does not know is ignored and everything comes back. Databases that ignore case may return a few others as well.
        return records.Exists(record => !string.Equals(Value(record), value, StringComparison.OrdinalIgnoreCase)) ? throw NotAFilter(entity, name) : found;

        string? Value(SourceRecord record) => record.Fields.Nested("custom_fields")?.Text(name);
    }

    private async Task<ImmutableArray<SourceRecord>> UserAsync(RedmineEntity entity, string login, CancellationToken cancellation)
    {
        var found = ImmutableArray.CreateBuilder<SourceRecord>();
        foreach (var status in (int[])[1, 2, 3])
        {
            var page = await client.ListAsync("users", $"/users.json?status={status}&name={Uri.EscapeDataString(login)}&limit=100", cancellation);
            found.AddRange(page.Records
                .Where(shown => string.Equals(shown.Text("login"), login, StringComparison.OrdinalIgnoreCase))
                .Select(shown => RedmineRecords.ToRecord(entity, shown.With("is_locked", status == 3))));
        }

        return found.ToImmutable();
    }

    private async Task<Fields?> GetAsync(RedmineEntity entity, string id, CancellationToken cancellation) =>
        (await client.GetAsync($"/{entity.Plural}/{Uri.EscapeDataString(id)}.json", $"looking up {entity.Name} {id}", cancellation)) is not { } answer ? null
            : answer.Nested(entity.Name) ?? throw new ConnectorException(RedmineFailures.Drift(entity.Name, id, entity.Name));

    private static ImmutableArray<SourceRecord> Single(RedmineEntity entity, Fields? shown) => shown is null ? [] : [RedmineRecords.ToRecord(entity, shown)];

    private static ConnectorException NotAFilter(RedmineEntity entity, string name) => new(RedmineFailures.BadField(
        $"looking up a {entity.Name}", $"custom_fields.{name}", "cannot be searched: tick \"Used as a filter\" for it under Administration, Custom fields"));

    private static string Text(Fields key, string name) => key.Get(name)?.ToString() ?? "";

    private static string Id(Fields? reference) => reference?.Number("id") is { } id ? RedmineClient.Text((long)id) : "";
}
