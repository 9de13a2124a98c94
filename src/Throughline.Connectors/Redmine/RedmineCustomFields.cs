using System.Collections.Immutable;
using System.Globalization;
using Throughline.Connect;
using Throughline.Model;

namespace Throughline.Connectors.Redmine;

/// <summary>One custom field; <see cref="IsFilter"/> is null where the key may not know.</summary>
internal sealed record RedmineCustomField(string Kind, string Name, long Id, bool? IsFilter);

/// <summary>Names of custom fields to the ids that the wire wants: from Redmine, or from the configuration where the key may not list them.</summary>
internal sealed class RedmineCustomFields(RedmineClient client, string? configured)
{
    private const string AnyKind = "";

    private ImmutableArray<RedmineCustomField>? _known;

    /// <exception cref="ConnectorException">There is no such field, or the list cannot be read.</exception>
    public async Task<RedmineCustomField> FindAsync(string kind, string name, CancellationToken cancellation)
    {
        // A field may have been made since the list was read, so one that is not there is looked for once more.
        var found = Pick(_known ?? await LoadAsync(cancellation), kind, name) ?? Pick(await LoadAsync(cancellation), kind, name);
        return found ?? throw new ConnectorException(RedmineFailures.BadField(
            $"custom field of {kind}", $"custom_fields.{name}", "is not known; create it under Administration, Custom fields, or list it in custom_field_ids"));
    }

    /// <summary>A document from name to value as the list of id and value that Redmine takes.</summary>
    public async Task<object?> ToWireAsync(string kind, Fields named, CancellationToken cancellation)
    {
        var list = new List<object?>();
        foreach (var (name, value) in named)
        {
            list.Add(Fields.Of(("id", (await FindAsync(kind, name, cancellation)).Id), ("value", ToWire(value))));
        }

        return list;
    }

    private static RedmineCustomField? Pick(ImmutableArray<RedmineCustomField> known, string kind, string name) =>
        known.FirstOrDefault(field => field.Kind == kind && field.Name == name) ?? known.FirstOrDefault(field => field.Kind == AnyKind && field.Name == name);

    // Every value is a text to Redmine; a truth is "1" or "0", and nothing is an empty text.
    private static object? ToWire(object? value) => value switch
    {
        null => "",
        bool flag => flag ? "1" : "0",
        long whole => whole.ToString(CultureInfo.InvariantCulture),
        decimal number => number.ToString(CultureInfo.InvariantCulture),
        _ => value,
    };

    private async Task<ImmutableArray<RedmineCustomField>> LoadAsync(CancellationToken cancellation)
    {
        if (configured is not null)
        {
            return (_known = FromConfiguration(configured)).Value;
        }

        const string What = "reading the custom fields (needs an administrator's key, or custom_field_ids)";
        var answer = await client.GetAsync("/custom_fields.json", What, cancellation);
        _known = [.. (answer ?? Fields.Empty).NestedList("custom_fields").Select(field => new RedmineCustomField(
            field.Text("customized_type") ?? AnyKind, field.Text("name") ?? "", (long)(field.Number("id") ?? 0), field.Flag("is_filter")))];
        return _known.Value;
    }

    private static ImmutableArray<RedmineCustomField> FromConfiguration(string text)
    {
        var fields = ImmutableArray.CreateBuilder<RedmineCustomField>();
        foreach (var entry in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var at = entry.LastIndexOf('=');
            if (at <= 0 || !long.TryParse(entry[(at + 1)..], CultureInfo.InvariantCulture, out var id))
            {
                throw new ConnectorException(RedmineFailures.BadField("configuration", "custom_field_ids", $"has the entry '{entry}', which is not name=id"));
            }

            var name = entry[..at].Trim();
            var dot = name.IndexOf('.', StringComparison.Ordinal);
            var isTyped = dot > 0 && RedmineEntities.Find(name[..dot]) is not null;
            fields.Add(new RedmineCustomField(isTyped ? name[..dot] : AnyKind, isTyped ? name[(dot + 1)..] : name, id, null));
        }

        return fields.ToImmutable();
    }
}
