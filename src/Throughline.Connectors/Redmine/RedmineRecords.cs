using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Connectors.Redmine;

/// <summary>From an answer to a source record.</summary>
internal static class RedmineRecords
{
    /// <exception cref="ConnectorException">A field that we rely on is missing.</exception>
    public static SourceRecord ToRecord(RedmineEntity entity, Fields shown)
    {
        var id = shown.Number("id") is { } number ? RedmineClient.Text((long)number) : "?";
        foreach (var relied in entity.Relied)
        {
            if (!shown.ContainsKey(relied))
            {
                throw new ConnectorException(RedmineFailures.Drift(entity.Name, id, relied));
            }
        }

        var fields = entity.LeftOut.Aggregate(shown, (kept, name) => kept.Without(name));
        if (fields.Text("description") is { } description)
        {
            // Redmine turns every line end into CR LF when it stores; ours are LF, so that what was written is what is read.
            fields = fields.With("description", description.ReplaceLineEndings("\n"));
        }

        if (fields.ContainsKey("custom_fields"))
        {
            fields = fields.With("custom_fields", ByName(fields.NestedList("custom_fields")));
        }

        return new SourceRecord(entity.Name, id, shown.Text("updated_on"), fields);
    }

    /// <summary>The list of id, name and value as a document from name to value, which is what a mapping can use.</summary>
    private static Fields ByName(IReadOnlyList<Fields> list)
    {
        var named = Fields.Empty;
        foreach (var field in list)
        {
            if (field.Text("name") is { } name)
            {
                named = named.With(name, field.Get("value"));
            }
        }

        return named;
    }
}
