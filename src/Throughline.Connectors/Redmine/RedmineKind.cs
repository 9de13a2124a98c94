using Throughline.Connect;

namespace Throughline.Connectors.Redmine;

public sealed class RedmineKind : IConnectorKind
{
    public Manifest Manifest { get; } = new()
    {
        Kind = "redmine",
        Title = "Redmine",
        Summary = "Projects, milestones, tasks, members and time of a Redmine server over its REST API. Tried on Redmine 5.0.4 with PostgreSQL.",
        Configuration =
        [
            new()
            {
                Name = "url", Kind = FieldKind.Address, Required = true, Example = "https://redmine.example.com",
                Summary = "where Redmine answers",
                Help = "The address of the start page. REST must be switched on under Administration, Settings, API.",
            },
            new()
            {
                Name = "api_key", Kind = FieldKind.Secret, Required = true, Example = "env:REDMINE_API_KEY",
                Summary = "the API key of the integration user",
                Help = "Shown under My account, API access key. The user's language must be English or unset: Redmine tells a duplicate only by an "
                    + "English sentence. An administrator's key is needed to create or delete projects and to read users and the list of custom fields.",
            },
            new()
            {
                Name = "custom_field_ids", Kind = FieldKind.Text, Example = "issue.Hub key=5, time_entry.External id=3",
                Summary = "ids of custom fields by name, where the key may not list them",
                Help = "Only for a key without administration rights. Each entry is name=id, with project., version., issue. or time_entry. in front "
                    + "where two kinds of record have a field of the same name. The id stands in the address of the field's page.",
            },
            new()
            {
                Name = "page_size", Kind = FieldKind.Whole, Default = 100L, Min = 2, Max = 100,
                Summary = "records per request when reading; Redmine gives no more than 100",
            },
            new()
            {
                Name = "time_out_seconds", Kind = FieldKind.Whole, Default = 30L, Min = 1, Max = 600,
                Summary = "how long to wait for an answer",
                Help = "A write that is not answered in time is in doubt and is looked up before anything is sent again.",
            },
        ],
        Entities = [.. RedmineEntities.All.Select(entity => entity.ToManifest())],
        Gaps =
        [
            new("deletions of issues are not read", "Redmine keeps no trace of a deleted record and issues are read by change",
                "none yet; the reconciliation to come compares ids"),
            new("an archived project looks deleted", "Redmine lists archived projects to nobody", "close projects (status 5) instead of archiving them"),
            new("issues and time entries are not protected against doubles", "Redmine has no unique custom fields",
                $"the hub looks for \"{RedmineEntities.IssueKeyField}\" and \"{RedmineEntities.TimeEntryKeyField}\" before it writes again; "
                + "both must be \"used as a filter\""),
            new("time entries are read whole each time", "Redmine 5.0 ignores updated_on for them",
                "the hub drops what it has; 1,000 entries took 1.4 s on a small server, so sweep large ones seldom"),
            new("no check of a version on update", "Redmine never shows lock_version",
                "the last writer wins; a change at the same moment is reported as a conflict"),
        ],
    };

    public IConnector Create(ConnectorContext context) => new RedmineConnector(Manifest, context);
}
