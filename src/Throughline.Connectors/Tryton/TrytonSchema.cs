using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Text.Json;
using Throughline.Connect;

namespace Throughline.Connectors.Tryton;

/// <summary>One field as the server describes it.</summary>
internal sealed record TrytonField(string Name, string Type, string? Relation, string? RelationField);

/// <summary>What the server says about its models, read once per model (the server itself lets clients keep it for a day) and again after a
/// surprise.</summary>
internal sealed class TrytonSchema(TrytonClient client, TimeProvider time)
{
    // Countries, products and cost centres are referred to by every record and hardly ever change; a person who archives one stops it within this time.
    private static readonly TimeSpan ReferencesKept = TimeSpan.FromMinutes(5);
    private const int ReferencesMax = 1_000;

    private readonly ConcurrentDictionary<string, FrozenDictionary<string, TrytonField>> _models = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (long Id, DateTimeOffset At)> _references = new(StringComparer.Ordinal);

    public async Task<FrozenDictionary<string, TrytonField>> FieldsAsync(string model, CancellationToken cancellation)
    {
        if (_models.TryGetValue(model, out var known))
        {
            return known;
        }

        var answer = await client.CallAsync($"model.{model}.fields_get", [new System.Text.Json.Nodes.JsonArray()], safe: true, cancellation);
        var fields = answer.EnumerateObject()
            .Select(field => new TrytonField(field.Name, Text(field.Value, "type") ?? "char", Text(field.Value, "relation"),
                Text(field.Value, "relation_field")))
            .ToFrozenDictionary(field => field.Name, StringComparer.Ordinal);
        return _models[model] = fields;
    }

    /// <summary>The id that a look-up found within the last five minutes; null where it is to be asked for.</summary>
    public long? Reference(string lookUp) =>
        _references.TryGetValue(lookUp, out var known) && time.GetUtcNow() - known.At < ReferencesKept ? known.Id : null;

    public long KeepReference(string lookUp, long id)
    {
        if (_references.Count >= ReferencesMax)
        {
            _references.Clear();
        }

        _references[lookUp] = (id, time.GetUtcNow());
        return id;
    }

    /// <summary>Forgets everything; called when the server contradicts what was read.</summary>
    public void Forget()
    {
        _models.Clear();
        ForgetReferences();
    }

    /// <summary>Forgets what look-ups found; called when the server says that an id is absent.</summary>
    public void ForgetReferences() => _references.Clear();

    /// <summary>A model's list of field names, without the optional ones that this server does not have.</summary>
    public async Task<string[]> PresentAsync(TrytonModel model, IEnumerable<string> names, CancellationToken cancellation)
    {
        var fields = await FieldsAsync(model.Name, cancellation);
        return [.. names
            .Where(name => !name.EndsWith('?') || fields.ContainsKey(Root(name)))
            .Select(name => name.TrimEnd('?'))];
    }

    private static string Root(string name) => name.TrimEnd('?').Split('.')[0];

    private static string? Text(JsonElement field, string name) =>
        field.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
